#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "text/base64.h"

static void test_known(void)
{
	static const char *const pairs[][2] = {
		/* RFC 4648, 10 */
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		base64_add(&b, str_of(pairs[i][0]));
		check_same(buf_str(&b), pairs[i][1], "encoded");
		buf_clear(&b);
		check(base64_decode(&b, str_of(pairs[i][1])), "strict takes it");
		check_same(buf_str(&b), pairs[i][0], "decoded");
	}
	buf_free(&b);
}

static void test_strict(void)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "=Zg=", "Z===", "====", "Zg==Zg==", "Zm9v\r\n",
		"Zm 9", "Zm-_", "Zh==", "Zm9=" };
	struct buf b = { .limit = 0 };

	buf_add_text(&b, "kept");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check(!base64_decode(&b, str_of(bad[i])), "strict refuses %s", bad[i]);
	check_same(buf_str(&b), "kept", "and leaves nothing behind");
	buf_free(&b);
}

static void test_loose(void)
{
	static const char *const pairs[][2] = {
		{ "Zm9v\r\nYmFy\r\n", "foobar" },
		{ "Zm9vYg", "foob" },
		{ "Zm9vYg=", "foob" },
		{ "Z g = =", "f" },
		{ "Zg==Zm8=", "ffo" },
		{ "*Zm9v!", "foo" },
		{ "Z", "" },
		{ "====", "" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		base64_decode_loose(&b, str_of(pairs[i][0]));
		check_same(buf_str(&b), pairs[i][1], "loose");
	}
	buf_free(&b);
}

static bool lines_ok(struct str s)
{
	while (s.n > 0) {
		size_t n = str_find(s, '\n');

		if (n == s.n || n < 2 || n > 77 || s.p[n - 1] != '\r' || (n < 77 && n + 1 < s.n))
			return false;
		s = str_sub(s, n + 1, s.n);
	}
	return true;
}

/* Random contents in random cuts: the same lines as in one piece, of the size that was foretold,
 * and back. */
static void test_round_trip(void)
{
	struct buf in = { .limit = 0 };
	struct buf out = { .limit = 0 };
	struct buf back = { .limit = 0 };
	bool same = true;
	bool sized = true;
	bool formed = true;

	for (int i = 0; i < 1500; i++) {
		struct base64_lines state = { .n = 0 };

		random_octets(&in, 400, STR_NONE);
		struct str rest = buf_str(&in);

		buf_clear(&out);
		while (rest.n > 0) {
			size_t n = random_below(rest.n + 1);

			same = same && base64_lines_add(&state, &out, str_sub(rest, 0, n));
			rest = str_sub(rest, n, rest.n);
		}
		same = same && base64_lines_end(&state, &out);
		formed = formed && lines_ok(buf_str(&out));
		sized = sized && base64_lines_size(buf_len(&in)) == buf_len(&out);
		buf_clear(&back);
		base64_decode_loose(&back, buf_str(&out));
		same = same && str_eq(buf_str(&in), buf_str(&back));
		buf_clear(&out);
		buf_clear(&back);
		base64_add(&out, buf_str(&in));
		same = same && base64_decode(&back, buf_str(&out)) && str_eq(buf_str(&in), buf_str(&back));
	}
	check(same, "decode(encode(x)) is x");
	check(sized, "the size is foretold");
	check(formed, "lines of 76 but the last");
	buf_free(&in);
	buf_free(&out);
	buf_free(&back);
}

int main(void)
{
	struct buf small = { .limit = 100 };
	struct base64_lines state = { .n = 0 };
	char octets[200] = { 0 };

	test_known();
	test_strict();
	test_loose();
	test_round_trip();
	check(!base64_lines_add(&state, &small, str_at(octets, sizeof octets)) && small.full, "a full buffer is told");
	buf_free(&small);
	return tap_done();
}
