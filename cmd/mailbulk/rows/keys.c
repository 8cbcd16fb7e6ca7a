#include <config.h>

#include "cmd/mailbulk/rows/keys.h"

#include "base/mem.h"
#include "base/siphash.h"
#include "text/hex.h"

static bool read_key(const char *hex, unsigned char key[16])
{
	return strnlen(hex, 32) == 32 && hex_decode(key, str_at(hex, 32));
}

/* Its slot, or the empty one where it belongs. */
static struct keys_entry *slot_of(const struct keys *k, const unsigned char key[16])
{
	size_t at = (size_t)siphash(k->seed, str_at((const char *)key, 16)) & (k->size - 1);

	while (k->slots[at].taken != 0 && memcmp(k->slots[at].key, key, 16) != 0)
		at = (at + 1) & (k->size - 1);
	return &k->slots[at];
}

static void grow(struct keys *k)
{
	struct keys old = *k;

	k->size = old.size > 0 ? old.size * 2 : 1024;
	k->slots = mem_array(k->size, sizeof *k->slots);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].taken != 0)
			*slot_of(k, old.slots[i].key) = old.slots[i];
	mem_free(old.slots);
}

struct keys_entry *keys_add(struct keys *k, const char *hex, bool *added)
{
	unsigned char key[16];

	*added = false;
	if (!read_key(hex, key))
		return NULL;
	if (k->used + k->used / 3 >= k->size)
		grow(k);
	struct keys_entry *entry = slot_of(k, key);

	if (entry->taken == 0) {
		memcpy(entry->key, key, sizeof key);
		entry->taken = 1;
		entry->value = 0;
		k->used++;
		*added = true;
	}
	return entry;
}

struct keys_entry *keys_find(const struct keys *k, const char *hex)
{
	unsigned char key[16];
	struct keys_entry *entry;

	if (k->size == 0 || !read_key(hex, key))
		return NULL;
	entry = slot_of(k, key);
	return entry->taken != 0 ? entry : NULL;
}

void keys_free(struct keys *k)
{
	mem_free(k->slots);
	*k = (struct keys){ .seed = { k->seed[0], k->seed[1] } };
}
