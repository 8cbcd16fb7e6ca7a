#include <config.h>

#include "text/qp.h"

#include "base/buf.h"
#include "text/hex.h"

/*
 * The encoder holds one line of output. It may only be written when it is known how it ends: white space before a
 * line end is encoded, and a soft line break must not split an escape.
 */

#define LINE_MAX_OCTETS ((size_t)76)

/* What may stand as it is: printable ASCII but "=", blank and tab. */
static bool is_literal(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f && c != '=') || c == '\t';
}

/* Send the first n octets of the line with end ("=\r\n" or "\r\n") behind them and keep
 * the rest. */
static bool send_line(struct qp *q, struct buf *out, size_t n, const char *end)
{
	bool ok = buf_add(out, str_at(q->line, n)) && buf_add_text(out, end);

	memmove(q->line, q->line + n, q->n - n);
	q->n -= n;
	return ok;
}

/* Octets of the last character of the line: an escape is three, and no literal is a "=". */
static size_t last_width(const struct qp *q)
{
	return q->n >= 3 && q->line[q->n - 3] == '=' ? 3 : 1;
}

static void put_escape(struct qp *q, unsigned char c)
{
	q->line[q->n++] = '=';
	q->line[q->n++] = hex_upper[c >> 4];
	q->line[q->n++] = hex_upper[c & 15];
}

/* A line that began with "." or "From " would be changed on the way: escape its first octet. */
static void guard_start(struct qp *q)
{
	bool dot = q->n == 1 && q->line[0] == '.';
	bool from = q->n == 5 && memcmp(q->line, "From ", 5) == 0;

	if (!dot && !from)
		return;
	memmove(q->line + 3, q->line + 1, q->n - 1);
	q->line[1] = dot ? '2' : '4';
	q->line[2] = dot ? 'E' : '6';
	q->line[0] = '=';
	q->n += 2;
}

/* End the line here by a soft break; the "=" must fit, so a full line gives up its
 * last character. */
static bool soft_break(struct qp *q, struct buf *out)
{
	size_t n = q->n < LINE_MAX_OCTETS ? q->n : q->n - last_width(q);
	bool ok = send_line(q, out, n, "=\r\n");

	guard_start(q);
	return ok;
}

static bool add_octet(struct qp *q, struct buf *out, unsigned char c)
{
	size_t width = is_literal(c) ? 1 : 3;

	if (q->n + width > LINE_MAX_OCTETS && !soft_break(q, out))
		return false;
	if (width == 1)
		q->line[q->n++] = (char)c;
	else
		put_escape(q, c);
	guard_start(q);
	return true;
}

static bool hard_break(struct qp *q, struct buf *out)
{
	char last = q->n > 0 ? q->line[q->n - 1] : 'x';

	if (ascii_blank(last)) {
		q->n--;
		if (q->n + 3 > LINE_MAX_OCTETS && !send_line(q, out, q->n, "=\r\n"))
			return false;
		put_escape(q, (unsigned char)last);
	}
	return send_line(q, out, q->n, "\r\n");
}

/* How many octets at the start of s may be taken over at once: the line is long enough not to be
 * guarded any more, and they fit. */
static size_t plain_run(const struct qp *q, struct str s)
{
	size_t max = q->n < 5 || q->n > LINE_MAX_OCTETS ? 0 : LINE_MAX_OCTETS - q->n;
	size_t n = 0;

	if (max > s.n)
		max = s.n;
	while (n < max && is_literal((unsigned char)s.p[n]))
		n++;
	return n;
}

bool qp_add(struct qp *state, struct buf *out, struct str s)
{
	bool ok = true;

	for (size_t i = 0; ok && i < s.n; i++) {
		char c = s.p[i];
		bool second = c == '\n' && state->cr;
		size_t run = plain_run(state, str_at(s.p + i, s.n - i));

		state->cr = c == '\r';
		if (run > 0) {
			memcpy(state->line + state->n, s.p + i, run);
			state->n += run;
			i += run - 1;
		} else if (c == '\r' || (c == '\n' && !second)) {
			ok = hard_break(state, out);
		} else if (!second) {
			ok = add_octet(state, out, (unsigned char)c);
		}
	}
	return ok;
}

bool qp_end(struct qp *state, struct buf *out)
{
	bool ok = true;

	while (ok && state->n > 0)
		ok = soft_break(state, out);
	*state = (struct qp){ .n = 0 };
	return ok;
}

/* Blanks at the start of s up to the end of its line: how many octets, or 0 when more follows.
 * With soft the line end counts too. */
static size_t blanks_to_end(struct str s, bool soft)
{
	size_t n = 0;

	while (n < s.n && ascii_blank(s.p[n]))
		n++;
	size_t end = n;

	if (end < s.n && s.p[end] == '\r')
		end++;
	if (end < s.n && s.p[end] == '\n')
		return soft ? end + 1 : n;
	return n == s.n ? n : 0;
}

bool qp_decode(struct buf *out, struct str s)
{
	char *room = buf_room(out, s.n);
	char *p = room;

	if (room == NULL)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_at(s.p + i + 1, s.n - i - 1);
		int octet = s.p[i] == '=' ? hex_octet(rest) : -1;
		size_t skip = 0;

		if (octet >= 0) {
			*p++ = (char)octet;
			i += 2;
		} else if (s.p[i] == '=') {
			skip = blanks_to_end(rest, true);
			if (skip == 0 && rest.n > 0)
				*p++ = '=';
			i += skip;
		} else if (ascii_blank(s.p[i])) {
			/* Blanks at the end of a line were put there on the way (RFC 2045, 6.7,
			 * rule 3). */
			skip = blanks_to_end(str_at(s.p + i, s.n - i), false);
			if (skip == 0)
				*p++ = s.p[i];
			else
				i += skip - 1;
		} else {
			*p++ = s.p[i];
		}
	}
	buf_added(out, (size_t)(p - room));
	return true;
}
