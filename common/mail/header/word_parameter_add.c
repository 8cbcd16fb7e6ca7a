#include <config.h>

#include "mail/header/word.h"

#include "base/buf.h"
#include "text/hex.h"
#include "text/utf8.h"

#define LINE_WIDTH ((size_t)76)
#define FALLBACK_MAX ((size_t)50)

static bool is_token_char(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* attribute-char of RFC 2231. */
static bool is_attribute_char(char c)
{
	return is_token_char(c) && c != '*' && c != '\'' && c != '%';
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static void add_value(struct buf *out, struct str s)
{
	if (is_token(s))
		buf_add(out, s);
	else
		word_add_quoted(out, s);
}

/* The whole of ASCII that is left of s, in at most FALLBACK_MAX octets; an extension is kept. */
static void add_fallback(struct buf *out, const char *name, struct str s)
{
	char plain[FALLBACK_MAX + 8];
	size_t dot = s.n;
	size_t at = 0;

	for (size_t i = s.n > 7 ? s.n - 7 : 1; i < s.n; i++)
		if (s.p[i] == '.')
			dot = i;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool keep = c >= ' ' && c <= '~' && c != '"' && c != '\\';

		/* One "_" for a character, however many octets it has. */
		if ((i < dot && at >= FALLBACK_MAX) || (c & 0xc0) == 0x80)
			continue;
		plain[at++] = keep ? (char)c : '_';
	}
	buf_add_text(out, "; ");
	buf_add_text(out, name);
	buf_add_char(out, '=');
	add_value(out, str_at(plain, at));
}

/* Octets of the first character of s as RFC 2231 has them. */
static size_t extended_width(struct str s)
{
	return is_attribute_char(s.p[0]) ? 1 : s.n * 3;
}

static struct str first_character(struct str s)
{
	uint32_t code;

	return str_sub(s, 0, utf8_decode(s, &code));
}

static void add_extended(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_attribute_char((char)c)) {
			buf_add_char(out, (char)c);
		} else {
			hex_add_escape(out, '%', c);
		}
	}
}

/* name*=UTF-8''… where that fits in a line, else name*0*=…; name*1*=… and so on. */
static void add_sections(struct buf *out, const char *name, struct str s)
{
	size_t frame = strlen(name) + sizeof " *=UTF-8'';" - 1;
	size_t whole = 0;

	for (size_t i = 0; i < s.n; i++)
		whole += is_attribute_char(s.p[i]) ? 1 : 3;
	bool one = frame + whole <= LINE_WIDTH;

	for (unsigned number = 0; number == 0 || s.n > 0; number++) {
		size_t width = strlen(name) + sizeof " *0000*=;" - 1 + (number == 0 ? sizeof "UTF-8''" - 1 : 0);
		size_t n = 0;

		while (n < s.n) {
			struct str c = first_character(str_sub(s, n, s.n));

			/* A name too long to leave room for a character still gets one. */
			if (!one && n > 0 && width + extended_width(c) > LINE_WIDTH)
				break;
			width += extended_width(c);
			n += c.n;
		}
		if (one)
			buf_printf(out, "; %s*=UTF-8''", name);
		else
			buf_printf(out, "; %s*%u*=%s", name, number, number == 0 ? "UTF-8''" : "");
		add_extended(out, str_sub(s, 0, n));
		s = str_sub(s, n, s.n);
	}
}

bool word_add_parameter(struct buf *out, const char *name, struct str utf8, bool fallback)
{
	struct buf converted = { .limit = 0 };

	if (!utf8_valid(utf8)) {
		utf8_from_latin1(&converted, utf8);
		utf8 = buf_str(&converted);
	}
	if (str_ascii(utf8) && str_clean(utf8) && strlen(name) + utf8.n + sizeof " =\"\";" <= LINE_WIDTH) {
		buf_add_text(out, "; ");
		buf_add_text(out, name);
		buf_add_char(out, '=');
		add_value(out, utf8);
	} else {
		if (fallback)
			add_fallback(out, name, utf8);
		add_sections(out, name, utf8);
	}
	buf_free(&converted);
	return !out->full;
}
