#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/set.h"

static void test_str(void)
{
	struct str s = STR_LIT("a,b,");
	uint64_t n = 7;

	check(str_ieq(STR_LIT("MAIL"), STR_LIT("mail")), "ASCII case is folded");
	check(!str_ieq(STR_LIT("\xc3\x84"), STR_LIT("\xc3\xa4")), "and nothing else is");
	check_same(str_cut(&s, ','), "a", "cut: first");
	check_same(str_cut(&s, ','), "b", "cut: second");
	check(s.n == 0 && s.p != NULL, "cut: an empty rest is still a rest");
	check_same(str_cut(&s, ','), "", "cut: empty");
	check(s.p == NULL, "cut: then none");
	check_same(str_trim(STR_LIT(" \t x y\r\n")), "x y", "trim");
	check(str_among(STR_LIT("TO"), "from to cc") && !str_among(STR_LIT("t"), "from to cc"), "among words");
	check(str_number(STR_LIT("18446744073709551615"), UINT64_MAX, &n) && n == UINT64_MAX, "greatest number");
	check(!str_number(STR_LIT("18446744073709551616"), UINT64_MAX, &n), "one more overflows");
	check(!str_number(STR_LIT("9"), 5, &n) && !str_number(STR_LIT(""), 5, &n) && !str_number(STR_LIT("-1"), 5, &n),
		"no number");
	check(str_search(STR_LIT("abcabd"), STR_LIT("abd")) == 3, "search");
	check(str_isearch(STR_LIT("abcABD"), STR_LIT("abd")) == 3, "search without case");
	check(str_cmp(STR_LIT("a"), STR_LIT("ab")) < 0 && str_cmp(STR_LIT("b"), STR_LIT("ab")) > 0, "order");
}

static void test_after_last(void)
{
	check(str_after_last(STR_LIT("a@b@c"), '@') == 4 && str_after_last(STR_LIT("a@"), '@') == 2,
		"after the last one");
	check(str_after_last(STR_LIT("abc"), '@') == 0 && str_after_last(STR_NONE, '@') == 0, "0 for none");
}

static void test_buf(void)
{
	struct buf b = { .limit = 10 };

	check(buf_add_text(&b, "0123456789"), "up to the limit");
	check(!buf_add_char(&b, 'x') && b.full, "not past it");
	check(strcmp(buf_text(&b), "0123456789") == 0, "a NUL does not count");
	buf_drop(&b, 4);
	check(buf_add_text(&b, "abcd"), "what was dropped makes room");
	check_same(buf_str(&b), "456789abcd", "a queue");
	buf_clear(&b);
	check(buf_printf(&b, "%d-%s", 42, "x") && !b.full, "printf");
	check_same(buf_str(&b), "42-x", "printf wrote");
	buf_free(&b);
	buf_init(&b, 0);
	for (int i = 0; i < 100000; i++) {
		buf_add_number(&b, (uint64_t)i % 10);
		if (i % 3 == 0)
			buf_drop(&b, 2);
	}
	check(buf_len(&b) == 100000 - 2 * 33334 + 1 || buf_len(&b) <= 100000, "a long queue");
	buf_free(&b);
}

static void test_err(void)
{
	struct err e = { 0 };

	check(!err_set(&e, ERR_TEMP, "%s", "late") && e.kind == ERR_TEMP, "kind");
	err_prefix(&e, "%s", "mx.example");
	check_same(str_of(e.text), "mx.example: late", "prefix");
	err_set(&e, ERR_DATA, "%0500d", 1);
	check(strcmp(e.text + strlen(e.text) - 3, "...") == 0, "a cut text says so");
}

static void test_set(void)
{
	struct set s = { 0 };
	char key[32];
	bool added;

	for (uint64_t i = 0; i < 5000; i++) {
		int n = snprintf(key, sizeof key, "k%d", (int)(i % 2500));

		struct set_entry *e = set_add(&s, str_at(key, (size_t)n), &added);

		if (added)
			e->value = i;
	}
	check(s.used == 2500, "each once");
	check(set_find(&s, STR_LIT("k2499"))->value == 2499, "value");
	check(set_find(&s, STR_LIT("k2500")) == NULL, "absent");
	set_free(&s);
	check(set_find(&s, STR_LIT("k1")) == NULL, "empty");
}

static void test_grow(void)
{
	uint64_t *p = NULL;
	size_t cap = 0;
	size_t moves = 0;
	bool ok = true;

	for (size_t n = 0; n < 1000; n++) {
		size_t had = cap;

		p = mem_grow(p, n, &cap, sizeof *p);
		moves += cap != had;
		ok = ok && cap > n;
		p[n] = n;
	}
	for (size_t n = 0; n < 1000; n++)
		ok = ok && p[n] == n;
	check(ok, "an array grows and keeps what it holds");
	check(moves == 8, "at twice the room each time");
	mem_free(p);
}

int main(void)
{
	test_str();
	test_after_last();
	test_buf();
	test_err();
	test_set();
	test_grow();
	return tap_done();
}
