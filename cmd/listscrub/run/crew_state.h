#ifndef PIPEMAIL_LISTSCRUB_CREW_STATE_H
#define PIPEMAIL_LISTSCRUB_CREW_STATE_H

#include <pthread.h>

#include "cmd/listscrub/run/crew.h"
#include "cmd/listscrub/run/scrub.h"

/* What the files of crew.h share. */

#define MEMBERS ((size_t)4)
/* A test makes shares small, and members where there is one processor. */
#ifndef CREW_SHARE
#define CREW_SHARE ((size_t)512 << 10)
#define CREW_LEAST ((size_t)1)
#endif

struct crew_member {
	struct crew *crew;
	pthread_t thread;
	struct judge judge;
	struct reader reader;
	struct csv csv;
	struct batch batch;
	uint64_t share;
	uint64_t start;        /* offset in the list of its octets, */
	size_t octets;         /* which stand at the start of the buffer of csv */
	bool loaded;           /* and are not worked off yet */
	uint64_t lines;        /* before them: known when its turn comes */
	uint64_t foreign_line; /* of the first row in the batch that is not UTF-8, counted from there; 0: none */
};

struct crew {
	struct scrub *scrub;
	struct input_place start;
	uint64_t octets; /* read of all lists at the start */
	struct crew_member members[MEMBERS];
	size_t n;
	size_t threads; /* the second member and those after it have one of their own, so far as they could be had */

	/* Changed by the one who reads alone. */
	pthread_mutex_t reading;
	struct buf tail;    /* what was read after the last line end */
	uint64_t tail_from; /* and its offset */
	uint64_t next;      /* share to be read */
	bool dry;           /* nothing more is read */
	struct err damage;  /* why, where that is an error */

	/* Changed by the one whose turn it is alone. */
	struct input_place at; /* all rows before are worked off */
	struct buf left;       /* octets of earlier shares from there on: the start of a row */
	struct err *err;
	bool ok;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t turn; /* share that is worked off */
	bool over;
};

/* crew_share.c. The next share, which ends with a line, into m->csv; by the one who reads. False: there is none. */
bool crew_read_share(struct crew_member *m);
/* Its rows into m->batch, so many as a batch may have; where they are short the rest has to wait. */
void crew_take_rows(struct crew_member *m);
/* It begins within a row, of which the start is left over from earlier shares: all of it is read again. */
void crew_read_again(struct crew_member *m);

#endif
