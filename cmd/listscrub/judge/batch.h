#ifndef PIPEMAIL_LISTSCRUB_BATCH_H
#define PIPEMAIL_LISTSCRUB_BATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "cmd/listscrub/judge/dedup.h"
#include "cmd/listscrub/judge/judge.h"
#include "cmd/listscrub/read/input.h"

/* So many rows at most are read at a time where they are read one behind the other. */
#define BATCH_ROWS ((size_t)2048)

/* What few rows have, or all of them where somebody will read it. It lives in the arena of the batch. */
struct pending_more {
	struct str surplus; /* what stands beyond the columns */
	struct str cell;    /* the address's, as it stands in raw; p NULL: the row has none */
	struct str address; /* what replaces it, p NULL: nothing does */
	struct str detail;
	struct str suggestion;
	struct str unread; /* of the verdict, as are these */
	struct str fixed;
	struct str tld;
	struct str domain; /* for the report and for DNS */
};

/* A row between its verdict and its way out. Small, so that a batch of them fits beside its octets into a cache. */
struct pending {
	struct dedup_hash hash;    /* where rows are compared */
	struct str raw;            /* without what is beyond the columns */
	struct str key;            /* what duplicates have in common, where somebody will read it */
	struct pending_more *more; /* NULL: nothing */
	int64_t date;              /* of --keep newest */
	uint64_t line;
	unsigned missing;     /* cells that it is short of */
	unsigned char ends;   /* octets of the line end, behind raw and surplus */
	unsigned char reason; /* enum reason */
};

/* Some rows of a list, one behind the other, with all that they point into but their octets. */
struct batch {
	struct pending *rows;
	size_t n;
	size_t cap;
	struct arena arena;
	struct input_place start;
	struct input_place end;
	struct judge_unread before; /* what could not be read up to there */
	uint64_t done;              /* octets of all lists that were read up to its end */
	bool live;                  /* the rows came through a pipe */
	bool more;                  /* no row is left of what was read */
};

/* How rows are taken in. */
struct reader {
	struct judge *judge;
	size_t columns;
	char delimiter;
	bool compares; /* rows are: by hashes with this key */
	struct dedup_key key;
	const size_t *map;   /* for each column the one of the list that is read, or LIST_NONE; NULL: the same */
	size_t read_columns; /* of that list, */
	char read_delimiter; /* where there is a map */
	bool splits;         /* a row for each address of a cell */
	bool keys;           /* somebody will read them */
	bool words;          /* every row has its pending_more */
	bool domains;        /* and its domain in it */
};

void batch_clear(struct batch *b);
void batch_free(struct batch *b);
/* A row with its verdict, or the rows that it is split into. True: it was not UTF-8, and is now (in the batch and in
 * *row). */
bool batch_take(struct batch *b, const struct reader *r, struct csv_row *row);

/* What is said of its reason: one that is in the list already is told by what the two have in common. */
static inline struct str pending_detail(const struct pending *p)
{
	if (p->reason == REASON_DUPLICATE)
		return p->key;
	return p->more != NULL ? p->more->detail : STR_LIT("");
}

static inline struct str pending_end(const struct pending *p)
{
	const struct str *last = p->more != NULL && p->more->surplus.p != NULL ? &p->more->surplus : &p->raw;

	return str_at(last->p + last->n, p->ends);
}

#endif
