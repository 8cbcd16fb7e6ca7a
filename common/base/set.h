#ifndef PIPEMAIL_BASE_SET_H
#define PIPEMAIL_BASE_SET_H

#include "base/str.h"

/* clang-format off */
/*
 * A set of byte strings, each with a number that belongs to it. Keys are copied whole and compared whole, and the
 * hash (SipHash-1-3) is keyed, so nobody who writes a list can make the set slow or make two different keys one.
 * It holds up to 2^32 - 2 keys; entries are never removed one by one. listscrub's table for tens of millions of
 * rows is its own (cmd/listscrub/judge/dedup.h).
 *
 *     struct set s = { 0 };
 *     set_seed(&s, random);
 *     set_add(&s, address, &added)->value = line;
 *     set_free(&s);
 */
/* clang-format on */
struct set {
	struct set_entry *entries; /* owned, in order of arrival; `used` of them */
	uint64_t *slots;           /* owned hash table; lower half: 1 + index of an entry; upper: of its hash; or 0 */
	size_t used;
	size_t size;     /* number of slots: a power of two, or 0; at most half of them are used */
	uint64_t key[2]; /* of the hash */
};

struct set_entry {
	char *p;        /* the key, owned by the set; a NUL follows it */
	uint32_t n;     /* bytes of the key, at most 2^32 - 1 */
	uint64_t value; /* the caller's; 0 in a new entry */
	uint64_t hash;
};

/*
 * Key the hash with 16 random bytes. Only while the set is empty: entries are not hashed again. Without it the key
 * is zero, which is right only where no stranger chooses the keys.
 */
void set_seed(struct set *s, const unsigned char random[16]);
/* Frees all entries and leaves an empty set with the same hash key. */
void set_free(struct set *s);

/*
 * The entry of key, added with value 0 when it was missing (*added says so; added may be NULL). key is copied. The
 * entry lives until the next set_add, which may move all entries; its value may be changed. A key of 4 GiB or more
 * ends the process as memory that ran out does.
 */
struct set_entry *set_add(struct set *s, struct str key, bool *added);
/* The entry of key, or NULL. It lives until the next set_add. Several threads may look up while nobody adds. */
struct set_entry *set_find(const struct set *s, struct str key);

#endif
