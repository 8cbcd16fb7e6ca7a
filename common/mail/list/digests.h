#ifndef PIPEMAIL_MAIL_DIGESTS_H
#define PIPEMAIL_MAIL_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of digests (hashes) of one length, each with a number beside it: for lists of a million of them. They are kept
 * one after another, without memory of their own for each. Positions are told by a hash of the whole digest under a
 * key, so that nobody who makes up a list can make it slow.
 */
struct digests {
	size_t width;          /* bytes of one digest, set before the first add: 1 to 64 */
	uint64_t key[2];       /* random, set before the first add */
	unsigned char *octets; /* used * width, in order of arrival */
	uint64_t *values;      /* one beside each */
	uint64_t *slots;       /* 32 bits of the hash, 32 bits of the position + 1; 0: free */
	size_t used;
	size_t size; /* slots: a power of two, or 0 */
};

void digests_free(struct digests *d);
/* The value beside a digest (d->width bytes), 0 when it was not there (*added tells). It lives until the next
 * digests_add and may be changed. */
uint64_t *digests_add(struct digests *d, const unsigned char *digest, bool *added);
/* The value beside a digest, or NULL. It lives until the next digests_add. */
const uint64_t *digests_find(const struct digests *d, const unsigned char *digest);

#endif
