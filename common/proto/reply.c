#include <config.h>

#include "proto/reply.h"

#include "base/err.h"

/*
 * Replies are taken a line at a time, so a reply that never ends is noticed by its number of lines and not by
 * memory. A line that cannot become a reply is refused before its end has come: a peer that uses another protocol
 * may wait for us first.
 */

#define LINE_MAX_OCTETS 4096
#define REPLY_MAX_OCTETS 65536
#define REPLY_MAX_LINES 1000

void reply_free(struct reply *r)
{
	buf_free(&r->text);
	*r = (struct reply){ 0 };
}

void reply_move(struct reply *dst, struct reply *src)
{
	buf_free(&dst->text);
	*dst = *src;
	*src = (struct reply){ 0 };
}

static void begin(struct reply *r)
{
	buf_clear(&r->text);
	r->code = 0;
	r->enhanced = STR_NONE;
	r->lines = 0;
	r->stage = OUTCOME_AT_UNKNOWN;
}

/* d.ddd.ddd (RFC 3463, 2) at the start of s; its length, or 0. */
static size_t enhanced_length(struct str s, int code)
{
	size_t at = 2;

	if (s.n < 5 || s.p[0] != '0' + code / 100 || s.p[0] == '3' || s.p[1] != '.')
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t from = at;

		while (at < s.n && at - from < 3 && ascii_digit(s.p[at]))
			at++;
		if (at == from)
			return 0;
		if (part == 0 && (at == s.n || s.p[at++] != '.'))
			return 0;
	}
	return at == s.n || s.p[at] == ' ' || s.p[at] == '\n' ? at : 0;
}

/* What the peer seems to be when its octets are no reply: a wrong port is the usual reason. */
static const char *hint(struct str line)
{
	if (line.n > 1 && (line.p[0] == 0x16 || line.p[0] == 0x15) && line.p[1] == 3)
		return " (it speaks TLS from the start: smtps:// may be meant)";
	if (str_starts(line, STR_LIT("HTTP/")))
		return " (it is a web server)";
	if (str_starts(line, STR_LIT("+OK")) || str_starts(line, STR_LIT("-ERR")))
		return " (it is a POP3 server)";
	if (str_starts(line, STR_LIT("* ")))
		return " (it is an IMAP server)";
	return "";
}

/* One line without its line end. 1: it is the last, 0: more follow. */
static int take_line(struct reply *r, struct str line, struct err *err)
{
	int code = 0;
	bool ok = line.n >= 3 && line.p[0] >= '2' && line.p[0] <= '5';

	for (size_t i = 0; ok && i < 3; i++) {
		ok = ascii_digit(line.p[i]);
		code = code * 10 + (line.p[i] - '0');
	}
	if (ok && line.n > 3)
		ok = line.p[3] == ' ' || line.p[3] == '-';
	if (!ok) {
		err_set(err, ERR_PROTOCOL, "the server's answer is no SMTP reply%s: %.*s", hint(line),
			(int)(line.n > 60 ? 60 : line.n), line.p);
		return -1;
	}
	if (r->lines > 0 && code != r->code) {
		err_set(err, ERR_PROTOCOL, "the server's reply has two codes, %d and %d", r->code, code);
		return -1;
	}
	struct str text = str_sub(line, 4, line.n);

	if (r->lines >= REPLY_MAX_LINES || buf_len(&r->text) + text.n >= REPLY_MAX_OCTETS) {
		err_set(err, ERR_PROTOCOL, "the server's reply %d does not end", code);
		return -1;
	}
	r->code = code;
	if (r->lines++ > 0)
		buf_add_char(&r->text, '\n');
	buf_add(&r->text, text);
	return line.n < 4 || line.p[3] == ' ';
}

/* Can this, of which the end has not come, become a line of a reply at all? Whoever speaks another protocol may wait
 * for us before he ends his line. */
static bool hopeless(struct str part)
{
	return part.n > 4 && (part.p[0] < '2' || part.p[0] > '5' || !ascii_digit(part.p[1]) || !ascii_digit(part.p[2]));
}

int reply_take(struct reply *r, struct buf *in, struct err *err)
{
	if (!r->open)
		begin(r);
	for (;;) {
		struct str all = buf_str(in);
		size_t n = str_find(str_sub(all, 0, LINE_MAX_OCTETS), '\n');
		struct str line = str_sub(all, 0, n);

		r->open = r->lines > 0;
		if (n == LINE_MAX_OCTETS) {
			err_set(err, ERR_PROTOCOL, "a line of the server's reply is over %d octets%s", LINE_MAX_OCTETS,
				r->lines == 0 ? hint(line) : "");
			return -1;
		}
		if (n == all.n && !hopeless(all))
			return 0;
		bool whole = n < all.n;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		int last = take_line(r, line, err);

		if (last < 0 || !whole)
			return -1;
		buf_drop(in, n + 1);
		if (last == 0)
			continue;
		r->open = false;
		struct str text = buf_str(&r->text);

		r->enhanced = str_sub(text, 0, enhanced_length(text, r->code));
		return 1;
	}
}

bool reply_show(const struct reply *r, struct buf *out)
{
	struct str rest = buf_str(&r->text);
	bool first = true;

	buf_printf(out, "%d", r->code);
	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');

		/* Servers repeat the status on every line; once is enough for a reader. */
		if (!first && r->enhanced.n > 0 && str_starts(line, r->enhanced) &&
			(line.n == r->enhanced.n || line.p[r->enhanced.n] == ' '))
			line = str_sub(line, r->enhanced.n, line.n);
		line = str_trim(line);
		if (line.n > 0) {
			buf_add_char(out, ' ');
			buf_add(out, line);
		}
		first = false;
	}
	return !out->full;
}

static bool id_char(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '+' || c == '/' || c == '=';
}

static struct str word_at(struct str s, size_t at)
{
	size_t end = at;

	while (end < s.n && id_char(s.p[end]))
		end++;
	while (end > at && s.p[end - 1] == '.')
		end--;
	return str_sub(s, at, end - at);
}

struct str reply_queue_id(const struct reply *r)
{
	/* Postfix and its kin; Exim; Exchange; Haraka; qmail and netqmail. */
	static const char *const marks[] = { "queued as ", "id=", "InternalId=", "Queued! (", "ok 1", "qp " };
	struct str s = buf_str(&r->text);
	size_t at = r->enhanced.n;

	if (reply_class(r) != REPLY_OK)
		return STR_NONE;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		struct str mark = str_of(marks[i]);
		size_t found = str_isearch(s, mark);

		if (found == s.n)
			continue;
		struct str id = word_at(s, found + mark.n - (mark.p[mark.n - 1] == '1' ? 1 : 0));

		if (id.n > 0)
			return id;
	}
	/* sendmail: "2.0.0 4AB1 Message accepted for delivery" */
	while (at < s.n && s.p[at] == ' ')
		at++;
	struct str id = word_at(s, at);

	if (id.n > 0 && str_istarts(str_sub(s, at + id.n, s.n), STR_LIT(" Message accepted")))
		return id;
	return STR_NONE;
}
