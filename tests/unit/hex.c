#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "text/hex.h"

static void test_known(void)
{
	static const unsigned char octets[] = { 0x00, 0x01, 0x09, 0x0a, 0x7f, 0x80, 0xc3, 0xff };
	char text[2 * sizeof octets + 1];
	unsigned char back[sizeof octets];

	memset(text, 'x', sizeof text);
	hex_encode(text, octets, sizeof octets);
	check_same(str_of(text), "0001090a7f80c3ff", "encoded in lower case, with a NUL");
	check(hex_decode(back, str_of(text)) && memcmp(back, octets, sizeof back) == 0, "decoded");
	check(hex_decode(back, STR_LIT("0001090A7F80C3fF")) && memcmp(back, octets, sizeof back) == 0, "either case");
	hex_encode(text, octets, 0);
	check(text[0] == '\0', "nothing is an empty text");
	check(hex_decode(back, STR_NONE), "and an empty text is nothing");
}

static void test_bad(void)
{
	static const char *const bad[] = { "0", "000", "0g", "g0", " 00", "00 ", "0x00", "+1", "-1", "0:", "/0", "@0",
		"`0" };
	unsigned char out[8];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check(!hex_decode(out, str_of(bad[i])), "refused: %s", bad[i]);
	check(!hex_decode(out, str_at("0\0", 2)), "refused: a NUL");
	check(!hex_decode(out, STR_LIT("0\xc3")), "refused: an octet over 0x7f");
}

static void test_octet(void)
{
	check(hex_octet(STR_LIT("C3A9")) == 0xc3, "the first two digits");
	check(hex_octet(STR_LIT("ff")) == 0xff, "exactly two");
	check(hex_octet(STR_LIT("f")) == -1, "one is too few");
	check(hex_octet(STR_NONE) == -1, "none too");
	check(hex_octet(STR_LIT("=3")) == -1 && hex_octet(STR_LIT("3=")) == -1, "not digits");
}

static void test_escape(void)
{
	struct buf b = { .limit = 5 };

	check(hex_add_escape(&b, '=', 0xc3), "an escape");
	check(!hex_add_escape(&b, '%', 0xa9), "whole or not at all");
	check_same(buf_str(&b), "=C3", "in upper case");
	buf_free(&b);
}

static void test_round(void)
{
	struct buf b = { .limit = 0 };
	bool same = true;

	for (int i = 0; i < 1000; i++) {
		char text[129];
		unsigned char back[64];

		random_octets(&b, sizeof back, STR_NONE);
		struct str s = buf_str(&b);

		hex_encode(text, s.p, s.n);
		same = same && strlen(text) == 2 * s.n && hex_decode(back, str_of(text)) &&
			str_eq(s, str_at((char *)back, s.n));
	}
	check(same, "decode(encode(x)) is x");
	buf_free(&b);
}

int main(void)
{
	test_known();
	test_bad();
	test_octet();
	test_escape();
	test_round();
	return tap_done();
}
