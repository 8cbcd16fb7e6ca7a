#include <config.h>

#include "cmd/popfetch/visit.h"

#include "base/mem.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/random.h"

/*
 * Messages that are known under another id: a server that was moved or mended may give every message a new one, and one
 * that loses its ids may come to have some again. A message whose content is that of one that is known, and is not
 * listed any more, is that one. With --no-duplicates no content is stored twice, listed or not.
 */

static struct str as_key(const uint64_t *number)
{
	return str_at((const char *)number, sizeof *number);
}

/* What is known of the content of an entry; false: nothing. */
static bool content_of(const struct state *s, size_t i, uint64_t *sum)
{
	const struct set_entry *e = &s->seen.entries[i];

	if (e->value == 0)
		return false;
	if (e->n > 0 && e->p[0] == 'h') {
		*sum = 0;
		for (size_t k = 1; k <= 16 && k < e->n; k++)
			*sum = *sum << 4 | (uint64_t)(e->p[k] <= '9' ? e->p[k] - '0' : e->p[k] - 'a' + 10);
		return true;
	}
	*sum = s->notes[i].hash;
	return s->notes[i].size > 0;
}

/* One that may be listed under another id now. */
static bool is_absent(const struct state *s, size_t i)
{
	return !s->notes[i].listed && !s->notes[i].deleted && !s->notes[i].fresh;
}

static void index_contents(struct visit *v)
{
	const struct state *s = v->state;
	struct match *m = &v->match;
	uint64_t sum;

	m->made = true;
	m->n = s->seen.used;
	random_seed(&m->contents);
	m->next = mem_array(m->n + 1, sizeof *m->next);
	for (size_t i = 0; i < m->n; i++) {
		if (!content_of(s, i, &sum) || (!v->settings->no_duplicates && !is_absent(s, i)))
			continue;
		struct set_entry *e = set_add(&m->contents, as_key(&sum), NULL);

		m->next[i] = (uint32_t)e->value;
		e->value = i + 1;
	}
}

bool match_content(struct visit *v, size_t i)
{
	struct match *m = &v->match;
	struct set_entry *e;

	if (!m->made)
		index_contents(v);
	e = set_find(&m->contents, as_key(&v->sum));
	if (e == NULL && v->settings->no_duplicates)
		/* The next one of this session is a duplicate. */
		set_add(&m->contents, as_key(&v->sum), NULL)->value = UINT64_MAX;
	if (e == NULL || e->value == 0)
		return false;
	m->pairs = mem_grow(m->pairs, m->n_pairs, &m->cap_pairs, sizeof *m->pairs);
	struct match_pair *p = &m->pairs[m->n_pairs++];

	*p = (struct match_pair){ .item = i, .old = SIZE_MAX, .hash = v->sum };
	if (e->value != UINT64_MAX && is_absent(v->state, (size_t)e->value - 1)) {
		p->old = (size_t)e->value - 1;
		e->value = m->next[p->old];
	}
	return true;
}

bool match_confirmed(struct visit *v, struct err *err)
{
	struct match *m = &v->match;
	bool ok = true;

	for (size_t k = 0; k < m->n_pairs && ok; k++) {
		const struct match_pair *p = &m->pairs[k];
		struct str key = str_of(v->keys[p->item]);
		int64_t when = clock_true();

		if (p->old != SIZE_MAX) {
			const struct set_entry *e = &v->state->seen.entries[p->old];

			when = (int64_t)e->value - 1;
			ok = state_forget(v->state, str_at(e->p, e->n), err);
		}
		ok = ok && state_store(v->state, key, when, v->pop3.items[p->item].size + 1, p->hash, err);
	}
	m->n_pairs = 0;
	return ok;
}

void match_say(struct visit *v)
{
	const struct state *s = v->state;
	struct set sizes = { 0 };
	size_t known = 0;
	size_t alike = 0;

	for (size_t i = 0; i < v->pop3.n_items; i++)
		known += v->known[i];
	if (s == NULL || known > 0 || v->pop3.n_items < 3 || v->settings->all)
		return;
	random_seed(&sizes);
	for (size_t i = 0; i < s->seen.used; i++)
		if (s->seen.entries[i].value > 0 && is_absent(s, i) && s->notes[i].size > 0)
			set_add(&sizes, as_key(&s->notes[i].size), NULL);
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		uint64_t size = v->pop3.items[i].size + 1;

		alike += v->keys[i] != NULL && set_find(&sizes, as_key(&size)) != NULL;
	}
	set_free(&sizes);
	if (2 * alike > v->pop3.n_items)
		say_note(
			"%s: the server has given all %zu messages new ids, though the mailbox is known; each is fetched and "
			"compared with what is known",
			v->server->label, v->pop3.n_items);
}

void match_free(struct match *m)
{
	set_free(&m->contents);
	mem_free(m->next);
	mem_free(m->pairs);
}
