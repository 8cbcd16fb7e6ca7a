#include <config.h>

#include "mail/address.h"
#include "mail/dsn_state.h"
#include "mail/header.h"
#include "mail/mime.h"

/* Complaints as feedback loops send them (RFC 5965, 6650), and wishes to be left alone. */

/* Made unreadable by the reporter to protect the recipient: no address. */
static bool is_redacted(struct str address)
{
	return str_istarts(address, STR_LIT("redacted")) ||
	       str_istarts(address, STR_LIT("x-redacted")) || str_istarts(address, STR_LIT("xxx"));
}

/* The only address in the fields of that name, or nothing: with two of them nobody knows who
 * complained. */
static bool only_address(struct str header, const char *name, struct buf *out)
{
	struct address_list list = { 0 };
	size_t n = 0;

	buf_clear(out);
	address_list_init(&list, header_find(header, name));
	while (address_list_next(&list) == 1 && n < 2)
		if (n++ == 0)
			buf_add(out, buf_str(&list.bare));
	address_list_free(&list);
	return n == 1 && !is_redacted(buf_str(out)) && dsn_is_address(buf_str(out));
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
	struct buf fields;   /* of the machine-readable part */
	struct buf original; /* header of the returned message */
};

static void load(struct feedback *f, struct str message)
{
	struct mime_leaf leaf;

	for (size_t i = 0; mime_leaf(message, i, &leaf); i++) {
		struct str type = str_of(leaf.type);

		if (!f->found && str_eq(type, STR_LIT("message/feedback-report"))) {
			f->found = mime_decode(&leaf, &f->fields);
		} else if (buf_len(&f->original) == 0 &&
			   (str_starts(type, STR_LIT("message/rfc822")) ||
				   str_eq(type, STR_LIT("text/rfc822-headers")) ||
				   str_starts(type, STR_LIT("message/global"))) &&
			   mime_decode(&leaf, &f->original)) {
			buf_cut(&f->original, header_length(buf_str(&f->original)));
		}
	}
}

static void keep_address(
	struct dsn *d, const struct dsn_mail *m, const struct feedback *f, struct str body)
{
	struct buf line = { .limit = 4096 };
	struct str bare;

	header_unfold(&line, body);
	if (address_unwrap(buf_str(&line), &bare, NULL) && !is_redacted(bare))
		dsn_keep(d, f->class, bare, STR_NONE, buf_str(&m->subject), m->when);
	buf_free(&line);
}

/* Original-Rcpt-To may stand there more than once (RFC 5965, 3.2). */
static void keep_fields(
	struct dsn *d, const struct dsn_mail *m, const struct feedback *f, const char *name)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	header_init(&r, buf_str(&f->fields));
	while ((event = header_next(&r, &field)) != HEADER_END)
		if (event == HEADER_FIELD && str_ieq(field.name, str_of(name)))
			keep_address(d, m, f, field.body);
}

/* Who complained, where the report does not say it: the message was sent to one address. */
static void keep_from_original(struct dsn *d, const struct dsn_mail *m, const struct feedback *f)
{
	static const char *const names[] = { "X-HmXmrOriginalRecipient", "X-Original-To",
		"Delivered-To", "To", NULL };
	struct dsn_mail original = { .header = buf_str(&f->original) };
	struct buf address = { .limit = 4096 };

	if (dsn_verp(&original, &address))
		dsn_keep(d, f->class, buf_str(&address), STR_NONE, buf_str(&m->subject), m->when);
	for (size_t i = 0; d->n == 0 && names[i] != NULL; i++)
		if (only_address(buf_str(&f->original), names[i], &address))
			dsn_keep(d, f->class, buf_str(&address), STR_NONE, buf_str(&m->subject),
				m->when);
	buf_free(&address);
}

bool dsn_read_feedback(struct dsn *d, const struct dsn_mail *m)
{
	struct feedback f = { .fields.limit = (size_t)256 << 10,
		.original.limit = (size_t)4 << 20 };
	bool junk_mail_program;

	load(&f, m->message);
	/* Microsoft's feedback loop returns the message with a field of its own and no report. */
	junk_mail_program = str_istarts(buf_str(&m->sender), STR_LIT("staff@")) &&
			    str_iends(buf_str(&m->sender), STR_LIT("hotmail.com")) &&
			    header_find(buf_str(&f.original), "X-HmXmrOriginalRecipient").n > 0;
	if (f.found)
		f.class =
			feedback_class(str_trim(header_find(buf_str(&f.fields), "Feedback-Type")));
	else if (junk_mail_program)
		f.class = DSN_COMPLAINT;
	if (f.class != DSN_NOTHING) {
		keep_fields(d, m, &f, "Original-Rcpt-To");
		if (d->n == 0)
			keep_fields(d, m, &f, "Removal-Recipient");
		if (d->n == 0)
			keep_from_original(d, m, &f);
	}
	buf_free(&f.fields);
	buf_free(&f.original);
	return f.found || junk_mail_program;
}

/* "unsubscribe", also with a list or a token behind it; not what confirms that it was done. */
static bool is_wish(struct str s)
{
	static const char words[] = "unsubscribe|opt-out|opt out|remove me|abmelden";
	static const char done[] = "confirm|success|complete|done";

	for (struct str rest = str_of(words); rest.n > 0;) {
		struct str word = str_cut(&rest, '|');

		if (str_istarts(s, word) &&
			(s.n == word.n || !(ascii_alpha(s.p[word.n]) || ascii_digit(s.p[word.n]))))
			return !dsn_says(s, done);
	}
	return false;
}

/* Sent to an address that is there for this: "unsubscribe@", "list-unsubscribe@", "unsub+token@".
 */
static bool is_for_unsubscribing(struct str to)
{
	struct str local = str_sub(to, 0, str_find(to, '@'));

	return str_istarts(local, STR_LIT("unsub")) || str_iends(local, STR_LIT("-unsubscribe")) ||
	       str_iends(local, STR_LIT("+unsubscribe")) || str_iends(local, STR_LIT("-unsub")) ||
	       str_isearch(local, STR_LIT("-unsub+")) < local.n ||
	       str_isearch(local, STR_LIT("-unsubscribe+")) < local.n;
}

bool dsn_read_unsubscribe(struct dsn *d, const struct dsn_mail *m)
{
	static const char *const fields[] = { "To", "Delivered-To", "X-Original-To", NULL };
	struct str first = str_trim(buf_str(&m->text));
	struct buf to = { .limit = 4096 };
	bool wish = is_wish(str_trim(buf_str(&m->subject)));

	first = str_trim(str_sub(first, 0, str_find(first, '\n')));
	if (!wish && first.n < 100)
		wish = is_wish(first) && buf_len(&m->subject) == 0;
	for (size_t i = 0; !wish && fields[i] != NULL; i++)
		wish = only_address(m->header, fields[i], &to) &&
		       is_for_unsubscribing(buf_str(&to));
	buf_clear(&to);
	if (wish) {
		/* An address made for one recipient says better who it is than From does. */
		if (!dsn_verp(m, &to))
			buf_add(&to, buf_str(&m->sender));
		dsn_keep(d, DSN_UNSUBSCRIBE, buf_str(&to), STR_NONE, buf_str(&m->subject), m->when);
	}
	buf_free(&to);
	return wish;
}
