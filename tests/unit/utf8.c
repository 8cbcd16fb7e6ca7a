#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "text/utf8.h"

static void test_valid(void)
{
	static const struct {
		struct str s;
		bool valid;
		const char *name;
	} cases[] = {
		{ STR_LIT(""), true, "nothing" },
		{ STR_LIT("a\0b"), true, "a NUL is a character" },
		{ STR_LIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa7"), true, "two, three and four octets" },
		{ STR_LIT("\xf4\x8f\xbf\xbf"), true, "U+10FFFF" },
		{ STR_LIT("\xf4\x90\x80\x80"), false, "U+110000" },
		{ STR_LIT("\xed\x9f\xbf\xee\x80\x80"), true, "beside the surrogates" },
		{ STR_LIT("\xed\xa0\x80"), false, "a surrogate" },
		{ STR_LIT("\xc0\xaf"), false, "overlong in two" },
		{ STR_LIT("\xe0\x80\xaf"), false, "overlong in three" },
		{ STR_LIT("\xf0\x80\x80\xaf"), false, "overlong in four" },
		{ STR_LIT("\xe2\x82"), false, "cut off" },
		{ STR_LIT("\x80"), false, "a continuation alone" },
		{ STR_LIT("\xff"), false, "0xff" },
		{ STR_LIT("\xc3\x28"), false, "no continuation" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check(utf8_valid(cases[i].s) == cases[i].valid, "valid: %s", cases[i].name);
}

static void test_all_code_points(void)
{
	struct buf b = { .limit = 0 };
	uint32_t bad = 0;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint32_t back = UINT32_MAX;

		if (c == 0xd800)
			c = 0xe000;
		buf_clear(&b);
		utf8_add(&b, c);
		bad += utf8_decode(buf_str(&b), &back) != buf_len(&b) || back != c;
	}
	check(bad == 0, "every code point comes back");
	buf_clear(&b);
	utf8_add(&b, 0xd800);
	utf8_add(&b, 0x110000);
	check_same(buf_str(&b), "\xef\xbf\xbd\xef\xbf\xbd", "what is none becomes U+FFFD");
	buf_free(&b);
}

/* What is taken has one form only: the one that utf8_add writes. */
static void test_one_form(void)
{
	struct buf b = { .limit = 0 };
	struct buf back = { .limit = 0 };
	size_t taken = 0;
	bool ok = true;

	for (int i = 0; i < 200000; i++) {
		uint32_t code;

		random_octets(&b, 4,
			random_below(2) == 0 ? STR_NONE : STR_LIT("\xc3\xe0\xe2\xed\xf0\xf4\x80\x8f\x90\xa0\xbf"));
		size_t n = utf8_decode(buf_str(&b), &code);

		if (n == 0)
			continue;
		buf_clear(&back);
		utf8_add(&back, code);
		ok = ok && str_eq(buf_str(&back), str_sub(buf_str(&b), 0, n));
		taken += n > 1;
	}
	check(ok && taken > 1000, "what is decoded is written the same again");
	buf_free(&b);
	buf_free(&back);
}

static void test_latin1(void)
{
	struct buf b = { .limit = 0 };

	utf8_from_latin1(&b,
		STR_LIT("\xa0Gr\xfc\xdf"
			"e \x80\x99"));
	check_same(buf_str(&b),
		"\xc2\xa0Gr\xc3\xbc\xc3\x9f"
		"e \xe2\x82\xac\xe2\x84\xa2",
		"Latin-1 with Windows-1252");
	buf_free(&b);
}

static void test_nfc(void)
{
	struct buf b = { .limit = 0 };

	check(utf8_nfc(&b,
		      STR_LIT("e\xcc\x81"
			      "a\xcc\xa7\xcc\x81")),
		"decomposed");
	check_same(buf_str(&b), "\xc3\xa9\xc3\xa1\xcc\xa7", "is composed, marks in order");
	buf_clear(&b);
	check(utf8_nfc(&b, STR_LIT("plain")), "ASCII");
	check_same(buf_str(&b), "plain", "is copied");
	check(!utf8_nfc(&b, STR_LIT("\xff")), "no UTF-8 is no text");
	buf_free(&b);
}

static void test_show(void)
{
	static const struct {
		struct str s;
		size_t max;
		const char *want;
	} cases[] = {
		{ STR_LIT("plain \xc3\xa9"), 80, "plain \xc3\xa9" },
		{ STR_LIT("\x1b[31m\n\t\r\x7f"), 80, "\\x1b[31m\\n\\t\\x0d\\x7f" },
		{ STR_LIT("\xc2\x9b"), 80, "\\xc2\\x9b" },
		{ STR_LIT("a\xe2\x80\xae"
			  "b"),
			80,
			"a\\xe2\\x80\\xae"
			"b" },
		{ STR_LIT("\xe2\x81\xa9\xe2\x81\xaa\xe2\x80\xa7"), 80, "\\xe2\\x81\\xa9\xe2\x81\xaa\xe2\x80\xa7" },
		{ STR_LIT("\xff\xc3"), 80, "\\xff\\xc3" },
		{ STR_LIT("abcdef"), 6, "abcdef" },
		{ STR_LIT("abcdefg"), 6, "abcdef..." },
		{ STR_LIT("abcde\xc3\xa9"), 6, "abcde..." },
		{ STR_LIT("ab\x01"), 5, "ab..." },
	};
	struct buf b = { .limit = 0 };
	bool clean = true;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		utf8_show(&b, cases[i].s, cases[i].max);
		check_same(buf_str(&b), cases[i].want, "show");
	}
	struct buf in = { .limit = 0 };

	for (int i = 0; i < 2000; i++) {
		random_octets(&in, 60, STR_NONE);
		buf_clear(&b);
		utf8_show(&b, buf_str(&in), 50);
		clean = clean && str_clean(buf_str(&b)) && utf8_valid(buf_str(&b)) && buf_len(&b) <= 53;
	}
	check(clean, "whatever comes, what is shown is clean UTF-8 within its limit");
	buf_free(&in);
	buf_free(&b);
}

int main(void)
{
	test_valid();
	test_all_code_points();
	test_one_form();
	test_latin1();
	test_nfc();
	test_show();
	return tap_done();
}
