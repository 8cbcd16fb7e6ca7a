#include <config.h>

#include "cmd/listscrub/returns/bounces.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "base/mem.h"
#include "io/random.h"
#include "mail/address/address.h"
#include "text/date.h"
#include "text/utf8.h"

/* What is believed about each address, and what follows from it. */

void bounces_init(struct bounces *b, const struct bounces_asked *asked)
{
	random_seed(&b->keys);
	random_seed(&b->read);
	random_seed(&b->ids);
	random_seed(&b->tokens);
	random_seed(&b->days);
	b->texts.limit = SIZE_MAX;
	b->held.limit = (size_t)16 << 20;
	b->asked = *asked;
}

void bounces_free(struct bounces *b)
{
	for (size_t i = 0; i < b->n; i++)
		mem_free(b->entries[i].days);
	set_free(&b->keys);
	set_free(&b->read);
	set_free(&b->ids);
	set_free(&b->tokens);
	set_free(&b->days);
	mem_free(b->entries);
	mem_free(b->claims);
	mem_free((void *)b->seen);
	buf_free(&b->texts);
	buf_free(&b->held);
}

size_t bounces_keep(struct bounces *b, struct str s)
{
	size_t at = buf_len(&b->texts) + 1;
	struct str all = buf_str(&b->texts);

	s.n = str_find(s, '\0');
	/* What is kept already stays where it is; a part of it could not be copied while the buffer moves. */
	if (s.n > 0 && all.n > 0 && s.p >= all.p && s.p < all.p + all.n) {
		char *part;

		if (s.p[s.n] == '\0')
			return (size_t)(s.p - all.p) + 1;
		part = mem_copy(s.p, s.n);
		at = bounces_keep(b, str_at(part, s.n));
		mem_free(part);
		return at;
	}
	if (s.n == 0)
		return 0;
	buf_add(&b->texts, s);
	buf_add_char(&b->texts, '\0');
	return at;
}

struct str bounces_text(const struct bounces *b, size_t at)
{
	return at > 0 ? str_of(buf_str(&b->texts).p + at - 1) : STR_LIT("");
}

bool bounces_key(const struct bounces *b, struct str address, struct buf *key, struct buf *plain)
{
	struct address a = { .domain_fault = 0 };
	struct str bare;
	bool ok = address_unwrap(address, &bare, NULL) &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK &&
		(b->asked.fold ? address_key_provider(&a, key) : address_key(&a, key)) &&
		(plain == NULL || address_key(&a, plain));

	address_free(&a);
	return ok;
}

struct bounce *bounces_entry(struct bounces *b, struct str key, struct str address)
{
	bool added;
	struct set_entry *e = set_add(&b->keys, key, &added);

	if (added) {
		b->entries = mem_grow(b->entries, b->n, &b->cap, sizeof *b->entries);
		e->value = b->n;
		b->entries[b->n++] =
			(struct bounce){ .address = bounces_keep(b, address), .key = bounces_keep(b, key) };
	}
	return &b->entries[e->value];
}

bool bounces_is_soft(enum outcome_reason reason)
{
	return reason == OUTCOME_FULL || reason == OUTCOME_DISABLED || reason == OUTCOME_RECIPIENT_POLICY ||
		reason == OUTCOME_EXPIRED;
}

const struct bounce_word *bounces_heaviest(const struct bounces *b, const struct bounce *e, enum dsn_class *class)
{
	static const enum dsn_class order[] = { DSN_COMPLAINT, DSN_UNSUBSCRIBE, DSN_HARD, DSN_SOFT };

	(void)b;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (e->words[order[i]].times > 0) {
			*class = order[i];
			return &e->words[order[i]];
		}
	return NULL;
}

const struct bounce_word *bounces_verdict(const struct bounces *b, const struct bounce *e, enum dsn_class *class)
{
	const struct bounce_word *w = bounces_heaviest(b, e, class);

	if (w != NULL && *class == DSN_SOFT && (b->asked.soft_limit == 0 || w->times < b->asked.soft_limit))
		return NULL;
	return w;
}

const char *bounces_reason(const struct bounce_word *w, enum dsn_class class)
{
	if (class == DSN_COMPLAINT)
		return "complaint";
	return class == DSN_UNSUBSCRIBE ? "unsubscribe" : outcome_reason_name(w->reason);
}

bool bounces_is_confirmed(const struct bounces *b, const struct bounce *e)
{
	(void)b;
	return e->confirmed.when != 0;
}

static struct str describe(const struct bounces *b, const struct bounce_word *w, enum dsn_class class,
	struct arena *arena)
{
	struct buf text = { .limit = 0 };
	struct str result;

	if (class == DSN_SOFT)
		buf_printf(&text, "%llu soft bounces, the last: ", (unsigned long long)w->times);
	if (w->reason != OUTCOME_NONE)
		buf_printf(&text, "%s%s", outcome_reason_name(w->reason), w->code > 0 ? " " : "");
	buf_add(&text, bounces_text(b, w->code));
	if (w->words > 0) {
		buf_add_text(&text, buf_len(&text) > 0 ? ": " : "");
		utf8_show(&text, bounces_text(b, w->words), 200);
	}
	if (w->last != 0) {
		buf_add_text(&text, buf_len(&text) > 0 ? ", " : "");
		(void)date_add_iso(&text, w->last);
	}
	if (w->source > 0) {
		buf_add_text(&text, buf_len(&text) > 0 ? ", " : "");
		utf8_show(&text, bounces_text(b, w->source), 200);
	}
	result = arena_copy(arena, buf_str(&text));
	buf_free(&text);
	return result;
}

enum reason bounces_judge(const struct bounces *b, struct str key, struct arena *arena, struct str *detail)
{
	const struct set_entry *found = b->settled ? set_find(&b->keys, key) : NULL;
	enum dsn_class class = DSN_NOTHING;

	if (found == NULL)
		return REASON_NONE;
	const struct bounce_word *w = bounces_verdict(b, &b->entries[found->value], &class);

	atomic_store_explicit(&b->seen[found->value], 1, memory_order_relaxed);
	if (w == NULL)
		return REASON_NONE;
	if (arena != NULL)
		*detail = describe(b, w, class, arena);
	if (class == DSN_COMPLAINT)
		return REASON_COMPLAINED;
	return class == DSN_UNSUBSCRIBE ? REASON_UNSUBSCRIBED : REASON_BOUNCED;
}

uint64_t bounces_absent(const struct bounces *b)
{
	enum dsn_class class = DSN_NOTHING;
	uint64_t n = 0;

	for (size_t i = 0; b->settled && i < b->n; i++)
		n += bounces_verdict(b, &b->entries[i], &class) != NULL &&
			atomic_load_explicit(&b->seen[i], memory_order_relaxed) == 0;
	return n;
}

/* --- providers --- */

static const struct {
	const char *name;
	const char *domains; /* a name before a dot stands for all its countries */
} providers[BOUNCES_PROVIDERS] = {
	{ "other providers", "" },
	{ "Gmail", "gmail. googlemail." },
	{ "Yahoo", "yahoo. ymail. rocketmail. aol. aim. myyahoo." },
	{ "Microsoft", "outlook. hotmail. live. msn. passport." },
};

unsigned bounces_provider(struct str address)
{
	struct str domain = str_sub(address, str_after_last(address, '@'), address.n);
	struct str first = str_sub(domain, 0, str_find(domain, '.') + 1);

	for (unsigned i = 1; i < BOUNCES_PROVIDERS; i++)
		if (str_among(first, providers[i].domains))
			return i;
	return 0;
}

const char *bounces_provider_name(unsigned provider)
{
	return providers[provider].name;
}
