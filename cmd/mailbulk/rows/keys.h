#ifndef PIPEMAIL_MAILBULK_KEYS_H
#define PIPEMAIL_MAILBULK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A table from row keys (32 hex digits: 128 bits of SHA-256) to a number, for lists of any length: 24 bytes an entry,
 * in pieces that never move, and a slot of 4 bytes that points to it; a million keys take 32 MB. The slots are chosen
 * with a keyed hash, so that no list makes it slow.
 */
struct keys {
	struct keys_entry **pieces; /* KEYS_PIECE entries each, in order of arrival */
	uint32_t *slots;            /* number of an entry + 1, or 0 */
	size_t size;                /* of the slots: a power of two, or 0 */
	size_t used;
	uint64_t seed[2];
};

#define KEYS_PIECE ((size_t)8192)

struct keys_entry {
	unsigned char key[16];
	uint64_t value;
};

/* Zero is a valid empty table; seed it with something random before the first entry. */
void keys_free(struct keys *k);
/* The entry of a key, added with value 0 when it was not there (*added tells); lives until keys_free. NULL for what is
 * no key. At most 2^32 - 2 keys; more ends the process as if memory ran out. */
struct keys_entry *keys_add(struct keys *k, const char *hex, bool *added);
/* The entry, or NULL. */
struct keys_entry *keys_find(const struct keys *k, const char *hex);
/* The i-th that was added, below used. */
struct keys_entry *keys_at(const struct keys *k, size_t i);

#endif
