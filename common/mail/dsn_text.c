#include <config.h>

#include "mail/address.h"
#include "mail/dsn_lines.h"
#include "mail/dsn_state.h"
#include "mail/header.h"
#include "mail/mime.h"

/* Bounces without fields: what qmail, Exim, Exchange, Yahoo and many others write for people. */

/* Who writes such mail. */
static const char senders[] =
	"mailer-daemon|mailerdaemon|mail delivery|mail-daemon|postmaster|mdaemon|"
	"delivery subsystem|delivery system|delivery service|system administrator|"
	"mail administrator|<>";
static const char subjects[] =
	"undeliver|delivery fail|failure delivery|failure notice|delivery failure|returned mail|"
	"mail failed|failed mail|delivery status|delivery notification|delivery report|"
	"could not be delivered|not delivered|non-delivery|nondelivery|mail error|"
	"delivery problem|processing error|delivery error|user unknown|mail system error|"
	"unzustellbar|non remis|rejected mail|mail failure|nicht zugestellt|no entregado";

/* It is under way still: nothing to hold against the address. */
static const char delays[] =
	"warning message only|this is a warning only|has been delayed|not yet been delivered|"
	"not yet delivered|message is delayed|will be retried|will continue|continue to attempt|"
	"attempts will continue|has been postponed|will keep trying|still being retried|"
	"no need to resend|do not need to resend";

/* A second text part that is the same in HTML, or that says what the first does, is not needed;
 * HTML alone is. */
void dsn_text_load(struct dsn_mail *m)
{
	struct mime_leaf leaf;

	for (size_t i = 0; buf_len(&m->text) == 0 && mime_leaf(m->message, i, &leaf); i++) {
		struct buf html = { .limit = (size_t)1 << 20 };

		if (str_eq(str_of(leaf.type), STR_LIT("text/plain")))
			mime_decode(&leaf, &m->text);
		else if (str_eq(str_of(leaf.type), STR_LIT("text/html")) &&
			 mime_decode(&leaf, &html))
			mime_html_to_text(&m->text, buf_str(&html));
		buf_free(&html);
		/* Behind the returned message nothing stands that is the server's. */
		if (str_starts(str_of(leaf.type), STR_LIT("message/rfc822")))
			break;
		if (str_trim(buf_str(&m->text)).n == 0)
			buf_clear(&m->text);
	}
	struct str rest = buf_str(&m->text);
	struct str all = rest;

	while (rest.n > 0) {
		struct str before = rest;

		if (dsn_lines_is_end(str_cut(&rest, '\n'))) {
			buf_cut(&m->text, all.n - before.n);
			break;
		}
	}
}

/* The addresses that the mail was sent to, with blanks between them. */
static void own_addresses(const struct dsn_mail *m, struct buf *out)
{
	static const char *const fields[] = { "To", "Delivered-To", "Envelope-To", NULL };

	for (size_t i = 0; fields[i] != NULL; i++) {
		struct address_list list = { 0 };

		address_list_init(&list, header_find(m->header, fields[i]));
		while (address_list_next(&list) == 1) {
			buf_add(out, buf_str(&list.bare));
			buf_add_char(out, ' ');
		}
		address_list_free(&list);
	}
}

bool dsn_verp(const struct dsn_mail *m, struct buf *recipient)
{
	struct buf own = { .limit = 8192 };
	struct str returned = str_trim(header_find(m->header, "Return-Path"));
	struct str bare;

	buf_clear(recipient);
	own_addresses(m, &own);
	if (address_unwrap(returned, &bare, NULL))
		buf_add(&own, bare);
	struct str rest = buf_str(&own);

	while (rest.n > 0 && buf_len(recipient) == 0) {
		struct str local = str_cut(&rest, ' ');
		size_t plus;
		size_t equals;

		local.n = str_find(local, '@');
		plus = str_find(local, '+');
		for (equals = local.n; equals > plus && local.p[equals - 1] != '=';)
			equals--;
		if (equals <= plus + 1 || equals == local.n)
			continue;
		buf_add(recipient, str_sub(local, plus + 1, equals - plus - 2));
		buf_add_char(recipient, '@');
		buf_add(recipient, str_sub(local, equals, local.n));
		if (!dsn_is_address(buf_str(recipient)))
			buf_clear(recipient);
	}
	buf_free(&own);
	return buf_len(recipient) > 0;
}

void dsn_text_about(const struct dsn_mail *m, struct str recipient, struct buf *out)
{
	struct dsn_lines lines = { .n = 0 };
	struct buf own = { .limit = 8192 };

	own_addresses(m, &own);
	dsn_lines_add(&lines, recipient);
	dsn_lines_find(&lines, buf_str(&m->text), buf_str(&own));
	dsn_lines_share(&lines, buf_str(&m->text));
	buf_add_char(out, ' ');
	buf_add(out, buf_str(&lines.about[0]));
	dsn_lines_free(&lines);
	buf_free(&own);
}

static bool has_part(const struct dsn_mail *m, const char *type)
{
	struct mime_leaf leaf;

	for (size_t i = 0; mime_leaf(m->message, i, &leaf); i++)
		if (str_eq(str_of(leaf.type), str_of(type)))
			return true;
	return false;
}

static bool is_bounce(const struct dsn_mail *m)
{
	struct str type = header_find(m->header, "Content-Type");

	if (has_part(m, "message/disposition-notification") &&
		str_isearch(buf_str(&m->text), STR_LIT("automatically rejected")) ==
			buf_len(&m->text))
		return false; /* a receipt */
	return dsn_says(buf_str(&m->subject), subjects) ||
	       dsn_says(header_find(m->header, "From"), senders) ||
	       header_find(m->header, "X-Failed-Recipients").p != NULL ||
	       (str_istarts(str_trim(type), STR_LIT("multipart/report")) &&
		       str_isearch(type, STR_LIT("delivery-status")) < type.n);
}

static void keep_all(struct dsn *d, const struct dsn_mail *m, const struct dsn_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		struct str about = buf_str(&lines->about[i]);
		struct str status = dsn_find_status(about);

		dsn_keep(d, dsn_judge(status, about), lines->recipients[i], status, about, m->when);
	}
}

bool dsn_read_text(struct dsn *d, const struct dsn_mail *m)
{
	struct dsn_lines lines = { .n = 0 };
	struct buf own = { .limit = 8192 };
	struct buf verp = { .limit = 1024 };
	struct address_list failed = { 0 };

	if (!is_bounce(m))
		return false;
	if (dsn_says(buf_str(&m->text), delays))
		return true;
	own_addresses(m, &own);
	dsn_lines_find(&lines, buf_str(&m->text), buf_str(&own));
	dsn_lines_share(&lines, buf_str(&m->text));
	keep_all(d, m, &lines);
	dsn_lines_free(&lines);
	/* Exim and Gmail name them in a field; the words are about all of them then. */
	address_list_init(&failed, header_find(m->header, "X-Failed-Recipients"));
	while (d->n == 0 && address_list_next(&failed) == 1)
		dsn_keep(d, dsn_judge(STR_NONE, buf_str(&m->text)), buf_str(&failed.bare), STR_NONE,
			buf_str(&m->text), m->when);
	address_list_free(&failed);
	if (d->n <= 1 && dsn_verp(m, &verp)) {
		struct str words = d->n == 1 ? d->reports[0].diagnostic : buf_str(&m->text);
		struct str status = dsn_find_status(words);

		dsn_keep(d, dsn_judge(status, words), buf_str(&verp), status, words, m->when);
	}
	buf_free(&own);
	buf_free(&verp);
	return true;
}
