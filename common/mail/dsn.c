#include <config.h>

#include "mail/dsn.h"

#include "base/mem.h"
#include "mail/address.h"
#include "mail/dsn_state.h"
#include "mail/header.h"
#include "mail/word.h"
#include "text/date.h"

#define DSN_LOOK_AT ((size_t)1 << 20)
#define DSN_MAX_REPORTS 1000

const char *dsn_class_name(enum dsn_class class)
{
	static const char *const names[] = { "nothing", "hard", "soft", "complaint",
		"unsubscribe" };

	return names[class];
}

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
	bool ok = address_parse(&a, s, ADDRESS_QUOTED) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

/* The words of a report on one line, at most 500 octets of them. */
static void add_line(struct buf *out, struct str s)
{
	size_t begin = buf_len(out);

	for (size_t i = 0; i < s.n && buf_len(out) - begin < 500; i++) {
		bool blank = ascii_control(s.p[i]) || s.p[i] == ' ';
		size_t n = buf_len(out) - begin;

		if (!blank)
			buf_add_char(out, s.p[i]);
		else if (n > 0 && buf_str(out).p[begin + n - 1] != ' ')
			buf_add_char(out, ' ');
	}
	while (buf_len(out) > begin && buf_str(out).p[buf_len(out) - 1] == ' ')
		buf_cut(out, buf_len(out) - 1);
}

/* How bad a class is, for two reports on one recipient. */
static int weight(enum dsn_class class)
{
	static const int weights[] = { 0, 2, 1, 4, 3 };

	return weights[class];
}

static struct dsn_report *place_for(struct dsn *d, enum dsn_class class, struct str recipient)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_ieq(d->reports[i].recipient, recipient))
			return weight(class) > weight(d->reports[i].class) ? &d->reports[i] : NULL;
	if (d->n == DSN_MAX_REPORTS)
		return NULL;
	if (d->n == d->cap) {
		d->cap = d->cap > 0 ? d->cap * 2 : 4;
		d->reports = mem_resize(d->reports, d->cap, sizeof *d->reports);
	}
	d->reports[d->n] = (struct dsn_report){ .class = DSN_NOTHING };
	return &d->reports[d->n++];
}

void dsn_keep(struct dsn *d, enum dsn_class class, struct str recipient, struct str status,
	struct str diagnostic, int64_t when)
{
	struct buf line = { 0 };
	struct dsn_report *r;

	if (class == DSN_NOTHING || !dsn_is_address(recipient) ||
		(r = place_for(d, class, recipient)) == NULL)
		return;
	buf_add(&line, recipient);
	buf_add(&line, status);
	add_line(&line, diagnostic);
	mem_free(r->owned);
	r->owned = mem_copy(buf_str(&line).p, buf_len(&line));
	r->class = class;
	r->recipient = str_at(r->owned, recipient.n);
	r->status = str_at(r->owned + recipient.n, status.n);
	r->diagnostic =
		str_at(r->owned + recipient.n + status.n, buf_len(&line) - recipient.n - status.n);
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

/* The first address of a field, or nothing. */
static void first_address(struct str body, struct buf *out)
{
	struct address_list list = { 0 };

	address_list_init(&list, body);
	if (address_list_next(&list) == 1)
		buf_add(out, buf_str(&list.bare));
	address_list_free(&list);
}

static void load(struct dsn_mail *m, struct str message)
{
	struct buf raw = { .limit = 8192 };

	message = str_sub(message, 0, DSN_LOOK_AT);
	if (str_starts(message, STR_LIT("From ")))
		message = str_sub(message, str_find(message, '\n') + 1, message.n);
	m->message = message;
	m->header = str_sub(message, 0, header_length(message));
	header_unfold(&raw, header_find(m->header, "Subject"));
	word_decode(&m->subject, buf_str(&raw));
	buf_free(&raw);
	first_address(header_find(m->header, "From"), &m->sender);
	date_parse_mail(str_trim(header_find(m->header, "Date")), &m->when);
}

/* Written by a person's program in that person's absence: says nothing about the address. */
static bool is_auto_reply(const struct dsn_mail *m)
{
	static const char *const fields[] = { "X-Autoreply", "X-Autorespond", "X-Autoresponder",
		"X-Auto-Response", NULL };
	static const char starts[] =
		"auto:|autoreply|auto reply|auto-reply|automatic reply|automatic response|"
		"automatische antwort|out of office|out of the office|vacation|abwesenheit|"
		"r\xc3\xa9ponse automatique|respuesta autom|risposta automatica";
	struct str precedence = str_trim(header_find(m->header, "Precedence"));

	for (size_t i = 0; fields[i] != NULL; i++)
		if (header_find(m->header, fields[i]).p != NULL)
			return true;
	return dsn_starts(buf_str(&m->subject), starts) ||
	       str_ieq(precedence, STR_LIT("auto_reply"));
}

void dsn_read(struct dsn *d, struct str message)
{
	struct dsn_mail m = {
		.subject.limit = 8192, .sender.limit = 1024, .text.limit = (size_t)256 << 10
	};

	clear(d);
	load(&m, message);
	if (!dsn_read_feedback(d, &m) && !is_auto_reply(&m)) {
		dsn_text_load(&m);
		if (!dsn_read_fields(d, &m) && !dsn_read_text(d, &m))
			dsn_read_unsubscribe(d, &m);
	}
	buf_free(&m.subject);
	buf_free(&m.sender);
	buf_free(&m.text);
}
