#include <config.h>

#include "cmd/listscrub/judge/rowset.h"

#include <string.h>

#include "base/mem.h"

void rowset_add(struct rowset *r, uint64_t row)
{
	size_t word = (size_t)((row - r->first) / 64);

	if (word >= r->n) {
		size_t n = word + 1 > 2 * r->n ? word + 1 : 2 * r->n;

		r->words = mem_resize(r->words, n, sizeof *r->words);
		memset(r->words + r->n, 0, (n - r->n) * sizeof *r->words);
		r->n = n;
	}
	r->words[word] |= (uint64_t)1 << (row - r->first) % 64;
}

bool rowset_has(const struct rowset *r, uint64_t row)
{
	size_t word = (size_t)((row - r->first) / 64);

	return word < r->n && (r->words[word] >> (row - r->first) % 64 & 1) != 0;
}

void rowset_free(struct rowset *r)
{
	mem_free(r->words);
	*r = (struct rowset){ .first = 0 };
}
