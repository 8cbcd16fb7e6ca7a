#include <config.h>

#include "cmd/popfetch/archive/pages_state.h"

#include <stdlib.h>

#include "base/mem.h"

#define PAGE_LIMIT ((size_t)256 << 20)

static const struct catalog_entry *sorted; /* qsort has no argument for it */

static int newest_first(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	if (sorted[x].date != sorted[y].date)
		return sorted[x].date > sorted[y].date ? -1 : 1;
	return x > y ? -1 : x < y;
}

static void put_in_order(struct pages *p)
{
	const struct catalog *c = p->catalog;

	p->order = mem_array(c->n + 1, sizeof *p->order);
	p->thread = mem_array(c->n + 1, sizeof *p->thread);
	p->sizes = mem_array(c->threads.n + 1, sizeof *p->sizes);
	for (uint32_t i = 0; i < c->n; i++) {
		p->order[i] = i;
		p->thread[i] = threads_find(&c->threads, c->threads.messages[i].thread);
		p->sizes[p->thread[i]]++;
	}
	sorted = c->entries;
	qsort(p->order, c->n, sizeof *p->order, newest_first);
}

bool pages_write(const struct folder *f, const struct catalog *c, struct err *err)
{
	struct pages p = { .folder = f, .catalog = c, .err = err };

	p.out.limit = PAGE_LIMIT;
	put_in_order(&p);
	bool ok = pages_write_assets(&p) && pages_write_data(&p) && pages_write_threads(&p) && pages_write_months(&p) &&
		pages_write_front(&p);

	mem_free(p.order);
	mem_free(p.thread);
	mem_free(p.sizes);
	mem_free(p.months);
	buf_free(&p.out);
	buf_free(&p.line);
	return ok;
}
