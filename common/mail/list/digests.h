#ifndef PIPEMAIL_MAIL_DIGESTS_H
#define PIPEMAIL_MAIL_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/*
 * A set of digests (hashes) of one length, each with a number, for lists of millions of them: less memory than a
 * struct set takes, as nothing is allocated for each. The table is indexed by a keyed hash of the whole digest,
 * because whoever writes a list of digests chooses them freely.
 *
 *     struct digests d = { .width = 32, .key = { random[0], random[1] } };
 *     *digests_add(&d, digest, &added) = line;
 *     digests_free(&d);
 */
/* clang-format on */
struct digests {
	size_t width;          /* bytes of one digest, set before the first add: 1 to 64 */
	uint64_t key[2];       /* random, set before the first add */
	unsigned char *octets; /* owned: used * width bytes, in order of arrival */
	uint64_t *values;      /* owned: one for each digest */
	uint64_t *slots;       /* owned; upper half: 32 bits of the hash; lower half: position + 1; 0: free */
	size_t used;
	size_t size; /* number of slots: a power of two, or 0; at most half of them are used */
};

/* Frees all digests; width and key stay, so that it is a valid empty set. */
void digests_free(struct digests *d);
/*
 * The value of a digest (d->width bytes, copied), 0 when it was missing, which *added says (not NULL). The value
 * lives until the next digests_add and may be changed. At most 2^32 - 2 digests; more ends the process as if
 * memory ran out.
 */
uint64_t *digests_add(struct digests *d, const unsigned char *digest, bool *added);
/* The value of a digest, or NULL. It lives until the next digests_add. */
const uint64_t *digests_find(const struct digests *d, const unsigned char *digest);

#endif
