#include <config.h>

#include "base/mem.h"
#include "mail/list/suppress_local.h"

/*
 * Entries that match nobody tell that a list is an old one, or another one. Threads mark the same byte with the same
 * value, so that nothing has to be locked.
 */

static size_t used(const struct suppress *s, size_t table)
{
	return table == SUPPRESS_TABLE_KEYS       ? s->keys.used
		: table == SUPPRESS_TABLE_DOMAINS ? s->domains.used
						  : s->digests[table].used;
}

void suppress_span_begin(struct suppress *s)
{
	s->spans = mem_grow(s->spans, s->files.n - 1, &s->spans_cap, sizeof *s->spans);
	for (size_t i = 0; i < SUPPRESS_TABLES; i++)
		s->spans[s->files.n - 1].from[i] = s->spans[s->files.n - 1].to[i] = used(s, i);
}

void suppress_span_end(struct suppress *s)
{
	for (size_t i = 0; i < SUPPRESS_TABLES; i++)
		s->spans[s->files.n - 1].to[i] = used(s, i);
}

void suppress_watch(struct suppress *s)
{
	for (size_t i = 0; i < SUPPRESS_TABLES; i++) {
		mem_free(s->matched[i]);
		s->watched[i] = used(s, i);
		s->matched[i] = mem_array(s->watched[i] + 1, 1);
	}
}

void suppress_mark(const struct suppress *s, size_t table, size_t entry)
{
	if (entry < s->watched[table])
		__atomic_store_n(&s->matched[table][entry], 1, __ATOMIC_RELAXED);
}

void suppress_count_unmatched(struct suppress *s)
{
	if (!suppress_is_watched(s))
		return;
	for (size_t n = 0; n < s->files.n; n++) {
		struct safety_file *f = &s->files.files[n];

		f->counted = true;
		f->unmatched = 0;
		for (size_t i = 0; i < SUPPRESS_TABLES; i++)
			for (size_t k = s->spans[n].from[i]; k < s->spans[n].to[i]; k++)
				f->unmatched += s->matched[i][k] == 0;
	}
}
