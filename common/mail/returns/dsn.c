#include <config.h>

#include "mail/returns/dsn.h"

#include "base/mem.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/returns/dsn_state.h"
#include "text/utf8.h"

#define DSN_MAX_REPORTS 1000
#define DSN_WORDS 290

bool dsn_says(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_isearch(s, str_cut(&rest, '|')) < s.n)
			return true;
	return false;
}

bool dsn_starts(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_istarts(s, str_cut(&rest, '|')))
			return true;
	return false;
}

bool dsn_is(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_ieq(s, str_cut(&rest, '|')))
			return true;
	return false;
}

bool dsn_is_address(struct str s)
{
	struct address a = { 0 };
	bool ok = address_parse(&a, s, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

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

static void clear(struct dsn *d)
{
	for (size_t i = 0; i < d->n; i++)
		mem_free(d->reports[i].owned);
	d->n = 0;
}

void dsn_free(struct dsn *d)
{
	clear(d);
	mem_free(d->reports);
	*d = (struct dsn){ 0 };
}

/* Written by a person's program in that person's absence: says nothing about the address. Mail
 * servers too call their reports replied automatically. */
static bool is_auto_reply(const struct dsn_mail *m)
{
	static const char *const fields[] = { "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response",
		NULL };
	static const char starts[] = "auto:|autoreply|auto reply|auto-reply|automatic reply|automatic response|"
				     "automatische antwort|out of office|out of the office|vacation|abwesenheit|"
				     "r\xc3\xa9ponse automatique|respuesta autom|risposta automatica|"
				     "automatisch antwoord|resposta autom";
	struct str submitted = str_trim(header_find(m->header, "Auto-Submitted"));

	for (size_t i = 0; fields[i] != NULL; i++)
		if (header_find(m->header, fields[i]).p != NULL)
			return true;
	if (str_istarts(submitted, STR_LIT("auto-replied")) && !dsn_is_server(m))
		return true;
	return dsn_starts(buf_str(&m->subject), starts) ||
		str_ieq(str_trim(header_find(m->header, "Precedence")), STR_LIT("auto_reply"));
}

void dsn_read(struct dsn *d, struct str message)
{
	struct dsn_mail m;
	bool fields;

	clear(d);
	dsn_mail_load(&m, message);
	/* Fields are for programs: nobody's absence is told in them. */
	fields = dsn_mail_has(&m, "message/delivery-status") || dsn_mail_has(&m, "message/global-delivery-status");
	if (!dsn_read_feedback(d, &m) && (fields || !is_auto_reply(&m)) && !dsn_read_fields(d, &m) &&
		!dsn_read_text(d, &m))
		dsn_read_unsubscribe(d, &m);
	dsn_mail_free(&m);
}
