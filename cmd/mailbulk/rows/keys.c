#include <config.h>

#include "cmd/mailbulk/rows/keys.h"

#include "base/mem.h"
#include "base/siphash.h"
#include "text/hex.h"

static bool read_key(const char *hex, unsigned char key[16])
{
	return strnlen(hex, 32) == 32 && hex_decode(key, str_at(hex, 32));
}

struct keys_entry *keys_at(const struct keys *k, size_t i)
{
	return &k->pieces[i / KEYS_PIECE][i % KEYS_PIECE];
}

static size_t place_of(const struct keys *k, const unsigned char key[16])
{
	return (size_t)siphash(k->seed, str_at((const char *)key, 16)) & (k->size - 1);
}

/* Its slot, or the empty one where it belongs. */
static uint32_t *slot_of(const struct keys *k, const unsigned char key[16])
{
	size_t at = place_of(k, key);

	while (k->slots[at] != 0 && memcmp(keys_at(k, k->slots[at] - 1)->key, key, 16) != 0)
		at = (at + 1) & (k->size - 1);
	return &k->slots[at];
}

static void grow_slots(struct keys *k)
{
	mem_free(k->slots);
	k->size = k->size > 0 ? k->size * 2 : 1024;
	k->slots = mem_array(k->size, sizeof *k->slots);
	/* All entries differ: the first empty slot is theirs. */
	for (size_t i = 0; i < k->used; i++) {
		size_t at = place_of(k, keys_at(k, i)->key);

		while (k->slots[at] != 0)
			at = (at + 1) & (k->size - 1);
		k->slots[at] = (uint32_t)i + 1;
	}
}

static struct keys_entry *new_entry(struct keys *k)
{
	size_t piece = k->used / KEYS_PIECE;

	if (k->used >= UINT32_MAX - 1)
		mem_die();
	/* The list of pieces doubles. */
	if (k->used % KEYS_PIECE == 0) {
		size_t room = piece;

		if ((piece & (piece - 1)) == 0)
			k->pieces = mem_grow(k->pieces, piece, &room, sizeof *k->pieces);
		k->pieces[piece] = mem_array(KEYS_PIECE, sizeof **k->pieces);
	}
	return keys_at(k, k->used++);
}

struct keys_entry *keys_add(struct keys *k, const char *hex, bool *added)
{
	unsigned char key[16];

	*added = false;
	if (!read_key(hex, key))
		return NULL;
	if (k->used + k->used / 3 >= k->size)
		grow_slots(k);
	uint32_t *slot = slot_of(k, key);

	if (*slot != 0)
		return keys_at(k, *slot - 1);
	struct keys_entry *entry = new_entry(k);

	memcpy(entry->key, key, sizeof key);
	*slot = (uint32_t)k->used;
	*added = true;
	return entry;
}

struct keys_entry *keys_find(const struct keys *k, const char *hex)
{
	unsigned char key[16];

	if (k->size == 0 || !read_key(hex, key))
		return NULL;
	uint32_t slot = *slot_of(k, key);

	return slot != 0 ? keys_at(k, slot - 1) : NULL;
}

void keys_free(struct keys *k)
{
	for (size_t i = 0; i * KEYS_PIECE < k->used; i++)
		mem_free(k->pieces[i]);
	mem_free(k->pieces);
	mem_free(k->slots);
	*k = (struct keys){ .seed = { k->seed[0], k->seed[1] } };
}
