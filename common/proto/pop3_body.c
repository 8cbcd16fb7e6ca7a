#include <config.h>

#include "proto/pop3_state.h"

/*
 * The octets of a message on their way through: a dot at the start of a line is taken off, a dot alone ends it. Lines end in CRLF
 * and in nothing else, so that a lone LF within a message cannot end it early; only from a server whose own answers end in LF alone is
 * LF taken for a line end.
 */

/* How much of s can be given out as it is: up to a line that begins with a dot, which has to be looked at. */
static size_t plain_part(const struct pop3_state *st, struct str s)
{
	struct str stop = st->lf_only ? STR_LIT("\n.") : STR_LIT("\r\n.");
	size_t at = 0;

	/* The line end may have come with an earlier piece. */
	if (st->cr && !st->lf_only && str_starts(s, STR_LIT("\n.")))
		return 1;
	at = str_search(s, stop);
	return at < s.n ? at + stop.n - 1 : s.n;
}

static void note_end(struct pop3_state *st, struct str piece)
{
	char last = piece.p[piece.n - 1];
	bool cr_before = piece.n > 1 ? piece.p[piece.n - 2] == '\r' : st->cr;

	st->line_start = last == '\n' && (st->lf_only || cr_before);
	st->cr = last == '\r';
}

static enum pop3_event give(struct pop3 *p, struct pop3_news *news, size_t n)
{
	news->octets = str_sub(buf_str(&p->in), 0, n);
	note_end(p->state, news->octets);
	p->state->drop = n;
	return POP3_BODY;
}

/* 1: the end; 0: a dot that was doubled; -1: not to be told yet. */
static int dot_means_end(const struct pop3_state *st, struct str s, size_t *length)
{
	if (s.n < 2)
		return -1;
	if (st->lf_only && s.p[1] == '\n') {
		*length = 2;
		return 1;
	}
	if (s.p[1] != '\r')
		return 0;
	if (s.n < 3)
		return -1;
	*length = 3;
	return s.p[2] == '\n';
}

enum pop3_event pop3_body_next(struct pop3 *p, struct pop3_news *news)
{
	struct pop3_state *st = p->state;
	struct str s = buf_str(&p->in);
	size_t length = 0;

	if (s.n == 0)
		return POP3_WAIT;
	if (st->line_start && s.p[0] == '.') {
		switch (dot_means_end(st, s, &length)) {
		case -1:
			return POP3_WAIT;
		case 1:
			st->drop = length;
			st->in_body = false;
			return POP3_FINISH;
		default:
			buf_drop(&p->in, 1);
			st->line_start = false;
			s = buf_str(&p->in);
			/* Only what follows the dot up to the next line: it may be a dot again. */
			return give(p, news, 1);
		}
	}
	return give(p, news, plain_part(st, s));
}
