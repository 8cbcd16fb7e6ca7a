#include <config.h>

#include "tests/tap.h"

#include <idn2.h>

#include "mail/address/domain.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static void test_ascii(void)
{
	static const struct {
		const char *in;
		const char *want; /* or NULL and */
		enum domain_fault fault;
	} cases[] = {
		{ "Mail.Example.ORG", "mail.example.org", DOMAIN_OK },
		{ "example.org.", "example.org", DOMAIN_OK },
		{ "a-b.c--n.r3---sn.x1", "a-b.c--n.r3---sn.x1", DOMAIN_OK },
		{ "localhost", "localhost", DOMAIN_OK },
		{ L63 ".x", L63 ".x", DOMAIN_OK },
		{ "b\xc3\xbc"
		  "cher.Example",
			"xn--bcher-kva.example", DOMAIN_OK },
		{ "b\xc3\xbc"
		  "cher\xe3\x80\x82"
		  "example",
			"xn--bcher-kva.example", DOMAIN_OK },
		{ "bu\xcc\x88"
		  "cher.example",
			"xn--bcher-kva.example", DOMAIN_OK },
		{ "B\xc3\x9c"
		  "CHER.example.",
			"xn--bcher-kva.example", DOMAIN_OK },
		{ "XN--BCHER-KVA.example", "xn--bcher-kva.example", DOMAIN_OK },
		{ "fa\xc3\x9f.de", "xn--fa-hia.de", DOMAIN_OK },
		{ "FA\xe1\xba\x9e.de", "xn--fa-hia.de", DOMAIN_OK }, /* not fass.de */
		{ "xn--i-7iq.ws", "xn--i-7iq.ws",
			DOMAIN_OK }, /* an emoji: IDNA2008 would not make it, but it is there */
		{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--r8jz45g.xn--zckzah",
			DOMAIN_OK },
		{ "\xef\xbd\x85xample.org", "example.org", DOMAIN_OK },
		{ "\xd7\x90\xd7\x91.example", "xn--4dbc.example", DOMAIN_OK },
		{ "", NULL, DOMAIN_EMPTY },
		{ ".", NULL, DOMAIN_EMPTY_LABEL },
		{ "..", NULL, DOMAIN_EMPTY_LABEL },
		{ "a..b", NULL, DOMAIN_EMPTY_LABEL },
		{ ".a", NULL, DOMAIN_EMPTY_LABEL },
		{ "a..", NULL, DOMAIN_EMPTY_LABEL },
		{ "\xc3\xbc..b", NULL, DOMAIN_EMPTY_LABEL },
		{ "\xc3\xbc.\xe3\x80\x82"
		  "b",
			NULL, DOMAIN_EMPTY_LABEL },
		{ L63 "l.x", NULL, DOMAIN_LABEL_LONG },
		{ L63 "." L63 "." L63 "." L63, NULL, DOMAIN_LONG },
		{ "-a.b", NULL, DOMAIN_HYPHEN },
		{ "a-.b", NULL, DOMAIN_HYPHEN },
		{ "user_name.example", NULL, DOMAIN_CHARACTER }, /* libidn2 would delete the underscore */
		{ "a b.example", NULL, DOMAIN_CHARACTER },
		{ "a\x01.example", NULL, DOMAIN_CHARACTER },
		{ "\xc3\xbc_x.example", NULL, DOMAIN_CHARACTER },
		{ "\xc3\xbc \x01.example", NULL, DOMAIN_CHARACTER },
		{ "a b.\xc3\xbc", NULL, DOMAIN_CHARACTER },
		{ "\xff.example", NULL, DOMAIN_CHARACTER },
		{ "\xe2\x84\x80.example", NULL, DOMAIN_CHARACTER }, /* a/c in one character */
		{ "\xc3\xbc\xef\xbc\xa0x.example", NULL, DOMAIN_CHARACTER },
		{ "i\xe2\x9d\xa4.ws", NULL, DOMAIN_IDNA },
		{ "xn--.example", NULL, DOMAIN_IDNA },
		{ "xn--zzzzzzzzzzz.example", NULL, DOMAIN_IDNA },
		{ "ab--c\xc3\xbc.example", NULL, DOMAIN_IDNA },
		{ "1\xd7\x90.example", NULL, DOMAIN_BIDI },
		{ "\xd7\x90"
		  "b.example",
			NULL, DOMAIN_BIDI },
		{ "123.\xd7\x90\xd7\x91", NULL, DOMAIN_BIDI },
		{ "\xd7\x90"
		  "1\xd9\xa1.example",
			NULL, DOMAIN_BIDI }, /* European and Arabic digits */
		/* RFC 5892, A.3 to A.7; as A-labels they are taken */
		{ "l\xc2\xb7l.example", "xn--ll-0ea.example", DOMAIN_OK },
		{ "l\xc2\xb7.example", NULL, DOMAIN_CONTEXT },
		{ "x.\xc2\xb7l.example", NULL, DOMAIN_CONTEXT },
		{ "xn--a-fda.example", "xn--a-fda.example", DOMAIN_OK },
		{ "\xcd\xb5\xce\xb1.example", "xn--wva4j.example", DOMAIN_OK },
		{ "\xce\xb1\xcd\xb5.example", NULL, DOMAIN_CONTEXT },
		{ "\xd7\x90\xd7\xb3.example", "xn--4db4e.example", DOMAIN_OK },
		{ "\xd7\xb4\xd7\x90.example", NULL, DOMAIN_CONTEXT },
		{ "\xe3\x83\xbb\xe3\x82\xa2.example", "xn--cckyj.example", DOMAIN_OK },
		{ "a\xe3\x83\xbb.\xe3\x82\xa2", NULL, DOMAIN_CONTEXT },
		/* also in a name with A-labels */
		{ "a\xc2\xb7"
		  "b.xn--p1ai",
			NULL, DOMAIN_CONTEXT },
		{ "l\xc2\xb7l.xn--p1ai", "xn--ll-0ea.xn--p1ai", DOMAIN_OK },
		{ "a\xc2\xb7"
		  "b\xe3\x80\x82xn--p1ai",
			NULL, DOMAIN_CONTEXT },
		/* three signs that libidn2 takes and IDNA2008 does not */
		{ "a\xe2\x89\xa0"
		  "b.example",
			NULL, DOMAIN_IDNA },
		{ "a<\xcc\xb8"
		  "b.example",
			NULL, DOMAIN_IDNA },
		{ "xn--1ch.example", "xn--1ch.example", DOMAIN_OK },
		/* A-labels of what nobody sees: joiners alone and between letters, a no-break space, a filler */
		{ "xn--0ug.example", NULL, DOMAIN_IDNA },
		{ "xn--ab-m1t.example", NULL, DOMAIN_IDNA },
		{ "b\xc3\xbc"
		  "cher.xn--ab-j1t.example",
			NULL, DOMAIN_IDNA },
		{ "xn--ab-1ca.example", NULL, DOMAIN_IDNA },
		{ "xn--ab-3w4a.example", NULL, DOMAIN_IDNA },
		/* but joiners are a part of Persian and Sinhala words, and of emoji */
		{ "xn--mgba3gch31f060k.example", "xn--mgba3gch31f060k.example", DOMAIN_OK },
		{ "xn--10cl1a0b660p.example", "xn--10cl1a0b660p.example", DOMAIN_OK },
		{ "xn--1ugz855pfha.ws", "xn--1ugz855pfha.ws", DOMAIN_OK },
		{ "a.123", NULL, DOMAIN_NUMERIC },
		{ "192.0.2.1", NULL, DOMAIN_NUMERIC },
		{ "\xc3\xbc.\xef\xbc\x91", NULL, DOMAIN_NUMERIC },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		enum domain_fault fault = domain_to_ascii(&b, str_of(cases[i].in));

		if (!check(fault == cases[i].fault, "%s", cases[i].in))
			printf("# got %s: %.*s\n", domain_fault_text(fault), STR_ARGS(buf_str(&b)));
		check_same(buf_str(&b), cases[i].want == NULL ? "" : cases[i].want, "its A-labels");
	}
	check(domain_to_ascii(&b, STR_LIT("a\0b.example")) == DOMAIN_CHARACTER &&
			domain_to_ascii(&b, STR_LIT("\xc3\xbc\0b.example")) == DOMAIN_CHARACTER,
		"a NUL ends no name");
	buf_free(&b);
}

static void test_long_input(void)
{
	struct buf in = { .limit = 0 };
	struct buf b = { .limit = 0 };

	for (int i = 0; i < 100000; i++)
		buf_add_text(&in, "\xc3\xbc.");
	check(domain_to_ascii(&b, buf_str(&in)) == DOMAIN_LONG, "a name of 300,000 octets");
	buf_clear(&in);
	for (int i = 0; i < 40; i++)
		buf_add_text(&in, "\xc3\xbc");
	buf_add_text(&in, ".example");
	check(domain_to_ascii(&b, buf_str(&in)) == DOMAIN_OK, "equal characters pack well");
	buf_free(&in);
	buf_free(&b);
}

static void test_unicode(void)
{
	static const char *const pairs[][2] = {
		{ "xn--bcher-kva.Example.",
			"b\xc3\xbc"
			"cher.example" },
		{ "example.org", "example.org" },
		{ "FA\xe1\xba\x9e.de", "fa\xc3\x9f.de" },
		{ "xn--i-7iq.ws", "i\xe2\x9d\xa4.ws" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		buf_clear(&b);
		check(domain_to_unicode(&b, str_of(pairs[i][0])) == DOMAIN_OK, "%s", pairs[i][0]);
		check_same(buf_str(&b), pairs[i][1], "its U-labels");
	}
	buf_clear(&b);
	check(domain_to_unicode(&b, STR_LIT("a..b")) == DOMAIN_EMPTY_LABEL && buf_len(&b) == 0,
		"a fault writes nothing");
	buf_free(&b);
}

static void test_reserved(void)
{
	static const char *const yes[] = { "example.com", "mail.example.net", "example.org", "a.b.example", "test",
		"x.test", "y.invalid", "localhost", "me.localhost", "printer.local", "abc.onion", "nas.home.arpa",
		"2.0.192.in-addr.arpa", "x.alt", "x.internal" };
	static const char *const no[] = { "example.de", "example.co.uk", "myexample.com", "example.com.au", "test.com",
		"local.example-mail.org", "latest", "invalid.net", "arpa", "e164.arpa", "onion.com", "iana.org",
		"xn--p1ai", "xn--zckzah", "", "com" };

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		check(domain_reserved(str_of(yes[i])), "reserved: %s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		check(!domain_reserved(str_of(no[i])), "not reserved: %s", no[i]);
	check(domain_within(STR_LIT("a.b.c"), STR_LIT("b.c")) && domain_within(STR_LIT("b.c"), STR_LIT("b.c")) &&
			!domain_within(STR_LIT("ab.c"), STR_LIT("b.c")) && !domain_within(STR_LIT("c"), STR_LIT("b.c")),
		"within");
}

static size_t add_code(char *out, uint32_t code)
{
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 63));
	out[2] = (char)(0x80 | (code & 63));
	return 3;
}

/* What we take libidn2 takes too, when it is left to do all by itself, and makes the same of it. */
static bool agrees(const char *name)
{
	struct buf ours = { 0 };
	char *theirs = NULL;
	bool ok = domain_to_ascii(&ours, str_of(name)) != DOMAIN_OK ||
		(idn2_lookup_u8((const uint8_t *)name, (uint8_t **)&theirs, IDN2_NO_ALABEL_ROUNDTRIP) == IDN2_OK &&
			str_eq(buf_str(&ours), str_of(theirs)));

	idn2_free(theirs);
	buf_free(&ours);
	return ok;
}

static void test_every_character(void)
{
	unsigned bad = 0;

	for (uint32_t code = 0x80; code < 0x10000; code++) {
		char letter[4] = "";
		char name[64];

		/* (The capital sharp s is ours: libidn2 makes two letters of it.) */
		if ((code >= 0xd800 && code < 0xe000) || code == 0x1e9e)
			continue;
		add_code(letter, code);
		snprintf(name, sizeof name, "a%sb.%sx-%s1.de", letter, letter, letter);
		bad += !agrees(name);
		snprintf(name, sizeof name, "%s%s", letter, letter);
		bad += !agrees(name);
	}
	check(bad == 0, "every character of the basic plane (%u disagree)", bad);
}

/* Side by side, from the alphabets of which names are made. */
static void test_mixtures(void)
{
	static const char *const pieces[] = { "a", "z", "0", "-", "--", "\xc3\x9f", "\xc3\xbc", "\xc5\x82", "\xc4\xb1",
		"\xcf\x82", "\xcf\x83", "\xd0\xb6", "\xe3\x81\x8b", "\xe3\x83\xbc", "\xe3\x83\xbb", "\xe6\x97\xa5",
		"\xed\x95\x9c", "\xcc\x88", "\xc3\x9c", "\xe3\x82\x99", "\xe1\x84\x80", "\xe1\x85\xa1", "\xe2\x80\x8d",
		"\xd7\x90", ".", "." };
	bool ok = true;

	for (int round = 0; round < 20000 && ok; round++) {
		char name[80] = "";

		for (int n = rand() % 7; n >= 0; n--)
			strncat(name, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)], 4);
		ok = agrees(name) || str_ends(str_of(name), STR_LIT(".")); /* (A final dot we take away.) */
		if (!ok)
			printf("# %s\n", name);
	}
	check(ok, "mixtures of alphabets");
}

int main(void)
{
	srand(7);
	test_ascii();
	test_long_input();
	test_unicode();
	test_reserved();
	test_every_character();
	test_mixtures();
	return tap_done();
}
