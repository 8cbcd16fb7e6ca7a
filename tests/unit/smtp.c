#include <config.h>

#include "tests/smtp_play.h"

/* One message a session: who gets it, what is told, and in how few flights. */

#define RCPT(a)                                \
	{                                      \
		.address = { a, sizeof a - 1 } \
	}

static const struct smtp_rcpt three[] = { RCPT("Jones@example.org"), RCPT("Green@example.org"),
	RCPT("Brown@example.org") };

static const struct smtp_mail to_three = {
	.reverse_path = { "Smith@example.com", 17 }, .rcpts = three, .n_rcpts = 3, .last = true
};
static const struct smtp_mail to_one = {
	.reverse_path = { "Smith@example.com", 17 }, .rcpts = three, .n_rcpts = 1, .last = true
};
static const struct smtp_mail all_three = {
	.reverse_path = { "Smith@example.com", 17 }, .rcpts = three, .n_rcpts = 3, .last = true, .all_or_nothing = true
};
static const struct smtp_mail null_sender = { .reverse_path = { "", 0 }, .rcpts = three, .n_rcpts = 1, .last = true };

#define CLEAR                                        \
	{                                            \
		.ehlo = "me.example", .tls = TLS_OFF \
	}
#define LOCK_STEP                                                       \
	{                                                               \
		.ehlo = "me.example", .tls = TLS_OFF, .lock_step = true \
	}
#define CHUNKING                                                       \
	{                                                              \
		.ehlo = "me.example", .tls = TLS_OFF, .chunking = true \
	}
#define LMTP                                                       \
	{                                                          \
		.ehlo = "me.example", .tls = TLS_OFF, .lmtp = true \
	}

#define HELLO "S 220 mx.example ESMTP\nC EHLO me.example\nS 250-mx.example\nS 250 PIPELINING\n"
#define POSTFIX \
	"S 220 mx.example ESMTP Postfix\nC EHLO me.example\nS 250-mx.example\nS 250-PIPELINING\nS 250 CHUNKING\n"
#define ENVELOPE \
	"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC RCPT TO:<Green@example.org>\nC RCPT TO:<Brown@example.org>\n"
#define CONTENT "C Subject: x\nC\nC ..dot\nC .\n"
#define ONE "C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC DATA\n"

static const struct play pipelined[] = {
	{ "Jones, Green and Brown", CLEAR, &to_three, NULL, 1,
		HELLO ENVELOPE "C DATA\n"
			       "S 250 ok\nS 250 ok\nS 550 5.1.1 no such user\nS 250 ok\nS 354 go\n" CONTENT
			       "C QUIT\nS 250 2.0.0 queued as 7\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 never 550; rcpt 1.2 ok 250; verdict 1 ok 250; closed", NULL, 3, NULL,
		false },
	{ "everybody refused, DATA refused", CLEAR, &to_three, NULL, 1,
		HELLO ENVELOPE "C DATA\nS 250 ok\nS 550 a\nS 551 b\nS 553 c\nS 503 no recipients\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 never 550; rcpt 1.1 never 551; rcpt 1.2 never 553; verdict 1 never; closed", NULL, 3,
		NULL, false },
	{ "everybody refused, 354 all the same", CLEAR, &to_three, NULL, 1,
		HELLO ENVELOPE
		"C DATA\nS 250 ok\nS 550 a\nS 450 b\nS 550 c\nS 354 go\nC .\nC QUIT\nS 554 no recipients\nS 221 bye\n",
		"ready; rcpt 1.0 never 550; rcpt 1.1 later 450; rcpt 1.2 never 550; verdict 1 later; closed", NULL, 3,
		NULL, false },
	{ "sender refused", CLEAR, &to_three, NULL, 1,
		HELLO ENVELOPE "C DATA\nS 550 5.7.1 go away\nS 503 a\nS 503 b\nS 503 c\nS 503 d\nC QUIT\nS 221 bye\n",
		"ready; verdict 1 never 550; closed", NULL, 3, NULL, false },
	{ "sender refused, recipient taken", CLEAR, &to_one, NULL, 1, HELLO ONE "S 550 no\nS 250 ok\nS 354 go\n",
		"ready; verdict 1 never 550; failed 76", "refused the sender", 0, NULL, false },
	{ "sender refused, DATA taken", CLEAR, &to_one, NULL, 1, HELLO ONE "S 550 no\nS 503 no\nS 354 go\n",
		"ready; verdict 1 never 550; failed 76", "refused its sender", 0, NULL, false },
	{ "sender later", CLEAR, &to_one, NULL, 1, HELLO ONE "S 451 4.7.1 later\nS 503 a\nS 503 b\nC QUIT\nX\n",
		"ready; verdict 1 later 451; closed", NULL, 0, NULL, false },
	{ "greylisted", CLEAR, &to_one, NULL, 1,
		HELLO ONE "S 250 ok\nS 450 4.2.0 greylisted\nS 554 no\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 later 450; verdict 1 later; closed", NULL, 0, NULL, false },
	{ "DATA refused", CLEAR, &to_one, NULL, 1, HELLO ONE "S 250 ok\nS 250 ok\nS 451 4.3.0 no\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 later 451; closed", NULL, 0, NULL, false },
	{ "message refused", CLEAR, &to_one, NULL, 1,
		HELLO ONE "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 554 5.7.1 spam\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 never 554; closed", NULL, 3, NULL, false },
	{ "message later", CLEAR, &to_one, NULL, 1,
		HELLO ONE "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 452 4.3.1 full\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 later 452; closed", NULL, 0, NULL, false },
	{ "empty sender", CLEAR, &null_sender, NULL, 1,
		HELLO "C MAIL FROM:<>\nC RCPT TO:<Jones@example.org>\nC DATA\nS 250 ok\nS 250 ok\nS 354 go\n" CONTENT
		      "C QUIT\nS 250 ok\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed", NULL, 0, NULL, false },
	{ "QUIT is not answered", CLEAR, &to_one, NULL, 1,
		HELLO ONE "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250 ok\nX\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed", NULL, 0, NULL, false },
	{ "QUIT is answered with 421", CLEAR, &to_one, NULL, 1,
		HELLO ONE "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250 ok\nS 421 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed", NULL, 0, NULL, false },
	{ "all or nothing: all", CLEAR, &all_three, NULL, 1,
		HELLO ENVELOPE "C DATA\nS 250 ok\nS 250 ok\nS 250 ok\nS 250 ok\nS 354 go\n" CONTENT
			       "C QUIT\nS 250 ok\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 ok 250; rcpt 1.2 ok 250; verdict 1 ok 250; closed", NULL, 3, NULL,
		false },
	{ "all or nothing: nothing, and no lone dot", CLEAR, &all_three, NULL, 1,
		HELLO ENVELOPE "C DATA\nS 250 ok\nS 250 ok\nS 550 no\nS 250 ok\nS 354 go\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 never 550; rcpt 1.2 ok 250; verdict 1 never; closed", NULL, 0, NULL,
		false },
	{ "all or nothing: one later", CLEAR, &all_three, NULL, 1,
		HELLO ENVELOPE "C DATA\nS 250 ok\nS 250 ok\nS 450 no\nS 250 ok\nS 354 go\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 later 450; rcpt 1.2 ok 250; verdict 1 later; closed", NULL, 0, NULL,
		false },
};

static const struct play one_by_one[] = {
	{ "lock-step: Jones, Green and Brown", LOCK_STEP, &to_three, NULL, 1,
		HELLO
		"C MAIL FROM:<Smith@example.com>\nS 250 ok\nC RCPT TO:<Jones@example.org>\nS 250 ok\n"
		"C RCPT TO:<Green@example.org>\nS 550 no\nC RCPT TO:<Brown@example.org>\nS 250 ok\nC DATA\nS 354 go\n" CONTENT
		"S 250 ok\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 never 550; rcpt 1.2 ok 250; verdict 1 ok 250; closed", NULL, 8, NULL,
		false },
	{ "lock-step: all refused", LOCK_STEP, &to_three, NULL, 1,
		HELLO
		"C MAIL FROM:<Smith@example.com>\nS 250 ok\nC RCPT TO:<Jones@example.org>\nS 550 no\n"
		"C RCPT TO:<Green@example.org>\nS 550 no\nC RCPT TO:<Brown@example.org>\nS 550 no\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 never 550; rcpt 1.1 never 550; rcpt 1.2 never 550; verdict 1 never; closed", NULL, 0,
		NULL, false },
	{ "lock-step: sender refused", LOCK_STEP, &to_three, NULL, 1,
		HELLO "C MAIL FROM:<Smith@example.com>\nS 553 no\nC QUIT\nS 221 bye\n",
		"ready; verdict 1 never 553; closed", NULL, 0, NULL, false },
	{ "lock-step: all or nothing", LOCK_STEP, &all_three, NULL, 1,
		HELLO "C MAIL FROM:<Smith@example.com>\nS 250 ok\nC RCPT TO:<Jones@example.org>\nS 250 ok\n"
		      "C RCPT TO:<Green@example.org>\nS 550 no\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 never 550; verdict 1 never; closed", NULL, 0, NULL, false },
	{ "no PIPELINING", CLEAR, &to_one, NULL, 1,
		"S 220 mx\nC EHLO me.example\nS 250 mx\nC MAIL FROM:<Smith@example.com>\nS 250 ok\nC RCPT TO:<Jones@example.org>\nS 250 ok\n"
		"C DATA\nS 354 go\n" CONTENT "S 250 ok\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed", NULL, 6, NULL, false },
	{ "lock-step: an early 250 is found out behind QUIT", LOCK_STEP, &to_one, NULL, 1,
		HELLO "C MAIL FROM:<Smith@example.com>\nS 250 ok\nC RCPT TO:<Jones@example.org>\nS 250 ok\n"
		      "C DATA\nS 354 go\n" CONTENT "S 250 early\nS 554 no\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; failed 76", "answers", 0, NULL, false },
};

#define AHEAD                                                              \
	"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\n" \
	"C BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"                \
	"S 250 ok\nS 250 ok\nS 250 queued as A\nS 221 bye\n"
#define CAME "ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed"

static const struct play chunked[] = {
	{ "CHUNKING, a server that is known: two flights", CHUNKING, &to_three, NULL, 1,
		POSTFIX ENVELOPE "C BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"
				 "S 250 ok\nS 250 ok\nS 550 no\nS 250 ok\nS 250 queued as A\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 never 550; rcpt 1.2 ok 250; verdict 1 ok 250; closed", NULL, 2, NULL,
		false },
	{ "CHUNKING, all refused", CHUNKING, &to_one, NULL, 1,
		POSTFIX
		"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"
		"S 250 ok\nS 550 no\nS 554 no recipients\nS 221 bye\n",
		"ready; rcpt 1.0 never 550; verdict 1 never; closed", NULL, 2, NULL, false },
	{ "CHUNKING, sender refused", CHUNKING, &to_one, NULL, 1,
		POSTFIX
		"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"
		"S 450 no\nS 503 no\nS 503 no\nS 221 bye\n",
		"ready; verdict 1 later 450; closed", NULL, 2, NULL, false },
	{ "CHUNKING, the server does not know it after all", CHUNKING, &to_one, NULL, 1,
		POSTFIX
		"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"
		"S 250 ok\nS 250 ok\nS 502 what\nS 500 what\n",
		"ready; rcpt 1.0 ok 250; verdict 1 not-sent; failed 76", "BDAT", 0, NULL, false },
	{ "CHUNKING, refused recipients and the chunk is not swallowed", CHUNKING, &to_one, NULL, 1,
		POSTFIX
		"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"
		"S 250 ok\nS 550 no\nS 502 what\nS 500 what\n",
		"ready; rcpt 1.0 never 550; verdict 1 never; failed 76", "BDAT", 0, NULL, false },
	{ "CHUNKING, a recipient refused and the chunk taken", CHUNKING, &to_one, NULL, 1,
		POSTFIX
		"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\n"
		"S 250 ok\nS 550 no\nS 250 took it\n",
		"ready; rcpt 1.0 never 550; verdict 1 never; failed 76", "had refused", 0, NULL, false },
	{ "CHUNKING at a stranger's: DATA", CHUNKING, &to_one, NULL, 1,
		"S 220 mx ESMTP Service Ready\nC EHLO me.example\nS 250-Hello me.example\nS 250-PIPELINING\nS 250 CHUNKING\n" ONE
		"S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250 ok\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed", NULL, 3, NULL, false },
	{ "CHUNKING, all or nothing: BDAT waits for the replies", CHUNKING, &all_three, NULL, 1,
		POSTFIX ENVELOPE
		"S 250 ok\nS 250 ok\nS 250 ok\nS 250 ok\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\nS 250 ok\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 ok 250; rcpt 1.2 ok 250; verdict 1 ok 250; closed", NULL, 3, NULL,
		false },
	{ "CHUNKING, all or nothing: nothing, in order", CHUNKING, &all_three, NULL, 1,
		POSTFIX ENVELOPE "S 250 ok\nS 250 ok\nS 250 ok\nS 550 no\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 ok 250; rcpt 1.2 never 550; verdict 1 never; closed", NULL, 3, NULL,
		false },
	{ "CHUNKING, Exim", CHUNKING, &to_one, NULL, 1,
		"S 220 mx ESMTP Exim 4.94 Mon\nC EHLO me.example\nS 250-mx\nS 250-PIPELINING\nS 250 CHUNKING\n" AHEAD,
		CAME, NULL, 2, NULL, false },
	{ "CHUNKING, Gmail", CHUNKING, &to_one, NULL, 1,
		"S 220 smtp.example ESMTP abc - gsmtp\nC EHLO me.example\nS 250-mx\nS 250-PIPELINING\nS 250 CHUNKING\n" AHEAD,
		CAME, NULL, 2, NULL, false },
	{ "CHUNKING, Exchange", CHUNKING, &to_one, NULL, 1,
		"S 220 mx Microsoft ESMTP MAIL Service ready at Mon\nC EHLO me.example\nS 250-mx\nS 250-PIPELINING\nS 250 CHUNKING\n" AHEAD,
		CAME, NULL, 2, NULL, false },
	{ "CHUNKING, a Postfix that hides its name", CHUNKING, &to_one, NULL, 1,
		"S 220 mx ESMTP\nC EHLO me.example\nS 250-mx\nS 250-PIPELINING\nS 250-VRFY\nS 250-ETRN\nS 250-ENHANCEDSTATUSCODES\nS 250 CHUNKING\n" AHEAD,
		CAME, NULL, 2, NULL, false },
	{ "CHUNKING without PIPELINING: DATA", CHUNKING, &to_one, NULL, 1,
		"S 220 mx ESMTP Postfix\nC EHLO me.example\nS 250-mx\nS 250 CHUNKING\nC MAIL FROM:<Smith@example.com>\nS 250 ok\n"
		"C RCPT TO:<Jones@example.org>\nS 250 ok\nC DATA\nS 354 go\n" CONTENT "S 250 ok\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed", NULL, 6, NULL, false },
	{ "CHUNKING, the connection dies behind the chunk", CHUNKING, &to_one, NULL, 1,
		POSTFIX
		"C MAIL FROM:<Smith@example.com>\nC RCPT TO:<Jones@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nC QUIT\nX\n",
		"ready; verdict 1 unknown; failed 75", NULL, 0, NULL, false },
};

static const struct play lmtps[] = {
	{ "LMTP: a verdict each", LMTP, &to_three, NULL, 1,
		"S 220 mx\nC LHLO me.example\nS 250-mx\nS 250 PIPELINING\n" ENVELOPE "C DATA\n"
		"S 250 ok\nS 250 ok\nS 550 no\nS 250 ok\nS 354 go\n" CONTENT
		"C QUIT\nS 250 ok\nS 452 full\nS 221 bye\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 never 550; rcpt 1.2 ok 250; verdict 1.0 ok 250 more; verdict 1.2 later 452; closed",
		NULL, 3, NULL, false },
	{ "LMTP: the second verdict does not come", LMTP, &to_three, NULL, 1,
		"S 220 mx\nC LHLO me.example\nS 250-mx\nS 250 PIPELINING\n" ENVELOPE "C DATA\n"
		"S 250 ok\nS 250 ok\nS 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C QUIT\nS 250 ok\nX\n",
		"ready; rcpt 1.0 ok 250; rcpt 1.1 ok 250; rcpt 1.2 ok 250; verdict 1.0 ok 250 more; verdict 1.1 unknown more; verdict 1.2 unknown; failed 75",
		NULL, 0, NULL, false },
	{ "LMTP: all refused", LMTP, &to_one, NULL, 1,
		"S 220 mx\nC LHLO me.example\nS 250-mx\nS 250 PIPELINING\n" ONE
		"S 250 ok\nS 550 no\nS 503 no\nC QUIT\nS 221 bye\n",
		"ready; rcpt 1.0 never 550; verdict 1 never; closed", NULL, 0, NULL, false },
	{ "LMTP: all refused and 354", LMTP, &to_one, NULL, 1,
		"S 220 mx\nC LHLO me.example\nS 250-mx\nS 250 PIPELINING\n" ONE "S 250 ok\nS 550 no\nS 354 go\n",
		"ready; rcpt 1.0 never 550; verdict 1 never; failed 76", NULL, 0, NULL, false },
	{ "LMTP: there is no HELO", LMTP, &to_one, NULL, 1, "S 220 mx\nC LHLO me.example\nS 500 what\n", "failed 69",
		NULL, 0, NULL, false },
};

/* What is told beside events: of use to reports, traces and whoever waits. */
static void test_told(void)
{
	static const struct smtp_params params = { .ehlo = "me.example", .tls = TLS_OFF };
	const struct err why = { .kind = ERR_PROTOCOL, .text = "TLS broke" };
	struct smtp s;
	struct smtp_news news;

	smtp_init(&s, &params);
	check(smtp_next(&s, &news) == SMTP_WAIT && strcmp(smtp_waiting_for(&s), "greeting") == 0,
		"the greeting is waited for");
	buf_add_text(&s.in, "220 mx\r\n");
	check(smtp_next(&s, &news) == SMTP_WAIT && smtp_flights(&s) == 1, "EHLO is the first flight");
	buf_drop(&s.out, buf_len(&s.out));
	buf_add_text(&s.in, "250-mx\r\n250-SIZE 12345\r\n250-x-ours yes\r\n250 AUTH PLAIN\r\n");
	check(smtp_next(&s, &news) == SMTP_READY && smtp_room(&s), "ready");
	check(s.caps.size == 12345 && (s.caps.flags & SMTP_CAP_AUTH) && !(s.caps.flags & SMTP_CAP_DSN), "capabilities");
	check_same(buf_str(&s.caps.lines), "mx\nSIZE 12345\nx-ours yes\nAUTH PLAIN", "lines for a probe");
	check(smtp_next(&s, &news) == SMTP_WAIT, "ready is told once");
	smtp_mail(&s, &to_one);
	check(!smtp_room(&s) && smtp_next(&s, &news) == SMTP_WAIT && (s.used & SMTP_CAP_SIZE), "SIZE was used");
	smtp_eof(&s, &why);
	check(smtp_next(&s, &news) == SMTP_VERDICT && news.outcome == SMTP_NOT_SENT && news.final, "not sent");
	check(smtp_next(&s, &news) == SMTP_FAILED && news.err.kind == ERR_PROTOCOL &&
			strcmp(news.err.text, "TLS broke") == 0,
		"what the wire said");
	check(smtp_next(&s, &news) == SMTP_FAILED, "and it stays so");
	smtp_mail(&s, &to_one);
	check(smtp_next(&s, &news) == SMTP_VERDICT && news.outcome == SMTP_NOT_SENT,
		"a message that comes too late is not sent");
	smtp_free(&s);
	smtp_free(&s);

	smtp_init(&s, &params);
	buf_add_text(&s.in, "220 mx\r\n");
	smtp_next(&s, &news);
	smtp_quit(&s);
	check(smtp_next(&s, &news) == SMTP_CLOSED, "given up before there is a session");
	smtp_free(&s);
}

/* A session that wants the content of to_one. */
static void begin_content(struct smtp *s, struct smtp_news *news)
{
	static const struct smtp_params params = { .ehlo = "me.example", .tls = TLS_OFF };
	struct smtp_mail mail = to_one;

	mail.size = strlen(PLAY_CONTENT);
	smtp_init(s, &params);
	buf_add_text(&s->in, "220 mx\r\n");
	smtp_next(s, news);
	buf_add_text(&s->in, "250-mx\r\n250 PIPELINING\r\n");
	smtp_next(s, news);
	smtp_mail(s, &mail);
	smtp_next(s, news);
	buf_add_text(&s->in, "250 ok\r\n250 ok\r\n354 go\r\n");
	smtp_next(s, news);
	check(smtp_next(s, news) == SMTP_CONTENT, "content is wanted");
	buf_drop(&s->out, buf_len(&s->out));
}

/* The caller has no content after all: nothing that could end the message may leave. */
static void test_abort(void)
{
	struct smtp s;
	struct smtp_news news;

	begin_content(&s, &news);
	smtp_content(&s, STR_LIT("Subject: x\r\n"));
	smtp_abort(&s);
	check(smtp_next(&s, &news) == SMTP_VERDICT && news.outcome == SMTP_NOT_SENT, "not sent");
	check(smtp_next(&s, &news) == SMTP_FAILED && news.err.kind == ERR_IO && buf_len(&s.out) == 0,
		"and nothing is left to send");
	smtp_free(&s);
}

/* The message lies in out and `kept` octets of it (and of QUIT) have not left when the server says something or
 * goes. */
static enum smtp_outcome ending(size_t kept, const char *says, enum err_kind *kind)
{
	struct smtp s;
	struct smtp_news news;
	enum smtp_outcome outcome;

	begin_content(&s, &news);
	smtp_content(&s, STR_LIT(PLAY_CONTENT));
	smtp_content_end(&s);
	smtp_next(&s, &news);
	buf_drop(&s.out, buf_len(&s.out) - kept);
	if (says != NULL)
		buf_add_text(&s.in, says);
	else
		smtp_eof(&s, NULL);
	smtp_next(&s, &news);
	outcome = news.outcome;
	smtp_next(&s, &news);
	*kind = news.err.kind;
	smtp_free(&s);
	return outcome;
}

static void test_last_octet(void)
{
	enum err_kind kind;

	check(ending(strlen("QUIT\r\n"), NULL, &kind) == SMTP_UNKNOWN, "the dot has left: unknown");
	check(ending(strlen("\nQUIT\r\n"), NULL, &kind) == SMTP_NOT_SENT, "all but its last octet: not sent");
	check(ending(strlen("QUIT\r\n"), "250 ok\r\n", &kind) == SMTP_ACCEPTED, "a verdict");
	check(ending(strlen("\nQUIT\r\n"), "250 ok\r\n", &kind) == SMTP_NOT_SENT && kind == ERR_PROTOCOL,
		"one that came too early");
	check(ending(strlen("\nQUIT\r\n"), "554 no\r\n", &kind) == SMTP_REFUSED_NEVER && kind == ERR_TEMP,
		"a refusal may");
}

int main(void)
{
	test_told();
	test_abort();
	test_last_octet();
	play_all(pipelined, sizeof pipelined / sizeof pipelined[0]);
	play_all(one_by_one, sizeof one_by_one / sizeof one_by_one[0]);
	play_all(chunked, sizeof chunked / sizeof chunked[0]);
	play_all(lmtps, sizeof lmtps / sizeof lmtps[0]);
	return tap_done();
}
