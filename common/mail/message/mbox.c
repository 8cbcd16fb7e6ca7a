#include <config.h>

#include "mail/message/mbox.h"

#include "base/buf.h"
#include "mail/address/address.h"
#include "text/date.h"

/*
 * The mboxrd variant, because it is the only one whose quoting can be undone exactly. The writer holds back at
 * most "From " at the start of a line; the reader holds back one empty line, since it may be the frame's and not
 * the message's.
 */

/* --- writing --- */

/* What readers accept as a sender: an ASCII address without white space or quotes. */
static bool is_plain_sender(struct str s)
{
	struct address a = { 0 };
	bool ok = str_ascii(s) && address_parse(&a, s, ADDRESS_LOCALHOST) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

bool mbox_begin(struct mbox_writer *w, struct buf *out, struct str sender, int64_t seconds)
{
	*w = (struct mbox_writer){ 0 };
	buf_add_text(out, "From ");
	buf_add(out, is_plain_sender(sender) ? sender : STR_LIT("MAILER-DAEMON"));
	buf_add_char(out, ' ');
	date_add_mbox(out, seconds);
	return buf_add_char(out, '\n');
}

/* The start of a line is over: what was held of it goes out, behind a ">" where it says From. */
static void release(struct mbox_writer *w, struct buf *out, bool quote)
{
	if (quote)
		buf_add_char(out, '>');
	buf_add(out, str_at(w->held, w->held_n));
	w->held_n = 0;
	w->in_line = true;
	w->quoting = false;
}

/*
 * One octet of a line's start. Any number of ">" goes out at once (the one more may stand in front of them or behind:
 * they are all alike), so only "From " has to be held.
 */
static void start_of_line(struct mbox_writer *w, struct buf *out, char c)
{
	static const char from[] = "From ";

	if (c == '>' && w->held_n == 0) {
		buf_add_char(out, '>');
		w->quoting = true;
		return;
	}
	if (c == from[w->held_n]) {
		w->held[w->held_n++] = c;
		if (w->held_n == sizeof from - 1)
			release(w, out, true);
		return;
	}
	release(w, out, false);
	buf_add_char(out, c);
}

static void end_line(struct mbox_writer *w, struct buf *out)
{
	release(w, out, false);
	buf_add_char(out, '\n');
	w->in_line = false;
}

/* Whole lines that need no quoting and end in CRLF, as nearly all do: how many octets of s they are. */
static size_t add_lines(const struct mbox_writer *w, struct buf *out, struct str s)
{
	size_t at = 0;

	if (w->held_n > 0 || w->in_line || w->cr || w->quoting)
		return 0;
	while (at < s.n && s.p[at] != '>' && s.p[at] != 'F') {
		struct str rest = str_sub(s, at, s.n);
		size_t n = str_find(rest, '\n');

		if (n == rest.n || n == 0 || rest.p[n - 1] != '\r' || str_find(str_sub(rest, 0, n), '\r') != n - 1)
			break;
		char *room = buf_room(out, n);

		if (room == NULL)
			break;
		memcpy(room, rest.p, n - 1);
		room[n - 1] = '\n';
		buf_added(out, n);
		at += n + 1;
	}
	return at;
}

bool mbox_add(struct mbox_writer *w, struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t lines = add_lines(w, out, str_sub(s, i, s.n));

		if (lines > 0) {
			i += lines;
			continue;
		}
		char c = s.p[i];

		if (w->cr && c != '\n') {
			/* A lone CR is an octet of its line. */
			w->cr = false;
			if (w->in_line)
				buf_add_char(out, '\r');
			else
				start_of_line(w, out, '\r');
			continue;
		}
		w->cr = c == '\r';
		if (c == '\n') {
			end_line(w, out);
		} else if (c != '\r' && !w->in_line) {
			start_of_line(w, out, c);
		} else if (c != '\r') {
			/* The rest of the line at once. */
			struct str rest = str_sub(s, i, s.n);
			size_t n = str_find(rest, '\n');

			rest.n = str_find(str_sub(rest, 0, n), '\r');
			buf_add(out, rest);
			i += rest.n;
			continue;
		}
		i++;
	}
	return !out->full;
}

bool mbox_end(struct mbox_writer *w, struct buf *out)
{
	if (w->cr && w->in_line)
		buf_add_char(out, '\r');
	else if (w->cr)
		start_of_line(w, out, '\r');
	w->cr = false;
	if (w->in_line || w->held_n > 0 || w->quoting)
		end_line(w, out);
	return buf_add_char(out, '\n');
}

/* --- reading --- */

void mbox_feed(struct mbox_reader *r, struct str octets, bool eof)
{
	r->pending = octets;
	r->eof = eof;
}

static bool is_month_or_day(struct str s, const char *names)
{
	for (size_t at = 0; names[at] != '\0'; at += 3)
		if (s.n >= 3 && str_ieq(str_sub(s, 0, 3), str_at(names + at, 3)))
			return true;
	return false;
}

/* A date as From_ lines have it stands behind the sender: a day's name, a month's, and a time with a colon. */
static bool has_date(struct str line)
{
	for (size_t i = 5; i + 3 < line.n; i++) {
		if (line.p[i - 1] != ' ' || !is_month_or_day(str_sub(line, i, 3), "SunMonTueWedThuFriSat"))
			continue;
		struct str rest = str_sub(line, i + 3, line.n);

		while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == ','))
			rest = str_sub(rest, 1, rest.n);
		/* "Nov 23", or "23 Nov" as some writers have it. */
		while (rest.n > 0 && (ascii_digit(rest.p[0]) || rest.p[0] == ' '))
			rest = str_sub(rest, 1, rest.n);
		if (is_month_or_day(rest, "JanFebMarAprMayJunJulAugSepOctNovDec") && str_find(rest, ':') < rest.n)
			return true;
	}
	return false;
}

static bool is_from_line(const struct mbox_reader *r, struct str line)
{
	/* At the start of a file even a From_ line without a date is one: "From -" of some programs. */
	return str_starts(line, STR_LIT("From ")) && (!r->started || has_date(line));
}

/* ">From " and ">>From " lose one ">". */
static struct str unquote(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == '>')
		n++;
	return n > 0 && str_starts(str_sub(line, n, line.n), STR_LIT("From ")) ? str_sub(line, 1, line.n) : line;
}

static enum mbox_event at_end(struct mbox_reader *r)
{
	if (!r->in_message)
		return r->started ? MBOX_END : MBOX_NOT;
	r->in_message = false;
	return MBOX_FINISH;
}

enum mbox_event mbox_next(struct mbox_reader *r, struct str *line)
{
	while (!r->failed) {
		size_t n = str_find(r->pending, '\n');
		bool whole = n < r->pending.n;

		if (!whole && !r->eof)
			return MBOX_MORE;
		if (r->pending.n == 0)
			return at_end(r);
		struct str next = str_sub(r->pending, 0, whole ? n + 1 : n);
		bool empty = str_trim(next).n == 0 && next.n <= 2;

		if ((!r->in_message || r->blank) && is_from_line(r, next)) {
			r->blank = false; /* the empty line belonged to the frame */
			if (r->in_message) {
				r->in_message = false;
				return MBOX_FINISH;
			}
			r->pending = str_sub(r->pending, next.n, r->pending.n);
			r->started = r->in_message = true;
			*line = next;
			return MBOX_BEGIN;
		}
		if (r->blank) {
			r->blank = false;
			*line = r->blank_crlf ? STR_LIT("\r\n") : STR_LIT("\n");
			if (!empty)
				return MBOX_LINE;
			r->blank = true; /* this one is held back in its place */
			r->blank_crlf = next.p[0] == '\r';
			r->pending = str_sub(r->pending, next.n, r->pending.n);
			return MBOX_LINE;
		}
		r->pending = str_sub(r->pending, next.n, r->pending.n);
		if (!r->in_message) {
			if (empty)
				continue; /* before the first message, or between two */
			r->failed = true;
			break;
		}
		if (empty) {
			r->blank = true;
			r->blank_crlf = next.p[0] == '\r';
			continue;
		}
		*line = unquote(next);
		return MBOX_LINE;
	}
	return MBOX_NOT;
}
