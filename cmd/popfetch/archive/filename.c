#include <config.h>

#include "cmd/popfetch/archive/filename.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/buf.h"
#include "text/hex.h"
#include "text/utf8.h"

#define NAME_MAX_BYTES 120
#define ENDING_MAX 12

/*
 * Types in which nothing runs when a browser or the desktop opens them from a link. No HTML, SVG, XML, mail
 * (.eml and .mht are web pages to a browser), scripts, programs or links.
 */
static const char harmless[] =
	"png jpg jpeg jfif gif webp bmp avif heic tif tiff pdf txt csv tsv log md json ics vcf patch diff doc docx xls xlsx ppt "
	"pptx odt ods odp rtf pages numbers epub mp3 m4a aac flac ogg oga opus wav mp4 m4v mov avi mkv webm ogv 3gp zip gz tgz "
	"tar bz2 xz zst 7z rar asc sig p7s p7m";
static const char devices[] =
	"con prn aux nul clock$ conin$ conout$ com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt0 lpt1 "
	"lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9 com\xc2\xb9 com\xc2\xb2 com\xc2\xb3 lpt\xc2\xb9 "
	"lpt\xc2\xb2 lpt\xc2\xb3";

/* Nothing to see, or something that changes how what is beside it reads. */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
		(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
		c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe000 && c <= 0xf8ff) || c >= 0xe0000;
}

static void add_clean(struct buf *out, struct str s)
{
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_decode(s, &code);

		if (n == 0 || is_hidden(code) || (code < 0x80 && strchr("<>:\"|?*/\\", (int)code) != NULL))
			buf_add_char(out, '_');
		else
			buf_add(out, str_sub(s, 0, n));
		s = str_sub(s, n == 0 ? 1 : n, s.n);
	}
}

/* Where the ending begins, with its dot; s.n without one. */
static size_t ending_at(struct str s)
{
	size_t dot = str_after_last(s, '.');

	return dot > 1 && s.n - dot <= ENDING_MAX && dot < s.n ? dot - 1 : s.n;
}

/* At most n bytes of s, no character cut. */
static struct str shortened(struct str s, size_t n)
{
	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_sub(s, 0, n);
}

static struct str trimmed(struct str s)
{
	while (s.n > 0 && strchr(" .", s.p[s.n - 1]) != NULL)
		s.n--;
	while (s.n > 0 && s.p[0] == ' ')
		s = str_sub(s, 1, s.n);
	return s;
}

/* One clean component of the right length; empty when nothing of it is left. */
static void add_component(struct buf *out, struct str wanted)
{
	struct buf utf8 = { .limit = 0 };
	struct buf clean = { .limit = 0 };
	size_t slash = str_after_last(wanted, '/');
	size_t back = str_after_last(wanted, '\\');

	wanted = str_sub(wanted, slash > back ? slash : back, 4096);
	if (!utf8_nfc(&utf8, wanted))
		utf8_from_latin1(&utf8, wanted);
	add_clean(&clean, buf_str(&utf8));
	struct str name = trimmed(buf_str(&clean));
	struct str ending = str_sub(name, ending_at(name), name.n);
	struct str stem = trimmed(shortened(str_sub(name, 0, name.n - ending.n), NAME_MAX_BYTES - ending.n));

	if (stem.n > 0) {
		struct str first = str_sub(stem, 0, str_find(stem, '.'));

		if (stem.p[0] == '.' || stem.p[0] == '-' || str_among(trimmed(first), devices))
			buf_add_char(out, '_');
		buf_add(out, stem);
		buf_add(out, ending);
	}
	buf_free(&utf8);
	buf_free(&clean);
}

/* Browsers take a file for HTML by its first bytes where its ending tells them nothing. */
static bool looks_like_markup(struct str head)
{
	if (str_starts(head, STR_LIT("\xef\xbb\xbf")))
		head = str_sub(head, 3, head.n);
	while (head.n > 0 && ((unsigned char)head.p[0] <= ' '))
		head = str_sub(head, 1, head.n);
	return head.n > 0 && head.p[0] == '<';
}

static bool is_harmless(struct str name, struct str head)
{
	struct str ending = str_sub(name, ending_at(name) + 1, name.n);

	return str_among(ending, harmless) && (!looks_like_markup(head) || str_ieq(ending, STR_LIT("txt")));
}

/* The same for two names that a file system may take for one. False when it was there. */
static bool take(struct set *used, struct str name)
{
	size_t n = 0;
	uint8_t *folded = u8_casefold((const uint8_t *)name.p, name.n, NULL, UNINORM_NFKC, NULL, &n);
	bool added = false;

	(void)set_add(used, folded != NULL ? str_at((const char *)folded, n) : name, &added);
	free(folded);
	return added;
}

void filename_add(struct buf *out, struct str wanted, struct str head, struct set *used)
{
	struct buf name = { .limit = 0 };
	struct buf tried = { .limit = 0 };
	unsigned number = 1;

	add_component(&name, wanted);
	if (buf_len(&name) == 0)
		buf_add_text(&name, "attachment");
	if (!is_harmless(buf_str(&name), head))
		buf_add_text(&name, ".txt");
	struct str whole = buf_str(&name);
	size_t dot = ending_at(whole);

	buf_add(&tried, whole);
	while (!take(used, buf_str(&tried))) {
		buf_clear(&tried);
		buf_add(&tried, str_sub(whole, 0, dot));
		buf_printf(&tried, "-%u", ++number);
		buf_add(&tried, str_sub(whole, dot, whole.n));
	}
	buf_add(out, buf_str(&tried));
	buf_free(&name);
	buf_free(&tried);
}

void filename_add_url(struct buf *out, struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];

		if (ascii_alpha(c) || ascii_digit(c) || strchr("/._~-", c) != NULL)
			buf_add_char(out, c);
		else
			hex_add_escape(out, '%', (unsigned char)c);
	}
}
