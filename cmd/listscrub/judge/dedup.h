#ifndef PIPEMAIL_LISTSCRUB_DEDUP_H
#define PIPEMAIL_LISTSCRUB_DEDUP_H

#include "base/str.h"

/*
 * Which addresses were seen: a table of keyed 128-bit hashes (SipHash-1-3 with a key of this run), so that nobody who
 * writes a list can make two addresses one or the table slow. 16 octets a slot, filled to three quarters; places follow
 * the order of the hashes, so that growing is one sweep over both tables.
 */
struct dedup_hash {
	uint64_t high;
	uint64_t low; /* never both zero: that is an empty slot */
};

/* With --keep newest: beside each slot, the row that leads so far. */
struct dedup_lead {
	uint64_t row;
	int64_t date;
};

/* A row among those that are compared. */
struct dedup_row {
	struct dedup_hash hash;
	uint64_t row;
	int64_t date;
	uint64_t place; /* where it is, for people; kept by a table that tells */
};

/* A row that is a duplicate, and the one that is not. */
struct dedup_loss {
	uint64_t row;
	uint64_t by;    /* the row that it lost against, which may lose itself; UINT64_MAX: that one never does */
	uint64_t place; /* of that one, if the table tells */
};

struct dedup_key {
	uint64_t words[2];
};

struct dedup {
	struct dedup_key key;
	struct dedup_hash *slots;
	struct dedup_lead *leads; /* NULL: the first row leads */
	uint64_t *places;         /* NULL: it does not tell */
	bool newest;
	bool tells;  /* set after dedup_init: places are kept, too */
	size_t size; /* slots */
	size_t used;
	size_t most_octets; /* the table never takes more */
	size_t expected;    /* keys that will come, as far as known: saves growing step by step */
	size_t others;      /* octets that others may still come to need */
};

void dedup_init(struct dedup *d, const unsigned char random[16], uint64_t most_octets, bool newest);
void dedup_free(struct dedup *d);

struct dedup_hash dedup_hash(const struct dedup_key *by, struct str key);

/* Make room for n more. False: at the limit, or the system has no more memory; the table stays as it is. */
bool dedup_reserve(struct dedup *d, size_t n);
/* Start to fetch the place of a hash that will be asked for. */
void dedup_prefetch(const struct dedup *d, struct dedup_hash hash);
/* Add it; false when it was there. */
bool dedup_add(struct dedup *d, struct dedup_hash hash);
/* The slot of hash, or SIZE_MAX. */
size_t dedup_find(const struct dedup *d, struct dedup_hash hash);
/* Is so much memory to be had, beside the table as it is? */
bool dedup_spares(size_t octets);
/* Empty it, with its storage kept. */
void dedup_clear(struct dedup *d);

/* A row comes in, for which there is room. True when one has lost by that: *loss tells which. With leads that may be
 * the one that led until then; the first of equal dates leads. */
bool dedup_contest(struct dedup *d, const struct dedup_row *row, struct dedup_loss *loss);

#endif
