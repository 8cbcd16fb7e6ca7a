#include <config.h>

#include "base/set.h"

#include "base/mem.h"
#include "base/siphash.h"

/*
 * Open addressing with linear probing. The slots hold indices into an array of entries in order of arrival:
 * growing rebuilds the indices from the hashes that are kept and neither moves nor reads a key. Half of the hash is in
 * the slot, so that an entry, which is likely not in the processor's cache, is read only when it is the one.
 */

#define FIRST_BLOCK ((size_t)256)
#define MOST_BLOCK ((size_t)64 << 10)

void set_seed(struct set *s, const unsigned char random[16])
{
	memcpy(s->key, random, sizeof s->key);
}

void set_free(struct set *s)
{
	while (s->block != NULL) {
		char *next;

		memcpy(&next, s->block, sizeof next);
		mem_free(s->block);
		s->block = next;
	}
	mem_free(s->entries);
	mem_free(s->slots);
	*s = (struct set){ .key = { s->key[0], s->key[1] } };
}

/* Keys lie close together in blocks, each of which begins with a pointer to the one before it. */
static char *copy_key(struct set *s, struct str key)
{
	if (key.n >= s->room) {
		size_t length = 2 * s->length > MOST_BLOCK ? MOST_BLOCK : 2 * s->length;

		if (length < sizeof s->block + key.n + 1)
			length = sizeof s->block + key.n + 1 > FIRST_BLOCK ? sizeof s->block + key.n + 1 : FIRST_BLOCK;
		char *block = mem_alloc(length);

		memcpy(block, &s->block, sizeof s->block);
		s->block = block;
		s->length = length;
		s->room = length - sizeof s->block;
	}
	char *to = s->block + s->length - s->room;

	memcpy(to, key.p, key.n);
	to[key.n] = '\0';
	s->room -= key.n + 1;
	return to;
}

/* The slot of key: its own, or the empty one where it belongs. */
static size_t slot_of(const struct set *s, struct str key, uint64_t hash)
{
	size_t at = (size_t)(uint32_t)hash & (s->size - 1);

	for (;; at = (at + 1) & (s->size - 1)) {
		if (s->slots[at] == 0)
			return at;
		if (s->slots[at] >> 32 != (uint32_t)hash)
			continue;
		const struct set_entry *e = &s->entries[(uint32_t)s->slots[at] - 1];

		if (str_eq(str_at(e->p, e->n), key))
			return at;
	}
}

static size_t most(size_t size)
{
	return size - size / 8;
}

static void grow(struct set *s)
{
	size_t size = s->size > 0 ? s->size * 2 : 16;

	mem_free(s->slots);
	s->slots = mem_array(size, sizeof *s->slots);
	s->entries = mem_resize(s->entries, most(size), sizeof *s->entries);
	s->size = size;
	for (size_t i = 0; i < s->used; i++) {
		size_t at = (size_t)s->entries[i].hash & (size - 1);

		while (s->slots[at] != 0)
			at = (at + 1) & (size - 1);
		s->slots[at] = (uint64_t)s->entries[i].hash << 32 | (uint32_t)(i + 1);
	}
}

struct set_entry *set_add(struct set *s, struct str key, bool *added)
{
	if (s->used >= most(s->size))
		grow(s);
	if (s->used >= UINT32_MAX - 1 || key.n > UINT32_MAX)
		mem_die();
	uint64_t hash = siphash(s->key, key);
	size_t at = slot_of(s, key, hash);

	if (added != NULL)
		*added = s->slots[at] == 0;
	if (s->slots[at] == 0) {
		s->entries[s->used] =
			(struct set_entry){ .p = copy_key(s, key), .n = (uint32_t)key.n, .hash = (uint32_t)hash };
		s->slots[at] = hash << 32 | (uint32_t)++s->used;
	}
	return &s->entries[(uint32_t)s->slots[at] - 1];
}

struct set_entry *set_find(const struct set *s, struct str key)
{
	if (s->size == 0)
		return NULL;
	size_t at = slot_of(s, key, siphash(s->key, key));

	return s->slots[at] != 0 ? &s->entries[(uint32_t)s->slots[at] - 1] : NULL;
}
