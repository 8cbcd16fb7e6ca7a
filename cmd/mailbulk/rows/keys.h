#ifndef PIPEMAIL_MAILBULK_KEYS_H
#define PIPEMAIL_MAILBULK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A table from row keys (32 hex digits: 128 bits of SHA-256) to a number, for lists of any length: 24 octets a slot, up
 * to three slots an entry. The slots are chosen with a keyed hash, so that no list makes it slow.
 */
struct keys {
	struct keys_entry *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
	uint64_t seed[2];
};

struct keys_entry {
	unsigned char key[16];
	uint64_t value : 63;
	uint64_t taken : 1;
};

/* Zero is a valid empty table; seed it with something random before the first entry. */
void keys_free(struct keys *k);
/* The entry of a key, added with value 0 when it was not there (*added tells); lives until the next keys_add. NULL for
 * what is no key. */
struct keys_entry *keys_add(struct keys *k, const char *hex, bool *added);
/* The entry, or NULL. */
struct keys_entry *keys_find(const struct keys *k, const char *hex);

#endif
