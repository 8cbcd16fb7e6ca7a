#include <config.h>

#include "cmd/popfetch/archive/table.h"

#include "base/mem.h"

/* Where a hash is, or the free slot where it would be. At most three quarters are used, so there is one. */
static size_t slot_of(const struct table *t, uint64_t hash)
{
	size_t at = (size_t)hash & (t->size - 1);

	while (t->values[at] != 0 && t->hashes[at] != hash)
		at = (at + 1) & (t->size - 1);
	return at;
}

static void grow(struct table *t)
{
	struct table old = *t;

	t->size = old.size == 0 ? 64 : 2 * old.size;
	t->hashes = mem_array(t->size, sizeof *t->hashes);
	t->values = mem_array(t->size, sizeof *t->values);
	for (size_t i = 0; i < old.size; i++) {
		if (old.values[i] == 0)
			continue;
		size_t at = slot_of(t, old.hashes[i]);

		t->hashes[at] = old.hashes[i];
		t->values[at] = old.values[i];
	}
	mem_free(old.hashes);
	mem_free(old.values);
}

uint32_t table_find(const struct table *t, uint64_t hash)
{
	return t->size == 0 ? 0 : t->values[slot_of(t, hash)];
}

void table_set(struct table *t, uint64_t hash, uint32_t value)
{
	if (4 * t->used >= 3 * t->size)
		grow(t);
	size_t at = slot_of(t, hash);

	t->used += t->values[at] == 0;
	t->hashes[at] = hash;
	t->values[at] = value;
}

void table_free(struct table *t)
{
	mem_free(t->hashes);
	mem_free(t->values);
	*t = (struct table){ .size = 0 };
}
