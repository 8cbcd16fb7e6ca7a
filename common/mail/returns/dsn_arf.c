#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/message/mime_read.h"
#include "mail/returns/dsn_state.h"

/* Complaints as feedback loops send them (RFC 5965, 6650), and wishes to be left alone. */

/* Made unreadable by the reporter to protect the recipient: no address. */
static bool is_redacted(struct str address)
{
	return str_istarts(address, STR_LIT("redacted")) || str_istarts(address, STR_LIT("x-redacted")) ||
		str_istarts(address, STR_LIT("xxx"));
}

/* What the type of a report makes of it. A failed DMARC or DKIM check is no complaint, "not-spam"
 * is the contrary of one. */
static enum dsn_class feedback_class(struct str type)
{
	static const char complaints[] = "abuse|fraud|virus|other|complaint|spam";
	static const char requests[] = "opt-out|opt-out-list|unsubscribe";

	if (dsn_is(type, complaints))
		return DSN_COMPLAINT;
	return dsn_is(type, requests) ? DSN_UNSUBSCRIBE : DSN_NOTHING;
}

struct feedback {
	enum dsn_class class;
	bool found;
	struct buf fields; /* of the machine-readable part */
};

static bool is_feedback(const struct dsn_mail *m, const struct mime_leaf *leaf)
{
	struct str type = header_find(m->header, "Content-Type");

	if (str_eq(str_of(leaf->type), STR_LIT("message/feedback-report")))
		return true;
	/* A gateway took the type for something dangerous. */
	return dsn_says(type, "feedback-report") && !dsn_is_returned(leaf) &&
		header_find(leaf->body, "Feedback-Type").n > 0;
}

static void load(struct feedback *f, const struct dsn_mail *m)
{
	for (size_t i = 0; i < m->n_leaves && !f->found; i++)
		f->found = is_feedback(m, &m->leaves[i]) && dsn_decode(&m->leaves[i], &f->fields);
}

static void keep_address(struct dsn *d, const struct dsn_mail *m, const struct feedback *f, struct str body)
{
	struct buf line = { .limit = 4096 };
	struct str bare;

	header_unfold(&line, body);
	if (address_unwrap(buf_str(&line), &bare, NULL) && !is_redacted(bare))
		dsn_keep(d, f->class, NULL, bare, STR_NONE, buf_str(&m->subject), m->when);
	buf_free(&line);
}

/* Original-Rcpt-To may stand there more than once (RFC 5965, 3.2). */
static void keep_fields(struct dsn *d, const struct dsn_mail *m, const struct feedback *f, const char *name)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	header_init(&r, buf_str(&f->fields));
	while (d->n < DSN_MAX_REPORTS && (event = header_next(&r, &field)) != HEADER_END)
		if (event == HEADER_FIELD && str_ieq(field.name, str_of(name)))
			keep_address(d, m, f, field.body);
}

/* Who complained, where the report does not say it: the message was sent to one address. */
static void keep_from_original(struct dsn *d, const struct dsn_mail *m, const struct feedback *f)
{
	static const char *const names[] = { "X-HmXmrOriginalRecipient", "X-Original-To", "Delivered-To", "To" };
	struct str original = buf_str(&m->returned);
	struct buf address = { .limit = 4096 };

	if (dsn_verp(original, &address))
		dsn_keep(d, f->class, NULL, buf_str(&address), STR_NONE, buf_str(&m->subject), m->when);
	for (size_t i = 0; d->n == 0 && i < sizeof names / sizeof *names; i++)
		if (dsn_only_address(original, names[i], &address) && !is_redacted(buf_str(&address)) &&
			!dsn_mail_is_nobody(m, buf_str(&address)) && !dsn_mail_is_sender(m, buf_str(&address)))
			dsn_keep(d, f->class, NULL, buf_str(&address), STR_NONE, buf_str(&m->subject), m->when);
	buf_free(&address);
}

/* Microsoft's feedback loop returns the message with a field of its own and no report. */
static bool is_junk_report(const struct dsn_mail *m)
{
	bool known = (str_istarts(buf_str(&m->sender), STR_LIT("staff@")) &&
			     str_iends(buf_str(&m->sender), STR_LIT("hotmail.com"))) ||
		dsn_starts(buf_str(&m->subject), "complaint about message from");

	return known && header_find(buf_str(&m->returned), "X-HmXmrOriginalRecipient").n > 0;
}

bool dsn_read_feedback(struct dsn *d, const struct dsn_mail *m)
{
	struct feedback f = { .fields.limit = (size_t)3 << 20 };
	bool junk = is_junk_report(m);

	load(&f, m);
	if (f.found)
		f.class = feedback_class(str_trim(header_find(buf_str(&f.fields), "Feedback-Type")));
	else if (junk)
		f.class = DSN_COMPLAINT;
	if (f.class != DSN_NOTHING) {
		keep_fields(d, m, &f, "Original-Rcpt-To");
		if (d->n == 0)
			keep_fields(d, m, &f, "Removal-Recipient");
		if (d->n == 0)
			keep_from_original(d, m, &f);
		d->facts.nameless = d->n == 0 ? f.class : DSN_NOTHING;
	}
	buf_free(&f.fields);
	return f.found || junk;
}

/* Sent to an address that is there for this: "unsubscribe@", "list-unsubscribe@", "unsub+token@".
 */
static bool is_for_unsubscribing(struct str to)
{
	static const char begins[] = "unsub|leave|optout|opt-out|remove|abmeld|desinscri|desabonn|baja@|afmeld";
	struct str local = str_sub(to, 0, str_find(to, '@'));

	return dsn_starts(to, begins) || str_iends(local, STR_LIT("-unsubscribe")) ||
		str_iends(local, STR_LIT("+unsubscribe")) || str_iends(local, STR_LIT("-unsub")) ||
		str_iends(local, STR_LIT("-leave")) || str_isearch(local, STR_LIT("-unsub+")) < local.n ||
		str_isearch(local, STR_LIT("-unsubscribe+")) < local.n;
}

/* In the body only where there is no subject, and what a program sends for one click (RFC 8058). */
static bool is_wish_in_text(const struct dsn_mail *m)
{
	struct str first = dsn_first_line(buf_str(&m->text));

	return str_ieq(first, STR_LIT("List-Unsubscribe=One-Click")) ||
		(first.n < 100 && buf_len(&m->subject) == 0 && dsn_is_wish(first));
}

/* Who made the mail when somebody pressed a button: then an automatic mail is a wish. Others that answer automatically
 * are away. */
bool dsn_is_of_button(const struct dsn_mail *m)
{
	struct str first = dsn_first_line(buf_str(&m->text));

	return header_find(m->header, "X-Apple-Unsubscribe").p != NULL ||
		dsn_starts(first, "apple mail sent this email to unsubscribe|list-unsubscribe=one-click") ||
		dsn_is(str_trim(buf_str(&m->subject)), "unsubscribe|list-unsubscribe=one-click");
}

bool dsn_read_unsubscribe(struct dsn *d, const struct dsn_mail *m)
{
	static const char *const fields[] = { "To", "Delivered-To", "X-Original-To" };
	struct buf to = { .limit = 4096 };
	bool automatic = str_istarts(str_trim(header_find(m->header, "Auto-Submitted")), STR_LIT("auto-replied"));
	bool answers = header_find(m->header, "In-Reply-To").n > 0;
	bool ours = false;
	bool wish;

	for (size_t i = 0; !ours && i < sizeof fields / sizeof *fields; i++)
		ours = dsn_only_address(m->header, fields[i], &to) && is_for_unsubscribing(buf_str(&to));
	wish = ours || dsn_is_of_button(m) || dsn_is_wish(buf_str(&m->subject)) || is_wish_in_text(m);
	/* A vacation notice that reached the address for it, or a server's. */
	if (automatic && (answers || !dsn_is_of_button(m)))
		wish = false;
	if (wish) {
		/* An address made for one recipient says better who it is than From does. */
		if (!dsn_verp(m->header, &to))
			buf_add(&to, buf_str(&m->sender));
		dsn_keep(d, DSN_UNSUBSCRIBE, NULL, buf_str(&to), STR_NONE, buf_str(&m->subject), m->when);
	}
	buf_free(&to);
	return wish;
}
