#include <config.h>

#include "mail/message/message_state.h"

/*
 * Lines out of pieces of any size. The common case, a complete line inside one piece, is a slice of the input;
 * only what is cut is copied. A CR at the end of a piece may be half a CRLF and is held back.
 */

/* The line in l->held is complete or as full as it may be. */
static bool give(struct lines *l, enum line_end end, bool whole, struct line *line)
{
	*line = (struct line){ .text = str_at(l->held, l->n),
		.end = end,
		.starts = !l->inside,
		.whole = whole,
		.stray = whole && l->stray };
	l->given = true;
	l->inside = !whole;
	if (whole)
		l->stray = false;
	return true;
}

/* A whole line that lies in s in one piece and has no surprise in it: no copying. */
static bool give_slice(struct str *s, struct line *line)
{
	size_t n = str_find(*s, '\n');

	if (n == s->n)
		return false;
	bool crlf = n > 0 && s->p[n - 1] == '\r';
	struct str text = str_sub(*s, 0, crlf ? n - 1 : n);

	if (str_find(text, '\r') < text.n)
		return false;
	*line = (struct line){ .text = text, .end = crlf ? LINE_CRLF : LINE_LF, .starts = true, .whole = true };
	*s = str_sub(*s, n + 1, s->n);
	return true;
}

bool message_lines_next(struct lines *l, struct str *s, bool split_cr, struct line *line)
{
	if (l->given) {
		l->n = 0;
		l->given = false;
	}
	if (l->n == 0 && !l->cr && !l->inside && give_slice(s, line))
		return true;
	while (s->n > 0) {
		char c = s->p[0];

		if (l->cr && c != '\n' && !(split_cr && c == '\r')) {
			l->cr = false;
			if (split_cr)
				return give(l, LINE_CR, true, line);
			l->held[l->n++] = '\r';
		} else if (l->cr && c == '\r') {
			l->stray = true;
			*s = str_sub(*s, 1, s->n);
		} else if (c == '\n' || c == '\r') {
			bool crlf = l->cr;

			*s = str_sub(*s, 1, s->n);
			l->cr = c == '\r';
			if (c == '\n')
				return give(l, crlf ? LINE_CRLF : LINE_LF, true, line);
		} else {
			l->held[l->n++] = c;
			*s = str_sub(*s, 1, s->n);
		}
		if (l->n >= sizeof l->held - 1)
			return give(l, LINE_OPEN, false, line);
	}
	return false;
}

bool message_lines_end(struct lines *l, bool split_cr, struct line *line)
{
	if (l->given) {
		l->n = 0;
		l->given = false;
	}
	if (l->cr) {
		l->cr = false;
		if (split_cr)
			return give(l, LINE_CR, true, line);
		l->held[l->n++] = '\r';
	}
	return (l->n > 0 || l->inside) && give(l, LINE_OPEN, true, line);
}
