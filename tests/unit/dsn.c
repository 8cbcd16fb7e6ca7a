#include <config.h>

#include "tests/dsn_name.h"
#include "tests/tap.h"

#include <time.h>

#include "mail/returns/dsn_state.h"
#include "text/utf8.h"

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
			buf_printf(&got, "%s%s %.*s %.*s", i > 0 ? "; " : "", dsn_class_name(d.reports[i].class),
				STR_ARGS(d.reports[i].recipient), STR_ARGS(d.reports[i].status));
		snprintf(title, sizeof title, "%s, %s", name, round == 0 ? "LF" : "CRLF");
		if (!check(str_eq(buf_str(&got), str_of(want)), "%s", title))
			printf("# got  [%s]\n# want [%s]\n", buf_text(&got), want);
	}
	dsn_free(&d);
	buf_free(&got);
	buf_free(&crlf);
}

#define REPORT(type, body)                                                                        \
	"From: MAILER-DAEMON@mx.example\nTo: list@example.org\nSubject: Undelivered Mail\nDate: " \
	"Mon, 23 Nov 2026 09:00:00 +0000\n"                                                       \
	"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; "        \
	"boundary=b\n\n--b\n\nSorry.\n--b\n"                                                      \
	"Content-Type: " type "\n\n" body                                                         \
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
		"hard a@example.net 5.1.1; uncounted b@example.net 5.7.1", "several of them");
	says(DELIVERY("Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: "
		      "5.1.1\nFinal-Recipient: rfc822; b@example.net\n"
		      "Action: failed\nStatus: 5.1.1\n"),
		"hard a@example.net 5.1.1; hard b@example.net 5.1.1", "without an empty line between them");
	says(DELIVERY("Final-Recipient: rfc822; not an address\nAction: failed\nStatus: 5.1.1\n"), "", "no address");
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
		"uncounted ann@example.net 5.7.1", "Postfix");
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

/* Reports that gateways, archives and odd servers damaged or wrote their own way. */
static void test_odd_fields(void)
{
	says("From: MAILER-DAEMON@mx.example\nTo: list@example.org\nSubject: Undelivered Mail\n\n"
	     "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ann@example.net\n"
	     "Action: failed\nStatus: 5.1.1\n",
		"hard ann@example.net 5.1.1", "fields as the whole text");
	says("From: MAILER-DAEMON@mx.example\nTo: list@example.org\nSubject: Undelivered Mail\n\n"
	     "This is late.\n\nFinal-Recipient: rfc822; ann@example.net\nAction: delayed\n"
	     "Status: 4.4.1\n",
		"", "a delay in fields in the text");
	says(REPORT("application/octet-stream",
		     "Final-Recipient: rfc822; ann@example.net\nAction: failed\n"
		     "Status: 5.1.1\n"),
		"hard ann@example.net 5.1.1", "fields under a wrong type");
	says("From: MAILER-DAEMON@mx.example\nTo: list@example.org\nSubject: Undelivered Mail\n"
	     "Content-Type: multipart/report; report-type=delivery-status\n\n--b\n\nSorry.\n--b\n"
	     "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ann@example.net\n"
	     "Action: failed\nStatus: 5.1.1\n--b--\n",
		"hard ann@example.net 5.1.1", "a lost boundary");
	says("From: Bob <bob@example.net>\nTo: me@example.org\nSubject: help\n\nI got this:\n\n"
	     "Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\n",
		"", "a person who quotes fields");
	says(DELIVERY("Original-Recipient: rfc822;ann+2Bnews@example.net\n"
		      "Final-Recipient: rfc822;ann+news@example.net\nAction: failed\n"
		      "Status: 5.1.1\n"),
		"hard ann+news@example.net 5.1.1", "an original recipient left in xtext");
	says(DELIVERY("Original-Recipient: rfc822;ann+2Bnews@example.net\n"
		      "Final-Recipient: rfc822;a@inner.example\nAction: failed\nStatus: 5.1.1\n"),
		"hard ann+2Bnews@example.net 5.1.1", "a tag that only looks like xtext");
	says(DELIVERY("Original-Recipient: rfc822;ann+40example.net\nFinal-Recipient: x; y\n"
		      "Action: failed\nStatus: 5.1.1\n"),
		"hard ann@example.net 5.1.1", "xtext that is no address otherwise");
	says(REPORT("message/global-delivery-status",
		     "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: utf-8; "
		     "a\\x{110000}@example.net\nAction: failed\nStatus: 5.1.1\n"),
		"", "no code point");
	says(DELIVERY("Final-Recipient: rfc822; list@example.org\nAction: failed\n"
		      "Status: 5.1.1\n\nFinal-Recipient: rfc822; MAILER-DAEMON@mx.example\n"
		      "Action: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; "
		      "postmaster@mx.example\nAction: failed\nStatus: 5.1.1\n"),
		"", "the sender and the servers are no recipients");
	says(DELIVERY("Final-Recipient: x-unix; |/var/mail/ann@example.net\nAction: failed\n"
		      "Status: 5.1.1\n"),
		"", "an address of another sort");
	says("X-Autoreply: yes\n" DELIVERY("Final-Recipient: rfc822; ann@example.net\n"
					   "Action: failed\nStatus: 5.1.1\n"),
		"hard ann@example.net 5.1.1", "fields count whatever else a server says");
}

#define SERVER "From: MAILER-DAEMON@x.example\nTo: me@example.org\nSubject: Undelivered Mail\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSorry.\n"
#define RETURNED(header) "--b\nContent-Type: message/rfc822\n\n" header "\nhi\n--b--\n"

static void test_odd_text(void)
{
	says(SERVER MIXED "--b\n\nThe following addresses failed:\nann@example.net: user unknown\n" RETURNED(
		     "From: me@example.org\nTo: bob@example.net\n"),
		"hard ann@example.net ", "what counts is in the second part");
	says(SERVER MIXED RETURNED("From: news@example.org\nTo: bob@example.net\n"), "soft bob@example.net ",
		"nobody is named: whom it was for");
	says(SERVER "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nNo such user here.\n" RETURNED(
		     "From: news@example.org\nTo: bob@example.net\n"),
		"soft bob@example.net ", "a guess is never hard");
	says(SERVER MIXED RETURNED("From: news@example.org\nTo: bob@example.net, c@example.net\n"), "",
		"two that it was for");
	says(SERVER MIXED RETURNED("From: news@example.org\nTo: bob@example.net\nCc: c@d.example\n"), "",
		"one of them in Cc");
	says(SERVER MIXED RETURNED("From: x@example.net\nTo: list@example.org\n"), "", "it went to a list of ours");
	says(SERVER MIXED RETURNED("From: bob@example.net\nTo: bob@example.net\n"), "", "it went to its sender");
	says(SERVER "\nUndeliverable: your mail, news@example.org wrote, could not be delivered to "
		    "ann@example.net\n\n--- Original message follows ---\n\n"
		    "From: news@example.org\nTo: ann@example.net\n\nhi\n",
		"soft ann@example.net ", "the sender of what is returned is no recipient");
	says("From: Mailer-Daemon@x.example\nTo: me@example.org\n"
	     "Subject: Delivery Status Notification (Delay)\n\nDelivery to ann@example.net failed "
	     "so far.\n",
		"", "a delay by its subject");
	says("From: postmaster@x.example\nTo: me@example.org\nSubject: your mail\n\n"
	     "Before it is delivered to ann@example.net, verify that you are a person.\n",
		"", "a challenge");
	says("From: Ann <ann@example.net>\nTo: me@example.org\nSubject: Re: Undelivered Mail\n"
	     "Auto-Submitted: auto-replied\n\nThe following addresses failed:\n"
	     "bob@example.net: user unknown\n",
		"", "an auto-reply that quotes a bounce");
	says("From: MAILER-DAEMON@x.example\nTo: me@example.org\nSubject: Undelivered Mail\n"
	     "Auto-Submitted: auto-replied\n\n<bob@example.net>: user unknown\n",
		"hard bob@example.net ", "a server that calls its bounces replies");
	says("From: MAILER-DAEMON@x.example\nTo: me@example.org\nSubject: Undelivered Mail\n"
	     "Content-Type: text/html\n\n<p>The following addresses failed:</p>"
	     "<p>ann@example.net</p><p>user unknown</p>\n",
		"hard ann@example.net ", "HTML alone");
}

/* qmail returns the whole message inside the text, and that may be long; the limits hold. */
static void test_limits(void)
{
	struct dsn d = { 0 };
	struct buf mail = { 0 };

	buf_add_text(&mail,
		SERVER "\n<ann@example.net>:\nno such user\n\n"
		       "--- Below this line is a copy of the message.\n\n");
	while (buf_len(&mail) < (size_t)3 << 20)
		buf_add_text(&mail, "A line of a long message.\n");
	dsn_read(&d, buf_str(&mail));
	check(d.n == 1 && d.reports[0].class == DSN_HARD, "a bounce with a long message in it");
	buf_clear(&mail);
	buf_add_text(&mail, SERVER "Content-Type: message/delivery-status\n\n");
	for (int i = 0; i < 3000; i++)
		buf_printf(&mail, "Final-Recipient: rfc822; u%d@example.net\nStatus: 5.1.1\n\n", i);
	dsn_read(&d, buf_str(&mail));
	check(d.n == 1000, "a thousand recipients at the most: %zu", d.n);
	buf_clear(&mail);
	buf_add_text(&mail,
		SERVER "Content-Type: message/delivery-status\n\n"
		       "Final-Recipient: rfc822; a@example.net\nAction: failed\n"
		       "Status: 5.1.1\nDiagnostic-Code: smtp; 550 Empf\xe4nger ");
	for (int i = 0; i < 400; i++)
		buf_add_text(&mail, "\xe4");
	dsn_read(&d, buf_str(&mail));
	check(d.n == 1 && utf8_valid(d.reports[0].diagnostic) && d.reports[0].diagnostic.n < 300 &&
			str_starts(d.reports[0].diagnostic, STR_LIT("550 Empf\303\244nger ")),
		"words are UTF-8, and cut between characters");
	dsn_free(&d);
	buf_free(&mail);
}

#define FEEDBACK(type, more)                                                               \
	"From: fbl@isp.example\nTo: abuse@example.org\nSubject: complaint\nContent-Type: " \
	"multipart/report; report-type=feedback-report; "                                  \
	"boundary=b\n\n--b\n\nThis is a report.\n--b\nContent-Type: "                      \
	"message/feedback-report\n\nFeedback-Type: " type "\nVersion: 1\n" more            \
	"\n--b\nContent-Type: message/rfc822\n\nFrom: me@example.org\nTo: Ann "            \
	"<ann@example.net>\nSubject: x\n\nhi\n--b--\n"

static void test_feedback(void)
{
	says(FEEDBACK("abuse", "Original-Rcpt-To: <bob@example.net>\nOriginal-Rcpt-To: carl@example.net\n"),
		"complaint bob@example.net ; complaint carl@example.net ", "a complaint");
	says(FEEDBACK("abuse", ""), "complaint ann@example.net ", "its recipient from the message");
	says(FEEDBACK("Abuse", "Original-Rcpt-To: redacted@example.net\n"), "complaint ann@example.net ",
		"a redacted recipient");
	says(FEEDBACK("opt-out", "Removal-Recipient: bob@example.net\n"), "unsubscribe bob@example.net ", "an opt-out");
	says(FEEDBACK("not-spam", ""), "", "the contrary of a complaint");
	says(FEEDBACK("auth-failure", "Original-Rcpt-To: bob@example.net\nAuth-Failure: dmarc\n"), "",
		"a DMARC failure report");
	says(FEEDBACK("something-new", ""), "", "an unknown type");
	says("From: fbl@isp.example\nTo: abuse@example.org\nSubject: complaint\n"
	     "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
	     "--b\n\nThis is a report.\n--b\nContent-Type: text/plain\n\nFeedback-Type: abuse\n"
	     "Original-Rcpt-To: bob@example.net\n--b--\n",
		"complaint bob@example.net ", "a complaint under a wrong type");
	says("From: fbl@isp.example\nTo: abuse@example.org\nSubject: complaint\n"
	     "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
	     "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b\n"
	     "Content-Type: message/rfc822\n\nFrom: me@example.org\nTo: me@example.org\n"
	     "Bcc: x@example.net\n\nhi\n--b--\n",
		"", "a complaint about a message to its sender");
	says("From: x@junk.example\nTo: abuse@example.org\n"
	     "Subject: complaint about message from 192.0.2.1\n"
	     "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
	     "X-HmXmrOriginalRecipient: ann@example.net\nFrom: me@example.org\nTo: y@example.net\n"
	     "\nhi\n--b--\n",
		"complaint ann@example.net ", "Microsoft's form");
	says("From: ann@example.net\nTo: me@example.org\nSubject: Report domain: example.org "
	     "Submitter: isp.example\nContent-Type: application/gzip\n"
	     "Content-Transfer-Encoding: base64\n\nH4sIAAAAAAAAA\n",
		"", "a DMARC aggregate report");
}

static void test_unsubscribe(void)
{
	says("From: Ann <ann@example.net>\nTo: list@example.org\nSubject: unsubscribe\n\n",
		"unsubscribe ann@example.net ", "a wish");
	says("From: ann@example.net\nTo: list@example.org\nSubject: "
	     "=?utf-8?q?Unsubscribe_abc123?=\n\n",
		"unsubscribe ann@example.net ", "with a token");
	says("From: ann@example.net\nTo: list@example.org\n\nunsubscribe\n", "unsubscribe ann@example.net ",
		"in the body");
	says("From: ann@example.net\nTo: unsubscribe+tok@example.org\nSubject: x\n\n", "unsubscribe ann@example.net ",
		"by address");
	says("From: a@example.net\nTo: unsub+ann=example.net@example.org\nSubject: unsubscribe\n\n",
		"unsubscribe ann@example.net ", "by VERP");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Unsubscribe request "
	     "confirmed\n\n",
		"", "what was done already");
	says("From: ann@example.net\nTo: list@example.org\nSubject: unsubscribers\n\n", "", "another word");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Re: x\n\nYou can unsubscribe "
	     "below.\n",
		"", "only in the text");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Re: Please unsubscribe me\n\n",
		"unsubscribe ann@example.net ", "politely");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Bitte abmelden\n\n", "unsubscribe ann@example.net ",
		"in another language");
	says("From: ann@example.net\nTo: list@example.org\nSubject: unsubscribe x4-abandoned-7\n\n",
		"unsubscribe ann@example.net ", "a token with \"done\" in it");
	says("From: ann@example.net\nTo: x@example.org\nSubject: x\n\nList-Unsubscribe=One-Click\n",
		"unsubscribe ann@example.net ", "one click");
	says("From: ann@example.net\nTo: unsubscribe@example.org\nSubject: I am away\n"
	     "Auto-Submitted: auto-replied (vacation)\n\n",
		"", "an auto-reply to the address for it");
	says("From: ann@example.net\nTo: list@example.org\nSubject: Re: remove the images\n\n", "",
		"something else to remove");
	says("", "", "nothing");
	says("no header here", "", "no mail");
}

/* A message that a stranger sends must not cost much, whatever stands in it: each of these took seconds once. */
static void costs_little(struct buf *mail, const char *name)
{
	struct dsn d = { 0 };
	clock_t begin = clock();

	dsn_read(&d, buf_str(mail));
	check((double)(clock() - begin) / CLOCKS_PER_SEC < 1, "%s costs little", name);
	dsn_free(&d);
	buf_free(mail);
}

static void add_many(struct buf *out, const char *format, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char one[80];

		snprintf(one, sizeof one, format, i);
		buf_add_text(out, one);
	}
}

static void test_hostile(void)
{
	static const char head[] = "From: MAILER-DAEMON@x.example\nTo: me@example.org\nSubject: Undelivered\n";
	struct buf mail = { 0 };

	buf_printf(&mail, "%sX-Failed-Recipients: x@example.net", head);
	add_many(&mail, ", u%u@example.net", 60000);
	buf_add_text(&mail, "\n\nuser unknown\n");
	costs_little(&mail, "a field with 60,000 recipients");
	buf_printf(&mail, "%s\nThe following addresses failed:\n", head);
	add_many(&mail, "u%u@example.net\n", 40000);
	add_many(&mail, "550 user unknown %u\n", 20000);
	costs_little(&mail, "a list of 40,000 recipients");
	buf_printf(&mail, "%sX-A: b\n", head);
	add_many(&mail, "X-A: %u\n", 100000);
	costs_little(&mail, "a header of 100,000 fields");
	buf_add_text(&mail, head);
	for (unsigned i = 0; i < 12; i++)
		buf_printf(&mail, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
	add_many(&mail, "--%u\n", 150000);
	costs_little(&mail, "parts within parts");
	buf_printf(&mail,
		"%sContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n", head);
	add_many(&mail, "Final-Recipient: rfc822; u%u@example.net\nAction: failed\n\n", 15000);
	costs_little(&mail, "a report about 15,000");
}

static void wishes(const char *subject, bool wish)
{
	check(dsn_is_wish(str_of(subject)) == wish, "%s: %s", wish ? "a wish" : "not a wish", subject);
}

static void test_wishes(void)
{
	static const char *const yes[] = { "UNSUBSCRIBE ME!", "STOP", "Remove", "remove me from your list",
		"unsubscribe ann@example.net", "Bitte abmelden", "désinscription", "darme de baja", "BAJA",
		"disiscrivimi", "uitschrijven", "Отписаться от рассылки", "退订", "配信停止", "수신거부",
		"I want to unsubscribe" };
	static const char *const no[] = { "Unsubscribe link is broken?", "Unsubscribe link is broken", "unsubscribe?",
		"How do I unsubscribe?", "You have successfully unsubscribed", "Unsubscribe confirmed",
		"stop the presses: news", "remove the stain from a shirt", "cancel my order 4711",
		"Can you unsubscribe? No" };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		wishes(yes[i], true);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		wishes(no[i], false);
}

int main(void)
{
	test_fields();
	test_odd_fields();
	test_text();
	test_odd_text();
	test_limits();
	test_feedback();
	test_unsubscribe();
	test_hostile();
	test_wishes();
	return tap_done();
}
