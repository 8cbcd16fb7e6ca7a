#include <config.h>

#include "mail/message/html_entity.h"

#include "base/buf.h"
#include "text/utf8.h"

/* The named ones that mail has: markup, Latin-1 letters and typography. Sorted by how often they
 * are met. */
static const struct {
	const char *name;
	uint16_t code;
} entities[] = {
	{ "nbsp", 0xa0 },
	{ "amp", '&' },
	{ "lt", '<' },
	{ "gt", '>' },
	{ "quot", '"' },
	{ "apos", '\'' },
	{ "ndash", 0x2013 },
	{ "mdash", 0x2014 },
	{ "rsquo", 0x2019 },
	{ "lsquo", 0x2018 },
	{ "ldquo", 0x201c },
	{ "rdquo", 0x201d },
	{ "hellip", 0x2026 },
	{ "bull", 0x2022 },
	{ "middot", 0xb7 },
	{ "euro", 0x20ac },
	{ "copy", 0xa9 },
	{ "reg", 0xae },
	{ "trade", 0x2122 },
	{ "shy", 0xad },
	{ "zwnj", 0x200c },
	{ "zwj", 0x200d },
	{ "ensp", 0x2002 },
	{ "emsp", 0x2003 },
	{ "thinsp", 0x2009 },
	{ "auml", 0xe4 },
	{ "ouml", 0xf6 },
	{ "uuml", 0xfc },
	{ "Auml", 0xc4 },
	{ "Ouml", 0xd6 },
	{ "Uuml", 0xdc },
	{ "szlig", 0xdf },
	{ "agrave", 0xe0 },
	{ "aacute", 0xe1 },
	{ "acirc", 0xe2 },
	{ "atilde", 0xe3 },
	{ "aring", 0xe5 },
	{ "aelig", 0xe6 },
	{ "ccedil", 0xe7 },
	{ "egrave", 0xe8 },
	{ "eacute", 0xe9 },
	{ "ecirc", 0xea },
	{ "euml", 0xeb },
	{ "igrave", 0xec },
	{ "iacute", 0xed },
	{ "icirc", 0xee },
	{ "iuml", 0xef },
	{ "eth", 0xf0 },
	{ "ntilde", 0xf1 },
	{ "ograve", 0xf2 },
	{ "oacute", 0xf3 },
	{ "ocirc", 0xf4 },
	{ "otilde", 0xf5 },
	{ "oslash", 0xf8 },
	{ "ugrave", 0xf9 },
	{ "uacute", 0xfa },
	{ "ucirc", 0xfb },
	{ "yacute", 0xfd },
	{ "thorn", 0xfe },
	{ "yuml", 0xff },
	{ "Agrave", 0xc0 },
	{ "Aacute", 0xc1 },
	{ "Acirc", 0xc2 },
	{ "Atilde", 0xc3 },
	{ "Aring", 0xc5 },
	{ "AElig", 0xc6 },
	{ "Ccedil", 0xc7 },
	{ "Egrave", 0xc8 },
	{ "Eacute", 0xc9 },
	{ "Ecirc", 0xca },
	{ "Euml", 0xcb },
	{ "Igrave", 0xcc },
	{ "Iacute", 0xcd },
	{ "Icirc", 0xce },
	{ "Iuml", 0xcf },
	{ "Ntilde", 0xd1 },
	{ "Ograve", 0xd2 },
	{ "Oacute", 0xd3 },
	{ "Ocirc", 0xd4 },
	{ "Otilde", 0xd5 },
	{ "Oslash", 0xd8 },
	{ "Ugrave", 0xd9 },
	{ "Uacute", 0xda },
	{ "Ucirc", 0xdb },
	{ "Yacute", 0xdd },
	{ "iexcl", 0xa1 },
	{ "iquest", 0xbf },
	{ "cent", 0xa2 },
	{ "pound", 0xa3 },
	{ "yen", 0xa5 },
	{ "sect", 0xa7 },
	{ "para", 0xb6 },
	{ "laquo", 0xab },
	{ "raquo", 0xbb },
	{ "lsaquo", 0x2039 },
	{ "rsaquo", 0x203a },
	{ "sbquo", 0x201a },
	{ "bdquo", 0x201e },
	{ "deg", 0xb0 },
	{ "plusmn", 0xb1 },
	{ "times", 0xd7 },
	{ "divide", 0xf7 },
	{ "frac12", 0xbd },
	{ "frac14", 0xbc },
	{ "frac34", 0xbe },
	{ "sup1", 0xb9 },
	{ "sup2", 0xb2 },
	{ "sup3", 0xb3 },
	{ "micro", 0xb5 },
	{ "ordf", 0xaa },
	{ "ordm", 0xba },
	{ "dagger", 0x2020 },
	{ "permil", 0x2030 },
	{ "larr", 0x2190 },
	{ "uarr", 0x2191 },
	{ "rarr", 0x2192 },
	{ "darr", 0x2193 },
	{ "harr", 0x2194 },
	{ "minus", 0x2212 },
	{ "ne", 0x2260 },
	{ "le", 0x2264 },
	{ "ge", 0x2265 },
	{ "infin", 0x221e },
	{ "hearts", 0x2665 },
	{ "check", 0x2713 },
	{ "OElig", 0x152 },
	{ "oelig", 0x153 },
	{ "Scaron", 0x160 },
	{ "scaron", 0x161 },
	{ "tilde", 0x2dc },
};

static bool number_of(struct str digits, unsigned base, uint32_t *code)
{
	uint32_t sum = 0;

	if (digits.n == 0 || digits.n > 8)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		char c = ascii_lower(digits.p[i]);
		unsigned digit = ascii_digit(c) ? (unsigned)(c - '0')
			: c >= 'a' && c <= 'f'  ? (unsigned)(c - 'a') + 10
						: 99;

		if (digit >= base || sum > 0x10ffff)
			return false;
		sum = sum * base + digit;
	}
	*code = sum;
	return true;
}

static bool code_of(struct str name, uint32_t *code)
{
	if (str_starts(name, STR_LIT("#x")) || str_starts(name, STR_LIT("#X")))
		return number_of(str_sub(name, 2, name.n), 16, code);
	if (str_starts(name, STR_LIT("#")))
		return number_of(str_sub(name, 1, name.n), 10, code);
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		if (str_eq(name, str_of(entities[i].name))) {
			*code = entities[i].code;
			return true;
		}
	}
	return false;
}

size_t html_entity(struct buf *out, struct str s)
{
	size_t end = str_find(str_sub(s, 0, 12), ';');
	uint32_t code;

	if (s.n < 3 || s.p[0] != '&' || end >= s.n || s.p[end] != ';' || !code_of(str_sub(s, 1, end - 1), &code))
		return 0;
	/* A no-break space is a blank in plain text, a soft hyphen and the joiners are nothing. */
	if (code == 0xa0)
		code = ' ';
	if (code == 0xad || code == 0x200c || code == 0x200d)
		return end + 1;
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		code = ' ';
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		code = 0xfffd;
	utf8_add(out, code);
	return end + 1;
}
