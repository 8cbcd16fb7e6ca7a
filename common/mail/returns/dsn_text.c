#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/returns/dsn_lines.h"
#include "mail/returns/dsn_state.h"

/* Bounces without fields: what qmail, Exim, Exchange, Yahoo and many others write for people. */

/* Who writes such mail. */
static const char senders[] = "mailer-daemon|mailerdaemon|mail delivery|mail-daemon|postmaster|mdaemon|"
			      "delivery subsystem|delivery system|delivery service|system administrator|"
			      "mail administrator|<>";
static const char subjects[] = "undeliver|delivery fail|failure delivery|failure notice|delivery failure|returned mail|"
			       "mail failed|failed mail|delivery status|delivery notification|delivery report|"
			       "could not be delivered|not delivered|non-delivery|nondelivery|mail error|"
			       "delivery problem|processing error|delivery error|user unknown|mail system error|"
			       "unzustellbar|non remis|rejected mail|mail failure|nicht zugestellt|no entregado";

/* It is under way still: nothing to hold against the address. */
static const char delays[] = "warning message only|this is a warning only|has been delayed|not yet been delivered|"
			     "not yet delivered|message is delayed|will be retried|will continue|continue to attempt|"
			     "attempts will continue|has been postponed|will keep trying|still being retried|"
			     "no need to resend|do not need to resend|will retry|will be notified if|"
			     "delivery is delayed|still being attempted|advisory notice only";

/* A stranger's server wants to know first that a person writes. */
static const char challenges[] = "confirm your message|confirm your email|confirm your e-mail|confirm that you are|"
				 "verify that you are|verify your identity|to prove that you are|one-time confirmation|"
				 "challenge-response|challenge/response";

/* What a report's subject begins with when it is about a delay. */
static const char delayed_subjects[] =
	"warning: message|warning: delayed|warning: could not send|message delayed|"
	"delivery delayed|delayed mail|delayed delivery|delivery status notification (delay)|"
	"delivery status notification(delay)|mail delivery delayed|transient:";

void dsn_text_about(const struct dsn_mail *m, struct str recipient, struct buf *out)
{
	struct dsn_lines lines = { .n = 0 };

	dsn_lines_add(&lines, recipient);
	dsn_lines_share(&lines, buf_str(&m->text));
	buf_add_char(out, ' ');
	buf_add(out, buf_str(&lines.entries[0].about));
	dsn_lines_free(&lines);
}

bool dsn_is_server(const struct dsn_mail *m)
{
	return dsn_says(header_find(m->header, "From"), senders) ||
		header_find(m->header, "X-Failed-Recipients").p != NULL;
}

bool dsn_is_bounce(const struct dsn_mail *m)
{
	struct str type = header_find(m->header, "Content-Type");

	if (dsn_mail_has(m, "message/disposition-notification") &&
		!dsn_says(buf_str(&m->text), "automatically rejected"))
		return false; /* a receipt */
	return dsn_says(buf_str(&m->subject), subjects) || dsn_is_server(m) ||
		(str_istarts(str_trim(type), STR_LIT("multipart/report")) && dsn_says(type, "delivery-status"));
}

/* It is under way still, or waits for us. */
static bool is_pending(const struct dsn_mail *m)
{
	return dsn_starts(buf_str(&m->subject), delayed_subjects) || dsn_says(buf_str(&m->text), delays) ||
		dsn_says(buf_str(&m->text), challenges);
}

static void keep(struct dsn *d, const struct dsn_mail *m, struct str recipient, struct str words)
{
	struct str status = outcome_find_status(words);
	struct outcome o;

	if (dsn_mail_is_nobody(m, recipient))
		return;
	o = dsn_judge(m, recipient, status, words, OUTCOME_AT_UNKNOWN);
	dsn_keep(d, dsn_class_of(&o), &o, recipient, status, words, m->when);
}

static void keep_lines(struct dsn *d, const struct dsn_mail *m)
{
	struct dsn_lines lines = { .n = 0 };

	dsn_lines_find(&lines, buf_str(&m->text), m);
	dsn_lines_share(&lines, buf_str(&m->text));
	for (size_t i = 0; i < lines.n; i++)
		keep(d, m, lines.entries[i].recipient, buf_str(&lines.entries[i].about));
	dsn_lines_free(&lines);
}

/* Nobody knows whether the words are about this one. */
static void keep_doubtful(struct dsn *d, const struct dsn_mail *m, struct str recipient)
{
	struct str words = buf_str(&m->text);
	struct outcome o = dsn_judge_doubtful(m, recipient, words);

	dsn_keep(d, dsn_class_of(&o), &o, recipient, outcome_find_status(words), words, m->when);
}

/* Exim and Gmail name them in a field. Of several the words may be about another one. */
static void keep_failed(struct dsn *d, const struct dsn_mail *m)
{
	struct address_list failed = { 0 };
	struct str field = header_find(m->header, "X-Failed-Recipients");
	bool several = str_find(field, ',') < field.n;

	address_list_init(&failed, field);
	while (address_list_next(&failed) == 1)
		if (!several)
			keep(d, m, buf_str(&failed.bare), buf_str(&m->text));
		else if (!dsn_mail_is_nobody(m, buf_str(&failed.bare)))
			keep_doubtful(d, m, buf_str(&failed.bare));
	address_list_free(&failed);
}

/* The only address in the lines "To:" of the text. */
static bool to_line(const struct dsn_mail *m, struct buf *out)
{
	struct str rest = buf_str(&m->text);
	size_t n = 0;

	buf_clear(out);
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');

		if (str_istarts(line, STR_LIT("To:")) && n++ == 0)
			buf_add(out, line);
	}
	return n == 1 && dsn_only_address(buf_str(out), "To", out);
}

/* Is address in a domain of ours? */
static bool is_ours(const struct dsn_mail *m, struct str address)
{
	struct str own = buf_str(&m->own);

	str_cut(&address, '@');
	while (own.n > 0) {
		struct str mine = str_cut(&own, ' ');

		str_cut(&mine, '@');
		if (str_ieq(mine, address))
			return true;
	}
	return false;
}

/*
 * Nobody is named at all: it is whom the returned message was for, where that was one address. Not
 * when it went to a list, or to one of our own domain: then somebody on it failed. A guess is never
 * hard.
 */
static void keep_returned(struct dsn *d, const struct dsn_mail *m)
{
	struct str returned = buf_str(&m->returned);
	struct buf to = { .limit = 4096 };
	bool alone = header_find(returned, "Cc").n == 0 && header_find(returned, "List-Post").n == 0;
	bool found = dsn_only_address(returned, "To", &to) || to_line(m, &to);
	struct str recipient = buf_str(&to);

	if (alone && found && !is_ours(m, recipient) && !dsn_mail_is_nobody(m, recipient) &&
		!dsn_mail_is_sender(m, recipient))
		keep_doubtful(d, m, recipient);
	buf_free(&to);
}

bool dsn_read_text(struct dsn *d, struct dsn_mail *m)
{
	struct buf verp = { .limit = 1024 };

	if (!dsn_is_bounce(m))
		return false;
	if (is_pending(m))
		return true;
	do
		keep_lines(d, m);
	while (d->n == 0 && dsn_mail_text(m));
	if (d->n == 0)
		keep_failed(d, m);
	if (d->n <= 1 && dsn_verp(m->header, &verp))
		keep(d, m, buf_str(&verp), d->n == 1 ? d->reports[0].diagnostic : buf_str(&m->text));
	if (d->n == 0)
		keep_returned(d, m);
	buf_free(&verp);
	return true;
}
