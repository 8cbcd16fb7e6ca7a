#include <config.h>

#include "mail/message/mime_read.h"

#include <stdio.h>

#include "text/charset.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/base64.h"
#include "text/qp.h"
#include "text/utf8.h"

/*
 * Finds parts by walking a stack of open multiparts over slices of the message: nothing is copied and nothing is
 * kept between calls. A malformed message gives fewer or longer leaves, never an error: a bounce that is half
 * broken still names its recipient.
 */

#define MIME_MAX_PARTS 100
#define MIME_MAX_HEADER ((size_t)256 << 10)

/* Where the line behind position at begins. */
static size_t next_line(struct str s, size_t at)
{
	size_t n = str_find(str_sub(s, at, s.n), '\n');

	return at + n < s.n ? at + n + 1 : s.n;
}

/* Is the line at the start of s the delimiter, and the closing one? */
static bool is_delimiter(struct str s, const char *boundary, bool *closing)
{
	struct str line = str_sub(s, 0, str_find(s, '\n'));
	size_t n = strlen(boundary);

	if (!str_starts(line, STR_LIT("--")) || !str_starts(str_sub(line, 2, line.n), str_at(boundary, n)))
		return false;
	line = str_sub(line, 2 + n, line.n);
	*closing = str_starts(line, STR_LIT("--"));
	return str_trim(str_sub(line, *closing ? 2 : 0, line.n)).n == 0;
}

/* Where the next delimiter line begins; s.n: nowhere. */
static size_t find_delimiter(struct str s, const char *boundary, bool *closing)
{
	char line[80];
	struct str mark;
	size_t at = 0;

	snprintf(line, sizeof line, "--%s", boundary);
	mark = str_of(line);
	while (at < s.n) {
		at += str_search(str_sub(s, at, s.n), mark);
		if (at < s.n && (at == 0 || s.p[at - 1] == '\n') &&
			is_delimiter(str_sub(s, at, s.n), boundary, closing))
			return at;
		at += mark.n;
	}
	return s.n;
}

/* The octets of the next part of a multipart; false at its end. A missing last delimiter is made
 * good. */
static bool next_part(struct mime_level *l, struct str *part)
{
	bool closing = false;
	size_t at = find_delimiter(l->rest, l->boundary, &closing);

	if (at >= l->rest.n || closing)
		return false;
	size_t begin = next_line(l->rest, at);
	size_t end = begin + find_delimiter(str_sub(l->rest, begin, l->rest.n), l->boundary, &closing);
	size_t last = end;

	/* The line end before the delimiter belongs to it. */
	if (last > begin && end < l->rest.n && l->rest.p[last - 1] == '\n')
		last--;
	if (last > begin && last < end && l->rest.p[last - 1] == '\r')
		last--;
	*part = str_sub(l->rest, begin, last - begin);
	l->rest = str_sub(l->rest, end, l->rest.n);
	return true;
}

static void read_type(struct str header, char type[80], char boundary[72])
{
	struct str body = header_find(header, "Content-Type");
	struct str name = str_trim(str_sub(body, 0, str_find(body, ';')));
	struct buf value = { .limit = 4096 };

	boundary[0] = '\0';
	if (name.n == 0 || name.n >= 80 || str_find(name, '/') == name.n)
		name = STR_LIT("text/plain");
	for (size_t i = 0; i < name.n; i++)
		type[i] = ascii_lower(name.p[i]);
	type[name.n] = '\0';
	if (str_istarts(name, STR_LIT("multipart/")) && word_parameter(body, "boundary", &value) &&
		buf_len(&value) < 72)
		snprintf(boundary, 72, "%s", buf_text(&value));
	buf_free(&value);
}

static bool has_boundary(struct str body, const char *boundary)
{
	bool closing = false;

	return boundary[0] != '\0' && find_delimiter(body, boundary, &closing) < body.n;
}

/* The first line of "--" and at most 70 more, none of them blank, with a field of a part's header in the next. */
static bool guess_boundary(struct str body, char boundary[72])
{
	for (size_t at = 0; at < body.n; at = next_line(body, at)) {
		struct str line = str_trim(str_sub(body, at, next_line(body, at) - at));
		struct str next = str_sub(body, next_line(body, at), body.n);

		if (line.n <= 2 || line.n > 72 || !str_starts(line, STR_LIT("--")) || str_find(line, ' ') < line.n ||
			!str_istarts(next, STR_LIT("Content-")))
			continue;
		snprintf(boundary, 72, "%.*s", (int)(line.n - 2), line.p + 2);
		return true;
	}
	return false;
}

/* Take one entity: a leaf is filled and true; a multipart is entered. */
static bool enter(struct mime_walk *w, struct str entity, struct mime_leaf *leaf)
{
	size_t n = header_length(str_sub(entity, 0, MIME_MAX_HEADER));
	char boundary[72];

	leaf->header = str_sub(entity, 0, n);
	leaf->body = str_sub(entity, n, entity.n);
	leaf->depth = w->depth;
	leaf->parent = w->depth > 0 ? w->levels[w->depth - 1].number : 0;
	leaf->alternative = w->depth > 0 && w->levels[w->depth - 1].alternative;
	read_type(leaf->header, leaf->type, boundary);
	if (str_starts(str_of(leaf->type), STR_LIT("multipart/")) && w->depth < MIME_MAX_DEPTH &&
		!has_boundary(leaf->body, boundary) && !guess_boundary(leaf->body, boundary))
		boundary[0] = '\0';
	if (boundary[0] == '\0' || w->depth == MIME_MAX_DEPTH)
		return true;
	struct mime_level *l = &w->levels[w->depth++];

	l->rest = leaf->body;
	l->number = ++w->multiparts;
	l->alternative = strcmp(leaf->type, "multipart/alternative") == 0;
	memcpy(l->boundary, boundary, sizeof boundary);
	return false;
}

void mime_walk_init(struct mime_walk *w, struct str message, unsigned most)
{
	w->message = message;
	w->depth = w->multiparts = 0;
	w->parts = 1;
	w->most = most;
	w->begun = w->cut = false;
}

bool mime_walk_next(struct mime_walk *w, struct mime_leaf *leaf)
{
	if (!w->begun) {
		w->begun = true;
		if (enter(w, w->message, leaf))
			return true;
	}
	while (w->depth > 0) {
		struct str part;

		if (!next_part(&w->levels[w->depth - 1], &part)) {
			w->depth--;
			continue;
		}
		if (w->parts >= w->most) {
			w->cut = true;
			w->depth = 0;
			break;
		}
		w->parts++;
		if (enter(w, part, leaf))
			return true;
	}
	return false;
}

bool mime_leaf(struct str message, size_t i, struct mime_leaf *leaf)
{
	struct mime_walk w;
	size_t seen = 0;

	mime_walk_init(&w, message, MIME_MAX_PARTS);
	while (mime_walk_next(&w, leaf))
		if (seen++ == i)
			return true;
	return false;
}

size_t mime_leaves(struct str message, struct mime_leaf *leaves, size_t most)
{
	struct mime_walk w;
	size_t n = 0;

	mime_walk_init(&w, message, MIME_MAX_PARTS);
	while (n < most && mime_walk_next(&w, &leaves[n]))
		n++;
	return n;
}

/* UTF-8 out of text in the charset of the part, as far as we know it. */
static bool add_text(const struct mime_leaf *leaf, struct str s, struct buf *out)
{
	struct buf charset = { .limit = 100 };
	bool done = word_parameter(header_find(leaf->header, "Content-Type"), "charset", &charset) &&
		charset_decode(out, buf_str(&charset), s);

	buf_free(&charset);
	/* Text that calls itself UTF-8 or nothing and is neither is read as Latin-1 too. */
	return done || (utf8_valid(s) ? buf_add(out, s) : utf8_from_latin1(out, s));
}

bool mime_decode(const struct mime_leaf *leaf, struct buf *out)
{
	struct str encoding = str_trim(header_find(leaf->header, "Content-Transfer-Encoding"));
	struct buf plain = { .limit = out->limit };
	bool text = str_starts(str_of(leaf->type), STR_LIT("text/"));
	bool ok;

	if (str_ieq(encoding, STR_LIT("base64")))
		ok = base64_decode_loose(&plain, leaf->body);
	else if (str_ieq(encoding, STR_LIT("quoted-printable")))
		ok = qp_decode(&plain, leaf->body);
	else
		ok = buf_add(&plain, leaf->body);
	ok = ok && (text ? add_text(leaf, buf_str(&plain), out) : buf_add(out, buf_str(&plain)));
	buf_free(&plain);
	return ok;
}
