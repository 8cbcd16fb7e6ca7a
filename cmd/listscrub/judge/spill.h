#ifndef PIPEMAIL_LISTSCRUB_SPILL_H
#define PIPEMAIL_LISTSCRUB_SPILL_H

#include "base/err.h"
#include "cmd/listscrub/judge/dedup.h"
#include "cmd/listscrub/judge/rowset.h"
#include "cmd/listscrub/judge/winners.h"

/*
 * What the table of duplicates has no room for: hashes with their rows, parted by hash into piles in one temporary
 * file, each of which then fits into the table. The answer is a bit a row.
 */
#define SPILL_PILES 64

struct spill_pile {
	struct dedup_row *records; /* not written yet */
	size_t n;
	uint64_t *chunks; /* offsets in the file */
	size_t n_chunks;
};

struct spill {
	int fd; /* -1 until something is written */
	uint64_t size;
	struct spill_pile piles[SPILL_PILES];
};

void spill_init(struct spill *s);
void spill_free(struct spill *s);
bool spill_add(struct spill *s, struct dedup_row record, struct err *err);

/* Find the duplicates among the records and add their rows to losers, and what they lost against to winners where the
 * table tells. The table is emptied and used. */
bool spill_resolve(struct spill *s, struct dedup *table, struct rowset *losers, struct winners *winners,
	struct err *err);

#endif
