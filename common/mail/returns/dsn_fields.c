#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/message/mime_read.h"
#include "mail/returns/dsn_state.h"
#include "text/date.h"
#include "text/utf8.h"

/* Delivery status as fields (RFC 3464; RFC 6533 where addresses are internationalised). */

/* What a report says of one recipient. */
struct entry {
	struct str original;
	struct str final;
	struct str action;
	struct str status;
	struct str diagnostic;
	struct str supplement; /* of X.400 gateways, and what some servers said beside */
};

struct report {
	struct dsn *d;
	const struct dsn_mail *m;
	int64_t when;
	size_t recipients; /* seen at all, failed or not */
	size_t looked_up;  /* in the text for people */
};

/* \x{HEX} of RFC 6533, 3, in an address of type utf-8. */
static void add_decoded(struct buf *out, struct str s)
{
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = 3;

		if (str_starts(s, STR_LIT("\\x{"))) {
			while (n < s.n && n < 9 && ascii_hex(s.p[n]) >= 0)
				code = code * 16 + (uint32_t)ascii_hex(s.p[n++]);
			if (n > 3 && n < s.n && s.p[n] == '}' && code <= 0x10ffff) {
				utf8_add(out, code);
				s = str_sub(s, n + 1, s.n);
				continue;
			}
		}
		buf_add_char(out, s.p[0]);
		s = str_sub(s, 1, s.n);
	}
}

/* "+2B" of xtext (RFC 3461, 4), as it stood in the envelope. */
static void add_xtext(struct buf *out, struct str s)
{
	while (s.n > 0) {
		int high = s.n > 2 && s.p[0] == '+' ? ascii_hex(s.p[1]) : -1;
		int low = high >= 0 ? ascii_hex(s.p[2]) : -1;

		buf_add_char(out, low >= 0 ? (char)(high * 16 + low) : s.p[0]);
		s = str_sub(s, low >= 0 ? 3 : 1, s.n);
	}
}

enum form { FORM_PLAIN, FORM_XTEXT };

/* "rfc822; ann@example.org", "utf-8; …", or no type at all: the address, if it is one. */
static bool field_address(struct str body, enum form form, struct buf *out)
{
	struct buf line = { .limit = 4096 };
	struct buf plain = { .limit = 4096 };
	struct buf text = { .limit = 4096 };
	struct str type = STR_LIT("rfc822");
	struct str rest;
	struct str bare;

	buf_clear(out);
	header_unfold(&line, body);
	rest = buf_str(&line);
	if (str_find(rest, ';') < rest.n)
		type = str_trim(str_cut(&rest, ';'));
	if (form == FORM_XTEXT) {
		add_xtext(&plain, rest);
		rest = buf_str(&plain);
	}
	if (str_ieq(type, STR_LIT("utf-8"))) {
		add_decoded(&text, rest);
		rest = buf_str(&text);
	}
	if (str_among(type, "rfc822 utf-8 smtp internet local unknown") && address_unwrap(rest, &bare, NULL) &&
		dsn_is_address(bare))
		buf_add(out, bare);
	buf_free(&line);
	buf_free(&plain);
	buf_free(&text);
	return buf_len(out) > 0;
}

/* The address as it was written stands on lists; where it was forwarded to does not. Some servers
 * repeat it as the envelope had it, in xtext: only where that explains it, since "+" is a letter in
 * addresses too. */
static bool entry_address(const struct entry *e, struct buf *out)
{
	struct buf final = { .limit = 4096 };
	struct buf decoded = { .limit = 4096 };
	bool plain = field_address(e->original, FORM_PLAIN, out);

	field_address(e->final, FORM_PLAIN, &final);
	if (field_address(e->original, FORM_XTEXT, &decoded) &&
		(!plain || str_ieq(buf_str(&decoded), buf_str(&final)))) {
		buf_clear(out);
		buf_add(out, buf_str(&decoded));
	}
	if (buf_len(out) == 0)
		buf_add(out, buf_str(&final));
	buf_free(&final);
	buf_free(&decoded);
	return buf_len(out) > 0;
}

/* Did it fail for good? What is delayed, delivered, relayed or expanded is nothing to us. */
static bool has_failed(const struct entry *e)
{
	struct str action = str_trim(e->action);
	struct str status = str_trim(e->status);

	if (action.n == 0)
		return status.n == 0 || status.p[0] == '5';
	return str_istarts(action, STR_LIT("fail")) || str_istarts(action, STR_LIT("error")) ||
		str_istarts(action, STR_LIT("undeliver"));
}

/* All that was said: the server's words, and what some programs put as comments behind status and
 * action. */
static void add_words(struct buf *out, const struct entry *e)
{
	struct str diagnostic = str_trim(e->diagnostic);
	size_t type = str_find(diagnostic, ';');

	if (type < diagnostic.n && str_find(str_sub(diagnostic, 0, type), ' ') >= type)
		diagnostic = str_sub(diagnostic, type + 1, diagnostic.n);
	buf_add(out, str_trim(diagnostic));
	for (const struct str *s = &e->status; s != NULL; s = s == &e->status ? &e->action : NULL) {
		struct str code = s == &e->status ? outcome_find_status(*s) : STR_NONE;
		size_t at = code.n > 0 ? (size_t)(code.p - s->p) + code.n : str_find(*s, '(');

		if (s == &e->status && code.n == 0)
			at = 0;
		struct str comment = str_trim(str_sub(*s, at, s->n));

		if (comment.n > 2) {
			buf_add_text(out, buf_len(out) > 0 ? " " : "");
			buf_add(out, comment);
		}
	}
	if (e->supplement.n > 0) {
		buf_add_char(out, ' ');
		buf_add(out, str_trim(e->supplement));
	}
}

/* Both forms of the address may stand in the server's words. */
static void add_forms(struct buf *out, struct str recipient, const struct entry *e)
{
	struct buf final = { .limit = 4096 };

	buf_add(out, recipient);
	if (field_address(e->final, FORM_PLAIN, &final)) {
		buf_add_char(out, ' ');
		buf_add(out, buf_str(&final));
	}
	buf_free(&final);
}

/* Fields say what the server answered, and often only the text for people says to which command: read for the first
 * recipients of a report, so that a long one costs no square. */
static struct outcome judge_words(struct report *r, struct str forms, struct str status, struct buf *words)
{
	struct buf about = { .limit = 8192 };
	enum outcome_stage stage = outcome_stage_find(buf_str(words));
	struct str first = forms;
	struct outcome o;

	if (r->looked_up++ < 20)
		dsn_text_about(r->m, str_cut(&first, ' '), &about);
	if (stage == OUTCOME_AT_UNKNOWN)
		stage = outcome_stage_find(buf_str(&about));
	o = dsn_judge(r->m, forms, status, buf_str(words), stage);
	/* Where the fields only say that it failed, the text for people may say why. */
	if (o.reason == OUTCOME_UNKNOWN && buf_len(&about) > 0) {
		buf_add(words, buf_str(&about));
		o = dsn_judge(r->m, forms, status, buf_str(words), stage);
	}
	buf_free(&about);
	return o;
}

static void judge_entry(struct report *r, const struct entry *e)
{
	struct buf recipient = { .limit = 4096 };
	struct buf forms = { .limit = 8192 };
	struct buf words = { .limit = (size_t)64 << 10 };
	struct str status = outcome_find_status(e->status);
	struct outcome o;

	if (!entry_address(e, &recipient) || dsn_mail_is_nobody(r->m, buf_str(&recipient)) || !has_failed(e))
		goto out;
	add_words(&words, e);
	add_forms(&forms, buf_str(&recipient), e);
	o = judge_words(r, buf_str(&forms), status, &words);
	if (status.n == 0)
		status = outcome_find_status(buf_str(&words));
	dsn_keep(r->d, dsn_class_of(&o), &o, buf_str(&recipient), status, buf_str(&words), r->when);
out:
	buf_free(&recipient);
	buf_free(&forms);
	buf_free(&words);
}

static void end_entry(struct report *r, struct entry *e)
{
	if (e->original.n > 0 || e->final.n > 0) {
		r->recipients++;
		judge_entry(r, e);
	}
	*e = (struct entry){ .action = STR_NONE };
}

static void take_field(struct report *r, struct entry *e, const struct header_field *f)
{
	if (str_ieq(f->name, STR_LIT("Final-Recipient"))) {
		/* Some programs forget the empty line between two recipients. */
		if (e->final.n > 0)
			end_entry(r, e);
		e->final = f->body;
	} else if (str_ieq(f->name, STR_LIT("Original-Recipient"))) {
		if (e->original.n > 0)
			end_entry(r, e);
		e->original = f->body;
	} else if (str_ieq(f->name, STR_LIT("Action"))) {
		e->action = f->body;
	} else if (str_ieq(f->name, STR_LIT("Status"))) {
		e->status = f->body;
	} else if (str_ieq(f->name, STR_LIT("Diagnostic-Code"))) {
		e->diagnostic = f->body;
	} else if (str_ieq(f->name, STR_LIT("X400-Supplementary-Info")) ||
		str_ieq(f->name, STR_LIT("X-Supplementary-Info"))) {
		e->supplement = f->body;
	} else if (str_ieq(f->name, STR_LIT("Arrival-Date"))) {
		date_parse_mail(str_trim(f->body), &r->when);
	}
}

/* Groups of fields with empty lines between them: one of the message, one of each recipient. */
static void read_groups(struct report *r, struct str s)
{
	struct entry e = { .action = STR_NONE };

	while (s.n > 0) {
		struct header_reader reader;
		struct header_field field;
		enum header_event event;

		header_init(&reader, s);
		while ((event = header_next(&reader, &field)) != HEADER_END)
			if (event == HEADER_FIELD)
				take_field(r, &e, &field);
		/* Fields that stand alone belong to the recipient that follows: there are programs
		 * that part them. */
		if (e.final.n > 0 || e.original.n > 0)
			end_entry(r, &e);
		s = str_sub(reader.rest, str_find(reader.rest, '\n') + 1, reader.rest.n);
	}
	end_entry(r, &e);
}

static bool is_status(const char *type)
{
	return str_eq(str_of(type), STR_LIT("message/delivery-status")) ||
		str_eq(str_of(type), STR_LIT("message/global-delivery-status"));
}

/* Takes the report out of one leaf: were there recipients in it? */
static bool read_leaf(struct report *r, const struct mime_leaf *leaf)
{
	struct buf body = { .limit = (size_t)3 << 20 };
	size_t before = r->recipients;

	if (dsn_decode(leaf, &body))
		read_groups(r, buf_str(&body));
	buf_free(&body);
	return r->recipients > before;
}

/* A report that a gateway wrapped whole into message/rfc822 is looked for one level down, where it
 * is the first part: the returned message never is. */
static bool read_wrapped(struct report *r)
{
	struct mime_leaf leaf;
	bool found = false;

	if (r->m->n_leaves == 0 || !str_eq(str_of(r->m->leaves[0].type), STR_LIT("message/rfc822")))
		return false;
	for (size_t i = 0; i < DSN_LEAVES && mime_leaf(r->m->leaves[0].body, i, &leaf); i++)
		found = (is_status(leaf.type) && read_leaf(r, &leaf)) || found;
	return found;
}

static bool has_line(struct str s, const char *begins)
{
	while (s.n > 0)
		if (dsn_starts(str_cut(&s, '\n'), begins))
			return true;
	return false;
}

/* Gateways and archives lose types and boundaries: the fields then stand in a part of another name,
 * or in the text. */
static bool read_damaged(struct report *r)
{
	bool found = false;

	for (size_t i = 0; !found && i < r->m->n_leaves; i++) {
		const struct mime_leaf *leaf = &r->m->leaves[i];
		struct buf body = { .limit = (size_t)3 << 20 };

		if (dsn_is_returned(leaf))
			break;
		if (!is_status(leaf->type) && dsn_decode(leaf, &body) &&
			has_line(buf_str(&body), "final-recipient:|original-recipient:") &&
			has_line(buf_str(&body), "action:"))
			found = read_leaf(r, leaf);
		buf_free(&body);
	}
	return found;
}

bool dsn_read_fields(struct dsn *d, const struct dsn_mail *m)
{
	struct report r = { .d = d, .m = m, .when = m->when };
	struct buf verp = { .limit = 1024 };
	bool found = false;

	for (size_t i = 0; i < m->n_leaves; i++)
		found = (is_status(m->leaves[i].type) && read_leaf(&r, &m->leaves[i])) || found;
	found = found || read_wrapped(&r) || (dsn_is_bounce(m) && read_damaged(&r));
	/* Forwarded, and refused there: the address that we wrote to is the one that leads
	 * nowhere. */
	if (found && d->n == 1 && dsn_verp(m->header, &verp)) {
		struct dsn_report first = d->reports[0];
		struct outcome o = { .reason = first.reason, .stage = first.stage };

		dsn_keep(d, first.class, &o, buf_str(&verp), first.status, first.diagnostic, first.when);
	}
	buf_free(&verp);
	return found;
}
