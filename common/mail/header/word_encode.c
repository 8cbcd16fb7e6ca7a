#include <config.h>

#include "mail/header/word.h"

#include "base/buf.h"
#include "text/base64.h"
#include "text/hex.h"
#include "text/utf8.h"

/*
 * Decides what has to be encoded and how: Q if people can still half read it, else B. A word of 75 characters and
 * its space fit in a folded line of 76, which is why header_add can always fold what comes from here.
 */

#define LINE_WIDTH ((size_t)76)
#define WORD_MAX ((size_t)75)
#define WORD_FRAME ((size_t)12) /* =?UTF-8?Q??= */
#define WORD_LEAST ((size_t)24) /* the frame and one character of four escaped octets */
/* Past this a run without blanks, or of nothing but blanks, may not fit in a line of 998. */
#define RUN_MAX ((size_t)900)

static bool is_atom_char(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* What Q encoding lets stand as it is. In a phrase that is little (RFC 2047, 5, rule 3). */
static bool is_q_literal(char c, bool phrase)
{
	if (phrase)
		return ascii_alpha(c) || ascii_digit(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
	return c > ' ' && c <= '~' && c != '=' && c != '?' && c != '_';
}

static size_t q_width(struct str s, bool phrase)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ' ' || is_q_literal(s.p[i], phrase) ? 1 : 3;
	return n;
}

static void add_q(struct buf *out, struct str s, bool phrase)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == ' ') {
			buf_add_char(out, '_');
		} else if (is_q_literal((char)c, phrase)) {
			buf_add_char(out, (char)c);
		} else {
			hex_add_escape(out, '=', c);
		}
	}
}

/* How many octets of s, whole characters, one encoded word of width octets holds. */
static size_t chunk_length(struct str s, size_t width, bool q, bool phrase)
{
	size_t budget = q ? width - WORD_FRAME : (width - WORD_FRAME) / 4 * 3;
	size_t used = 0;
	size_t at = 0;
	uint32_t code;

	while (at < s.n) {
		size_t n = utf8_decode(str_sub(s, at, s.n), &code);
		size_t cost = q ? q_width(str_sub(s, at, n), phrase) : n;

		if (n == 0 || used + cost > budget)
			break;
		used += cost;
		at += n;
	}
	return at;
}

/* s, which is UTF-8, as encoded words with a blank between them; the first begins at column. In Q,
 * which people can half read, unless that is longer than B by more than a half. */
static void add_words(struct buf *out, struct str s, size_t column, bool phrase)
{
	bool q = q_width(s, phrase) <= (s.n + 2) / 3 * 6;
	size_t width = column + WORD_LEAST > LINE_WIDTH ? WORD_MAX : LINE_WIDTH - column;

	if (width > WORD_MAX)
		width = WORD_MAX;
	while (s.n > 0) {
		struct str chunk = str_sub(s, 0, chunk_length(s, width, q, phrase));

		buf_add_text(out, q ? "=?UTF-8?Q?" : "=?UTF-8?B?");
		if (q)
			add_q(out, chunk, phrase);
		else
			base64_add(out, chunk);
		buf_add_text(out, "?=");
		s = str_sub(s, chunk.n, s.n);
		if (s.n > 0)
			buf_add_char(out, ' ');
		width = WORD_MAX; /* a full word: the next one is on a line of its own */
	}
}

/* The blanks at the start of s and the word behind them; returns the length of both. */
static size_t next_piece(struct str s, size_t *blanks)
{
	size_t n = 0;

	while (n < s.n && ascii_blank(s.p[n]))
		n++;
	*blanks = n;
	while (n < s.n && !ascii_blank(s.p[n]))
		n++;
	return n;
}

static bool is_plain(struct str word)
{
	return word.n <= RUN_MAX && str_ascii(word) && str_clean(word) && str_search(word, STR_LIT("=?")) == word.n;
}

/* Encode from the first piece of s that needs it to the last one: blanks between two encoded words
 * are no part of the text, so plain words in between go into them. */
static void encode_text(struct buf *out, struct str s, size_t column)
{
	size_t start = s.n;
	size_t end = s.n;

	for (size_t at = 0, blanks, n; at < s.n; at += n) {
		n = next_piece(str_sub(s, at, s.n), &blanks);
		if (blanks > RUN_MAX || !is_plain(str_sub(s, at + blanks, n - blanks))) {
			if (start == s.n)
				start = at + (blanks > 0);
			end = at + n;
		} else if (start == s.n) {
			column = column + n > LINE_WIDTH ? n : column + n;
		}
	}
	buf_add(out, str_sub(s, 0, start));
	if (start == s.n)
		return;
	/* One blank stands before the first encoded word; what is more goes into it, since a word
	 * of 75 octets must fit in a line of 76 behind them. */
	add_words(out, str_sub(s, start, end - start), column + (start > 0), false);
	buf_add(out, str_sub(s, end, s.n));
}

bool word_encode_text(struct buf *out, struct str utf8, size_t column)
{
	struct buf converted = { .limit = 0 };

	if (!utf8_valid(utf8)) {
		utf8_from_latin1(&converted, utf8);
		utf8 = buf_str(&converted);
	}
	encode_text(out, utf8, column);
	buf_free(&converted);
	return !out->full;
}

/* Words of nothing but atom characters, with one blank between two. */
static bool is_atoms(struct str s)
{
	char last = ' ';

	for (size_t i = 0; i < s.n; i++) {
		if (!is_atom_char(s.p[i]) && (s.p[i] != ' ' || last == ' '))
			return false;
		last = s.p[i];
	}
	return last != ' ';
}

static bool fits_quotes(struct str s)
{
	for (size_t at = 0, blanks, n; at < s.n; at += n) {
		n = next_piece(str_sub(s, at, s.n), &blanks);
		/* Each octet may need a backslash. */
		if (n > RUN_MAX / 2 || !is_plain(str_sub(s, at + blanks, n - blanks)))
			return false;
	}
	return str_clean(s);
}

void word_add_quoted(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, s.p[i]);
	}
	buf_add_char(out, '"');
}

bool word_encode_phrase(struct buf *out, struct str utf8)
{
	struct buf converted = { .limit = 0 };

	if (!utf8_valid(utf8)) {
		utf8_from_latin1(&converted, utf8);
		utf8 = buf_str(&converted);
	}
	if (utf8.n > 0 && fits_quotes(utf8)) {
		if (is_atoms(utf8))
			buf_add(out, utf8);
		else
			word_add_quoted(out, utf8);
	} else {
		/* Room for the name of the field, which is not known here: "Resent-Reply-To: ". */
		add_words(out, utf8, 17, true);
	}
	buf_free(&converted);
	return !out->full;
}
