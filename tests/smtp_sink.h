#ifndef PIPEMAIL_TESTS_SMTP_SINK_H
#define PIPEMAIL_TESTS_SMTP_SINK_H

#include "tests/tap.h"

/*
 * An SMTP server in memory that keeps a ledger of what it took: for tests which hold what a session says against what a
 * server did. Local parts decide: "bad…" is refused with 550, "later…" with 450, "eat…" is taken and the message
 * refused with 554.
 */
enum sink_kind {
	SINK_POSTFIX, /* swallows refused chunks, begins anew by itself after a failed one */
	SINK_EXIM,    /* swallows them and keeps the sender until RSET */
	SINK_GO,      /* does not read a chunk that it refuses */
};

struct sink_mail {
	char sender[64];
	char rcpt[64];
	unsigned n_rcpts;
	size_t size;
	char first[32]; /* the content's first line */
};

struct sink {
	enum sink_kind kind;
	bool pipelining;
	bool chunking;
	size_t die_after;      /* octets read, after which it is gone without a word; 0: never */
	unsigned max_failures; /* in a row, then 421 and the end; 0: never */

	struct buf in;
	struct buf out;
	size_t read;
	bool dead;
	bool data;      /* in DATA content */
	uint64_t chunk; /* octets of a chunk still to come */
	bool chunk_taken;
	bool has_sender;
	struct sink_mail mail;
	struct buf content;
	unsigned failures;
	struct sink_mail *ledger;
	size_t n_ledger;
	unsigned commands; /* lines that were no command at all */
};

static void sink_say(struct sink *s, const char *line)
{
	buf_printf(&s->out, "%s\r\n", line);
}

static void sink_reset(struct sink *s)
{
	s->has_sender = false;
	s->mail = (struct sink_mail){ 0 };
	buf_clear(&s->content);
}

static void sink_failed(struct sink *s)
{
	if (s->max_failures > 0 && ++s->failures >= s->max_failures) {
		sink_say(s, "421 4.7.0 too many errors");
		s->dead = true;
	}
}

static void sink_deliver(struct sink *s)
{
	struct str content = buf_str(&s->content);
	struct str line = str_sub(content, 0, str_find(content, '\r'));

	if (strncmp(s->mail.rcpt, "eat", 3) == 0) {
		sink_say(s, "554 5.7.1 eaten");
		sink_failed(s);
	} else {
		s->mail.size = content.n;
		snprintf(s->mail.first, sizeof s->mail.first, "%.*s", (int)(line.n > 30 ? 30 : line.n), line.p);
		s->ledger = realloc(s->ledger, (s->n_ledger + 1) * sizeof *s->ledger);
		s->ledger[s->n_ledger++] = s->mail;
		s->failures = 0;
		sink_say(s, "250 2.0.0 queued as 7");
	}
	sink_reset(s);
}

/* What stands between < and > */
static void sink_path(struct str line, char *path, size_t size)
{
	size_t from = str_find(line, '<') + 1;
	size_t to = str_find(line, '>');

	snprintf(path, size, "%.*s", (int)(to > from ? to - from : 0), line.p + from);
}

static void sink_mail_from(struct sink *s, struct str line)
{
	if (s->has_sender) {
		sink_say(s, "503 5.5.1 sender already given");
		return;
	}
	s->has_sender = true;
	sink_path(line, s->mail.sender, sizeof s->mail.sender);
	if (strncmp(s->mail.sender, "bad", 3) == 0) {
		s->has_sender = false;
		sink_say(s, "550 5.7.1 bad sender");
	} else {
		sink_say(s, "250 2.1.0 ok");
	}
}

static void sink_rcpt_to(struct sink *s, struct str line)
{
	char rcpt[64];

	sink_path(line, rcpt, sizeof rcpt);
	if (!s->has_sender) {
		sink_say(s, "503 5.5.1 need MAIL");
	} else if (strncmp(rcpt, "bad", 3) == 0 || strncmp(rcpt, "later", 5) == 0) {
		sink_say(s, rcpt[0] == 'b' ? "550 5.1.1 unknown" : "450 4.2.0 greylisted");
		sink_failed(s);
	} else {
		s->mail.n_rcpts++;
		memcpy(s->mail.rcpt, rcpt, sizeof rcpt);
		sink_say(s, "250 2.1.5 ok");
	}
}

static void sink_bdat(struct sink *s, struct str line)
{
	struct str size = str_sub(line, 5, str_find(str_sub(line, 5, line.n), ' '));

	if (s->mail.n_rcpts == 0 && s->kind == SINK_GO) {
		sink_say(s, "502 5.5.1 Missing RCPT TO command.");
		return;
	}
	str_number(size, UINT64_MAX, &s->chunk);
	s->chunk_taken = s->mail.n_rcpts > 0;
	s->chunk++; /* one more, so that an empty chunk ends too */
}

static void sink_chunk_end(struct sink *s)
{
	if (s->chunk_taken) {
		sink_deliver(s);
		return;
	}
	sink_say(s,
		s->kind == SINK_EXIM ? "503 5.5.1 Valid RCPT command must precede BDAT"
				     : "554 5.5.1 no valid recipients");
	sink_failed(s);
	if (s->kind == SINK_POSTFIX)
		sink_reset(s);
}

static void sink_command(struct sink *s, struct str line)
{
	if (str_istarts(line, STR_LIT("EHLO "))) {
		buf_printf(&s->out, "250-mx\r\n%s%s250 8BITMIME\r\n", s->pipelining ? "250-PIPELINING\r\n" : "",
			s->chunking ? "250-CHUNKING\r\n" : "");
	} else if (str_istarts(line, STR_LIT("RSET"))) {
		sink_reset(s);
		sink_say(s, "250 2.0.0 ok");
	} else if (str_istarts(line, STR_LIT("MAIL FROM:"))) {
		sink_mail_from(s, line);
	} else if (str_istarts(line, STR_LIT("RCPT TO:"))) {
		sink_rcpt_to(s, line);
	} else if (str_istarts(line, STR_LIT("BDAT "))) {
		sink_bdat(s, line);
	} else if (str_istarts(line, STR_LIT("DATA"))) {
		s->data = s->mail.n_rcpts > 0;
		sink_say(s, s->data ? "354 go" : "554 5.5.1 no valid recipients");
	} else if (str_istarts(line, STR_LIT("QUIT"))) {
		sink_say(s, "221 2.0.0 bye");
		s->dead = true;
	} else {
		s->commands++;
		sink_say(s, "500 5.5.2 what?");
	}
}

static void sink_data_line(struct sink *s, struct str line)
{
	if (str_eq(line, STR_LIT("."))) {
		s->data = false;
		sink_deliver(s);
		return;
	}
	buf_add(&s->content, str_starts(line, STR_LIT(".")) ? str_sub(line, 1, line.n) : line);
	buf_add_text(&s->content, "\r\n");
}

static void sink_start(struct sink *s)
{
	static const char *const greetings[] = { "220 mx ESMTP Postfix", "220 mx ESMTP Exim 4.96",
		"220 mx ESMTP Service Ready" };

	sink_say(s, greetings[s->kind]);
}

/* Read what the client sent. */
static void sink_read(struct sink *s, struct str octets)
{
	if (s->dead)
		return;
	if (s->die_after > 0 && s->read + octets.n >= s->die_after) {
		octets = str_sub(octets, 0, s->die_after - s->read);
		s->dead = true;
	}
	s->read += octets.n;
	buf_add(&s->in, octets);
	bool dying = s->dead;

	s->dead = false;
	while (!s->dead) {
		struct str have = buf_str(&s->in);
		size_t end = str_search(have, STR_LIT("\r\n"));

		if (s->chunk > 1) {
			size_t n = have.n < s->chunk - 1 ? have.n : (size_t)s->chunk - 1;

			if (n == 0)
				break;
			buf_add(&s->content, str_sub(have, 0, n));
			buf_drop(&s->in, n);
			s->chunk -= n;
		} else if (s->chunk == 1) {
			s->chunk = 0;
			sink_chunk_end(s);
		} else if (end == have.n) {
			break;
		} else {
			if (s->data)
				sink_data_line(s, str_sub(have, 0, end));
			else
				sink_command(s, str_sub(have, 0, end));
			buf_drop(&s->in, end + 2);
		}
	}
	s->dead = s->dead || dying;
}

static void sink_free(struct sink *s)
{
	buf_free(&s->in);
	buf_free(&s->out);
	buf_free(&s->content);
	free(s->ledger);
	*s = (struct sink){ 0 };
}

#endif
