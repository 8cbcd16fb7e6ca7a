#ifndef PIPEMAIL_POPFETCH_TABLE_H
#define PIPEMAIL_POPFETCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers by a hash of 64 bits, 12 bytes a slot: what base/set.h does with its keys kept would take five times
 * as much. Two keys with one hash are one key, so the hash is to be keyed by a secret where a stranger chooses
 * what is hashed.
 */
struct table {
	uint64_t *hashes; /* owned */
	uint32_t *values; /* owned, parallel to hashes; 0: the slot is free */
	size_t size;      /* a power of two, or 0 */
	size_t used;
};
/* The value of a hash, 0 when it has none. */
uint32_t table_find(const struct table *t, uint64_t hash);
/* Give a hash a value, which must not be 0; the one that it had is replaced. */
void table_set(struct table *t, uint64_t hash, uint32_t value);
/* Frees everything and leaves a zeroed, empty table. */
void table_free(struct table *t);

#endif
