#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "text/qp.h"

#define X10 "xxxxxxxxxx"
#define X70 X10 X10 X10 X10 X10 X10 X10

static void encode(struct buf *out, struct str s)
{
	struct qp state = { .n = 0 };

	buf_clear(out);
	qp_add(&state, out, s);
	qp_end(&state, out);
}

static void test_encode(void)
{
	static const struct {
		struct str in;
		const char *out;
		const char *name;
	} cases[] = {
		{ STR_LIT(""), "", "nothing" },
		{ STR_LIT("a\n"), "a\r\n", "LF" },
		{ STR_LIT("a\r\nb\rc\n"), "a\r\nb\r\nc\r\n", "CRLF and CR" },
		{ STR_LIT("a\n\r\n\rb\n"), "a\r\n\r\n\r\nb\r\n", "each of them ends a line" },
		{ STR_LIT("a"), "a=\r\n", "no line end of its own" },
		{ STR_LIT("a=b\xc3\xa9\0"), "a=3Db=C3=A9=00=\r\n", "escapes" },
		{ STR_LIT("a \nb\t\n"), "a=20\r\nb=09\r\n", "a blank before a line end" },
		{ STR_LIT("a "), "a =\r\n", "a soft break guards a blank" },
		{ STR_LIT(".\n..\na.\n"), "=2E\r\n=2E.\r\na.\r\n", "a dot that begins a line" },
		{ STR_LIT("From x\nFrom\nfrom x\n"), "=46rom x\r\nFrom\r\nfrom x\r\n", "From_" },
		{ STR_LIT(X70 "123456\n"), X70 "123456\r\n", "76 octets fit" },
		{ STR_LIT(X70 "1234567\n"), X70 "12345=\r\n67\r\n", "77 do not" },
		{ STR_LIT(X70 "12345 \n"), X70 "12345=\r\n=20\r\n",
			"a blank that must be escaped goes to the next line" },
		{ STR_LIT(X70 "123\xe9\n"), X70 "123=E9\r\n", "an escape that ends the line" },
		{ STR_LIT(X70 "1234\xe9\n"), X70 "1234=\r\n=E9\r\n", "an escape is not cut" },
		{ STR_LIT(X70 "12345.x\n"), X70 "12345=\r\n=2Ex\r\n", "a dot that a soft break puts first" },
		{ STR_LIT(X70 "12345From x\n"), X70 "12345=\r\n=46rom x\r\n", "From_ too" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		encode(&b, cases[i].in);
		check_same(buf_str(&b), cases[i].out, cases[i].name);
	}
	buf_free(&b);
}

static void test_decode(void)
{
	static const char *const pairs[][2] = {
		{ "a=3Db=c3=A9", "a=b\xc3\xa9" },
		{ "a=\r\nb", "ab" },
		{ "a=\nb", "ab" },
		{ "a= \t\r\nb", "ab" },
		{ "a \t\r\nb ", "a\r\nb" },
		{ "a=", "a" },
		{ "a=4", "a=4" },
		{ "a=4Z=zz", "a=4Z=zz" },
		{ "100% = 5", "100% = 5" },
		{ " a  b\n", " a  b\n" },
		{ "=20\n", " \n" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		qp_decode(&b, str_of(pairs[i][0]));
		check_same(buf_str(&b), pairs[i][1], "decoded");
	}
	buf_free(&b);
}

/* What the encoder promises of its lines. */
static bool lines_ok(struct str s)
{
	while (s.n > 0) {
		size_t n = str_find(s, '\n');
		struct str line = str_sub(s, 0, n == 0 ? 0 : n - 1);

		if (n == s.n || n == 0 || s.p[n - 1] != '\r' || line.n > 76 || !str_ascii(line))
			return false;
		if (str_starts(line, STR_LIT(".")) || str_starts(line, STR_LIT("From ")))
			return false;
		if (str_ends(line, STR_LIT(" ")) || str_ends(line, STR_LIT("\t")) || str_find(line, '\r') < line.n)
			return false;
		s = str_sub(s, n + 1, s.n);
	}
	return true;
}

static void with_crlf(struct buf *out, struct str s)
{
	buf_clear(out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && i > 0 && s.p[i - 1] == '\r')
			continue;
		if (s.p[i] == '\n' || s.p[i] == '\r')
			buf_add_text(out, "\r\n");
		else
			buf_add_char(out, s.p[i]);
	}
}

static void test_round_trip(void)
{
	struct str alphabets[] = {
		STR_NONE,
		STR_LIT("\r\n"),
		STR_LIT("a. From=\t\n\xc3"),
		STR_LIT("abcdefghijklmnopqrstuvwxyz     \r\n"),
	};
	struct buf in = { .limit = 0 };
	struct buf want = { .limit = 0 };
	struct buf whole = { .limit = 0 };
	struct buf out = { .limit = 0 };
	bool same = true;
	bool cuts = true;
	bool formed = true;

	for (int i = 0; i < 4000; i++) {
		struct qp state = { .n = 0 };

		random_octets(&in, 400, alphabets[i % 4]);
		encode(&whole, buf_str(&in));
		buf_clear(&out);
		for (struct str rest = buf_str(&in); rest.n > 0;) {
			size_t n = i % 3 == 0 ? 1 : random_below(rest.n + 1);

			qp_add(&state, &out, str_sub(rest, 0, n));
			rest = str_sub(rest, n, rest.n);
		}
		qp_end(&state, &out);
		cuts = cuts && str_eq(buf_str(&whole), buf_str(&out));
		formed = formed && lines_ok(buf_str(&whole));
		buf_clear(&out);
		qp_decode(&out, buf_str(&whole));
		with_crlf(&want, buf_str(&in));
		same = same && str_eq(buf_str(&out), buf_str(&want));
	}
	check(same, "decode(encode(x)) is x with CRLF");
	check(cuts, "in any cuts");
	check(formed, "no line is long, dangerous or ends in a blank");
	buf_free(&in);
	buf_free(&want);
	buf_free(&whole);
	buf_free(&out);
}

int main(void)
{
	test_encode();
	test_decode();
	test_round_trip();
	return tap_done();
}
