#include <config.h>

#include "tests/smtp_play.h"

/* Servers that drop, desert and lie; what may be said of a message then. And what is never even sent. */

#define RCPT(a)                                \
	{                                      \
		.address = { a, sizeof a - 1 } \
	}
#define MAIL "C MAIL FROM:<a@example.com>\n"
#define GROUP MAIL "C RCPT TO:<b@example.org>\nC DATA\n"
#define CONTENT "C Subject: x\nC\nC ..dot\nC .\n"
#define HELLO "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 PIPELINING\n"
#define SLOW "S 220 mx\nC EHLO me.example\nS 250 mx\n"

static const struct smtp_rcpt one[] = { RCPT("b@example.org") };
static const struct smtp_rcpt hundred[] = { RCPT("b@example.org"), RCPT("c@example.org"), RCPT("d@example.net") };
static const struct smtp_rcpt dsn_rcpt[] = {
	{ .address = { "b@example.org", 13 }, .notify = "SUCCESS,FAILURE", .orcpt = "rfc822;b+2Bx@example.org" }
};
static const struct smtp_mail plain = {
	.reverse_path = { "a@example.com", 13 }, .rcpts = one, .n_rcpts = 1, .last = true
};

static void play_one(struct play play)
{
	if (play.params.ehlo == NULL)
		play.params = (struct smtp_params){ .ehlo = "me.example", .tls = TLS_OFF, .chunking = true };
	if (play.mails == NULL)
		play.mails = &plain;
	play.n_mails = 1;
	play_all(&play, 1);
}

#define PLAY(n, s, e, ...) play_one((struct play){ .name = n, .script = s, .events = e, __VA_ARGS__ })

static void test_drops(void)
{
	PLAY("drop behind MAIL", SLOW MAIL "X\n", "ready; verdict 1 not-sent; failed 75", .error = "reply to MAIL");
	PLAY("drop behind RCPT", SLOW MAIL "S 250 ok\nC RCPT TO:<b@example.org>\nX\n",
		"ready; verdict 1 not-sent; failed 75");
	PLAY("drop behind DATA", HELLO GROUP "S 250 ok\nS 250 ok\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 75", .error = "reply to DATA");
	PLAY("half of 354", HELLO GROUP "S 250 ok\nS 250 ok\ns 354 go\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 75");
	PLAY("drop behind the dot", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 75");
	PLAY("half a verdict", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\ns 250 o\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 75");
	PLAY("a verdict of which lines are missing",
		HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250-o\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 75");
	PLAY("drop when all were refused", HELLO GROUP "S 250 ok\nS 550 ok\nX\n",
		"ready; rcpt 1.0 never 550; verdict 1 never; failed 75");
}

static void test_421(void)
{
	PLAY("421 to MAIL", SLOW MAIL "S 421 bye\n", "ready; verdict 1 not-sent 421; failed 75", .error = "421 bye");
	PLAY("421 to RCPT", HELLO GROUP "S 250 ok\nS 421 bye\n", "ready; verdict 1 not-sent 421; failed 75");
	PLAY("421 to DATA", HELLO GROUP "S 250 ok\nS 250 ok\nS 421 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent 421; failed 75");
	PLAY("421 to the dot", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 421 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 later 421; failed 75");
}

static void test_lies(void)
{
	PLAY("354 to MAIL", SLOW MAIL "S 354 go\n", "ready; verdict 1 not-sent; failed 76");
	PLAY("354 to RCPT", HELLO GROUP "S 250 ok\nS 354 go\n", "ready; verdict 1 not-sent; failed 76");
	PLAY("250 to DATA", HELLO GROUP "S 250 ok\nS 250 ok\nS 250 ok\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76");
	PLAY("354 to the dot", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 354 go\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 76");
	PLAY("a verdict of two codes",
		HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250-ok\nS 554 no\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 76");
	PLAY("a verdict of four digits", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 2500 ok\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 76");
	PLAY("a verdict of two digits", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 25\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 76");
	PLAY("a verdict of 1yz", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 150 ok\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 76");
	PLAY("a verdict of nothing but its code", HELLO GROUP "S 250\nS 250\nS 354\n" CONTENT "C QUIT\nS 250\nS 221\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed");
	PLAY("a reply behind 354", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\nS 250 queued\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76", .whole_only = true);
	PLAY("a refusal behind 354", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\nS 554 no\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76", .whole_only = true);
	PLAY("half a reply behind 354", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\ns 2\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76", .whole_only = true);
	PLAY("one reply too many in a group", HELLO GROUP "S 250 ok\nS 250 ok\nS 250 ok\nS 354 go\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76");
	PLAY("QUIT refused: the 250 was not for the message",
		HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250 early\nS 554 no\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; failed 76");
}

/* A message that is longer than what is given to the connection at once, so that the server can speak in the middle. */
static char big[400 * 1024 + 1];
static const char *const bigs[] = { big };

static void test_early(void)
{
	struct smtp_mail mail = plain;

	for (size_t i = 0; i + 1 < sizeof big; i++)
		big[i] = "0123456789abcdefghijklmnopqrst\r\n"[i % 32];
	mail.size = sizeof big - 1;
	PLAY("a refusal in the middle", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n= 131072\nS 552 5.3.4 too big\n",
		"ready; rcpt 1.0 ok 250; verdict 1 never 552; failed 75", .mails = &mail, .contents = bigs,
		.whole_only = true);
	PLAY("421 in the middle", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n= 131072\nS 421 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 later 421; failed 75", .mails = &mail, .contents = bigs,
		.whole_only = true);
	PLAY("250 in the middle", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n= 131072\nS 250 thanks\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76", .mails = &mail, .contents = bigs,
		.whole_only = true);
	PLAY("the end in the middle", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n= 131072\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 75", .mails = &mail, .contents = bigs,
		.whole_only = true);
	PLAY("garbage in the middle", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n= 131072\nS hello\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76", .mails = &mail, .contents = bigs,
		.whole_only = true);
}

static void test_extensions(void)
{
	struct smtp_mail mail = plain;

	mail.rcpts = dsn_rcpt;
	mail.eight_bit = true;
	mail.ret = "HDRS";
	mail.envid = "QQ+2B";
	PLAY("nothing offered, nothing asked", HELLO GROUP "X\n", "ready; verdict 1 not-sent; failed 75",
		.mails = &mail);
	PLAY("SIZE, 8BITMIME and DSN",

		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250-SIZE 1000\nS 250-8bitmime\nS 250-SMTPUTF8\nS 250-DSN\nS 250 PIPELINING\n"
		"C MAIL FROM:<a@example.com> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=QQ+2B\n"
		"C RCPT TO:<b@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bx@example.org\nC DATA\nX\n",
		"ready; verdict 1 not-sent; failed 75", .mails = &mail);
	mail = plain;
	mail.utf8 = true;
	mail.reverse_path = STR_LIT("\xc3\xa4@example.com");
	PLAY("SMTPUTF8",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250-SMTPUTF8\nS 250-8BITMIME\nS 250 PIPELINING\n"
		"C MAIL FROM:<\xc3\xa4@example.com> BODY=8BITMIME SMTPUTF8\nC RCPT TO:<b@example.org>\nC DATA\nX\n",
		"ready; verdict 1 not-sent; failed 75", .mails = &mail);
	PLAY("SMTPUTF8 not offered", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
		.mails = &mail);
	mail = plain;
	mail.require_tls = true;
	PLAY("REQUIRETLS without TLS", "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 REQUIRETLS\nC QUIT\nS 221 bye\n",
		"ready; verdict 1 rejected-here; closed", .mails = &mail);
	PLAY("REQUIRETLS not offered", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
		.mails = &mail, .params = { .ehlo = "me.example", .tls = TLS_IMPLICIT });
	PLAY("REQUIRETLS",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 REQUIRETLS\nC MAIL FROM:<a@example.com> REQUIRETLS\nX\n",
		"ready; verdict 1 not-sent; failed 75", .mails = &mail,
		.params = { .ehlo = "me.example", .tls = TLS_IMPLICIT });
}

static void test_limits(void)
{
	struct smtp_mail mail = plain;

	PLAY("SIZE is kept to", "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 SIZE 19\nC QUIT\nS 221 bye\n",
		"ready; verdict 1 rejected-here; closed");
	PLAY("SIZE 0 is no limit",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 SIZE 0\nC MAIL FROM:<a@example.com> SIZE=20\nX\n",
		"ready; verdict 1 not-sent; failed 75");
	PLAY("SIZE without a number",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 SIZE\nC MAIL FROM:<a@example.com> SIZE=20\nX\n",
		"ready; verdict 1 not-sent; failed 75");
	PLAY("a SIZE that overflows is none",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 SIZE 99999999999999999999999\n"
		"C MAIL FROM:<a@example.com> SIZE=20\nX\n",
		"ready; verdict 1 not-sent; failed 75");
	mail.rcpts = hundred;
	mail.n_rcpts = 3;
	PLAY("RCPTMAX", "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 LIMITS RCPTMAX=2 MAILMAX=5\nC QUIT\nS 221 bye\n",
		"ready; verdict 1 rejected-here; closed", .mails = &mail);
	PLAY("RCPTDOMAINMAX",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 LIMITS RCPTDOMAINMAX=1\nC QUIT\nS 221 bye\n",
		"ready; verdict 1 rejected-here; closed", .mails = &mail);
	PLAY("enough of both",
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 LIMITS RCPTDOMAINMAX=2 RCPTMAX=3\n" MAIL "X\n",
		"ready; verdict 1 not-sent; failed 75", .mails = &mail);
}

static void test_injection(void)
{
	static const char *const bad[] = { "b@example.org\r\nDATA", "b@example.org\n", "b>@example.org",
		"<b@example.org", "b@example.org> NOTIFY=NEVER", "a b@example.org", "b@exa\tmple.org",
		"\"b@example.org", "b\x7f@example.org", "b\xc3\xa4@example.org", "" };
	struct smtp_mail mail = plain;
	struct smtp_rcpt rcpt = { .address = { "b\0@example.org", 14 } };

	mail.rcpts = &rcpt;
	PLAY("NUL in a recipient", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
		.mails = &mail);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		rcpt = (struct smtp_rcpt){ .address = str_of(bad[i]) };
		PLAY("a recipient that is none", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
			.mails = &mail);
	}
	rcpt = (struct smtp_rcpt){ .address = STR_LIT("\"a b\"@example.org"), .notify = "NEVER" };
	PLAY("a quoted blank", HELLO "C MAIL FROM:<a@example.com>\nC RCPT TO:<\"a b\"@example.org>\nC DATA\nX\n",
		"ready; verdict 1 not-sent; failed 75", .mails = &mail);
	rcpt.notify = "NEVER\r\nDATA";
	PLAY("a parameter with a line break", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
		.mails = &mail);
	rcpt.notify = "NEVER ORCPT";
	PLAY("a parameter with a blank", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
		.mails = &mail);
	mail = plain;
	mail.reverse_path = STR_LIT("a@example.com> SIZE=1");
	PLAY("a sender that is none", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed",
		.mails = &mail);
	mail = plain;
	mail.n_rcpts = 0;
	PLAY("no recipient", HELLO "C QUIT\nS 221 bye\n", "ready; verdict 1 rejected-here; closed", .mails = &mail);
}

static void test_content(void)
{
	static const char *const tails[] = { "no line end" };
	static const char *const stuffed[] = { ".\r\n..\r\n.x\r\na.b\r\n\n.\n\r.\r\r\n.\r\n" };
	struct smtp_mail mail = plain;

	PLAY("a last line without its end", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\nC no line end\nC .\nC QUIT\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 75", .contents = tails);
	PLAY("dots",
		HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\nC ..\nC ...\nC ..x\nC a.b\n= 10\nC ..\nC .\nC QUIT\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 75", .contents = stuffed);
	mail.size = 21;
	PLAY("a message that shrank", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 65", .mails = &mail);
	mail.size = 19;
	PLAY("a message that grew", HELLO GROUP "S 250 ok\nS 250 ok\nS 354 go\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 65", .mails = &mail);
}

/* Replies without an end must not make us hold or work without end. */
static void test_endless(void)
{
	static const struct smtp_params params = { .ehlo = "me.example", .tls = TLS_OFF };
	struct smtp s;
	struct smtp_news news;
	enum smtp_event event = SMTP_WAIT;
	unsigned n = 0;

	smtp_init(&s, &params);
	for (n = 0; event == SMTP_WAIT && n < 5000; n++) {
		buf_add_text(&s.in, "220-and so on\r\n");
		event = smtp_next(&s, &news);
	}
	check(event == SMTP_FAILED && news.err.kind == ERR_PROTOCOL && n <= 1001, "a reply without an end");
	smtp_free(&s);
	smtp_init(&s, &params);
	event = SMTP_WAIT;
	for (n = 0; event == SMTP_WAIT && n < 100; n++) {
		buf_add_text(&s.in,
			"220 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		event = smtp_next(&s, &news);
	}
	check(event == SMTP_FAILED && news.err.kind == ERR_PROTOCOL && n <= 50, "a line without an end");
	smtp_free(&s);
}

int main(void)
{
	test_drops();
	test_421();
	test_lies();
	test_early();
	test_extensions();
	test_limits();
	test_injection();
	test_content();
	test_endless();
	return tap_done();
}
