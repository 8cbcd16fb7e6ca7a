#include <config.h>

#include "tests/smtp_play.h"
#include "tests/smtp_sink.h"

/* Many messages on one connection: overlapping, in windows, with refusals and deaths in the middle. What the session
 * says of each message is held against the server's ledger. */

#define MESSAGES 100

static const struct smtp_rcpt good[] = { { .address = { "b@example.org", 13 } } };
static const struct smtp_rcpt bad[] = { { .address = { "bad@example.org", 15 } } };

/* What came of a message, as the session told it. */
struct fate {
	unsigned verdicts;
	enum smtp_outcome outcome;
};

struct run {
	struct sink sink;
	struct smtp s;
	struct smtp_params params;
	/* A letter a message, in a circle: g good, b bad recipient, l later, e eaten, s bad sender, m good and bad */
	const char *kinds;
	size_t n;
	size_t given;
	uint32_t dice;
	bool cuts;
	char senders[MESSAGES][48];
	char rcpts[MESSAGES][2][48];
	struct smtp_rcpt rcpt[MESSAGES][2];
	char contents[MESSAGES][80];
	struct fate fates[MESSAGES];
	enum smtp_event end;
	struct err err;
	unsigned turns;   /* round trips */
	size_t most;      /* messages without a verdict at once */
	size_t most_late; /* the same in the second half */
	size_t open;
};

static uint32_t run_dice(struct run *r)
{
	r->dice = r->dice * 1664525u + 1013904223u;
	return r->dice >> 8;
}

static char kind_of(const struct run *r, size_t i)
{
	return r->kinds[i % strlen(r->kinds)];
}

static void give_mail(struct run *r)
{
	size_t i = r->given++;
	char kind = kind_of(r, i);
	struct smtp_mail mail = { .rcpts = r->rcpt[i], .n_rcpts = kind == 'm' ? 2 : 1, .tag = i };
	const char *local = kind == 'b' ? "bad" : kind == 'l' ? "later" : kind == 'e' ? "eat" : "ok";

	snprintf(r->senders[i], sizeof r->senders[i], "%s+%zu@example.com", kind == 's' ? "bad" : "bounce", i);
	snprintf(r->rcpts[i][0], sizeof r->rcpts[i][0], "%s%zu@example.org", local, i);
	snprintf(r->rcpts[i][1], sizeof r->rcpts[i][1], "bad%zu@example.org", i);
	/* Content that would do harm if it were read as commands, or cut at a dot. */
	snprintf(r->contents[i], sizeof r->contents[i], "N: %zu\r\n\r\n.\r\nRSET\r\nMAIL FROM:<evil@example.net>\r\n",
		i);
	r->rcpt[i][0] = (struct smtp_rcpt){ .address = str_of(r->rcpts[i][0]) };
	r->rcpt[i][1] = (struct smtp_rcpt){ .address = str_of(r->rcpts[i][1]) };
	mail.reverse_path = str_of(r->senders[i]);
	mail.size = strlen(r->contents[i]);
	smtp_mail(&r->s, &mail);
	if (++r->open > r->most)
		r->most = r->open;
	if (r->given > MESSAGES / 2 && r->open > r->most_late)
		r->most_late = r->open;
}

static void take_verdict(struct run *r, const struct smtp_news *news)
{
	struct fate *f = &r->fates[news->tag];

	f->verdicts += news->final;
	f->outcome = news->outcome;
	r->open -= news->final;
}

/* One turn of the session; false when it waits. */
static bool session_turn(struct run *r)
{
	struct smtp_news news;
	enum smtp_event event = smtp_next(&r->s, &news);

	switch (event) {
	case SMTP_WAIT:
		return false;
	case SMTP_READY:
		if (r->given < r->n)
			give_mail(r);
		else
			smtp_quit(&r->s);
		return true;
	case SMTP_CONTENT:
		smtp_content(&r->s, str_of(r->contents[news.tag]));
		smtp_content_end(&r->s);
		return true;
	case SMTP_VERDICT:
		take_verdict(r, &news);
		return true;
	case SMTP_CLOSED:
	case SMTP_FAILED:
		r->end = event;
		r->err = news.err;
		return true;
	default:
		return true;
	}
}

/* Octets from a to b, in cuts where the run wants them. */
static struct str some(struct run *r, struct buf *from)
{
	size_t n = buf_len(from);

	return str_sub(buf_str(from), 0, r->cuts ? 1 + run_dice(r) % n : n);
}

static void run(struct run *r)
{
	r->end = SMTP_WAIT;
	smtp_init(&r->s, &r->params);
	sink_start(&r->sink);
	while (r->end == SMTP_WAIT) {
		if (session_turn(r))
			continue;
		if (buf_len(&r->s.out) > 0) {
			struct str octets = some(r, &r->s.out);

			sink_read(&r->sink, octets);
			buf_drop(&r->s.out, octets.n);
		} else if (buf_len(&r->sink.out) > 0) {
			struct str octets = some(r, &r->sink.out);

			buf_add(&r->s.in, octets);
			buf_drop(&r->sink.out, octets.n);
			r->turns++;
		} else if (r->sink.dead) {
			smtp_eof(&r->s, NULL);
		} else {
			r->end = SMTP_READY; /* both wait */
		}
	}
	smtp_free(&r->s);
}

static const struct sink_mail *in_ledger(const struct run *r, size_t i, size_t *times)
{
	const struct sink_mail *found = NULL;

	*times = 0;
	for (size_t j = 0; j < r->sink.n_ledger; j++)
		if (strcmp(r->sink.ledger[j].rcpt, r->rcpts[i][0]) == 0) {
			found = &r->sink.ledger[j];
			++*times;
		}
	return found;
}

/* Is what was said of a message true? */
static bool is_true(const struct run *r, size_t i)
{
	size_t times;
	char first[32];
	const struct sink_mail *mail = in_ledger(r, i, &times);

	snprintf(first, sizeof first, "N: %zu", i);
	if (mail != NULL &&
		(strcmp(mail->sender, r->senders[i]) != 0 || strcmp(mail->first, first) != 0 ||
			mail->size != strlen(r->contents[i]) || mail->n_rcpts != 1))
		return false;
	if (i >= r->given)
		return times == 0 && r->fates[i].verdicts == 0;
	if (r->fates[i].verdicts != 1)
		return false;
	if (r->fates[i].outcome == SMTP_UNKNOWN)
		return times <= 1;
	return times == (r->fates[i].outcome == SMTP_ACCEPTED ? 1 : 0);
}

static bool all_true(const struct run *r, const char *name)
{
	size_t ours = 0;
	size_t times;

	for (size_t i = 0; i < MESSAGES; i++) {
		if (!is_true(r, i)) {
			printf("# %s: message %zu of %zu: %u verdicts, %s\n", name, i, r->given, r->fates[i].verdicts,
				play_outcome(r->fates[i].outcome));
			return false;
		}
		in_ledger(r, i, &times);
		ours += times;
	}
	return r->end != SMTP_READY && ours == r->sink.n_ledger;
}

static size_t count(const struct run *r, enum smtp_outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < r->given; i++)
		n += r->fates[i].outcome == outcome;
	return n;
}

static struct run *new_run(enum sink_kind kind, bool chunking, size_t window, const char *kinds)
{
	struct run *r = calloc(1, sizeof *r);

	r->sink = (struct sink){ .kind = kind, .pipelining = true, .chunking = chunking };
	r->params = (struct smtp_params){ .ehlo = "me.example",
		.tls = TLS_OFF,
		.chunking = true,
		.window_messages = window,
		.window_bytes = 1 << 20 };
	r->kinds = kinds;
	r->n = MESSAGES;
	return r;
}

static void end_run(struct run *r)
{
	sink_free(&r->sink);
	free(r);
}

static void test_speed(void)
{
	struct run *r = new_run(SINK_POSTFIX, false, 8, "g");

	run(r);
	check(all_true(r, "overlap") && count(r, SMTP_ACCEPTED) == MESSAGES && r->end == SMTP_CLOSED,
		"overlap: all sent");
	/* greeting, EHLO, envelope of the first; then one a message; QUIT */
	check(r->turns <= MESSAGES + 5 && r->most == 2, "overlap: %u round trips for %d messages", r->turns, MESSAGES);
	end_run(r);

	r = new_run(SINK_POSTFIX, true, 32, "g");
	run(r);
	check(all_true(r, "window") && count(r, SMTP_ACCEPTED) == MESSAGES, "window: all sent");
	check(r->turns <= 12 && r->most == 32, "window: %u round trips for %d messages", r->turns, MESSAGES);
	end_run(r);

	r = new_run(SINK_GO, true, 32, "g");
	run(r);
	check(all_true(r, "stranger") && r->most == 2, "no window of chunks at a stranger's");
	end_run(r);

	r = new_run(SINK_GO, true, 32, "g");
	r->params.trusted = true;
	run(r);
	check(all_true(r, "friend") && r->most == 32, "but at one's who is trusted");
	end_run(r);

	r = new_run(SINK_POSTFIX, true, 32, "g");
	r->params.window_bytes = 200;
	run(r);
	check(all_true(r, "bytes") && r->turns > 20, "a window of octets too");
	end_run(r);

	r = new_run(SINK_POSTFIX, true, 32, "g");
	r->params.lock_step = true;
	run(r);
	check(all_true(r, "lock-step") && r->most == 1 && r->turns >= 4 * MESSAGES, "lock-step");
	end_run(r);

	r = new_run(SINK_POSTFIX, true, 32, "g");
	r->sink.pipelining = false;
	run(r);
	check(all_true(r, "no PIPELINING") && r->most == 1, "no PIPELINING: one at a time");
	end_run(r);
}

static void test_refusals(void)
{
	static const char *const kinds[] = { "gb", "gbbbbbbbbgggggggg", "gggggggggggggbgggggg", "ge", "geeeeeeeeg",
		"gs", "gsssg", "gl", "gm", "gbeslm", "bg", "bbbbbbg", "mmmg" };
	static const enum sink_kind servers[] = { SINK_POSTFIX, SINK_EXIM };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (size_t j = 0; j < 4; j++) {
			struct run *r = new_run(servers[j % 2], j < 2, 16, kinds[i]);
			bool whole;

			run(r);
			whole = all_true(r, kinds[i]) && r->end == SMTP_CLOSED && r->given == MESSAGES &&
				r->sink.commands == 0;
			end_run(r);
			r = new_run(servers[j % 2], j < 2, 16, kinds[i]);
			r->cuts = true;
			r->dice = (uint32_t)(i * 4 + j);
			run(r);
			check(whole && all_true(r, kinds[i]) && r->end == SMTP_CLOSED && r->given == MESSAGES,
				"refusals %s, %s, %s", kinds[i], j % 2 == 0 ? "Postfix" : "Exim",
				j < 2 ? "chunks" : "DATA");
			end_run(r);
		}

	struct run *r = new_run(SINK_POSTFIX, true, 64, "ggggggggggggggggggggbbbbbbbbbbbbbbbbbbbb");

	r->sink.max_failures = 20;
	run(r);
	check(all_true(r, "too many") && r->end == SMTP_FAILED && r->err.kind == ERR_TEMP,
		"a server that has enough of refusals");
	check(count(r, SMTP_UNKNOWN) == 0, "nothing is unknown then: what stands behind a 421 was not taken");
	end_run(r);

	/* Good ones first, so that the window is open when the refusals come. */
	char bad_end[MESSAGES + 1];

	memset(bad_end, 'g', MESSAGES / 5);
	memset(bad_end + MESSAGES / 5, 'b', MESSAGES - MESSAGES / 5);
	bad_end[MESSAGES] = '\0';
	r = new_run(SINK_EXIM, true, 16, bad_end);
	run(r);
	check(all_true(r, "shrink") && r->most == 16 && r->most_late == 1,
		"the window shrinks to one where all is refused");
	end_run(r);
	memset(bad_end + MESSAGES / 5, 'b', 6);
	memset(bad_end + MESSAGES / 5 + 6, 'g', MESSAGES - MESSAGES / 5 - 6);
	r = new_run(SINK_EXIM, true, 16, bad_end);
	run(r);
	check(all_true(r, "grow") && r->most_late == 16, "and grows again");
	end_run(r);

	/* A server that reads a refused chunk as commands: found out at once, nothing is believed of what follows. */
	r = new_run(SINK_GO, true, 16, "gggggggbgggg");
	r->params.trusted = true;
	run(r);
	check(r->end == SMTP_FAILED && r->err.kind == ERR_PROTOCOL, "a chunk read as commands ends the session");
	end_run(r);
}

/* The connection dies after every so many octets: nothing is sent twice, lost or sworn to falsely. */
static void test_deaths(void)
{
	static const size_t windows[] = { 1, 2, 32 };
	unsigned runs = 0;
	bool ok = true;
	size_t unknown = 0;

	for (size_t w = 0; w < 3; w++)
		for (size_t chunk = 0; chunk < 2; chunk++)
			for (size_t at = 1; at < 12000; at += 37) {
				struct run *r = new_run(at % 2 == 0 ? SINK_EXIM : SINK_POSTFIX, chunk == 1, windows[w],
					"gggbggmgeg");

				r->sink.die_after = at;
				r->cuts = at % 3 == 0;
				r->dice = (uint32_t)at;
				run(r);
				ok = ok && all_true(r, "death");
				unknown += count(r, SMTP_UNKNOWN);
				runs++;
				end_run(r);
			}
	check(ok, "%u deaths: every verdict is true", runs);
	check(unknown > 0, "some are unknown");
}

#define HELLO "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 PIPELINING\n"
#define CHUNK_HELLO "C EHLO me.example\nS 250-mx\nS 250-PIPELINING\nS 250 CHUNKING\n"
#define MAIL(a) "C MAIL FROM:<" a "@example.com>\nC RCPT TO:<b@example.org>\nC DATA\n"
#define CHUNKS_OF_TWO                                                                  \
	"S 220 mx ESMTP Postfix\n" CHUNK_HELLO                                         \
	"C MAIL FROM:<a@example.com>\nC RCPT TO:<b@example.org>\nS 250 ok\nS 250 ok\n" \
	"C BDAT 20 LAST\nC Subject: x\nC\nC .dot\nS 250 ok\n"                          \
	"C RSET\nC MAIL FROM:<b@example.com>\nC RCPT TO:<b@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\n"
#define PROOF "C MAIL FROM:<a@example.com>\nC BDAT 6\nC NOOP\nC RSET\nC EHLO me.example\n"
#define PROOF_EHLO "S 250-mx\nS 250-PIPELINING\nS 250 CHUNKING\n"
#define CONTENT "C Subject: x\nC\nC ..dot\nC .\n"

static const struct smtp_mail mails[] = {
	{ .reverse_path = { "a@example.com", 13 }, .rcpts = good, .n_rcpts = 1 },
	{ .reverse_path = { "b@example.com", 13 }, .rcpts = good, .n_rcpts = 1 },
	{ .reverse_path = { "c@example.com", 13 }, .rcpts = good, .n_rcpts = 1 },
};
static const struct smtp_mail first_bad[] = {
	{ .reverse_path = { "a@example.com", 13 }, .rcpts = bad, .n_rcpts = 1 },
	{ .reverse_path = { "b@example.com", 13 }, .rcpts = good, .n_rcpts = 1 },
};

static const struct play plays[] = {
	{ .name = "the envelope of the next rides behind the content",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .window_messages = 8 },
		.mails = mails,
		.n_mails = 3,
		.script = HELLO MAIL(
			"a") "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "S 250 ok\n"
			     "C RSET\n" MAIL("b") "S 250 ok\nS 250 ok\nS 250 ok\nS 354 go\n" CONTENT "C RSET\n" MAIL(
				     "c") "S 250 ok\nS 250 ok\nS 250 ok\nS 250 ok\nS 354 go\n" CONTENT
					  "S 250 ok\nC QUIT\nS 221 bye\n",
		.events =
			"ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; rcpt 2.0 ok 250; verdict 2 ok 250; rcpt 3.0 ok 250; ready; verdict 3 ok 250; closed",
		.whole_only = true },
	{ .name = "RSET when the first was refused",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .lock_step = true },
		.mails = first_bad,
		.n_mails = 2,
		.script = HELLO
		"C MAIL FROM:<a@example.com>\nS 250 ok\nC RCPT TO:<bad@example.org>\nS 550 no\nC RSET\nS 250 ok\n"
		"C MAIL FROM:<b@example.com>\nS 250 ok\nC RCPT TO:<b@example.org>\nX\n",
		.events = "ready; rcpt 1.0 never 550; verdict 1 never; ready; verdict 2 not-sent; failed 75" },
	{ .name = "RSET when the message was refused",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .lock_step = true },
		.mails = mails,
		.n_mails = 3,
		.script = HELLO
		"C MAIL FROM:<a@example.com>\nS 250 ok\nC RCPT TO:<b@example.org>\nS 250 ok\nC DATA\nS 354 go\n" CONTENT
		"S 554 no\nC RSET\nS 250 ok\n"
		"C MAIL FROM:<b@example.com>\nS 250 ok\nC RCPT TO:<b@example.org>\nS 250 ok\nC DATA\nS 354 go\n" CONTENT
		"S 250 ok\nC MAIL FROM:<c@example.com>\nX\n",
		.events =
			"ready; rcpt 1.0 ok 250; verdict 1 never 554; ready; rcpt 2.0 ok 250; verdict 2 ok 250; ready; verdict 3 not-sent; failed 75" },
	{ .name = "no RSET when it was taken",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .lock_step = true },
		.mails = mails,
		.n_mails = 2,
		.script = HELLO
		"C MAIL FROM:<a@example.com>\nS 250 ok\nC RCPT TO:<b@example.org>\nS 250 ok\nC DATA\nS 354 go\n" CONTENT
		"S 250 ok\nC MAIL FROM:<b@example.com>\nX\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; verdict 2 not-sent; failed 75" },
	{ .name = "the first of many: BDAT behind the replies",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 2,
		.script =
			"S 220 mx ESMTP Postfix\n" CHUNK_HELLO
			"C MAIL FROM:<a@example.com>\nC RCPT TO:<b@example.org>\nS 250 ok\nS 250 ok\n"
			"C BDAT 20 LAST\nC Subject: x\nC\nC .dot\nS 250 ok\n"
			"C RSET\nC MAIL FROM:<b@example.com>\nC RCPT TO:<b@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nX\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; verdict 2 unknown; failed 75",
		.whole_only = true },
	{ .name = "RSET refused after BDAT: that was the answer to the chunk",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 2,
		.script = CHUNKS_OF_TWO "S 554 no\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; verdict 2 unknown; failed 76",
		.whole_only = true },
	{ .name = "RSET with 421 after BDAT",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 2,
		.script = CHUNKS_OF_TWO "S 421 no\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; verdict 2 not-sent 421; failed 75",
		.whole_only = true },
	{ .name = "a recipient of a sender that was refused: what was sent meanwhile is unknown",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 2,
		.script = CHUNKS_OF_TWO "S 250 ok\nS 554 no\nS 250 ok\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; verdict 2 unknown; failed 76",
		.whole_only = true },
	{ .name = "BDAT that is not known, without a sender: nobody has it",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 2,
		.script = CHUNKS_OF_TWO "S 250 ok\nS 554 no\nS 503 no\nS 502 no\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; verdict 2 never 554; failed 76",
		.whole_only = true },
	{ .name = "proved: the octets of a refused chunk are read",
		.params = { .ehlo = "me.example",
			.tls = TLS_OFF,
			.chunking = true,
			.window_messages = 8,
			.prove = true },
		.mails = mails,
		.n_mails = 2,
		.script =
			"S 220 mx ESMTP\n" CHUNK_HELLO PROOF "S 250 ok\nS 503 no recipient\nS 250 ok\n" PROOF_EHLO
			"C RSET\nC MAIL FROM:<a@example.com>\nC RCPT TO:<b@example.org>\nS 250 ok\nS 250 ok\nS 250 ok\n"
			"C BDAT 20 LAST\nC Subject: x\nC\nC .dot\nS 250 ok\n"
			"C RSET\nC MAIL FROM:<b@example.com>\nC RCPT TO:<b@example.org>\nC BDAT 20 LAST\nC Subject: x\nC\nC .dot\nX\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; ready; ready; verdict 2 unknown; failed 75",
		.whole_only = true },
	{ .name = "proved: they are taken for commands, whatever it calls itself",
		.params = { .ehlo = "me.example",
			.tls = TLS_OFF,
			.chunking = true,
			.window_messages = 8,
			.prove = true },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx ESMTP Postfix\n" CHUNK_HELLO PROOF
			  "S 250 ok\nS 502 no recipient\nS 250 noop\nS 250 ok\n" PROOF_EHLO
			  "C RSET\n" MAIL("a") "S 250 ok\nS 250 ok\nS 250 ok\nS 354 go\n" CONTENT "X\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 unknown; failed 75" },
	{ .name = "proved: a chunk without a recipient is accepted, which proves nothing",
		.params = { .ehlo = "me.example",
			.tls = TLS_OFF,
			.chunking = true,
			.window_messages = 8,
			.prove = true },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx ESMTP Postfix\n" CHUNK_HELLO PROOF "S 250 ok\nS 250 ok\nS 250 ok\n" PROOF_EHLO
			  "C RSET\n" MAIL("a") "X\n",
		.events = "ready; verdict 1 not-sent; failed 75" },
	{ .name = "proved: the connection ends",
		.params = { .ehlo = "me.example",
			.tls = TLS_OFF,
			.chunking = true,
			.window_messages = 8,
			.prove = true },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx ESMTP\n" CHUNK_HELLO PROOF "S 250 ok\nS 502 no recipient\nX\n",
		.events = "ready; verdict 1 not-sent; failed 75" },
	{ .name = "proved: a fifth reply that is not EHLO's",
		.params = { .ehlo = "me.example",
			.tls = TLS_OFF,
			.chunking = true,
			.window_messages = 8,
			.prove = true },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx ESMTP\n" CHUNK_HELLO PROOF
			  "S 250 ok\nS 502 no recipient\nS 250 a\nS 250 b\nS 250 c\n",
		.events = "ready; verdict 1 not-sent; failed 76" },
	{ .name = "proved: not without PIPELINING",
		.params = { .ehlo = "me.example",
			.tls = TLS_OFF,
			.chunking = true,
			.window_messages = 8,
			.prove = true },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 CHUNKING\nC MAIL FROM:<a@example.com>\nX\n",
		.events = "ready; verdict 1 not-sent; failed 75" },
	{ .name = "Exim before 4.96: no window of chunks",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx ESMTP Exim 4.95\n" CHUNK_HELLO MAIL("a") "X\n",
		.events = "ready; verdict 1 not-sent; failed 75" },
	{ .name = "Exim 4.96: a window of chunks",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .chunking = true, .window_messages = 8 },
		.mails = mails,
		.n_mails = 1,
		.script = "S 220 mx ESMTP Exim 4.96\n" CHUNK_HELLO
			  "C MAIL FROM:<a@example.com>\nC RCPT TO:<b@example.org>\nX\n",
		.events = "ready; verdict 1 not-sent; failed 75" },
	{ .name = "RSET refused",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .lock_step = true },
		.mails = first_bad,
		.n_mails = 2,
		.script = HELLO
		"C MAIL FROM:<a@example.com>\nS 250 ok\nC RCPT TO:<bad@example.org>\nS 550 no\nC RSET\nS 554 Too many nonmail commands\n",
		.events = "ready; rcpt 1.0 never 550; verdict 1 never; ready; verdict 2 not-sent; failed 75" },
	{ .name = "MAILMAX",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .window_messages = 8 },
		.mails = mails,
		.n_mails = 3,
		.script = "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250-LIMITS MAILMAX=1\nS 250 PIPELINING\n" MAIL(
			"a") "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "S 250 ok\nC QUIT\nS 221 bye\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; closed" },
	{ .name = "421 when nothing is under way",
		.params = { .ehlo = "me.example", .tls = TLS_OFF, .window_messages = 8 },
		.mails = mails,
		.n_mails = 3,
		.script = HELLO MAIL("a") "S 250 ok\nS 250 ok\nS 354 go\n" CONTENT "S 250 ok\nS 421 idle\n",
		.events = "ready; rcpt 1.0 ok 250; verdict 1 ok 250; failed 75",
		.whole_only = true },
};

int main(void)
{
	test_speed();
	test_refusals();
	test_deaths();
	play_all(plays, sizeof plays / sizeof plays[0]);
	return tap_done();
}
