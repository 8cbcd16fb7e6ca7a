#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "mail/address/address.h"
#include "mail/address/domain.h"

#define L64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789ab"

static const unsigned all_flags = ADDRESS_ENVELOPE;

static void test_faults(void)
{
	static const struct {
		struct str s;
		unsigned flags;
		enum address_fault fault;
	} cases[] = {
		{ STR_LIT("a@b.cd"), 0, ADDRESS_OK },
		{ STR_LIT("O'Brien+x_{y}|z~!#$%&*/=?^`-@Sub-1.example.org"), 0, ADDRESS_OK },
		{ STR_LIT("a@xn--bcher-kva.example"), 0, ADDRESS_OK },
		{ STR_LIT("a@b\xc3\xbc"
			  "cher.example"),
			0, ADDRESS_OK },
		{ STR_LIT("\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@example.org"), 0, ADDRESS_OK },
		{ STR_LIT(L64 "@example.org"), 0, ADDRESS_OK },
		{ STR_LIT("a@io"), 0, ADDRESS_OK },
		{ STR_LIT("a@org"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@localhost"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@localhost"), ADDRESS_LOCALHOST, ADDRESS_OK },
		{ STR_LIT(""), 0, ADDRESS_EMPTY },
		{ STR_LIT("a"), 0, ADDRESS_NO_AT },
		{ STR_LIT("\"a\""), ADDRESS_QUOTED, ADDRESS_NO_AT },
		{ STR_LIT("@"), 0, ADDRESS_LOCAL_EMPTY },
		{ STR_LIT("@b.cd"), 0, ADDRESS_LOCAL_EMPTY },
		{ STR_LIT("a@"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@b.cd\r\nDATA"), 0, ADDRESS_CONTROL },
		{ STR_LIT("a@b.cd\n"), 0, ADDRESS_CONTROL },
		{ STR_LIT("a\0@b.cd"), 0, ADDRESS_CONTROL },
		{ STR_LIT("a@b.cd\t"), 0, ADDRESS_CONTROL },
		{ STR_LIT(" a@b.cd"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("a@b.cd "), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a b@b.cd"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("a@b@c.de"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("<a@b.cd>"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("a,b@c.de"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("a(x)@c.de"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("a\\@c.de"), 0, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT(".a@b.cd"), 0, ADDRESS_LOCAL_DOT },
		{ STR_LIT("a.@b.cd"), 0, ADDRESS_LOCAL_DOT },
		{ STR_LIT("a..b@b.cd"), 0, ADDRESS_LOCAL_DOT },
		{ STR_LIT("x" L64 "@example.org"), 0, ADDRESS_LOCAL_LONG },
		{ STR_LIT("a@-b.cd"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@b-.cd"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@b_c.de"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@b.cd."), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@\xc3\xbc.cd\xe3\x80\x82"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a\xcd\xbe@b.cd"), 0, ADDRESS_LOCAL_CHARACTER }, /* ";" in NFC */
		{ STR_LIT("a\xe3\x85\xa4@b.cd"), 0, ADDRESS_LOCAL_UTF8 },  /* a Hangul filler */
		{ STR_LIT("\xe2\x9d\xa4\xef\xb8\x8f@b.cd"), 0, ADDRESS_OK },
		{ STR_LIT("a@b.123"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("a@b,cd"), 0, ADDRESS_DOMAIN },
		{ STR_LIT("\"a b\"@c.de"), 0, ADDRESS_LOCAL_QUOTED },
		{ STR_LIT("\"a b\"@c.de"), ADDRESS_QUOTED, ADDRESS_OK },
		{ STR_LIT("\"a@\\\"b\"@c.de"), ADDRESS_QUOTED, ADDRESS_OK },
		{ STR_LIT("\"a\"b@c.de"), ADDRESS_QUOTED, ADDRESS_LOCAL_QUOTED },
		{ STR_LIT("\"a@c.de"), ADDRESS_QUOTED, ADDRESS_LOCAL_QUOTED },
		{ STR_LIT("\"a\\\"@c.de"), ADDRESS_QUOTED, ADDRESS_LOCAL_QUOTED },
		{ STR_LIT("a.\"b\"@c.de"), ADDRESS_QUOTED, ADDRESS_LOCAL_CHARACTER },
		{ STR_LIT("\"" L64 "\"@c.de"), ADDRESS_QUOTED, ADDRESS_LOCAL_LONG },
		{ STR_LIT("a@[192.0.2.1]"), 0, ADDRESS_LITERAL },
		{ STR_LIT("a@[192.0.2.1]"), ADDRESS_LITERALS, ADDRESS_OK },
		{ STR_LIT("a@[192.0.2.256]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[192.0.02.1]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[192.0.2]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[IPv6:2001:db8::1]"), ADDRESS_LITERALS, ADDRESS_OK },
		{ STR_LIT("a@[ipv6:::]"), ADDRESS_LITERALS, ADDRESS_OK },
		{ STR_LIT("a@[IPv6:::ffff:192.0.2.1]"), ADDRESS_LITERALS, ADDRESS_OK },
		{ STR_LIT("a@[IPv6:1:2:3:4:5:6:7]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[IPv6:1::2::3]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[IPv6:192.0.2.1::]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[2001:db8::1]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@[]"), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("a@["), ADDRESS_LITERALS, ADDRESS_LITERAL },
		{ STR_LIT("\xff@b.cd"), 0, ADDRESS_LOCAL_UTF8 },
		{ STR_LIT("\xc2\xa0"
			  "a@b.cd"),
			0, ADDRESS_LOCAL_UTF8 },                          /* no-break space */
		{ STR_LIT("a\xe2\x80\x8b@b.cd"), 0, ADDRESS_LOCAL_UTF8 }, /* zero width space */
		{ STR_LIT("a\xe2\x80\xae"
			  "b@b.cd"),
			0, ADDRESS_LOCAL_UTF8 }, /* right-to-left override */
		{ STR_LIT("\xcc\x81"
			  "a@b.cd"),
			0, ADDRESS_LOCAL_UTF8 }, /* a mark with nothing to stand on */
		{ STR_LIT("\xf0\x9f\x93\xa7@b.cd"), 0, ADDRESS_OK },
	};
	struct address a = { .domain_fault = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum address_fault fault = address_parse(&a, cases[i].s, cases[i].flags);

		if (!check(fault == cases[i].fault, "fault %d of case %zu", (int)cases[i].fault, i))
			printf("# %.*s: %s\n", STR_ARGS(cases[i].s), address_fault_text(&a, fault));
	}
	address_free(&a);
}

static void test_parts(void)
{
	struct address a = { .domain_fault = 0 };

	address_parse(&a, STR_LIT("First.Last@MAIL.Example.org"), 0);
	check_same(a.local, "First.Last", "local part as written");
	check_same(a.domain, "MAIL.Example.org", "domain as written");
	check_same(buf_str(&a.ascii), "mail.example.org", "domain in lower case");
	check(!a.local_utf8 && !a.domain_utf8, "all ASCII");
	address_parse(&a,
		STR_LIT("j\xc3\xb6rg@B\xc3\xbc"
			"cher.example"),
		0);
	check_same(buf_str(&a.ascii), "xn--bcher-kva.example", "A-labels");
	check(a.local_utf8 && a.domain_utf8, "not ASCII");
	check(address_parse(&a, STR_LIT("a@b_c.de"), 0) == ADDRESS_DOMAIN && a.domain_fault == DOMAIN_CHARACTER, "why");
	check_same(str_of(address_fault_text(&a, ADDRESS_DOMAIN)), domain_fault_text(DOMAIN_CHARACTER), "in words");
	check(address_parse(&a, STR_LIT("a@org"), 0) == ADDRESS_DOMAIN && a.domain_fault == DOMAIN_DOTLESS, "dotless");
	address_parse(&a, STR_LIT("a@[IPv6:2001:DB8::1]"), all_flags);
	check_same(buf_str(&a.ascii), "[ipv6:2001:db8::1]", "a literal");
	address_free(&a);
}

static void test_lengths(void)
{
	struct address a = { .domain_fault = 0 };
	struct buf b = { .limit = 0 };

	buf_add_text(&b, L64 "@");
	while (buf_len(&b) < 254 - 2)
		buf_add_text(&b, "a.");
	buf_add_text(&b, "cd");
	buf_cut(&b, 254);
	check(buf_len(&b) == 254 || buf_len(&b) == 253, "as long as may be");
	check(address_parse(&a, buf_str(&b), 0) == ADDRESS_OK, "is taken");
	buf_add_text(&b, ".ef");
	check(address_parse(&a, buf_str(&b), 0) == ADDRESS_LONG, "longer is not");
	buf_free(&b);
	address_free(&a);
}

static void key(struct buf *out, const char *s, bool provider)
{
	struct address a = { .domain_fault = 0 };

	buf_clear(out);
	if (address_parse(&a, str_of(s), all_flags) != ADDRESS_OK)
		buf_add_text(out, "(bad)");
	else if (provider)
		address_key_provider(&a, out);
	else
		address_key(&a, out);
	address_free(&a);
}

static void test_keys(void)
{
	static const char *const plain[][2] = {
		{ "A.B+c@Example.ORG", "a.b+c@example.org" }, { "\"a.b\"@example.org", "a.b@example.org" },
		{ "\"\\a.B\"@example.org", "a.b@example.org" }, { "\"a b\"@example.org", "\"a b\"@example.org" },
		{ "\"a\\ b\"@example.org", "\"a b\"@example.org" }, { "\"\"@example.org", "\"\"@example.org" },
		{ "\"a..b\"@example.org", "\"a..b\"@example.org" },
		{ "a@B\xc3\x9c"
		  "CHER.example",
			"a@xn--bcher-kva.example" },
		{ "re\xcc\x81sume\xcc\x81@example.org", "r\xc3\xa9sum\xc3\xa9@example.org" },
		{ "\xc3\x89@example.org", "\xc3\x89@example.org" }, /* only ASCII is folded */
		{ "\xe2\x84\xaa@example.org", "k@example.org" },    /* the sign of Kelvin is a K */
	};
	static const char *const provider[][2] = {
		{ "J.Doe+x@GoogleMail.com", "jdoe@gmail.com" },
		{ "j.o.h.n@gmail.com", "john@gmail.com" },
		{ "john.doe+x@example.org", "john.doe+x@example.org" },
		{ "pipemail.test+x@outlook.com", "pipemail.test@outlook.com" },
		{ "pipe-mail_te.st@pm.me", "pipemailtest@proton.me" },
		{ "+x@gmail.com", "+x@gmail.com" },
		{ "\"+ x\"@gmail.com", "\"+ x\"@gmail.com" },
		{ "a@mail.gmail.com", "a@mail.gmail.com" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		key(&b, plain[i][0], false);
		check_same(buf_str(&b), plain[i][1], plain[i][0]);
	}
	for (size_t i = 0; i < sizeof provider / sizeof provider[0]; i++) {
		key(&b, provider[i][0], true);
		check_same(buf_str(&b), provider[i][1], provider[i][0]);
	}
	buf_free(&b);
}

static void test_unwrap(void)
{
	static const struct {
		const char *in;
		const char *bare; /* NULL: refused */
		const char *name;
	} cases[] = {
		{ "a@b.cd", "a@b.cd", "" },
		{ "  a@b.cd\r\n", "a@b.cd", "" },
		{ "\xef\xbb\xbf\xc2\xa0"
		  "a@b.cd\xe2\x80\x8b ",
			"a@b.cd", "" },
		{ "<a@b.cd>", "a@b.cd", "" },
		{ "< a@b.cd >", "a@b.cd", "" },
		{ "Jane Doe <a@b.cd>", "a@b.cd", "Jane Doe" },
		{ "\"Doe, Jane <x>\" <a@b.cd>", "a@b.cd", "Doe, Jane <x>" },
		{ "\"Jane \\\"J\\\" Doe\"<a@b.cd>", "a@b.cd", "Jane \"J\" Doe" },
		{ "=?utf-8?q?J=C3=B6rg?= <a@b.cd>", "a@b.cd", "J\xc3\xb6rg" },
		{ "a@b.cd (Jane Doe)", "a@b.cd", "Jane Doe" },
		{ "mailto:a@b.cd", "a@b.cd", "" },
		{ "MailTo:a@b.cd?subject=x", "a@b.cd", "" },
		{ "Jane <mailto:a@b.cd>", "a@b.cd", "Jane" },
		{ "a@b.cd;", "a@b.cd", "" },
		{ "Jane <a@b.cd>, ", "a@b.cd", "Jane" },
		{ "\"a b\"@c.de", "\"a b\"@c.de", "" },
		{ "\"a<b\"@c.de", "\"a<b\"@c.de", "" },
		{ "", "", "" },
		{ "Jane Doe", "Jane Doe", "" },
		{ "a@b.cd, c@d.ef", NULL, "" },
		{ "Jane <a@b.cd>, Joe <c@d.ef>", NULL, "" },
		{ "a@b.cd, Joe <c@d.ef>", NULL, "" },
		{ "a@b.cd; <c@d.ef>", NULL, "" },
		{ "Doe, Joe <c@d.ef>", "c@d.ef", "Doe, Joe" },
		{ "\"a@b.cd, Joe\" <c@d.ef>", "c@d.ef", "a@b.cd, Joe" },
		/* a mark of direction, a soft hyphen, an embedding and its end, a broad blank */
		{ "\xe2\x80\x8e\xc2\xad"
		  "a@b.cd\xe3\x80\x80",
			"a@b.cd", "" },
		{ "\xe2\x80\xaa"
		  "a@b.cd\xe2\x80\xac",
			"a@b.cd", "" },
		{ "J <\xe2\x81\xa0"
		  "a@b.cd\xef\xbb\xbf>",
			"a@b.cd", "J" },
		{ "\xe2\x80\xae"
		  "a@b.cd",
			"\xe2\x80\xae"
			"a@b.cd",
			"" }, /* an override stays, to be refused */
		{ "<a@b.cd", NULL, "" },
		{ "a@b.cd>", NULL, "" },
		{ "<a@b.cd> x", NULL, "" },
		{ "<<a@b.cd>>", NULL, "" },
		{ "a@b.cd\nRCPT TO:<c@d.ef>", NULL, "" },
		{ "Jane\r\n <a@b.cd>", NULL, "" },
		{ "Jane\033 <a@b.cd>", NULL, "" },
		{ "<a@b\r.cd>", NULL, "" },
		{ "a@b.cd (Jane\x7f)", NULL, "" },
		{ "a@b.cd\r<c@d.ef>", NULL, "" },
		{ "\r\n Jane\tDoe <a@b.cd>\r\n", "a@b.cd", "Jane\tDoe" },
	};
	struct buf name = { .limit = 0 };
	struct str bare;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&name);
		bool ok = address_unwrap(str_of(cases[i].in), &bare, &name);

		check(ok == (cases[i].bare != NULL), "unwrap: %s", cases[i].in);
		check_same(bare, ok ? cases[i].bare : cases[i].in, "bare");
		check_same(buf_str(&name), cases[i].name, "name");
	}
	check(address_unwrap(STR_LIT("J <a@b.cd>"), &bare, NULL), "nobody wants the name");
	buf_free(&name);
}

static void test_mailbox(void)
{
	static const char *const cases[][3] = {
		{ "", "a@b.cd", "a@b.cd" },
		{ "Jane Doe", "a@b.cd", "Jane Doe <a@b.cd>" },
		{ "Doe, Jane", "a@b.cd", "\"Doe, Jane\" <a@b.cd>" },
		{ "Jane",
			"a@b\xc3\xbc"
			"cher.example",
			"Jane <a@xn--bcher-kva.example>" },
		{ "",
			"\xc3\xa9@b\xc3\xbc"
			"cher.example",
			"\xc3\xa9@b\xc3\xbc"
			"cher.example" },
		{ "", "root", "root" },
	};
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		address_add_mailbox(&b, str_of(cases[i][0]), str_of(cases[i][1]));
		check_same(buf_str(&b), cases[i][2], "mailbox");
	}
	buf_free(&b);
}

/* The fast way says yes exactly where the slow way does, for addresses of its sort. */
static void test_fast_way(void)
{
	struct buf b = { .limit = 0 };
	struct buf part = { .limit = 0 };
	struct buf slow = { .limit = 0 };
	struct buf k = { .limit = 0 };
	struct address a = { .domain_fault = 0 };
	bool sound = true;
	bool complete = true;
	unsigned taken = 0;

	for (int i = 0; i < 100000; i++) {
		buf_clear(&b);
		random_octets(&part, 6, i % 4 ? STR_LIT("abA1-_+.") : STR_LIT("ab.@\"[ "));
		buf_add(&b, buf_str(&part));
		buf_add_char(&b, '@');
		random_octets(&part, 10, i % 3 ? STR_LIT("abXn1.-") : STR_LIT("ab.xn1-_[ @"));
		buf_add(&b, buf_str(&part));
		size_t at = address_check_ascii(buf_str(&b));
		struct str local = str_sub(buf_str(&b), 0, str_find(buf_str(&b), '@'));
		struct str domain = str_sub(buf_str(&b), local.n + 1, buf_len(&b));

		/* A leading quote keeps the fast way out; what is inside it is the same
		 * local part. */
		buf_clear(&slow);
		buf_printf(&slow, "\"%.*s\"@%.*s", STR_ARGS(local), STR_ARGS(domain));
		enum address_fault fault = address_parse(&a, buf_str(&slow), ADDRESS_QUOTED);

		taken += at > 0;
		if (at > 0) {
			buf_clear(&k);
			sound = sound && fault == ADDRESS_OK && at == local.n && address_key(&a, &k);
			for (size_t n = 0; n < buf_len(&b); n++)
				sound = sound && ascii_lower(buf_str(&b).p[n]) == buf_str(&k).p[n];
		} else if (address_parse(&a, buf_str(&b), 0) == ADDRESS_OK) {
			/* What it leaves to the slow way: one label, A-labels. */
			complete = complete &&
				(str_find(domain, '.') == domain.n || str_isearch(domain, STR_LIT("x")) < domain.n);
		}
	}
	check(sound && taken > 3000, "what the fast way takes is right (%u of them)", taken);
	check(complete, "and it misses nothing");
	buf_free(&b);
	buf_free(&part);
	buf_free(&slow);
	buf_free(&k);
	address_free(&a);
}

int main(void)
{
	test_faults();
	test_parts();
	test_lengths();
	test_keys();
	test_unwrap();
	test_mailbox();
	test_fast_way();
	return tap_done();
}
