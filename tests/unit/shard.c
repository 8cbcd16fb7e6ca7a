#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "mail/list/shard.h"

/* --shard K/N: what it may be, and that the shares never change. */

static void test_parse(void)
{
	static const struct {
		const char *text;
		uint32_t k, n;
	} good[] = { { "1/1", 1, 1 }, { "1/2", 1, 2 }, { "2/2", 2, 2 }, { "100000/100000", 100000, 100000 },
		{ "7/100000", 7, 100000 } };
	static const char *const bad[] = { "", "/", "1", "1/", "/1", "0/1", "0/0", "1/0", "3/2", "100001/100001",
		"1/100001", "-1/2", "1/-2", "a/2", "1/a", "1/2/3", " 1/2", "1 /2", "1/2 ", "1.0/2",
		"18446744073709551617/2", "1:2" };
	struct shard s;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		s = (struct shard){ .k = 0 };
		check(shard_parse(&s, good[i].text, NULL) && s.k == good[i].k && s.n == good[i].n, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err err = { 0 };

		s = (struct shard){ .k = 5, .n = 9 };
		check(!shard_parse(&s, bad[i], &err) && err.kind == ERR_USAGE && s.k == 5 && s.n == 9, "'%s' is none",
			bad[i]);
	}
}

/* Machines and versions have to agree on these for ever. */
static void test_shares(void)
{
	static const struct {
		const char *key;
		uint32_t of3, of10, of100000;
	} t[] = { { "a@x.example", 2, 9, 4219 }, { "b@x.example", 2, 7, 42887 }, { "ann@gmail.example", 1, 5, 61085 },
		{ "", 3, 7, 43547 } };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		static const uint32_t ns[] = { 3, 10, 100000 };
		const uint32_t want[] = { t[i].of3, t[i].of10, t[i].of100000 };

		for (int m = 0; m < 3; m++) {
			uint32_t found = 0;
			unsigned times = 0;

			for (uint32_t k = 1; k <= ns[m]; k++)
				if (shard_has(&(struct shard){ .k = k, .n = ns[m] }, str_of(t[i].key))) {
					found = k;
					times++;
				}
			check(times == 1 && found == want[m], "'%s' is in share %u/%u and no other", t[i].key,
				(unsigned)found, (unsigned)ns[m]);
		}
		check(shard_has(&(struct shard){ .k = 1, .n = 1 }, str_of(t[i].key)) &&
				shard_has(&(struct shard){ .k = 0 }, str_of(t[i].key)),
			"without shares there is one");
	}
}

int main(void)
{
	test_parse();
	test_shares();
	return tap_done();
}
