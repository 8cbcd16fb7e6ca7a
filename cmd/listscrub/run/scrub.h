#ifndef PIPEMAIL_LISTSCRUB_SCRUB_H
#define PIPEMAIL_LISTSCRUB_SCRUB_H

#include "cli/progress.h"
#include "cmd/listscrub/judge/batch.h"
#include "cmd/listscrub/judge/dedup.h"
#include "cmd/listscrub/judge/judge.h"
#include "cmd/listscrub/judge/spill.h"
#include "cmd/listscrub/read/input.h"
#include "cmd/listscrub/write/findings.h"
#include "cmd/listscrub/write/rows.h"
#include "cmd/listscrub/write/values.h"

struct report;
struct bounces;

/*
 * The work: rows come in batches, with a verdict each; duplicates are found; rows go out. The middle of a long file is
 * shared out (crew.h), which changes nothing but the time. One
 * pass where that is enough. Read again is a list whose rows depend on later ones: with --mx (all domains are asked
 * first), with dates whose order other dates tell, with --keep newest, and from where the table of duplicates is full.
 */
enum scrub_mode {
	SCRUB_GATHER, /* collect domains for DNS, forms that are suppressed, the order of dates */
	SCRUB_SCAN,   /* find the duplicates, write nothing */
	SCRUB_EMIT,
};

struct scrub {
	const struct settings *set;
	struct input in;
	struct judge judge;
	struct dedup dedup;
	struct spill spill;
	struct rowset losers;   /* rows that are duplicates, as far as found by scanning */
	struct winners winners; /* what they lost against, if that is told */
	bool tells;             /* duplicates: where the row is that is kept */
	struct buf winner;      /* what is said of it */
	size_t file;            /* the list of the batch that is worked off */
	bool losers_known;      /* for the rows from losers.first on */
	bool table_full;
	bool unwritable;  /* an output failed: nothing more is written */
	bool crew_failed; /* this list is not to be shared out */
	struct rows rows;
	struct mx *mx;
	struct report *report; /* NULL: not wanted */
	/* What came back: its tokens are looked for among the rows first; then settle is called, and then rows are
	 * written. */
	struct bounces *back; /* NULL: nothing did */
	bool (*settle)(void *arg, struct err *err);
	void *settle_arg;
	enum scrub_mode mode;
	struct reader reader;
	struct batch batch;
	struct counts counts;
	struct values unread_values;
	struct values tlds;         /* that do not exist */
	struct counts committed;    /* of what is written */
	struct input_place again;   /* where the emitting goes on after the scan */
	struct judge_unread unread; /* as they were there */
	struct progress progress;
};

/* Work the lists off. False: err, or ERR_NONE when a signal asked to stop. Damaged input is 65, with all before it
 * done. */
bool scrub_run(struct scrub *s, struct err *err);

/* Only look at all rows, for what came back. */
bool scrub_look(struct scrub *s, struct err *err);

/* --- scrub_settle.c, for scrub.c and crew.c --- */

/* Work a batch off. Batches come in the order of the list, whoever read them. */
bool scrub_settle(struct scrub *s, struct batch *b, struct err *err);
/* Write what waits and remember its counts as done. */
bool scrub_commit(struct scrub *s, struct err *err);

#endif
