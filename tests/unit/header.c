#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "base/err.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/utf8.h"

static void test_read(void)
{
	struct str block = STR_LIT("From: a@b\r\nSubject : folded\r\n\tover \r\n two\nno field\n "
				   "goes on\nX-Empty:\n\nBody: no\n");
	struct header_reader r;
	struct header_field f;
	struct buf b = { .limit = 0 };

	header_init(&r, block);
	check(header_next(&r, &f) == HEADER_FIELD && r.line == 2, "a field");
	check_same(f.name, "From", "name");
	check_same(f.body, " a@b", "body");
	check_same(f.whole, "From: a@b\r\n", "whole");
	check(header_next(&r, &f) == HEADER_FIELD && r.line == 5, "a folded field");
	check_same(f.name, "Subject", "blanks before the colon");
	check_same(f.body, " folded\r\n\tover \r\n two", "with its folding");
	header_unfold(&b, f.body);
	check_same(buf_str(&b), "folded\tover  two", "unfolded");
	check(header_next(&r, &f) == HEADER_MALFORMED && r.line == 7, "no field");
	check_same(f.whole, "no field\n goes on\n", "with what continues it");
	check(header_next(&r, &f) == HEADER_FIELD, "an empty one");
	check_same(f.name, "X-Empty", "its name");
	check_same(f.body, "", "its body");
	check(header_next(&r, &f) == HEADER_END && header_next(&r, &f) == HEADER_END, "the end, again and again");
	check_same(r.rest, "\nBody: no\n", "the rest begins with the empty line");
	check(header_length(block) == block.n - 9, "length of the block");
	check_same(header_find(block, "SUBJECT"), " folded\r\n\tover \r\n two", "found without case");
	check(header_find(block, "Body").p == NULL && header_find(block, "X").p == NULL, "not found");
	check(header_find(block, "X-Empty").p != NULL, "empty is found");
	buf_free(&b);
}

static void test_odd_blocks(void)
{
	struct header_reader r;
	struct header_field f;

	header_init(&r, STR_LIT(" leading\nA: b"));
	check(header_next(&r, &f) == HEADER_MALFORMED, "a block that begins with a blank");
	check(header_next(&r, &f) == HEADER_FIELD, "then a field");
	check_same(f.body, " b", "without a line end");
	header_init(&r, STR_LIT("A\xc3\xa9: b\n: c\nA B: d\n"));
	check(header_next(&r, &f) == HEADER_MALFORMED && header_next(&r, &f) == HEADER_MALFORMED &&
			header_next(&r, &f) == HEADER_MALFORMED,
		"names that are none");
	header_init(&r, STR_LIT("\r\nA: b\n"));
	check(header_next(&r, &f) == HEADER_END, "an empty block");
	check(header_length(STR_LIT("\r\nx")) == 2 && header_length(STR_LIT("\nx")) == 1, "its length");
	check(header_length(STR_LIT("A: b\r\n")) == 6 && header_length(STR_LIT("")) == 0, "a block without an end");
	check(header_length(STR_LIT("A: b\n\r\nx")) == 7, "mixed line ends");
}

/* What every written header promises. */
static bool lines_ok(struct str s, size_t max)
{
	if (!str_ends(s, STR_LIT("\r\n")))
		return false;
	while (s.n > 0) {
		size_t n = str_find(s, '\n');
		struct str line = str_sub(s, 0, n == 0 ? 0 : n - 1);

		if (n == 0 || s.p[n - 1] != '\r' || line.n > max || str_trim(line).n == 0 ||
			str_find(line, '\r') < line.n)
			return false;
		s = str_sub(s, n + 1, s.n);
	}
	return true;
}

static void test_write(void)
{
	static const char *const bad[] = { "", "A B", "A:", "A\r\nB", "\xc3\xa9" };
	struct buf b = { .limit = 0 };
	struct err err;

	check(header_add(&b, STR_LIT("X"), STR_LIT("  a\tb  "), &err), "short");
	check_same(buf_str(&b), "X: a\tb\r\n", "trimmed");
	buf_clear(&b);
	check(header_add(&b, STR_LIT("X"), STR_LIT(""), &err), "empty");
	check_same(buf_str(&b), "X:\r\n", "no blank behind the colon");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check(!header_add(&b, str_of(bad[i]), STR_LIT("x"), &err) && err.kind == ERR_DATA, "no name");
	check(!header_add(&b, STR_LIT("X"), STR_LIT("a\r\nBcc: b"), &err) && err.kind == ERR_DATA, "no injection");
	check(!header_add(&b, STR_LIT("X"), STR_LIT("a\n"), &err) &&
			!header_add(&b, STR_LIT("X"), STR_LIT("\r"), &err) &&
			!header_add(&b, STR_LIT("X"), STR_LIT("a\0b"), &err) &&
			!header_add(&b, STR_LIT("X"), STR_LIT("\x1b"), &err) &&
			!header_add(&b, STR_LIT("X"), STR_LIT("\x7f"), &err) &&
			!header_add(&b, STR_LIT("X"), STR_LIT("\xff"), &err),
		"no controls, no broken UTF-8");
	check(!header_add_text(&b, STR_LIT("X"), STR_LIT("a\r\nBcc: b"), &err) &&
			!header_add_text(&b, STR_LIT("X"), STR_LIT("\xc3\xa9\n"), &err) &&
			!header_add_text(&b, STR_LIT("A:"), STR_LIT("x"), &err),
		"nor by text");
	check_same(buf_str(&b), "X:\r\n", "and nothing is written then");
	buf_free(&b);
}

static void test_limits(void)
{
	struct buf b = { .limit = 0 };
	struct buf long_word = { .limit = 0 };
	struct buf back = { .limit = 0 };
	struct err err;

	for (int i = 0; i < 90; i++)
		buf_add_char(&long_word, 'x');
	check(header_add(&b, STR_LIT("X"), buf_str(&long_word), &err) && str_starts(buf_str(&b), STR_LIT("X: xxx")),
		"a wide first word stays with the name");
	buf_clear(&b);
	while (buf_len(&long_word) < 997)
		buf_add_char(&long_word, 'x');
	check(header_add(&b, STR_LIT("X"), buf_str(&long_word), &err) && lines_ok(buf_str(&b), 998), "997 octets fit");
	check(str_starts(buf_str(&b), STR_LIT("X:\r\n x")), "on a line of their own");
	buf_clear(&b);
	buf_add_char(&long_word, 'x');
	check(!header_add(&b, STR_LIT("X"), buf_str(&long_word), &err) && buf_len(&b) == 0, "998 do not");
	check(header_add_text(&b, STR_LIT("X"), buf_str(&long_word), &err) && lines_ok(buf_str(&b), 76), "but as text");
	header_unfold(&back, str_sub(buf_str(&b), 2, buf_len(&b)));
	buf_clear(&b);
	word_decode(&b, buf_str(&back));
	check(str_eq(buf_str(&b), buf_str(&long_word)), "which comes back");
	buf_clear(&b);
	b.limit = 100;
	check(!header_add_text(&b, STR_LIT("X"), buf_str(&long_word), &err) && buf_len(&b) == 0,
		"a full buffer is told");
	buf_free(&b);
	buf_free(&back);
	buf_free(&long_word);
}

/* Random values: what can be written is never blank or long, and reads back as it was. */
static void test_round_trip(void)
{
	struct str alphabets[] = { STR_LIT("abcdefghi    "), STR_LIT("ab \t"), STR_LIT("=? ?=q?utf-8bB_"),
		STR_LIT("ab          ") };
	struct buf value = { .limit = 0 };
	struct buf line = { .limit = 0 };
	struct buf back = { .limit = 0 };
	bool same = true;
	bool formed = true;

	for (int i = 0; i < 3000; i++) {
		random_octets(&value, i % 10 == 0 ? 3000 : 300, alphabets[i % 4]);
		buf_clear(&line);
		buf_clear(&back);
		if (!header_add(&line, STR_LIT("Comments"), buf_str(&value), NULL))
			continue;
		formed = formed && lines_ok(buf_str(&line), 998);
		header_unfold(&back, header_find(buf_str(&line), "comments"));
		same = same && str_eq(buf_str(&back), str_trim(buf_str(&value)));
	}
	check(formed, "no line is blank or over 998 octets");
	check(same, "unfold(fold(x)) is x");
	buf_free(&value);
	buf_free(&line);
	buf_free(&back);
}

/* A line with an encoded word is not over 76 octets (RFC 2047, 2). */
static bool words_ok(struct str s)
{
	while (s.n > 0) {
		struct str line = str_cut(&s, '\n');

		if (line.n > 77 && str_search(line, STR_LIT("=?UTF-8?")) < line.n)
			return false;
	}
	return true;
}

static void random_text(struct buf *out)
{
	static const char *const pieces[] = { "a", "word", " ", "  ", "\t", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x93\xa7", "=?", "?=", "_", "=", "\"", "x.y", "longerwordlongerword" };

	buf_clear(out);
	for (size_t n = random_below(80); n > 0; n--)
		buf_add_text(out, pieces[random_below(sizeof pieces / sizeof pieces[0])]);
}

static void test_text_round_trip(void)
{
	struct buf value = { .limit = 0 };
	struct buf line = { .limit = 0 };
	struct buf back = { .limit = 0 };
	struct buf text = { .limit = 0 };
	bool same = true;
	bool formed = true;

	for (int i = 0; i < 5000; i++) {
		random_text(&value);
		buf_clear(&line);
		buf_clear(&back);
		buf_clear(&text);
		bool ok = header_add_text(&line,
			i % 2 ? STR_LIT("Subject") : STR_LIT("X-A-Very-Long-Name-Of-A-Header-Field-Indeed"),
			buf_str(&value), NULL);

		formed = formed && ok && lines_ok(buf_str(&line), 998) && words_ok(buf_str(&line)) &&
			str_ascii(buf_str(&line));
		header_unfold(&back, str_sub(buf_str(&line), str_find(buf_str(&line), ':') + 1, buf_len(&line)));
		word_decode(&text, buf_str(&back));
		if (!str_eq(buf_str(&text), str_trim(buf_str(&value))))
			same = false;
	}
	check(formed, "any text can be written, in ASCII");
	check(same, "and comes back");
	buf_free(&value);
	buf_free(&line);
	buf_free(&back);
	buf_free(&text);
}

int main(void)
{
	test_read();
	test_odd_blocks();
	test_write();
	test_limits();
	test_round_trip();
	test_text_round_trip();
	return tap_done();
}
