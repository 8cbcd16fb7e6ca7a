#include <config.h>

#include "mail/returns/dsn_state.h"

#include "base/mem.h"
#include "text/utf8.h"

/* What was found about a recipient, kept once. */

#define DSN_WORDS 290

/* The words of a report on one line, about DSN_WORDS octets of them: whole characters, and what is
 * none made visible. */
static void add_line(struct buf *out, struct str s)
{
	size_t begin = buf_len(out);
	bool blank = false;

	for (size_t n; s.n > 0 && buf_len(out) - begin < DSN_WORDS; s = str_sub(s, n, s.n)) {
		uint32_t code = 0;

		n = utf8_decode(s, &code);
		if (n == 1 && (ascii_control(s.p[0]) || s.p[0] == ' ')) {
			blank = true;
			continue;
		}
		if (blank && buf_len(out) > begin)
			buf_add_char(out, ' ');
		blank = false;
		utf8_add(out, n > 0 ? code : UTF8_REPLACEMENT);
		n = n > 0 ? n : 1;
	}
}

/* How bad a class is, for two reports on one recipient. */
static int weight(enum dsn_class class)
{
	static const int weights[] = { 0, 3, 2, 5, 4, 1 };

	return weights[class];
}

static struct dsn_report *place_for(struct dsn *d, enum dsn_class class, struct str recipient)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_ieq(d->reports[i].recipient, recipient))
			return weight(class) > weight(d->reports[i].class) ? &d->reports[i] : NULL;
	if (d->n == DSN_MAX_REPORTS)
		return NULL;
	d->reports = mem_grow(d->reports, d->n, &d->cap, sizeof *d->reports);
	d->reports[d->n] = (struct dsn_report){ .class = DSN_NOTHING };
	return &d->reports[d->n++];
}

void dsn_keep(struct dsn *d, enum dsn_class class, const struct outcome *o, struct str recipient, struct str status,
	struct str diagnostic, int64_t when)
{
	struct buf line = { 0 };
	struct dsn_report *r;

	if (class == DSN_NOTHING || !dsn_is_address(recipient) || (r = place_for(d, class, recipient)) == NULL)
		return;
	buf_add(&line, recipient);
	buf_add(&line, status);
	add_line(&line, diagnostic);
	mem_free(r->owned);
	r->owned = mem_copy(buf_str(&line).p, buf_len(&line));
	r->class = class;
	r->reason = o != NULL ? o->reason : OUTCOME_NONE;
	r->stage = o != NULL ? o->stage : OUTCOME_AT_UNKNOWN;
	r->recipient = str_at(r->owned, recipient.n);
	r->status = str_at(r->owned + recipient.n, status.n);
	r->diagnostic = str_at(r->owned + recipient.n + status.n, buf_len(&line) - recipient.n - status.n);
	r->when = when;
	buf_free(&line);
}
