#include <config.h>

#include "text/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/buf.h"
#include "text/utf8.h"

#define NAME_MAX_LETTERS 24

enum kind { KIND_CONVERTER, KIND_UTF8, KIND_ASCII, KIND_LATIN1, KIND_LATIN9, KIND_UNKNOWN };

/*
 * Each charset with the names that mail has for it, in lower case and without what is neither letter nor digit. The
 * iconv name is one that glibc and musl both know; where they share none that is good enough, there are two. Where
 * mailers write a superset under an old name (GB2312, Big5, Shift_JIS, EUC-KR, ISO-8859-9) it is the superset, as
 * browsers do. Left out: UTF-7, in which markup hides from every filter, and the ISO-2022 forms of Chinese and Korean,
 * which hardly anybody sends and which musl has not.
 */
static const struct {
	const char *iconv; /* names to be tried, separated by blanks; NULL: by hand */
	const char *names;
	enum kind kind;
} charsets[] = {
	{ "ISO-8859-2", "iso88592 latin2 l2", KIND_CONVERTER },
	{ "ISO-8859-3", "iso88593 latin3", KIND_CONVERTER },
	{ "ISO-8859-4", "iso88594 latin4", KIND_CONVERTER },
	{ "ISO-8859-5", "iso88595", KIND_CONVERTER },
	{ "ISO-8859-6", "iso88596 iso88596i iso88596e", KIND_CONVERTER },
	{ "ISO-8859-7", "iso88597", KIND_CONVERTER },
	{ "ISO-8859-8", "iso88598 iso88598i iso88598e", KIND_CONVERTER },
	{ "ISO-8859-10", "iso885910 latin6", KIND_CONVERTER },
	{ "ISO-8859-11", "iso885911 tis620", KIND_CONVERTER },
	{ "ISO-8859-13", "iso885913 latin7", KIND_CONVERTER },
	{ "ISO-8859-14", "iso885914 latin8", KIND_CONVERTER },
	{ "ISO-8859-16", "iso885916 latin10", KIND_CONVERTER },
	{ "CP1250", "windows1250 cp1250", KIND_CONVERTER },
	{ "CP1251", "windows1251 cp1251", KIND_CONVERTER },
	{ "CP1253", "windows1253 cp1253", KIND_CONVERTER },
	{ "CP1254", "windows1254 cp1254 iso88599 latin5", KIND_CONVERTER },
	{ "CP1255", "windows1255 cp1255", KIND_CONVERTER },
	{ "CP1256", "windows1256 cp1256", KIND_CONVERTER },
	{ "CP1257", "windows1257 cp1257", KIND_CONVERTER },
	{ "CP1258", "windows1258 cp1258", KIND_CONVERTER },
	{ "CP874 ISO-8859-11", "windows874 cp874", KIND_CONVERTER },
	{ "CP866", "cp866 ibm866", KIND_CONVERTER },
	{ "KOI8-R", "koi8r koi8", KIND_CONVERTER },
	{ "KOI8-U", "koi8u koi8ru", KIND_CONVERTER },
	{ "ISO-2022-JP", "iso2022jp", KIND_CONVERTER },
	{ "EUC-JP", "eucjp xeucjp", KIND_CONVERTER },
	{ "CP932 SHIFT_JIS", "shiftjis sjis xsjis windows31j cp932", KIND_CONVERTER },
	{ "GB18030", "gb18030 gbk xgbk cp936 gb2312 gb231280 euccn", KIND_CONVERTER },
	{ "BIG5-HKSCS", "big5 xbig5 cp950 big5hkscs", KIND_CONVERTER },
	{ "CP949", "euckr ksc56011987 ksc5601 cp949 windows949 uhc", KIND_CONVERTER },
	{ NULL, "utf8", KIND_UTF8 },
	{ NULL, "usascii ascii ansix341968", KIND_ASCII },
	{ NULL, "iso88591 latin1 windows1252 cp1252", KIND_LATIN1 },
	{ NULL, "iso885915 latin9", KIND_LATIN9 },
};

#define N_CHARSETS (sizeof charsets / sizeof charsets[0])
_Static_assert(CHARSET_CONVERTERS == N_CHARSETS - 4, "those with a converter come first, and the header counts them");

static iconv_t opened[CHARSET_CONVERTERS];
static void *(*open_other)(const char *name);

static size_t charset_of(struct str name)
{
	char plain[NAME_MAX_LETTERS];
	size_t n = 0;
	size_t at = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]))
			continue;
		if (n == sizeof plain)
			return N_CHARSETS;
		plain[n++] = ascii_lower(name.p[i]);
	}
	while (at < N_CHARSETS && (n == 0 || !str_among(str_at(plain, n), charsets[at].names)))
		at++;
	return at;
}

size_t charset_converter(struct str name)
{
	size_t at = charset_of(name);

	return at < CHARSET_CONVERTERS ? at : CHARSET_CONVERTERS;
}

const char *charset_iconv_names(size_t converter)
{
	return charsets[converter].iconv;
}

void *charset_set_converter(size_t converter, void *to)
{
	void *before = opened[converter];

	opened[converter] = to;
	return before;
}

static enum kind kind_of(struct str name, size_t *at)
{
	*at = charset_of(name);
	if (*at == N_CHARSETS || (charsets[*at].kind == KIND_CONVERTER && opened[*at] == NULL))
		return KIND_UNKNOWN;
	return charsets[*at].kind;
}

bool charset_known(struct str name)
{
	size_t at;

	return kind_of(name, &at) != KIND_UNKNOWN;
}

static uint32_t latin9(unsigned char c)
{
	/* Where ISO 8859-15 differs from Latin-1. */
	static const uint16_t differs[][2] = { { 0xa4, 0x20ac }, { 0xa6, 0x160 }, { 0xa8, 0x161 }, { 0xb4, 0x17d },
		{ 0xb8, 0x17e }, { 0xbc, 0x152 }, { 0xbd, 0x153 }, { 0xbe, 0x178 } };

	for (size_t i = 0; i < sizeof differs / sizeof differs[0]; i++)
		if (differs[i][0] == c)
			return differs[i][1];
	return c;
}

static bool from_latin9(struct buf *out, struct str s)
{
	bool ok = true;

	for (size_t i = 0; ok && i < s.n; i++)
		ok = utf8_add(out, latin9((unsigned char)s.p[i]));
	return ok;
}

/* Forget the shift that the text before has left. musl forgets it only where it is told to in the text itself. */
static void reset(size_t at)
{
	char back_to_ascii[] = "\033(B";
	char none[16];
	char *in = back_to_ascii;
	char *to = none;
	size_t n = sizeof back_to_ascii - 1;
	size_t room = sizeof none;

	(void)iconv(opened[at], NULL, NULL, NULL, NULL);
	if (strcmp(charsets[at].iconv, "ISO-2022-JP") == 0)
		(void)iconv(opened[at], &in, &n, &to, &room);
}

/*
 * Converters give UTF-32LE and the UTF-8 is ours: what is not a character becomes U+FFFD, whatever the libc's tables
 * say. (Before 1.2.6 musl reads past its table for EUC-KR, and its writer of UTF-8 then writes before the room it was
 * given: CVE-2025-26519.)
 */
static bool add_utf32(struct buf *out, const char *p, size_t n)
{
	bool ok = true;

	for (size_t i = 0; ok && i + 4 <= n; i += 4) {
		const unsigned char *u = (const unsigned char *)p + i;

		ok = utf8_add(out, u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24);
	}
	return ok;
}

static bool convert(struct buf *out, iconv_t converter, struct str s)
{
	char piece[1024];
	char *in = (char *)(uintptr_t)s.p; /* iconv(3) lacks a const; it does not write there */
	bool ok = true;

	for (bool more = true; ok && more;) {
		char *to = piece;
		size_t room = sizeof piece;
		/* At the end of the input a second call gives what the converter holds back. */
		bool last = s.n == 0;
		size_t got = last ? iconv(converter, NULL, NULL, &to, &room) : iconv(converter, &in, &s.n, &to, &room);
		int fault = got == (size_t)-1 ? errno : 0;

		ok = add_utf32(out, piece, sizeof piece - room);
		more = !last || fault == E2BIG;
		if (fault == 0 || fault == E2BIG)
			continue;
		ok = ok && utf8_add(out, UTF8_REPLACEMENT);
		/* EILSEQ: one octet is passed over. EINVAL: the input ends within a character. */
		size_t skip = fault == EILSEQ && s.n > 0 ? 1 : s.n;

		in += skip;
		s.n -= skip;
	}
	return ok;
}

void charset_set_opener(void *(*open)(const char *name))
{
	open_other = open;
}

/* One that is not on our list, where there is somebody to open it. */
static bool convert_other(struct buf *out, struct str name, struct str s)
{
	char plain[NAME_MAX_LETTERS * 2];
	iconv_t converter;

	if (open_other == NULL || charset_of(name) < N_CHARSETS || name.n == 0 || name.n >= sizeof plain)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) && strchr("-_.:", name.p[i]) == NULL)
			return false;
		plain[i] = name.p[i];
	}
	plain[name.n] = '\0';
	converter = open_other(plain);
	if (converter == NULL)
		return false;
	(void)iconv(converter, NULL, NULL, NULL, NULL);
	return convert(out, converter, s);
}

bool charset_decode(struct buf *out, struct str name, struct str s)
{
	size_t before = buf_len(out);
	size_t at;
	bool ok = false;

	switch (kind_of(name, &at)) {
	case KIND_UTF8:
		ok = utf8_valid(s) && buf_add(out, s);
		break;
	case KIND_ASCII:
		ok = str_ascii(s) && buf_add(out, s);
		break;
	case KIND_LATIN1:
		ok = utf8_from_latin1(out, s);
		break;
	case KIND_LATIN9:
		ok = from_latin9(out, s);
		break;
	case KIND_CONVERTER:
		reset(at);
		ok = convert(out, opened[at], s);
		break;
	case KIND_UNKNOWN:
		ok = convert_other(out, name, s);
		break;
	}
	if (!ok)
		buf_cut(out, before);
	return ok;
}
