#include <config.h>

#include "cmd/listscrub/returns/gone.h"

#include "mail/list/suppress.h"
#include "text/date.h"
#include "text/utf8.h"

enum { EMAIL, REASON, CODE, FIRST, LAST, COUNT, SOURCE, SAID };
const char *const gone_columns[] = { "email", "reason", "code", "first", "last", "count", "source", "words", NULL };
enum { WHO, DATE, MESSAGE_ID, FROM, TEXT };
const char *const gone_yes_columns[] = { "email", "date", "message_id", "source", "text", NULL };

/* --- what the file says --- */

static int64_t date_in(const struct sheet *s, size_t row, size_t column)
{
	int64_t when = 0;

	return date_parse_any(sheet_get(s, row, column), &when) == DATE_OK ? when : 0;
}

static bool class_of(struct str reason, enum dsn_class *class, enum outcome_reason *why)
{
	*why = OUTCOME_NONE;
	*class = str_ieq(reason, STR_LIT("complaint")) ? DSN_COMPLAINT : DSN_UNSUBSCRIBE;
	if (*class == DSN_COMPLAINT || str_ieq(reason, STR_LIT("unsubscribe")))
		return true;
	if (!outcome_reason_parse(reason, why))
		return false;
	*class = bounces_is_soft(*why) ? DSN_SOFT : DSN_HARD;
	return true;
}

void gone_know(const struct sheet *s, struct bounces *b)
{
	for (size_t i = 0; i < s->n; i++) {
		struct bounce_word w = { .times = 0 };
		enum dsn_class class;
		struct str words = sheet_get(s, i, SAID);
		struct str left;

		if (!class_of(sheet_get(s, i, REASON), &class, &w.reason))
			continue;
		if (suppress_counted_until(words, &left))
			words = left;
		const char *const texts[] = { sheet_get(s, i, CODE).p, words.p, sheet_get(s, i, SOURCE).p };

		w.first = date_in(s, i, FIRST);
		w.last = date_in(s, i, LAST);
		if (!str_number(sheet_get(s, i, COUNT), UINT64_MAX, &w.times) || w.times == 0)
			w.times = 1;
		bounces_know(b, sheet_get(s, i, EMAIL), class, &w, texts);
	}
}

/* --- rows --- */

static void set_date(struct sheet *s, size_t row, size_t column, int64_t when)
{
	struct buf text = { .limit = 0 };

	if (when != 0)
		(void)date_add_iso(&text, when);
	sheet_set(s, row, column, buf_str(&text));
	buf_free(&text);
}

static void add_source(struct buf *out, const struct bounces *b, const struct bounce_word *w)
{
	struct str source = bounces_text(b, w->source);

	buf_add(out, source);
	if (source.n > 0 && !str_ends(source, STR_LIT("proved")))
		buf_add_text(out, w->proved ? " proved" : " unproved");
}

/* Soft bounces that are still counted reject nobody: the words say until when they count, and every reader of
 * suppression lists looks there. */
static void add_words(struct buf *out, const struct bounces *b, const struct bounce_word *w, enum dsn_class class)
{
	bool counts = class == DSN_SOFT && (b->asked.soft_limit == 0 || w->times < b->asked.soft_limit);

	if (counts) {
		struct buf date = { .limit = 0 };

		(void)date_add_iso(&date, w->last + b->asked.soft_window);
		buf_printf(out, SUPPRESS_COUNTED "%.10s: ", buf_text(&date));
		buf_free(&date);
	}
	utf8_show(out, bounces_text(b, w->words), 300);
}

void gone_fill(struct sheet *s, size_t row, const struct bounces *b, const struct bounce_word *w, enum dsn_class class)
{
	struct buf text = { .limit = 0 };

	sheet_set(s, row, REASON, str_of(bounces_reason(w, class)));
	sheet_set(s, row, CODE, bounces_text(b, w->code));
	set_date(s, row, FIRST, w->first);
	set_date(s, row, LAST, w->last);
	buf_add_number(&text, w->times);
	sheet_set(s, row, COUNT, buf_str(&text));
	buf_clear(&text);
	add_source(&text, b, w);
	sheet_set(s, row, SOURCE, buf_str(&text));
	buf_clear(&text);
	add_words(&text, b, w, class);
	sheet_set(s, row, SAID, buf_str(&text));
	buf_free(&text);
}

/* --- domains that are gone --- */

/* Was anything else said about somebody there, or taken for them since? Then it is not the domain that is gone. */
static bool has_others(const struct bounces *b, struct str domain, int64_t since)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct bounce *e = &b->entries[i];
		struct str key = bounces_text(b, e->key);
		enum dsn_class class = DSN_NOTHING;
		const struct bounce_word *w;

		if (!str_eq(str_sub(key, str_after_last(key, '@'), key.n), domain))
			continue;
		w = bounces_heaviest(b, e, &class);
		if (e->delivered > since || (w != NULL && w->reason != OUTCOME_NO_DOMAIN))
			return true;
	}
	return false;
}

/* Mailbox providers do not vanish: whoever says so has a fault, or means another domain. */
static bool is_common(struct str domain)
{
	static const char common[] =
		"gmx. web.de t-online.de freenet.de icloud.com me.com mac.com mail.ru yandex. qq.com 163.com 126.com "
		"naver.com free.fr orange.fr wanadoo.fr laposte.net libero.it proton.me protonmail.com zoho.com comcast.net "
		"verizon.net att.net btinternet.com";
	struct str first = str_sub(domain, 0, str_find(domain, '.') + 1);

	return str_among(domain, common) || str_among(first, common) || bounces_provider(domain) != 0;
}

static bool is_domain_gone(const struct bounces *b, struct str key, const struct bounce_word *w, enum dsn_class class)
{
	struct str domain = str_sub(key, str_after_last(key, '@'), key.n);

	return class == DSN_HARD && w->reason == OUTCOME_NO_DOMAIN && !is_common(domain) &&
		!has_others(b, domain, w->last);
}

/* One row for all of its addresses; what is not later than its last report was counted. */
static void fill_domain(struct sheet *s, const struct bounces *b, struct str key, const struct bounce_word *w)
{
	struct buf at = { .limit = 0 };
	struct bounce_word sum = *w;
	size_t row;

	buf_add(&at, str_sub(key, str_after_last(key, '@') - 1, key.n));
	row = sheet_find(s, buf_str(&at));
	if (row != SIZE_MAX) {
		uint64_t before = 0;
		int64_t first = date_in(s, row, FIRST);

		if (w->last <= date_in(s, row, LAST))
			goto out;
		(void)str_number(sheet_get(s, row, COUNT), UINT64_MAX, &before);
		sum.times += before;
		sum.first = first != 0 ? first : sum.first;
	}
	row = sheet_row(s, buf_str(&at), buf_str(&at));
	gone_fill(s, row, b, &sum, DSN_HARD);
out:
	buf_free(&at);
}

/* Is it a row of ours, whose reason we know? */
static bool is_counted(const struct sheet *s, size_t row)
{
	enum outcome_reason why;
	enum dsn_class class;

	return class_of(sheet_get(s, row, REASON), &class, &why);
}

void gone_update(struct sheet *s, const struct bounces *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct bounce *e = &b->entries[i];
		struct str address = bounces_text(b, e->address);
		enum dsn_class class = DSN_NOTHING;
		const struct bounce_word *w = bounces_heaviest(b, e, &class);
		struct buf key = { .limit = 0 };
		size_t row;

		sheet_key(&key, address);
		row = sheet_find(s, buf_str(&key));
		if (row != SIZE_MAX && !is_counted(s, row)) {
			/* Somebody else's reason: it stays as it is. */
			buf_free(&key);
			continue;
		}
		if (w == NULL && row != SIZE_MAX)
			sheet_remove(s, row); /* delivered since, or asked to come back */
		if (w != NULL && row == SIZE_MAX && is_domain_gone(b, buf_str(&key), w, class))
			fill_domain(s, b, buf_str(&key), w);
		else if (w != NULL)
			gone_fill(s, sheet_row(s, buf_str(&key), address), b, w, class);
		buf_free(&key);
	}
}

/* --- who said yes --- */

void gone_yes_fill(struct sheet *s, size_t row, const struct bounces *b, const struct bounce *e)
{
	set_date(s, row, DATE, e->confirmed.when);
	sheet_set(s, row, MESSAGE_ID, bounces_text(b, e->confirmed.message_id));
	sheet_set(s, row, FROM, bounces_text(b, e->confirmed.source));
	sheet_set(s, row, TEXT, bounces_text(b, e->confirmed.text));
}

void gone_yes_update(struct sheet *s, const struct bounces *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct bounce *e = &b->entries[i];
		int64_t left = e->words[DSN_UNSUBSCRIBE].times > 0 ? e->words[DSN_UNSUBSCRIBE].last : 0;
		struct buf key = { .limit = 0 };
		size_t row;

		if (e->words[DSN_COMPLAINT].times > 0 && e->words[DSN_COMPLAINT].last > left)
			left = e->words[DSN_COMPLAINT].last;
		sheet_key(&key, bounces_text(b, e->address));
		row = sheet_find(s, buf_str(&key));
		if (e->confirmed.when == 0 && row != SIZE_MAX && left != 0 && left >= date_in(s, row, DATE))
			sheet_remove(s, row);
		if (e->confirmed.when != 0 && (row == SIZE_MAX || date_in(s, row, DATE) < e->confirmed.when)) {
			row = sheet_row(s, buf_str(&key), bounces_text(b, e->address));
			gone_yes_fill(s, row, b, e);
		}
		buf_free(&key);
	}
}
