#include <config.h>

#include "tests/tap.h"

#include "mail/address/address.h"

/* Pieces of which addresses are made, good ones and bad ones. */
static const char *const pieces[] = {
	"a",
	"B",
	"z9",
	"0",
	".",
	"..",
	"@",
	"-",
	"--",
	"xn--",
	"_",
	"+",
	"!",
	" ",
	"\xc3\xbc",
	"Com",
	"de",
	"1",
	"example",
	"\"",
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
	"@a.",
	".b",
	"@@",
};

/* The quick way says what the plain one says, for every address. */
static bool agrees(struct str s)
{
	char key[ADDRESS_PLAIN_ROOM];
	bool capitals = false;
	bool want = false;
	size_t at = address_check_ascii(s);
	/* What is behind it must not matter. */
	char *slack = malloc(s.n + ADDRESS_PLAIN_SLACK);

	memset(slack, "a.@-"[rand() % 4], s.n + ADDRESS_PLAIN_SLACK);
	if (s.n > 0)
		memcpy(slack, s.p, s.n);
	bool same = address_plain_key(str_at(slack, s.n), key, &capitals) == at;

	free(slack);
	if (!same)
		return false;
	for (size_t i = 0; at > 0 && i < s.n; i++) {
		if (key[i] != ascii_lower(s.p[i]))
			return false;
		want = want || (i > at && s.p[i] != key[i]);
	}
	return at == 0 || want == capitals;
}

static void test_random(void)
{
	unsigned good = 0;
	bool ok = true;

	for (int round = 0; round < 400000 && ok; round++) {
		struct buf b = { .limit = 0 };

		/* Half of them have the shape of an address. */
		for (int n = rand() % 6; n >= 0; n--)
			buf_add_text(&b, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		if (round % 2 == 0) {
			buf_add_text(&b, "@");
			for (int n = rand() % 4; n >= 0; n--)
				buf_add_text(&b, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
			buf_add_text(&b, rand() % 2 == 0 ? ".com" : ".C-1");
		}
		ok = agrees(buf_str(&b));
		good += address_check_ascii(buf_str(&b)) > 0;
		if (!ok)
			printf("# %.*s\n", STR_ARGS(buf_str(&b)));
		buf_free(&b);
	}
	check(ok, "random addresses");
	check(good > 4000, "of which %u are good", good);
}

/* At the edges of the blocks that it looks at, in a heap block of just that size. */
static void test_lengths(void)
{
	bool ok = true;

	for (size_t local = 1; local < 80; local++)
		for (size_t label = 1; label < 80; label++) {
			size_t n = local + 1 + label + 3;
			char *p = malloc(n);

			memset(p, 'L', n);
			p[local] = '@';
			p[local + 1 + label] = '.';
			ok = ok && agrees(str_at(p, n));
			free(p);
		}
	check(ok, "all lengths");
	check(agrees(STR_LIT("")), "an empty one");
}

int main(void)
{
	srand(5);
	test_random();
	test_lengths();
	return tap_done();
}
