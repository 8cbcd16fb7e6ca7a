#include <config.h>

#include "base/set.h"

#include "base/mem.h"
#include "base/siphash.h"

/*
 * Open addressing with linear probing. The slots hold indices into an array of entries in order of arrival:
 * growing rebuilds the indices from the hashes that are kept and neither moves nor reads a key. At most half of
 * the slots are used.
 */

void set_seed(struct set *s, const unsigned char random[16])
{
	memcpy(s->key, random, sizeof s->key);
}

void set_free(struct set *s)
{
	for (size_t i = 0; i < s->used; i++)
		mem_free(s->entries[i].p);
	mem_free(s->entries);
	mem_free(s->slots);
	*s = (struct set){ .key = { s->key[0], s->key[1] } };
}

/* The index of the entry that a slot holds. */
static size_t entry_of(uint64_t slot)
{
	return (size_t)(slot & UINT32_MAX) - 1;
}

static uint64_t tag_of(uint64_t hash)
{
	return hash & ~(uint64_t)UINT32_MAX;
}

/* The slot of key: its own, or the empty one where it belongs. Of entries that are not the key's, nearly none is looked
 * at: half of the hash is in the slot. */
static size_t slot_of(const struct set *s, struct str key, uint64_t hash)
{
	size_t at = (size_t)hash & (s->size - 1);

	for (;; at = (at + 1) & (s->size - 1)) {
		uint64_t slot = s->slots[at];

		if (slot == 0)
			return at;
		if (tag_of(slot) != tag_of(hash))
			continue;
		const struct set_entry *e = &s->entries[entry_of(slot)];

		if (e->hash == hash && str_eq(str_at(e->p, e->n), key))
			return at;
	}
}

static void grow(struct set *s)
{
	size_t size = s->size > 0 ? s->size * 2 : 16;

	mem_free(s->slots);
	s->slots = mem_array(size, sizeof *s->slots);
	s->entries = mem_resize(s->entries, size / 2, sizeof *s->entries);
	s->size = size;
	for (size_t i = 0; i < s->used; i++) {
		size_t at = (size_t)s->entries[i].hash & (size - 1);

		while (s->slots[at] != 0)
			at = (at + 1) & (size - 1);
		s->slots[at] = tag_of(s->entries[i].hash) | (i + 1);
	}
}

struct set_entry *set_add(struct set *s, struct str key, bool *added)
{
	if (s->used >= s->size / 2)
		grow(s);
	if (s->used >= UINT32_MAX - 1 || key.n > UINT32_MAX)
		mem_die();
	uint64_t hash = siphash(s->key, key);
	size_t at = slot_of(s, key, hash);

	if (added != NULL)
		*added = s->slots[at] == 0;
	if (s->slots[at] == 0) {
		s->entries[s->used] =
			(struct set_entry){ .p = mem_copy(key.p, key.n), .n = (uint32_t)key.n, .hash = hash };
		s->slots[at] = tag_of(hash) | ++s->used;
	}
	return &s->entries[entry_of(s->slots[at])];
}

struct set_entry *set_find(const struct set *s, struct str key)
{
	if (s->size == 0)
		return NULL;
	size_t at = slot_of(s, key, siphash(s->key, key));

	return s->slots[at] != 0 ? &s->entries[entry_of(s->slots[at])] : NULL;
}
