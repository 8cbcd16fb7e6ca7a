#include <config.h>

#include "cmd/mailsend/spool/spool_bounce.h"

#include <stdio.h>

#include "cli/say.h"
#include "cmd/mailsend/compose/finished.h"
#include "cmd/mailsend/compose/identity.h"
#include "cmd/mailsend/deliver/deliver.h"
#include "io/clock.h"
#include "io/random.h"
#include "text/date.h"
#include "text/utf8.h"

#define BLOCK ((size_t)64 << 10)

/* Whom it did not reach yet, with what was said of it. */
static bool is_left(const struct recipient *r)
{
	return r->verdict != VERDICT_SENT && r->verdict != VERDICT_UNKNOWN;
}

static void add_reply(struct buf *out, const struct recipient *r, const struct spool_entry *entry)
{
	const char *words = r->reply != NULL ? r->reply
		: entry->why != NULL         ? entry->why
					     : "it could not be sent in time";

	utf8_show(out, str_of(words), 400);
}

static void put_header(struct buf *out, const struct spool_entry *entry, const char *boundary, const char *domain)
{
	uint64_t digest[2];

	random_bytes(digest, sizeof digest);
	buf_printf(out, "From: Mail Delivery System <mailer-daemon@%s>\r\nTo: <%s>\r\nDate: ", domain,
		entry->envelope.from);
	date_add_mail(out, clock_wall(), clock_offset(clock_wall()));
	buf_add_text(out, "\r\nMessage-ID: ");
	identity_message_id(domain, digest, out);
	buf_printf(out,
		"\r\nSubject: Undelivered mail returned to sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"%s\"\r\n\r\n",
		boundary);
}

static void put_report(struct buf *out, const struct spool_entry *entry, const char *boundary, const char *domain)
{
	buf_printf(out,
		"--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
		"This message waited too long in the spool of mailsend and comes back to you.\r\nIt was not delivered to:\r\n\r\n",
		boundary);
	for (size_t i = 0; i < entry->envelope.n; i++) {
		const struct recipient *r = &entry->envelope.rcpts[i];

		if (!is_left(r))
			continue;
		buf_printf(out, "%s\r\n    ", r->shown);
		add_reply(out, r, entry);
		buf_add_text(out, "\r\n");
	}
	buf_printf(out,
		"\r\n--%s\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %s\r\nArrival-Date: ",
		boundary, domain);
	date_add_mail(out, spool_entry_created(entry), 0);
	buf_add_text(out, "\r\n");
	for (size_t i = 0; i < entry->envelope.n; i++) {
		const struct recipient *r = &entry->envelope.rcpts[i];

		if (!is_left(r) || r->utf8)
			continue;
		buf_printf(out, "\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %s\r\n", r->wire,
			r->verdict == VERDICT_REFUSED && r->enhanced[0] == '5' ? r->enhanced : "4.4.7");
		if (r->code > 0 && str_ascii(str_of(r->reply))) {
			buf_add_text(out, "Diagnostic-Code: smtp; ");
			add_reply(out, r, entry);
			buf_add_text(out, "\r\n");
		}
	}
	buf_printf(out, "\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\n", boundary);
}

/* The whole report as a message of its own. */
static bool compose(struct source *to, const struct spool_entry *entry, struct err *err)
{
	struct source message = { .fd = -1 };
	struct buf text = { 0 };
	struct buf path = { 0 };
	struct buf domain = { 0 };
	char boundary[40];
	uint64_t tag[2];
	long n = 0;

	random_bytes(tag, sizeof tag);
	snprintf(boundary, sizeof boundary, "%016llx%08llx", (unsigned long long)tag[0],
		(unsigned long long)(tag[1] >> 32));
	identity_domain(entry->envelope.from, &domain);
	put_header(&text, entry, boundary, buf_text(&domain));
	put_report(&text, entry, boundary, buf_text(&domain));
	buf_printf(&path, "%s.msg", entry->base);
	source_begin(to, "the report");
	bool ok = source_append(to, buf_str(&text), err) && source_open(&message, buf_text(&path), err);

	for (uint64_t at = 0; ok; at += (uint64_t)n) {
		buf_clear(&text);
		n = source_read(&message, at, BLOCK, &text, err);
		if (n <= 0)
			break;
		ok = source_append(to, buf_str(&text), err);
	}
	buf_clear(&text);
	buf_printf(&text, "\r\n--%s--\r\n", boundary);
	ok = ok && n == 0 && source_append(to, buf_str(&text), err) && source_end(to, err);
	source_free(&message);
	buf_free(&text);
	buf_free(&path);
	buf_free(&domain);
	return ok;
}

bool spool_bounce(const struct spool_entry *entry, const struct account *account, int64_t ends)
{
	const struct delivery_wants wants = { .ends = ends };
	struct account_server server = { 0 };
	struct outgoing o = { .composed = false };
	struct envelope e = { 0 };
	struct result result = { 0 };
	struct err err = { 0 };
	bool sent = false;

	if (entry->envelope.from[0] == '\0') {
		say_note("%s.msg: waited too long, and has no sender to go back to", entry->base);
		return false;
	}
	if (compose(&o.input, entry, &err) && finished_open(&o, "", &err) &&
		envelope_set_from(&e, "", ERR_SOFTWARE, &err) &&
		envelope_add_list(&e, str_of(entry->envelope.from), ERR_DATA, "sender", &err) &&
		account_server(account, account->smtp.n > 0 ? account->smtp.values[0] : NULL, false, &server, &err)) {
		deliver(&o, &e, &server, &wants, &result);
		sent = e.n == 1 && e.rcpts[0].verdict == VERDICT_SENT;
		if (result.err.kind != ERR_NONE)
			err = result.err;
	}
	if (sent)
		say_note("%s.msg: waited too long and went back to <%s>", entry->base, entry->envelope.from);
	else
		say_note("%s.msg: waited too long, and cannot go back to <%s> now either: %s", entry->base,
			entry->envelope.from,
			err.text[0] != '\0'                            ? err.text
				: e.n == 1 && e.rcpts[0].reply != NULL ? e.rcpts[0].reply
								       : "refused");
	account_server_free(&server);
	outgoing_free(&o);
	envelope_free(&e);
	return sent;
}
