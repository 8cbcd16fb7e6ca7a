#ifndef PIPEMAIL_BASE_SET_H
#define PIPEMAIL_BASE_SET_H

#include "base/str.h"

/*
 * A set of octet strings, each with a number beside it. Whole keys are kept and compared, and the
 * hash (SipHash-1-3) is keyed, so that nobody who writes a list can make it slow or make two
 * different keys one. For lists of any length; listscrub's table for ten million rows is its own.
 */
struct set {
	struct set_entry *entries; /* in order of arrival */
	uint32_t *slots;
	size_t used;
	size_t size; /* slots: a power of two, or 0 */
	uint64_t key[2];
};

struct set_entry {
	char *p; /* NUL behind it */
	uint32_t n;
	uint64_t value;
	uint64_t hash;
};

/* Zero is a valid empty set; set_seed (before the first add) gives it 16 random octets. */
void set_seed(struct set *s, const unsigned char random[16]);
void set_free(struct set *s);

/* The entry of key, added with value 0 when it was not there (*added tells, and may be NULL). It
 * lives until the next set_add; its value may be changed. */
struct set_entry *set_add(struct set *s, struct str key, bool *added);
/* The entry of key, or NULL. */
struct set_entry *set_find(const struct set *s, struct str key);

#endif
