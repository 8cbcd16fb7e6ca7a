#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "base/err.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/utf8.h"

static void test_text(void)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "plain text, as it is", "plain text, as it is" },
		{ "the caf\xc3\xa9s of the old town are closed",
			"the =?UTF-8?Q?caf=C3=A9s?= of the old town are closed" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e aus K\xc3\xb6ln an alle",
			"=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?= an alle" },
		{ "Re: Gr\xc3\xbc\xc3\x9f"
		  "e",
			"Re: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=" },
		{ "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "=?UTF-8?B?0J/RgNC40LLQtdGC?=" },
		{ "literal =?x?= here", "literal =?UTF-8?B?PT94Pz0=?= here" },
		{ "50% = half?", "50% = half?" },
		{ "old \xe9", "old =?UTF-8?Q?=C3=A9?=" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		word_encode_text(&b, str_of(pairs[i][0]), 9);
		check_same(buf_str(&b), pairs[i][1], "text");
	}
	buf_free(&b);
}

static void test_phrase(void)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "John Smith", "John Smith" },
		{ "John  Smith", "\"John  Smith\"" },
		{ "Smith, John", "\"Smith, John\"" },
		{ "John Q. Public", "\"John Q. Public\"" },
		{ "A \"B\" \\C", "\"A \\\"B\\\" \\\\C\"" },
		{ "a@b", "\"a@b\"" },
		{ "J\xc3\xb6rg (home)", "=?UTF-8?Q?J=C3=B6rg_=28home=29?=" },
		{ "=?utf-8?Q?x?=", "=?UTF-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=" },
		{ "tab\there", "=?UTF-8?Q?tab=09here?=" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		word_encode_phrase(&b, str_of(pairs[i][0]));
		check_same(buf_str(&b), pairs[i][1], "phrase");
	}
	buf_free(&b);
}

static void test_decode(void)
{
	static const char *const pairs[][2] = {
		{ "=?UTF-8?Q?a=C3=A9_b?= c", "a\xc3\xa9 b c" },
		{ "=?utf-8?b?w6k=?=  =?utf-8?q?x?=", "\xc3\xa9x" },
		{ "=?utf-8?q?a?=\r\n\t=?utf-8?q?b?= \r\n c", "ab \r\n c" },
		{ "=?iso-8859-1?q?=E9?= =?utf-8?q?=C3=A9?=", "\xc3\xa9\xc3\xa9" },
		{ "=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\xc3\xa9" }, /* a character cut in two */
		{ "=?UTF-8*en?Q?x?=", "x" },                       /* RFC 2231 language */
		{ "=?windows-1252?Q?=80?=", "\xe2\x82\xac" },
		{ "=?utf-8?q?with blank?=", "with blank" },
		{ "=?koi8-r?q?=C1?=", "=?koi8-r?q?=C1?=" },
		{ "=?utf-8?q?=FF?=", "=?utf-8?q?=FF?=" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8?q?open", "=?utf-8?q?open" },
		{ "=?utf-8?q?a?b?=", "=?utf-8?q?a?b?=" },
		{ "a =?utf-8?q?"
		  "?= b",
			"a  b" },
		{ "x=?utf-8?q?y?=z", "xyz" },
		{ "= =? =?? ?=", "= =? =?? ?=" },
		{ "=?utf-8?q?=4?==?utf-8?q?a=?=", "=4a=" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		word_decode(&b, str_of(pairs[i][0]));
		check_same(buf_str(&b), pairs[i][1], pairs[i][0]);
	}
	buf_free(&b);
}

static void test_add_parameter(void)
{
	static const struct {
		const char *value;
		bool fallback;
		const char *want;
	} cases[] = {
		{ "a.pdf", false, "; filename=a.pdf" },
		{ "a b.pdf", true, "; filename=\"a b.pdf\"" },
		{ "a\"\\.pdf", false, "; filename=\"a\\\"\\\\.pdf\"" },
		{ "", false, "; filename=\"\"" },
		{ "a b\xc3\xa9.pdf", true, "; filename=\"a b_.pdf\"; filename*=UTF-8''a%20b%C3%A9.pdf" },
		{ "r\xc3\xa9sum\xc3\xa9.pdf", false, "; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf" },
		{ "r\xc3\xa9sum\xc3\xa9.pdf", true, "; filename=r_sum_.pdf; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf" },
		{ "a\r\nb", false, "; filename*=UTF-8''a%0D%0Ab" },
		{ "r\xe9", false, "; filename*=UTF-8''r%C3%A9" },
		{ "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"
		  ".txt",
			false,
			"; filename*0*=UTF-8''abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijab;"
			" filename*1*=cdefghijabcdefghijabcdefghij.txt" },
		{ "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
		  "\xac\xe2\x82\xac.txt",
			false,
			"; filename*0*=UTF-8''%E2%82%AC%E2%82%AC%E2%82%AC%E2%82%AC%E2%82%AC;"
			" filename*1*=%E2%82%AC%E2%82%AC%E2%82%AC.txt" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		word_add_parameter(&b, "filename", str_of(cases[i].value), cases[i].fallback);
		check_same(buf_str(&b), cases[i].want, "parameter");
	}
	buf_free(&b);
}

static void test_parameter(void)
{
	static const struct {
		const char *body;
		const char *want; /* NULL: not there */
	} cases[] = {
		{ " attachment; filename=a.pdf", "a.pdf" },
		{ "attachment ; x=1;\r\n\tFILENAME = \"a \\\"b\\\"\r\n .pdf\" ; y=2", "a \"b\" .pdf" },
		{ "attachment (x; filename=no); filename=yes", "yes" },
		{ "attachment; x=\"; filename=no\"; filename=yes", "yes" },
		{ "attachment; filename=with blanks (1).pdf; size=3", "with blanks (1).pdf" },
		{ "attachment; filename*=UTF-8''r%C3%A9sum%c3%a9; filename=plain", "r\xc3\xa9sum\xc3\xa9" },
		{ "attachment; filename*=iso-8859-1'de'%E9", "\xc3\xa9" },
		{ "attachment; filename*=unknown'x'%E9", "\xc3\xa9" },
		{ "attachment; filename*=%41", "A" },
		{ "attachment; filename*1=\"b c\"; filename*0*=utf-8''%C3; filename*2*=%C3%A9", NULL },
		{ "attachment; filename*1=\" b\"; filename*0*=utf-8''%C3%A9; filename*2*=%C3%A9",
			"\xc3\xa9 b\xc3\xa9" },
		{ "attachment; filename*0=a; filename*2=c", "a" },
		{ "attachment; filename==?utf-8?b?w6k=?=", "\xc3\xa9" },
		{ "attachment; filename=\"=?utf-8?q?=C3=A9?= =?utf-8?q?x?=\"", "\xc3\xa9x" },
		{ "attachment; filename=\xe9", "\xc3\xa9" },
		{ "attachment; filename=\"open", "open" },
		{ "attachment; filename=", "" },
		{ "attachment; filename; x=y", NULL },
		{ "attachment; filenames=x; file=y", NULL },
		{ "filename=x", NULL },
		{ "", NULL },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		bool there = word_parameter(str_of(cases[i].body), "filename", &b);

		if (cases[i].want == NULL && i == 9)
			check(there && utf8_valid(buf_str(&b)), "broken octets still give a name");
		else if (cases[i].want == NULL)
			check(!there, "not there: %s", cases[i].body);
		else
			check_same(buf_str(&b), cases[i].want, cases[i].body);
	}
	buf_free(&b);
}

static void random_name(struct buf *out)
{
	static const char *const pieces[] = { "a", ".txt", " ", "\"", "\\", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x93\xa7", "%", "'", "*", ";", "(", "\n", "word" };

	buf_clear(out);
	for (size_t n = random_below(60); n > 0; n--)
		buf_add_text(out, pieces[random_below(sizeof pieces / sizeof pieces[0])]);
}

/* No encoded word is over 75 octets or holds half a character. */
static bool words_ok(struct str s)
{
	struct buf text = { .limit = 0 };
	bool ok = true;

	while (s.n > 0) {
		struct str word = str_cut(&s, ' ');

		if (!str_starts(word, STR_LIT("=?UTF-8?")))
			continue;
		buf_clear(&text);
		word_decode(&text, word);
		ok = ok && word.n <= 75 && utf8_valid(buf_str(&text)) && !str_eq(buf_str(&text), word);
	}
	buf_free(&text);
	return ok;
}

static void test_round_trip(void)
{
	struct buf name = { .limit = 0 };
	struct buf field = { .limit = 0 };
	struct buf back = { .limit = 0 };
	bool same = true;
	bool folded = true;
	bool words = true;

	for (int i = 0; i < 5000; i++) {
		random_name(&name);
		buf_clear(&field);
		buf_clear(&back);
		buf_add_text(&field, "attachment");
		word_add_parameter(&field, "filename", buf_str(&name), i % 2 == 0);
		word_parameter(buf_str(&field), "filename", &back);
		same = same && str_eq(buf_str(&name), buf_str(&back));
		buf_clear(&back);
		folded = folded && header_add(&back, STR_LIT("Content-Disposition"), buf_str(&field), NULL);
		for (struct str s = buf_str(&back); s.n > 0;)
			folded = folded && str_cut(&s, '\n').n <= 77;
		buf_clear(&field);
		word_encode_phrase(&field, buf_str(&name));
		words = words && words_ok(buf_str(&field));
		buf_clear(&field);
		word_encode_text(&field, buf_str(&name), random_below(90));
		words = words && words_ok(buf_str(&field));
	}
	check(same, "any file name comes back");
	check(folded, "and is folded under 76 octets");
	check(words, "encoded words are short and whole");
	buf_free(&name);
	buf_free(&field);
	buf_free(&back);
}

int main(void)
{
	test_text();
	test_phrase();
	test_decode();
	test_add_parameter();
	test_parameter();
	test_round_trip();
	return tap_done();
}
