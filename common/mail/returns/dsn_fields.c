#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/message/mime_read.h"
#include "mail/returns/dsn_lines.h"
#include "mail/returns/dsn_state.h"
#include "text/date.h"

/* Delivery status as fields (RFC 3464; RFC 6533 where addresses are internationalised). */

/* What a report says of one recipient. */
struct entry {
	struct str original;
	struct str final;
	struct str action;
	struct str status;
	struct str diagnostic;
	struct str supplement; /* of X.400 gateways, and what some servers said beside */
	struct str category;   /* PowerMTA's own judgement */
	struct str remote;     /* the server that said it */
};

struct report {
	struct dsn *d;
	const struct dsn_mail *m;
	int64_t when;
	size_t recipients;      /* seen at all, failed or not */
	bool gathers;           /* only names yet */
	struct str reporting;   /* the server that reports */
	struct dsn_lines lines; /* what the text for people says about each of them */
	struct buf names;       /* what they are called, for lines: each with a blank after it */
};

/* The address as it was written stands on lists; where it was forwarded to does not. Some servers
 * repeat it as the envelope had it, in xtext: only where that explains it, since "+" is a letter in
 * addresses too. */
static bool entry_address(const struct entry *e, struct buf *out)
{
	struct buf final = { .limit = 4096 };
	struct buf decoded = { .limit = 4096 };
	bool plain = dsn_field_address(e->original, false, out);

	dsn_field_address(e->final, false, &final);
	if (dsn_field_address(e->original, true, &decoded) && (!plain || str_ieq(buf_str(&decoded), buf_str(&final)))) {
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
	return dsn_starts(action, "fail|error|undeliver|expired|fatal|rejected");
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
	if (dsn_field_address(e->final, false, &final)) {
		buf_add_char(out, ' ');
		buf_add(out, buf_str(&final));
	}
	buf_free(&final);
}

/* What the text for people says about one of several addresses, separated by blanks. */
static struct str text_about(const struct report *r, struct str forms)
{
	while (forms.n > 0) {
		const struct dsn_entry *e = dsn_lines_entry(&r->lines, str_cut(&forms, ' '));

		if (e != NULL && buf_len(&e->about) > 0)
			return buf_str(&e->about);
	}
	return STR_LIT("");
}

/* Fields say what the server answered, and often only the text for people says to which command. */
static struct outcome judge_words(const struct report *r, struct str forms, struct str status, struct str host,
	struct buf *words)
{
	enum outcome_stage stage = outcome_stage_find(buf_str(words));
	struct str about = text_about(r, forms);
	struct outcome o;

	if (stage == OUTCOME_AT_UNKNOWN)
		stage = outcome_stage_find(about);
	o = dsn_judge_said(r->m, forms, status, buf_str(words), stage, host);
	/* Where the fields only say that it failed, the text for people may say why. */
	if (o.reason == OUTCOME_UNKNOWN && about.n > 0) {
		struct str reply = about;
		struct outcome told = dsn_judge_text(r->m, forms, &reply);

		buf_add_char(words, ' ');
		buf_add(words, reply);
		o = told.reason != OUTCOME_UNKNOWN ? told
						   : dsn_judge_said(r->m, forms, status, buf_str(words), stage, host);
	}
	return o;
}

/* PowerMTA sorts what it was told by rules of its site: good enough for a reason that counts, not for a hard bounce. */
static void use_category(const struct entry *e, struct outcome *o)
{
	static const struct {
		const char *name;
		enum outcome_reason reason;
	} categories[] = { { "quota-issues", OUTCOME_FULL }, { "inactive-mailbox", OUTCOME_DISABLED },
		{ "spam-related", OUTCOME_CONTENT }, { "content-related", OUTCOME_CONTENT },
		{ "virus-related", OUTCOME_CONTENT }, { "policy-related", OUTCOME_REPUTATION },
		{ "message-expired", OUTCOME_EXPIRED }, { "no-answer-from-host", OUTCOME_EXPIRED },
		{ "routing-errors", OUTCOME_EXPIRED }, { "relaying-issues", OUTCOME_LOGIN },
		{ "protocol-errors", OUTCOME_FORMAT } };

	for (size_t i = 0; o->reason == OUTCOME_UNKNOWN && i < sizeof categories / sizeof *categories; i++)
		if (str_ieq(str_trim(e->category), str_of(categories[i].name)))
			*o = outcome_of_reason(categories[i].reason, o->stage, o->temporary);
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
	o = judge_words(r, buf_str(&forms), status, e->remote.n > 0 ? e->remote : r->reporting, &words);
	use_category(e, &o);
	if (status.n == 0)
		status = outcome_find_status(buf_str(&words));
	dsn_keep(r->d, dsn_class_of(&o), &o, buf_str(&recipient), status, buf_str(&words), r->when);
out:
	buf_free(&recipient);
	buf_free(&forms);
	buf_free(&words);
}

/* The names by which the text for people may call this recipient. */
static void gather_entry(struct report *r, const struct entry *e)
{
	struct buf recipient = { .limit = 4096 };

	if (entry_address(e, &recipient))
		add_forms(&r->names, buf_str(&recipient), e);
	buf_add_char(&r->names, ' ');
	buf_free(&recipient);
}

static void end_entry(struct report *r, struct entry *e)
{
	bool named = e->original.n > 0 || e->final.n > 0;

	if (named && r->gathers) {
		gather_entry(r, e);
	} else if (named && r->d->n < DSN_MAX_REPORTS) {
		r->recipients++;
		judge_entry(r, e);
	}
	*e = (struct entry){ .action = STR_NONE };
}

/* "dns; mx.example.net (192.0.2.1)" */
static struct str host_of(struct str body)
{
	size_t semicolon = str_find(body, ';');

	body = str_trim(str_sub(body, semicolon < body.n ? semicolon + 1 : 0, body.n));
	return str_trim(str_sub(body, 0, str_find(body, ' ')));
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
	} else if (str_ieq(f->name, STR_LIT("X-PowerMTA-BounceCategory"))) {
		e->category = f->body;
	} else if (str_ieq(f->name, STR_LIT("Remote-MTA"))) {
		e->remote = host_of(f->body);
	} else if (str_ieq(f->name, STR_LIT("Reporting-MTA"))) {
		r->reporting = host_of(f->body);
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

/* Each recipient gets the lines of the text that are about it. */
static void share_text(struct report *r)
{
	dsn_lines_free(&r->lines);
	for (struct str rest = buf_str(&r->names); rest.n > 0;) {
		struct str name = str_cut(&rest, ' ');

		if (name.n > 0)
			dsn_lines_add(&r->lines, name);
	}
	dsn_lines_share(&r->lines, buf_str(&r->m->text));
}

/* Takes the report out of one leaf: were there recipients in it? */
static bool read_leaf(struct report *r, const struct mime_leaf *leaf)
{
	struct buf body = { .limit = (size_t)3 << 20 };
	size_t before = r->recipients;

	if (dsn_decode(leaf, &body)) {
		r->gathers = true;
		read_groups(r, buf_str(&body));
		r->gathers = false;
		share_text(r);
		read_groups(r, buf_str(&body));
	}
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
	struct report r = { .d = d, .m = m, .when = m->when, .names = { .limit = (size_t)512 << 10 } };
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
	dsn_lines_free(&r.lines);
	buf_free(&r.names);
	return found;
}
