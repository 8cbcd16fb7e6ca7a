#include <config.h>

#include "tests/tap.h"

#include "mail/dsn.h"

/* One mail to one line: "class recipient status; …". */
static void says(const char *mail, const char *want, const char *name)
{
	struct dsn d = { 0 };
	struct buf got = { 0 };
	struct buf crlf = { 0 };

	for (const char *p = mail; *p != '\0'; p++) {
		if (*p == '\n')
			buf_add_char(&crlf, '\r');
		buf_add_char(&crlf, *p);
	}
	for (int round = 0; round < 2; round++) {
		char title[120];

		buf_clear(&got);
		dsn_read(&d, round == 0 ? str_of(mail) : buf_str(&crlf));
		for (size_t i = 0; i < d.n; i++)
			buf_printf(&got, "%s%s %.*s %.*s", i > 0 ? "; " : "",
				dsn_class_name(d.reports[i].class),
				STR_ARGS(d.reports[i].recipient), STR_ARGS(d.reports[i].status));
		snprintf(title, sizeof title, "%s, %s", name, round == 0 ? "LF" : "CRLF");
		if (!check(str_eq(buf_str(&got), str_of(want)), "%s", title))
			printf("# got  [%s]\n# want [%s]\n", buf_text(&got), want);
	}
	dsn_free(&d);
	buf_free(&got);
	buf_free(&crlf);
}

static void judged(const char *status, const char *text, enum dsn_class want)
{
	enum dsn_class got = dsn_judge(str_of(status), str_of(text));

	check(got == want, "%s [%s] %s is %s", status, text, dsn_class_name(want),
		dsn_class_name(got));
}

static void test_judging(void)
{
	judged("5.1.1", "", DSN_HARD);
	judged("5.1.2", "", DSN_HARD);
	judged("5.1.10", "550 5.1.10 Recipient not found", DSN_HARD);
	judged("5.0.0",
		"550 5.1.1 <relay@spam.example>: Recipient address rejected: User unknown in relay "
		"recipient table",
		DSN_HARD);
	judged("5.1.1", "host blocked.spamfilter.example[192.0.2.1] said: 550 5.1.1 No such user",
		DSN_HARD);
	judged("", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", DSN_HARD);
	judged("5.4.4",
		"Host or domain name not found. Name service error for name=x.example type=A: Host "
		"not found",
		DSN_HARD);
	judged("5.1.1",
		"550-5.1.1 The email account that you tried to reach does not exist. Please try "
		"550-5.1.1 double-checking "
		"the recipient's email address for typos or unnecessary spaces.",
		DSN_HARD);
	judged("5.0.0", "Unrouteable address", DSN_HARD);
	judged("5.1.1", "smtp; 550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", DSN_HARD);
	judged("", "550 Benutzer unbekannt", DSN_HARD);
	judged("5.0.0", "", DSN_SOFT);
	judged("", "", DSN_SOFT);
	judged("5.2.2", "552 5.2.2 Mailbox full", DSN_SOFT);
	judged("5.1.1", "550 5.1.1 your address is blocked by policy", DSN_SOFT);
	judged("5.1.1", "550 5.1.1 mailbox over quota", DSN_SOFT);
	judged("5.7.1",
		"550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.example",
		DSN_SOFT);
	judged("5.1.1", "552 5.2.2 no room", DSN_SOFT);
	judged("5.1.8", "550 5.1.8 Sender address rejected: Domain not found", DSN_SOFT);
	judged("5.1.2", "Name service error: Host not found, try again", DSN_SOFT);
	judged("4.4.7", "delivery time expired: user unknown", DSN_SOFT);
	judged("", "450 4.1.1 <a@b.example>: Recipient address rejected: user unknown", DSN_SOFT);
	judged("5.0.0", "host x.example said: 451 user unknown", DSN_SOFT);
	judged("5.2.1", "mailbox disabled, not accepting messages", DSN_SOFT);
	judged("5.1.0", "550 5.1.0 Address rejected", DSN_SOFT);
	judged("5.6.0", "", DSN_SOFT);
	judged("2.1.5", "delivered", DSN_NOTHING);
	judged("", "550 User marble unknown: no mailbox here", DSN_HARD);
}

#define REPORT(type, body)                                                                         \
	"From: MAILER-DAEMON@mx.example\nTo: list@example.org\nSubject: Undelivered Mail\nDate: "  \
	"Mon, 23 Nov 2026 09:00:00 +0000\n"                                                        \
	"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; "         \
	"boundary=b\n\n--b\n\nSorry.\n--b\n"                                                       \
	"Content-Type: " type "\n\n" body                                                          \
	"\n--b\nContent-Type: message/rfc822\n\nTo: other@example.net\nSubject: x\n\nhi\n--b--\n"
#define DELIVERY(body) REPORT("message/delivery-status", "Reporting-MTA: dns; mx.example\n\n" body)

static void test_fields(void)
{
	says(DELIVERY("Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\n"
		      "Diagnostic-Code: smtp; 550 5.1.1 <ann@example.net>:\n Recipient address "
		      "rejected: User unknown\n"),
		"hard ann@example.net 5.1.1", "a recipient that does not exist");
	says(DELIVERY("Original-Recipient: rfc822; ann@example.net\nFinal-Recipient: rfc822; "
		      "a@inner.example\nAction: failed\nStatus: 5.2.2\n"),
		"soft ann@example.net 5.2.2", "the address as it was written counts");
	says(DELIVERY("Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n\n"
		      "Final-Recipient: rfc822; b@example.net\nAction: failed\nStatus: 5.7.1\n\n"
		      "Final-Recipient: rfc822; c@example.net\nAction: delayed\nStatus: 4.4.1\n\n"
		      "Final-Recipient: rfc822; d@example.net\nAction: delivered\nStatus: 2.0.0\n\n"
		      "Final-Recipient: rfc822; e@example.net\nAction: relayed\nStatus: 2.0.0\n\n"
		      "Final-Recipient: rfc822; A@example.net\nAction: failed\nStatus: 5.0.0\n"),
		"hard a@example.net 5.1.1; soft b@example.net 5.7.1", "several of them");
	says(DELIVERY("Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: "
		      "5.1.1\nFinal-Recipient: rfc822; b@example.net\n"
		      "Action: failed\nStatus: 5.1.1\n"),
		"hard a@example.net 5.1.1; hard b@example.net 5.1.1",
		"without an empty line between them");
	says(DELIVERY("Final-Recipient: rfc822; not an address\nAction: failed\nStatus: 5.1.1\n"),
		"", "no address");
	says(DELIVERY("Final-Recipient: rfc822; a@example.net\r\n b\nAction: failed\nStatus: "
		      "5.1.1\n"),
		"", "a line break in an address");
	says(REPORT("message/global-delivery-status",
		     "Reporting-MTA: dns; mx.example\n\n"
		     "Final-Recipient: utf-8; j\\x{FC}rgen@example.net\nAction: failed\nStatus: "
		     "5.1.1\n"),
		"hard j\xc3\xbcrgen@example.net 5.1.1", "an internationalised address as 7 bits");
	says(REPORT("message/global-delivery-status",
		     "Reporting-MTA: dns; mx.example\n\n"
		     "Final-Recipient: utf-8; j\xc3\xbcrgen@example.net\nAction: failed\nStatus: "
		     "5.1.1\n"),
		"hard j\xc3\xbcrgen@example.net 5.1.1", "and as 8 bits");
	says("From: <>\nTo: bounces+ann=example.net@example.org\nSubject: Undelivered\n"
	     "Content-Type: multipart/report; report-type=delivery-status; "
	     "boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
	     "Final-Recipient: rfc822; ann@elsewhere.example\nAction: failed\nStatus: "
	     "5.1.1\n--b--\n",
		"hard ann@elsewhere.example 5.1.1; hard ann@example.net 5.1.1",
		"forwarded and refused there, told by VERP");
}

static void test_text(void)
{
	says("From: MAILER-DAEMON@q.example\nTo: me@example.org\nSubject: failure notice\n\n"
	     "Hi. This is the qmail-send program at q.example.\nI'm afraid I wasn't able to "
	     "deliver your message to the following addresses.\n"
	     "This is a permanent error; I've given up. Sorry it didn't work "
	     "out.\n\n<ann@example.net>:\n"
	     "Sorry, no mailbox here by that name. (#5.1.1)\n\n<bob@example.net>:\n192.0.2.7 does "
	     "not like recipient.\n"
	     "Remote host said: 552 5.2.2 over quota\n\n--- Below this line is a copy of the "
	     "message.\n\nTo: eve@example.net\n<dan@example.net>:\nno such user\n",
		"hard ann@example.net 5.1.1; soft bob@example.net 5.2.2", "qmail");
	says("From: Mail Delivery System <Mailer-Daemon@x.example>\nTo: "
	     "me@example.org\nX-Failed-Recipients: ann@example.net\n"
	     "Subject: Mail delivery failed: returning message to sender\n\nThis message was "
	     "created automatically by mail delivery software.\n\n"
	     "A message that you sent could not be delivered to one or more of its\nrecipients. "
	     "This is a permanent error. The following address(es) failed:\n\n"
	     "  ann@example.net\n    host mx.example.net [192.0.2.1]\n    SMTP error from remote "
	     "mail server after RCPT TO:<ann@example.net>:\n"
	     "    550 5.1.1 <ann@example.net>... User unknown\n\n------ This is a copy of the "
	     "message, including all the headers. ------\n\nTo: ann@example.net\n",
		"hard ann@example.net 5.1.1", "Exim");
	says("From: MAILER-DAEMON@p.example (Mail Delivery System)\nTo: me@example.org\nSubject: "
	     "Undelivered Mail Returned to Sender\n\n"
	     "For further assistance, please send mail to "
	     "<postmaster@p.example>\n\n<ann@example.net>: host mx.example.net[192.0.2.1] said: "
	     "550 5.7.1\n"
	     "    <me@example.org>: Sender address rejected: not allowed (in reply to\n    RCPT TO "
	     "command)\n",
		"soft ann@example.net 5.7.1", "Postfix");
	says("From: MAILER-DAEMON@x.example\nTo: bounces+ann=example.net@example.org\nSubject: "
	     "Returned mail\n\nNo such user, sorry.\n",
		"hard ann@example.net ", "no address in the text, but VERP");
	says("From: Mail Delivery System <Mailer-Daemon@x.example>\nTo: me@example.org\nSubject: "
	     "Warning: message delayed 24 hours\n\n"
	     "A message that you sent has not yet been delivered to one or more of its "
	     "recipients\nafter more than 24 hours on the queue.\n\n  ann@example.net\n",
		"", "a delay notice");
	says("From: MAILER-DAEMON@x.example\nTo: me@example.org\nSubject: Undeliverable\n\nYour "
	     "mail from me@example.org could not be delivered.\n"
	     "Contact postmaster@x.example for help.\n",
		"", "nobody is named");
	says("From: Ann <ann@example.net>\nTo: me@example.org\nSubject: Re: your mail\n\nThe "
	     "following addresses failed:\nbob@example.net: user unknown\n",
		"", "a person who writes about bounces");
	says("From: Ann <ann@example.net>\nTo: me@example.org\nSubject: Out of office: Undelivered "
	     "Mail\nAuto-Submitted: auto-replied\n\n"
	     "I left. user unknown: ann@example.net\n",
		"", "an auto-reply");
	says("From: Ann <ann@example.net>\nTo: me@example.org\nSubject: Read: hello\nContent-Type: "
	     "multipart/report; "
	     "report-type=disposition-notification; boundary=b\n\n--b\n\nYour message was "
	     "read.\n--b\nContent-Type: message/disposition-notification\n\n"
	     "Final-Recipient: rfc822; ann@example.net\nDisposition: "
	     "manual-action/MDN-sent-manually; displayed\n--b--\n",
		"", "a receipt");
}

#define FEEDBACK(type, more)                                                                       \
	"From: fbl@isp.example\nTo: abuse@example.org\nSubject: complaint\nContent-Type: "         \
	"multipart/report; report-type=feedback-report; "                                          \
	"boundary=b\n\n--b\n\nThis is a report.\n--b\nContent-Type: "                              \
	"message/feedback-report\n\nFeedback-Type: " type "\nVersion: 1\n" more                    \
	"\n--b\nContent-Type: message/rfc822\n\nFrom: me@example.org\nTo: Ann "                    \
	"<ann@example.net>\nSubject: x\n\nhi\n--b--\n"

static void test_feedback(void)
{
	says(FEEDBACK("abuse",
		     "Original-Rcpt-To: <bob@example.net>\nOriginal-Rcpt-To: carl@example.net\n"),
		"complaint bob@example.net ; complaint carl@example.net ", "a complaint");
	says(FEEDBACK("abuse", ""), "complaint ann@example.net ", "its recipient from the message");
	says(FEEDBACK("Abuse", "Original-Rcpt-To: redacted@example.net\n"),
		"complaint ann@example.net ", "a redacted recipient");
	says(FEEDBACK("opt-out", "Removal-Recipient: bob@example.net\n"),
		"unsubscribe bob@example.net ", "an opt-out");
	says(FEEDBACK("not-spam", ""), "", "the contrary of a complaint");
	says(FEEDBACK("auth-failure", "Original-Rcpt-To: bob@example.net\nAuth-Failure: dmarc\n"),
		"", "a DMARC failure report");
	says(FEEDBACK("something-new", ""), "", "an unknown type");
}

static void test_unsubscribe(void)
{
	says("From: Ann <ann@example.net>\nTo: list@example.org\nSubject: unsubscribe\n\n",
		"unsubscribe ann@example.net ", "a wish");
	says("From: ann@example.net\nTo: list@example.org\nSubject: "
	     "=?utf-8?q?Unsubscribe_abc123?=\n\n",
		"unsubscribe ann@example.net ", "with a token");
	says("From: ann@example.net\nTo: list@example.org\n\nunsubscribe\n",
		"unsubscribe ann@example.net ", "in the body");
	says("From: ann@example.net\nTo: unsubscribe+tok@example.org\nSubject: x\n\n",
		"unsubscribe ann@example.net ", "by address");
	says("From: a@example.net\nTo: unsub+ann=example.net@example.org\nSubject: unsubscribe\n\n",
		"unsubscribe ann@example.net ", "by VERP");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Unsubscribe request "
	     "confirmed\n\n",
		"", "what was done already");
	says("From: ann@example.net\nTo: list@example.org\nSubject: unsubscribers\n\n", "",
		"another word");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Re: x\n\nYou can unsubscribe "
	     "below.\n",
		"", "only in the text");
	says("", "", "nothing");
	says("no header here", "", "no mail");
}

int main(void)
{
	test_judging();
	test_fields();
	test_text();
	test_feedback();
	test_unsubscribe();
	return tap_done();
}
