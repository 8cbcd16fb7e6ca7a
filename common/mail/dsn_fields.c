#include <config.h>

#include "mail/address.h"
#include "mail/dsn_state.h"
#include "mail/header.h"
#include "mail/mime.h"
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
	struct str supplement; /* of X.400 gateways */
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
			if (n > 3 && n < s.n && s.p[n] == '}') {
				utf8_add(out, code);
				s = str_sub(s, n + 1, s.n);
				continue;
			}
		}
		buf_add_char(out, s.p[0]);
		s = str_sub(s, 1, s.n);
	}
}

/* "rfc822; ann@example.org", "utf-8; …", or no type at all: the address, if it is one. */
static bool field_address(struct str body, struct buf *out)
{
	struct buf line = { .limit = 4096 };
	struct buf text = { .limit = 4096 };
	struct str type;
	struct str bare;

	buf_clear(out);
	header_unfold(&line, body);
	struct str rest = buf_str(&line);

	if (str_find(rest, ';') < rest.n) {
		type = str_trim(str_cut(&rest, ';'));
		if (!str_ieq(type, STR_LIT("rfc822")) && !str_ieq(type, STR_LIT("utf-8")) &&
			!str_ieq(type, STR_LIT("smtp")) && !str_ieq(type, STR_LIT("unknown")))
			rest = STR_NONE;
		else if (str_ieq(type, STR_LIT("utf-8")))
			add_decoded(&text, rest), rest = buf_str(&text);
	}
	if (rest.n > 0 && address_unwrap(rest, &bare, NULL) && dsn_is_address(bare))
		buf_add(out, bare);
	buf_free(&line);
	buf_free(&text);
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
		struct str code = s == &e->status ? dsn_find_status(*s) : STR_NONE;
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

static void judge_entry(struct report *r, const struct entry *e)
{
	struct buf recipient = { .limit = 4096 };
	struct buf words = { .limit = (size_t)64 << 10 };
	struct str status = dsn_find_status(e->status);

	/* The address as it was written stands on lists; where it was forwarded to does not. */
	if ((!field_address(e->original, &recipient) && !field_address(e->final, &recipient)) ||
		!has_failed(e))
		goto out;
	add_words(&words, e);
	/* Where the fields only say that it failed, the text for people may say why. */
	if (dsn_weigh(status, buf_str(&words)) == EVIDENCE_NONE && r->looked_up++ < 20)
		dsn_text_about(r->m, buf_str(&recipient), &words);
	if (status.n == 0)
		status = dsn_find_status(buf_str(&words));
	dsn_keep(r->d, dsn_judge(status, buf_str(&words)), buf_str(&recipient), status,
		buf_str(&words), r->when);
out:
	buf_free(&recipient);
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
	} else if (str_ieq(f->name, STR_LIT("X400-Supplementary-Info"))) {
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

/* Reports in the parts of s. A report that a gateway wrapped whole into message/rfc822 is looked
 * for one level down, where it is the first part: the returned message never is. */
static bool read_parts(struct report *r, struct str s, bool inner)
{
	struct mime_leaf leaf;
	bool found = false;

	for (size_t i = 0; mime_leaf(s, i, &leaf); i++) {
		struct buf body = { .limit = (size_t)1 << 20 };

		if (is_status(leaf.type) && mime_decode(&leaf, &body)) {
			size_t before = r->recipients;

			read_groups(r, buf_str(&body));
			found = found || r->recipients > before;
		} else if (!inner && i == 0 &&
			   str_eq(str_of(leaf.type), STR_LIT("message/rfc822"))) {
			found = read_parts(r, leaf.body, true);
		}
		buf_free(&body);
	}
	return found;
}

bool dsn_read_fields(struct dsn *d, const struct dsn_mail *m)
{
	struct report r = { .d = d, .m = m, .when = m->when };
	struct buf verp = { .limit = 1024 };
	bool found = read_parts(&r, m->message, false);

	/* Forwarded, and refused there: the address that we wrote to is the one that leads nowhere.
	 */
	if (found && d->n == 1 && dsn_verp(m, &verp)) {
		struct dsn_report first = d->reports[0];

		dsn_keep(
			d, first.class, buf_str(&verp), first.status, first.diagnostic, first.when);
	}
	buf_free(&verp);
	return found;
}
