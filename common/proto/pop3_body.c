#include <config.h>

#include "proto/pop3_state.h"

/*
 * The octets of a message as they come, with dots unstuffed. A line begins only behind CRLF: a lone LF is an octet like
 * any other, so that nobody who writes a mail can end it early ("\n.\n") and have its rest taken for answers.
 */

/* A dot at the start of a line: 1 the end (n octets of it), 0 it was stuffed, -1 more is needed to know. */
static int at_dot(const struct pop3 *p, size_t *n)
{
	struct str in = buf_str(&p->in);

	if (in.n < 2)
		return -1;
	*n = 2;
	if (in.p[1] == '\n')
		return p->state->lf_only || p->state->params.lf_bodies;
	if (in.p[1] != '\r')
		return 0;
	*n = 3;
	return in.n < 3 ? -1 : in.p[2] == '\n';
}

/* How many octets at the front are message, up to where a line begins with a dot. */
static size_t measure(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	struct str in = buf_str(&p->in);
	bool lf = st->lf_only || st->params.lf_bodies;
	size_t at = 0;

	while (at < in.n && !(st->line_start && in.p[at] == '.')) {
		size_t n = str_find(str_sub(in, at, in.n), '\n');
		bool whole = at + n < in.n;
		char before = n > 0 ? in.p[at + n - 1] : st->cr ? '\r' : '\0';

		st->line_start = whole && (lf || before == '\r');
		st->crlf += whole && before == '\r';
		st->cr = !whole && before == '\r';
		at += whole ? n + 1 : n;
	}
	for (size_t i = at > 4 ? at - 4 : 0; i < at; i++)
		st->tail = st->tail << 8 | (unsigned char)in.p[i];
	return at;
}

enum pop3_event pop3_body_next(struct pop3 *p, struct pop3_news *news)
{
	struct pop3_state *st = p->state;

	news->number = pop3_first_want(p)->number;
	for (;;) {
		size_t n = measure(p);

		if (n > 0) {
			news->octets = str_sub(buf_str(&p->in), 0, n);
			st->given = n;
			return POP3_BODY;
		}
		if (buf_len(&p->in) == 0)
			return POP3_WAIT;
		int end = at_dot(p, &n);

		if (end < 0)
			return POP3_WAIT;
		if (end > 0) {
			buf_drop(&p->in, n);
			st->in_body = false;
			news->dots = st->dots;
			news->crlf = st->crlf;
			pop3_drop_want(p);
			return POP3_FINISH;
		}
		buf_drop(&p->in, 1);
		st->dots++;
		st->line_start = false;
		st->cr = false;
	}
}
