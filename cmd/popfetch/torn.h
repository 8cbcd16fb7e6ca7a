#ifndef PIPEMAIL_CMD_POPFETCH_TORN_H
#define PIPEMAIL_CMD_POPFETCH_TORN_H

#include "base/buf.h"

struct state_try;

/*
 * What a crash left where a batch was being appended to an mbox, judged by its octets and by what the state says of
 * the batch. What a power failure took reads as zeros. Pure: feed what follows the batch's offset in any cuts, at
 * most torn_wants() octets of it, then end.
 */
enum torn_verdict {
	TORN_WHOLE,   /* the batch is there as it was meant; something may follow it */
	TORN_OURS,    /* nothing but the start of the batch (or nothing): it may be cut off */
	TORN_FOREIGN, /* another program wrote there, or that cannot be ruled out: it has to stay */
};

struct torn {
	const struct state_try *tries; /* of the batch, borrowed: extra is the length and the From_ line of each */
	size_t n_tries;
	uint64_t length; /* of the batch */
	uint32_t crc;    /* that it should have */
	uint32_t sum;    /* of what came */
	uint64_t at;     /* octets that came */
	size_t next;     /* of the tries: the one that begins at next_at */
	uint64_t next_at;
	uint64_t line_at; /* where the current line begins */
	struct buf line;  /* its first octets */
	struct buf tail;  /* and its last */
	bool hole;        /* it has zeros: a power failure may have taken octets of it */
	bool foreign;
};

/* False when a try does not say its length. */
bool torn_begin(struct torn *t, const struct state_try *tries, size_t n_tries, uint32_t crc);
/* One octet more than the batch has: whether there are any is known then. */
uint64_t torn_wants(const struct torn *t);
void torn_add(struct torn *t, struct str octets);
enum torn_verdict torn_end(struct torn *t);

#endif
