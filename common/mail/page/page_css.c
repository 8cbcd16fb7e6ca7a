#include <config.h>

#include "mail/page/page_state.h"

/*
 * CSS is not parsed, only read far enough to find what names an address. The policies of the page and the frame
 * forbid every load anyway; this keeps the pictures of the message and tells how many others there were. A
 * backslash, by which "url" can be written in other ways, becomes a space outside of strings, and so does
 * whatever is left out: two halves of a word never come together.
 */

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r' || c == '\f';
}

static bool is_name(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* A string with its quotes, up to its end or the end of its line. */
static size_t string_length(struct str s)
{
	size_t i = 1;

	while (i < s.n && s.p[i] != s.p[0] && !is_line_end(s.p[i])) {
		if (str_starts(str_sub(s, i, 3), STR_LIT("\\\r\n")))
			i++;
		i += s.p[i] == '\\' || s.p[i] == '\r' ? 2 : 1;
	}
	return i < s.n ? i + 1 : s.n;
}

static void add_plain(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<')
			buf_add_text(out, "\\3c ");
		else if (s.p[i] == '\0')
			buf_add_char(out, ' ');
		else
			buf_add_char(out, s.p[i]);
	}
}

/* What follows "url(": the picture, or none. Returns how much of s it takes. */
static size_t add_url(struct buf *out, struct str s, struct page_pictures *p)
{
	size_t blank = 0;
	size_t end;
	struct str url;

	while (blank < s.n && (s.p[blank] == ' ' || s.p[blank] == '\n' || s.p[blank] == '\t' || s.p[blank] == '\r'))
		blank++;
	struct str rest = str_sub(s, blank, s.n);

	if (rest.n > 0 && (rest.p[0] == '"' || rest.p[0] == '\'')) {
		size_t n = string_length(rest);

		url = str_sub(rest, 1, n >= 2 ? n - 2 : 0);
		end = blank + n;
		end += str_find(str_sub(s, end, s.n), ')');
	} else {
		url = str_sub(rest, 0, str_find(rest, ')'));
		end = blank + url.n;
	}
	struct buf data = { .limit = out->limit };

	if (page_picture(p, url, &data)) {
		buf_add_text(out, "url(\"");
		buf_add(out, buf_str(&data));
		buf_add_text(out, "\")");
	} else {
		buf_add_text(out, "none");
	}
	buf_free(&data);
	return end < s.n ? end + 1 : s.n;
}

/* A word of s, and what follows it if that is an address. */
static size_t add_word(struct buf *out, struct str s, struct page_pictures *p)
{
	size_t n = 0;

	while (n < s.n && is_name(s.p[n]))
		n++;
	struct str word = str_sub(s, 0, n);
	bool call = n < s.n && s.p[n] == '(';

	if (call && str_ieq(word, STR_LIT("url")))
		return n + 1 + add_url(out, str_sub(s, n + 1, s.n), p);
	if (call && (str_iends(word, STR_LIT("image-set")) || str_among(word, "src image expression element"))) {
		p->found->remote++;
		buf_add_text(out, "x-removed");
		return n;
	}
	buf_add(out, word);
	return n;
}

static size_t skip_comment(struct str s)
{
	size_t n = str_search(str_sub(s, 2, s.n), STR_LIT("*/"));

	return n + 4 < s.n ? n + 4 : s.n;
}

/* An at-rule that loads: up to its semicolon. 0 for another one. */
static size_t skip_import(struct str s, struct page_pictures *p)
{
	size_t n = str_find(s, ';');

	if (!str_istarts(s, STR_LIT("@import")))
		return 0;
	p->found->remote++;
	return n < s.n ? n + 1 : s.n;
}

/* Returns how much of s, which is not empty, was taken. */
static size_t add_next(struct buf *out, struct str s, struct page_pictures *p)
{
	size_t n;

	bool comment = str_starts(s, STR_LIT("/*"));

	if (comment || str_starts(s, STR_LIT("<!--")) || str_starts(s, STR_LIT("-->"))) {
		buf_add_char(out, ' ');
		return comment ? skip_comment(s) : s.p[0] == '<' ? 4 : 3;
	}
	switch (s.p[0]) {
	case '"':
	case '\'':
		n = string_length(s);
		add_plain(out, str_sub(s, 0, n));
		return n;
	case '\\':
		buf_add_char(out, ' ');
		return 1;
	case '@':
		n = skip_import(s, p);
		buf_add_char(out, n > 0 ? ' ' : '@');
		return n > 0 ? n : 1;
	default:
		if (is_name(s.p[0]))
			return add_word(out, s, p);
		add_plain(out, str_sub(s, 0, 1));
		return 1;
	}
}

void page_css(struct buf *out, struct str css, struct page_pictures *p)
{
	while (css.n > 0)
		css = str_sub(css, add_next(out, css, p), css.n);
}
