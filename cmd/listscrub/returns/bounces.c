#include <config.h>

#include "cmd/listscrub/returns/bounces.h"

#include "base/arena.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/address/address.h"
#include "text/csv.h"
#include "text/date.h"
#include "text/utf8.h"

void bounces_init(struct bounces *b, bool fold, uint64_t soft_limit)
{
	random_seed(&b->keys);
	b->texts.limit = SIZE_MAX;
	b->fold = fold;
	b->soft_limit = soft_limit;
}

void bounces_free(struct bounces *b)
{
	set_free(&b->keys);
	mem_free(b->entries);
	buf_free(&b->texts);
}

static size_t keep_text(struct bounces *b, struct str s)
{
	size_t at = buf_len(&b->texts) + 1;

	s.n = str_find(s, '\0');
	if (s.n == 0)
		return 0;
	buf_add(&b->texts, s);
	buf_add_char(&b->texts, '\0');
	return at;
}

static struct str text_at(const struct bounces *b, size_t at)
{
	return at > 0 ? str_of(buf_str(&b->texts).p + at - 1) : STR_LIT("");
}

static struct bounce *entry_of(struct bounces *b, struct str key, struct str recipient)
{
	bool added;
	struct set_entry *e = set_add(&b->keys, key, &added);

	if (added) {
		b->entries = mem_grow(b->entries, b->n, &b->cap, sizeof *b->entries);
		e->value = b->n;
		b->entries[b->n++] = (struct bounce){ .address = keep_text(b, recipient) };
	}
	return &b->entries[e->value];
}

void bounces_note(struct bounces *b, struct str recipient, enum dsn_class class, const struct outcome *o,
	struct str code, struct str diagnostic, int64_t when)
{
	struct address a = { .domain_fault = 0 };
	struct buf key = { .limit = 0 };
	struct str bare;

	if (class != DSN_NOTHING && address_unwrap(recipient, &bare, NULL) &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK &&
		(b->fold ? address_key_provider(&a, &key) : address_key(&a, &key))) {
		struct bounce_word *w = &entry_of(b, buf_str(&key), bare)->words[class];

		if (w->times++ == 0 || when > w->when) {
			w->when = when;
			w->reason = o != NULL ? o->reason : OUTCOME_NONE;
			w->code = keep_text(b, code);
			w->diagnostic = keep_text(b, str_sub(diagnostic, 0, 300));
		}
		b->reports++;
	}
	address_free(&a);
	buf_free(&key);
}

void bounces_message(struct bounces *b, struct str message)
{
	struct dsn dsn = { .n = 0 };

	dsn_read(&dsn, message);
	for (size_t i = 0; i < dsn.n; i++) {
		const struct dsn_report *r = &dsn.reports[i];

		const struct outcome o = { .reason = r->reason, .stage = r->stage };

		bounces_note(b, r->recipient, r->class, &o, r->status, r->diagnostic, r->when);
	}
	b->messages++;
	dsn_free(&dsn);
}

/* What weighs most of what was said: NULL when nothing of it rejects. */
static const struct bounce_word *verdict(const struct bounces *b, const struct bounce *e, enum reason *reason)
{
	const struct bounce_word *w = e->words;

	*reason = REASON_COMPLAINED;
	if (w[DSN_COMPLAINT].times > 0)
		return &w[DSN_COMPLAINT];
	*reason = REASON_UNSUBSCRIBED;
	if (w[DSN_UNSUBSCRIBE].times > 0)
		return &w[DSN_UNSUBSCRIBE];
	*reason = REASON_BOUNCED;
	if (w[DSN_HARD].times > 0)
		return &w[DSN_HARD];
	if (b->soft_limit > 0 && w[DSN_SOFT].times >= b->soft_limit)
		return &w[DSN_SOFT];
	*reason = REASON_NONE;
	return NULL;
}

static void add_date(struct buf *out, int64_t when)
{
	if (when != 0)
		(void)date_add_iso(out, when);
}

static struct str describe(const struct bounces *b, const struct bounce *e, const struct bounce_word *w,
	struct arena *arena)
{
	struct buf text = { .limit = 0 };
	struct str result;

	if (w == &e->words[DSN_SOFT])
		buf_printf(&text, "%llu soft bounces, the last: ", (unsigned long long)w->times);
	if (w->reason != OUTCOME_NONE)
		buf_printf(&text, "%s%s", outcome_reason_name(w->reason), w->code > 0 ? " " : "");
	buf_add(&text, text_at(b, w->code));
	if (w->diagnostic > 0) {
		buf_add_text(&text, buf_len(&text) > 0 ? ": " : "");
		utf8_show(&text, text_at(b, w->diagnostic), 200);
	}
	if (w->when != 0) {
		buf_add_text(&text, buf_len(&text) > 0 ? ", " : "");
		add_date(&text, w->when);
	}
	result = arena_copy(arena, buf_str(&text));
	buf_free(&text);
	return result;
}

enum reason bounces_judge(const struct bounces *b, struct str key, struct arena *arena, struct str *detail)
{
	const struct set_entry *found = set_find(&b->keys, key);
	enum reason reason = REASON_NONE;

	if (found == NULL)
		return REASON_NONE;
	const struct bounce *e = &b->entries[found->value];
	const struct bounce_word *w = verdict(b, e, &reason);

	if (w != NULL && arena != NULL)
		*detail = describe(b, e, w, arena);
	return reason;
}

void bounces_print(const struct bounces *b, struct buf *out)
{
	buf_add_text(out, "address,reason,code,date\n");
	for (size_t i = 0; i < b->n; i++) {
		enum reason reason;
		const struct bounce_word *w = verdict(b, &b->entries[i], &reason);

		if (w == NULL)
			continue;
		csv_add_cell(out, text_at(b, b->entries[i].address), ',');
		buf_printf(out, ",%s,", reason_name(reason));
		csv_add_cell(out, text_at(b, w->code), ',');
		buf_add_char(out, ',');
		add_date(out, w->when);
		buf_add_char(out, '\n');
	}
}
