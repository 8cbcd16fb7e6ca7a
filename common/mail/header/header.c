#include <config.h>

#include "mail/header/header.h"

#include "base/buf.h"
#include "base/err.h"
#include "mail/header/word.h"
#include "text/utf8.h"

/*
 * Reading never copies: fields are slices of the block, with their folding. All writing goes through header_add,
 * whose check() is what keeps a line break in a cell of a list from beginning another field (header injection).
 */

/* RFC 2047 allows 76 octets to a line with an encoded word, RFC 5322 recommends 78: 76
 * serves both. */
#define FOLD_WIDTH ((size_t)76)
#define LINE_LIMIT ((size_t)998)
#define NAME_LIMIT ((size_t)76)

void header_init(struct header_reader *r, struct str block)
{
	*r = (struct header_reader){ .rest = block, .line = 1 };
}

/* Octets of the first line of s with its end; s.n when it has none. */
static size_t line_length(struct str s)
{
	size_t n = str_find(s, '\n');

	return n < s.n ? n + 1 : n;
}

static bool empty_line(struct str s)
{
	return s.n == 0 || s.p[0] == '\n' || (s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n');
}

/* The first line of s with the lines that continue it, and how many lines those are. */
static size_t field_length(struct str s, uint64_t *lines)
{
	size_t n = line_length(s);

	*lines = 1;
	while (n < s.n && ascii_blank(s.p[n])) {
		n += line_length(str_sub(s, n, s.n));
		++*lines;
	}
	return n;
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ':')
			return false;
	return s.n > 0;
}

static struct str without_end(struct str s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

enum header_event header_next(struct header_reader *r, struct header_field *field)
{
	uint64_t lines;

	*field = (struct header_field){ .whole = STR_NONE };
	if (empty_line(r->rest))
		return HEADER_END;
	size_t n = field_length(r->rest, &lines);
	struct str whole = str_sub(r->rest, 0, n);
	size_t colon = str_find(str_sub(whole, 0, line_length(whole)), ':');
	struct str name = str_sub(whole, 0, colon);

	r->rest = str_sub(r->rest, n, r->rest.n);
	r->line += lines;
	field->whole = whole;
	while (name.n > 0 && ascii_blank(name.p[name.n - 1]))
		name.n--;
	if (colon == line_length(whole) || !is_name(name))
		return HEADER_MALFORMED;
	field->name = name;
	field->body = without_end(str_sub(whole, colon + 1, whole.n));
	return HEADER_FIELD;
}

size_t header_length(struct str message)
{
	size_t at = 0;

	while (at < message.n) {
		struct str rest = str_sub(message, at, message.n);

		at += line_length(rest);
		if (empty_line(rest))
			return at;
	}
	return message.n;
}

struct str header_find(struct str block, const char *name)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	header_init(&r, block);
	while ((event = header_next(&r, &field)) != HEADER_END)
		if (event == HEADER_FIELD && str_ieq(field.name, str_of(name)))
			return field.body;
	return STR_NONE;
}

bool header_unfold(struct buf *out, struct str body)
{
	bool ok = true;

	body = str_trim(body);
	while (ok && body.n > 0) {
		size_t n = line_length(body);

		ok = buf_add(out, n < body.n ? without_end(str_sub(body, 0, n)) : body);
		body = str_sub(body, n, body.n);
	}
	return ok;
}

/* One step of folding: the blanks at the start of s and the word behind them. */
struct piece {
	size_t blanks;
	size_t word;
};

static struct piece next_piece(struct str s)
{
	struct piece p = { 0, 0 };

	while (p.blanks < s.n && ascii_blank(s.p[p.blanks]))
		p.blanks++;
	while (p.blanks + p.word < s.n && !ascii_blank(s.p[p.blanks + p.word]))
		p.word++;
	return p;
}

/*
 * Write value behind name, breaking lines before blanks. A piece always has a word, so no line is
 * blank; the first word stays on the line of the name as long as a line may be at all, since readers
 * give an empty first line's fold back as a blank.
 */
static bool fold(struct buf *out, size_t column, struct str value)
{
	bool first = true;

	while (value.n > 0) {
		struct piece p = next_piece(value);
		size_t blanks = first ? 1 : p.blanks;
		size_t width = blanks + p.word;
		bool over = column + width > FOLD_WIDTH;

		if (width > LINE_LIMIT)
			return false;
		if (first ? column + width > LINE_LIMIT : over) {
			buf_add_text(out, "\r\n");
			column = 0;
		}
		buf_add(out, first ? STR_LIT(" ") : str_sub(value, 0, blanks));
		buf_add(out, str_sub(value, p.blanks, p.word));
		column += width;
		value = str_sub(value, p.blanks + p.word, value.n);
		first = false;
	}
	return true;
}

static bool check(struct str name, struct str value, struct err *err)
{
	if (!is_name(name) || name.n > NAME_LIMIT)
		return err_set(err, ERR_DATA, "\"%.*s\" is no name of a header field", (int)(name.n < 80 ? name.n : 80),
			name.p == NULL ? "" : name.p);
	for (size_t i = 0; i < value.n; i++)
		if (ascii_control(value.p[i]) && value.p[i] != '\t')
			return err_set(err, ERR_DATA, "%.*s: a %s in a header field", STR_ARGS(name),
				value.p[i] == '\r' || value.p[i] == '\n' ? "line break" : "control character");
	if (!utf8_valid(value))
		return err_set(err, ERR_DATA, "%.*s: the value is not UTF-8", STR_ARGS(name));
	return true;
}

/* Printable ASCII, without blanks at its ends. */
static bool is_plain(struct str value)
{
	if (value.n == 0 || value.p[0] == ' ' || value.p[value.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] > '~')
			return false;
	return true;
}

/* Most fields: they fit one line, as they are. False, with nothing added: it is another one. */
static bool add_short(struct buf *out, struct str name, struct str value)
{
	size_t n = name.n + value.n + 4;
	char *room;

	if (name.n + 2 + value.n > FOLD_WIDTH || !is_name(name) || !is_plain(value) ||
		(room = buf_room(out, n)) == NULL)
		return false;
	memcpy(room, name.p, name.n);
	memcpy(room + name.n, ": ", 2);
	memcpy(room + name.n + 2, value.p, value.n);
	memcpy(room + name.n + 2 + value.n, "\r\n", 2);
	buf_added(out, n);
	return true;
}

bool header_add(struct buf *out, struct str name, struct str value, struct err *err)
{
	size_t start = buf_len(out);

	if (add_short(out, name, value))
		return true;
	if (!check(name, value, err))
		return false;
	value = str_trim(value);
	buf_add(out, name);
	buf_add_char(out, ':');
	if (!fold(out, name.n + 1, value)) {
		buf_cut(out, start);
		return err_set(err, ERR_DATA, "%.*s: over %zu octets without a blank, too long for a line",
			STR_ARGS(name), LINE_LIMIT - 1);
	}
	buf_add_text(out, "\r\n");
	if (out->full) {
		buf_cut(out, start);
		return err_set(err, ERR_DATA, "%.*s: the header is too large", STR_ARGS(name));
	}
	return true;
}

bool header_add_text(struct buf *out, struct str name, struct str utf8, struct err *err)
{
	struct buf value = { .limit = 0 };
	bool ok = false;

	/* Nothing in it looks like an encoded word. */
	if (str_find(utf8, '=') == utf8.n && add_short(out, name, utf8))
		return true;
	if (!check(name, utf8, err))
		goto out;
	word_encode_text(&value, str_trim(utf8), name.n + 2);
	if (value.full) {
		err_set(err, ERR_DATA, "%.*s: the value is too large", STR_ARGS(name));
		goto out;
	}
	ok = header_add(out, name, buf_str(&value), err);
out:
	buf_free(&value);
	return ok;
}
