#include <config.h>

#include "cmd/listscrub/judge/winners.h"

#include <stdlib.h>

#include "base/mem.h"

void winners_add(struct winners *w, const struct dedup_loss *loss)
{
	w->list = mem_grow(w->list, w->n, &w->cap, sizeof *w->list);
	w->list[w->n++] = *loss;
	w->sorted = false;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct dedup_loss *)a)->row;
	uint64_t y = ((const struct dedup_loss *)b)->row;

	return (x > y) - (x < y);
}

static const struct dedup_loss *find(const struct winners *w, uint64_t row)
{
	struct dedup_loss key = { .row = row };

	return w->n > 0 ? bsearch(&key, w->list, w->n, sizeof *w->list, compare) : NULL;
}

uint64_t winners_place(struct winners *w, uint64_t row)
{
	const struct dedup_loss *loss;
	uint64_t place = 0;

	if (!w->sorted && w->n > 0)
		qsort(w->list, w->n, sizeof *w->list, compare);
	w->sorted = true;
	while ((loss = find(w, row)) != NULL) {
		place = loss->place;
		row = loss->by;
	}
	return place;
}

void winners_free(struct winners *w)
{
	mem_free(w->list);
	*w = (struct winners){ .n = 0 };
}
