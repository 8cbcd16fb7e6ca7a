#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/returns/dsn_book.h"
#include "mail/returns/dsn_lines.h"
#include "mail/returns/dsn_state.h"

/* Bounces without fields: what qmail, Exim, Exchange, Yahoo and many others write for people. */

/* What a report's subject begins with when it is about a delay. */
static const char delayed_subjects[] =
	"warning: message|warning: delayed|warning: could not send|message delayed|"
	"delivery delayed|delayed mail|delayed delivery|delivery status notification (delay)|"
	"delivery status notification(delay)|mail delivery delayed|transient:";

bool dsn_is_server(const struct dsn_mail *m)
{
	return m->server;
}

/* "Fwd: Undelivered Mail": a person passes a report on, or writes about one. "RE: News: not delivered" is a server's. */
static bool is_passed_on(struct str subject)
{
	static const char answers[] = "re:|fwd:|fw:|aw:|wg:|tr:|sv:|rv:|vs:|antw:";
	struct str rest = subject;

	while (dsn_starts(rest, answers))
		rest = str_trim(str_sub(rest, str_find(rest, ':') + 1, rest.n));
	return rest.n < subject.n && (dsn_book(str_sub(rest, 0, 24)) & DSN_FAILURE) != 0;
}

bool dsn_is_bounce(const struct dsn_mail *m)
{
	struct str type = header_find(m->header, "Content-Type");

	if (dsn_mail_has(m, "message/disposition-notification") &&
		!dsn_says(buf_str(&m->text), "automatically rejected"))
		return false; /* a receipt */
	return ((dsn_book(buf_str(&m->subject)) & DSN_FAILURE) != 0 && !is_passed_on(buf_str(&m->subject))) ||
		dsn_is_server(m) ||
		(str_istarts(str_trim(type), STR_LIT("multipart/report")) && dsn_says(type, "delivery-status"));
}

/* Does the text ask for a proof that a person writes? Not where our own subject sounds so: it is quoted there. */
static bool is_challenge(const struct dsn_mail *m)
{
	struct str rest = buf_str(&m->text);
	struct buf raw = { .limit = 8192 };
	struct buf ours = { .limit = 8192 };
	bool asks = false;

	header_unfold(&raw, header_find(buf_str(&m->returned), "Subject"));
	word_decode(&ours, buf_str(&raw));
	while (rest.n > 0 && !asks) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		bool quoted = dsn_starts(line, "subject|betreff|objet|asunto|oggetto") ||
			(buf_len(&ours) > 0 && str_isearch(line, buf_str(&ours)) < line.n);

		asks = !quoted && (dsn_book(line) & DSN_CHALLENGE) != 0;
	}
	buf_free(&raw);
	buf_free(&ours);
	return asks;
}

/* It is under way still, or waits for us. */
bool dsn_is_pending(const struct dsn_mail *m)
{
	unsigned says = dsn_book(buf_str(&m->text));

	return dsn_starts(buf_str(&m->subject), delayed_subjects) || (says & DSN_DELAY) != 0 ||
		((says & DSN_CHALLENGE) != 0 && is_challenge(m));
}

static void keep(struct dsn *d, const struct dsn_mail *m, struct str recipient, struct str words)
{
	struct outcome o;

	if (dsn_mail_is_nobody(m, recipient))
		return;
	o = dsn_judge_text(m, recipient, &words);
	dsn_keep(d, dsn_class_of(&o), &o, recipient, outcome_find_status(words), words, m->when);
}

/* What stands before the only recipient is about it as well: some name the reason first. */
static void keep_only(struct dsn *d, const struct dsn_mail *m, struct str recipient, struct str about)
{
	struct str words = about;
	struct outcome o = dsn_judge_text(m, recipient, &words);

	keep(d, m, recipient, o.reason == OUTCOME_UNKNOWN ? buf_str(&m->text) : about);
}

static void keep_lines(struct dsn *d, const struct dsn_mail *m)
{
	struct dsn_lines lines = { .n = 0 };

	dsn_lines_find(&lines, buf_str(&m->text), m);
	if (lines.n == 0 && m->server)
		dsn_lines_guess(&lines, buf_str(&m->text), m);
	dsn_lines_share(&lines, buf_str(&m->text));
	for (size_t i = 0; i < lines.n; i++) {
		struct dsn_entry *e = &lines.entries[i];

		if (lines.n == 1)
			keep_only(d, m, e->recipient, buf_str(&e->about));
		else
			keep(d, m, e->recipient, buf_str(&e->about));
	}
	dsn_lines_free(&lines);
}

/* Nobody knows whether the words are about this one. */
static void keep_doubtful(struct dsn *d, const struct dsn_mail *m, struct str recipient)
{
	struct str words = buf_str(&m->text);
	struct outcome o = dsn_judge_doubtful(m, recipient, words);

	dsn_keep(d, dsn_class_of(&o), &o, recipient, outcome_find_status(words), words, m->when);
}

/* Exim and Gmail name them in a field. Of several the words may be about any of them: judged once for all. */
static void keep_failed(struct dsn *d, const struct dsn_mail *m)
{
	struct address_list failed = { 0 };
	struct str field = header_find(m->header, "X-Failed-Recipients");
	bool several = str_find(field, ',') < field.n;
	struct str words = buf_str(&m->text);
	struct outcome o = { .reason = OUTCOME_NONE };

	if (several)
		o = dsn_judge_doubtful(m, STR_NONE, words);
	address_list_init(&failed, field);
	while (d->n < DSN_MAX_REPORTS && address_list_next(&failed) == 1)
		if (!several)
			keep(d, m, buf_str(&failed.bare), words);
		else if (!dsn_mail_is_nobody(m, buf_str(&failed.bare)))
			dsn_keep(d, dsn_class_of(&o), &o, buf_str(&failed.bare), outcome_find_status(words), words,
				m->when);
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
	if (dsn_is_pending(m))
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
