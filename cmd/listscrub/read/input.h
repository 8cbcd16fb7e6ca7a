#ifndef PIPEMAIL_LISTSCRUB_INPUT_H
#define PIPEMAIL_LISTSCRUB_INPUT_H

#include "base/buf.h"
#include "base/err.h"
#include "io/stamp.h"
#include "mail/list/list.h"

/*
 * The lists, one after the other, as one stream of rows that can be read again from a place that was kept: files are
 * read again; what comes through a pipe, or had to be converted (list.h), is spooled to a temporary file as text.
 */
struct input_file {
	const char *name;
	uint64_t start;     /* offset of the descriptor when it was opened first */
	struct stamp stamp; /* when it was opened first, if it can be read again */
	int spool;          /* -1: none */
	uint64_t spool_at;  /* offset in its text that the spool begins with */
	bool json;          /* its lines are counted as JSON's */

	/* --- where the lists have different columns (input_union.c) --- */
	/* Owned: for each column of the output the one of this list, or LIST_NONE; NULL: they are the same. */
	size_t *map;
	size_t mapped;  /* entries of map */
	size_t columns; /* of this list, 0: it was not looked at */
	char delimiter; /* the same */
};

struct input {
	struct list_reader list;
	struct list_form form; /* of the first list, with the columns that others have besides */
	struct buf header;     /* the header row in UTF-8, without its end */
	char line_end[3];      /* for rows that come without one, and for the header */
	struct input_file *files;
	size_t n;
	size_t at; /* file that is read */
	int fd;
	bool seekable;
	bool keeping; /* what cannot be read again is spooled */
	bool replaying;
	uint64_t octets;       /* of text, read of this file */
	uint64_t done;         /* read of all files, for progress */
	uint64_t total;        /* of all files, 0: not known */
	uint64_t rows;         /* given out so far */
	uint64_t foreign_line; /* of the first row that is not UTF-8, 0: none was met */
	const char *foreign_name;
	bool strict; /* set before input_open: damaged rows end the list */

	/* --- input_mend.c: rows that a quote tore --- */
	struct csv probe; /* for lines one by one */
	struct csv_cell mended;
	uint64_t torn; /* how many; of the first one: */
	uint64_t torn_line;
	uint64_t torn_next; /* and the line of the row after it */
	const char *torn_name;
};

/* A place between two rows. */
struct input_place {
	size_t file;
	uint64_t offset;
	uint64_t line;
	uint64_t rows;
	bool cr_ends;
	bool started; /* false: the beginning of a list of which nothing was taken */
};

/* names: NULL-terminated, none: standard input. asked: delimiter, header and email, nothing else. Opens the first list
 * and reads its header. 65: it is not a list. */
bool input_open(struct input *in, const char *const *names, const struct list_asked *asked, struct err *err);
void input_free(struct input *in);

/*
 * The next row as it stands; one with `torn` set is not a row, but one cell with all that a stray quote cost.
 * CSV_MORE: settle what still points into earlier rows, then call input_more.
 */
enum csv_event input_next(struct input *in, struct csv_row *row, struct err *err);
/* Read on, in the next file where this one is at its end. False with ERR_NONE in err: a signal asks to stop. */
bool input_more(struct input *in, struct err *err);
/* A row on that line of the list is not UTF-8: somebody will be told of the first one. */
void input_note_foreign(struct input *in, uint64_t line);

/* After CSV_ERROR: add to err what of the list was not taken, to its end. */
void input_name_rest(struct input *in, struct err *err);

/* The place before the next row. Files can be rewound to it; what comes through a pipe only after input_keep. */
struct input_place input_here(const struct input *in);
/* From here on what cannot be read again is spooled. */
bool input_keep(struct input *in, struct err *err);
/* Can it be rewound without a spool? A file whose text is not converted can. */
bool input_is_lasting(const struct input *in);

/* --- reading ahead: for one thread at a time, of a list that is told and not converted --- */

/* How much is there to be read at once, as far as that is known. */
size_t input_ahead(const struct input *in);
/* Read up to n octets of text past the reader, which has to get them back or not to need them: how many, 0 at the
 * end or where nothing comes until the deadline (monotonic), negative with err. */
long input_read_ahead(struct input *in, char *p, size_t n, int64_t deadline, struct err *err);
/* Rows up to that place were taken by others; these octets come after it, and were read. */
void input_take_back(struct input *in, const struct input_place *place, struct str octets);

bool input_rewind(struct input *in, const struct input_place *place, struct err *err);

/* The name of the list being read, for messages: "standard input" for "-". */
static inline const char *input_name(const struct input *in)
{
	const char *name = in->files[in->at].name;

	return strcmp(name, "-") == 0 ? "standard input" : name;
}

#endif
