#include <config.h>

#include "mail/list/digests.h"

#include "base/mem.h"
#include "base/siphash.h"

/*
 * Open addressing; a slot has 32 bits of the hash, which decide nearly every comparison, and the position of the
 * digest. The digests are random to us but not to whoever wrote the list, so they are hashed again under a secret
 * key.
 */

void digests_free(struct digests *d)
{
	mem_free(d->octets);
	mem_free(d->values);
	mem_free(d->slots);
	*d = (struct digests){ .width = d->width, .key = { d->key[0], d->key[1] } };
}

static uint64_t hash_of(const struct digests *d, const unsigned char *digest)
{
	return siphash(d->key, str_at((const char *)digest, d->width));
}

static uint64_t tag_of(uint64_t hash)
{
	return hash & ~(uint64_t)UINT32_MAX;
}

static size_t position(uint64_t slot)
{
	return (size_t)(slot & UINT32_MAX) - 1;
}

/* The slot of a digest: its own, or the free one where it belongs. */
static size_t slot_of(const struct digests *d, const unsigned char *digest, uint64_t hash)
{
	size_t at = (size_t)hash & (d->size - 1);

	for (;; at = (at + 1) & (d->size - 1)) {
		uint64_t slot = d->slots[at];

		if (slot == 0 ||
			(tag_of(slot) == tag_of(hash) &&
				memcmp(d->octets + position(slot) * d->width, digest, d->width) == 0))
			return at;
	}
}

static void grow(struct digests *d)
{
	size_t size = d->size > 0 ? d->size * 2 : 64;

	mem_free(d->slots);
	d->slots = mem_array(size, sizeof *d->slots);
	d->octets = mem_resize(d->octets, size / 2, d->width);
	d->values = mem_resize(d->values, size / 2, sizeof *d->values);
	d->size = size;
	for (size_t i = 0; i < d->used; i++) {
		const unsigned char *digest = d->octets + i * d->width;
		uint64_t hash = hash_of(d, digest);

		d->slots[slot_of(d, digest, hash)] = tag_of(hash) | (i + 1);
	}
}

uint64_t *digests_add(struct digests *d, const unsigned char *digest, bool *added)
{
	if (d->used >= d->size / 2)
		grow(d);
	if (d->used >= UINT32_MAX - 1)
		mem_die();
	uint64_t hash = hash_of(d, digest);
	size_t at = slot_of(d, digest, hash);

	*added = d->slots[at] == 0;
	if (!*added)
		return &d->values[position(d->slots[at])];
	memcpy(d->octets + d->used * d->width, digest, d->width);
	d->values[d->used] = 0;
	d->slots[at] = tag_of(hash) | (d->used + 1);
	return &d->values[d->used++];
}

const uint64_t *digests_find(const struct digests *d, const unsigned char *digest)
{
	if (d->size == 0)
		return NULL;
	uint64_t slot = d->slots[slot_of(d, digest, hash_of(d, digest))];

	return slot != 0 ? &d->values[position(slot)] : NULL;
}
