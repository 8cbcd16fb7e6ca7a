#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "mail/address/address.h"

static bool is_root(void *arg, struct str word)
{
	(void)arg;
	return str_eq(word, STR_LIT("root"));
}

/* Everything that a field gives, as one text: "name|bare" for a mailbox, "!what stood there" for a
 * fault. */
static void read_all_as(struct buf *out, struct str field, enum address_manner manner)
{
	struct address_list l = { .manner = manner, .known = is_root };
	int got;

	address_list_init(&l, field);
	buf_clear(out);
	while ((got = address_list_next(&l)) != 0) {
		if (buf_len(out) > 0)
			buf_add_char(out, '\n');
		if (got < 0)
			buf_add_char(out, '!');
		else if (buf_len(&l.name) > 0)
			buf_add(out, buf_str(&l.name));
		if (got > 0)
			buf_add_char(out, '|');
		buf_add(out, buf_str(&l.bare));
	}
	address_list_free(&l);
}

static void read_all(struct buf *out, struct str field)
{
	read_all_as(out, field, ADDRESS_STRICT);
}

static const struct {
	const char *field;
	const char *want;
	const char *name;
} cases[] = {
	{ "", "", "nothing" },
	{ " , ,\r\n ,", "", "empty members" },
	{ "a@b.cd", "|a@b.cd", "a bare address" },
	{ "a@b.cd,c@d.ef", "|a@b.cd\n|c@d.ef", "two" },
	{ "Jane Doe <a@b.cd>", "Jane Doe|a@b.cd", "a name" },
	{ "\"Doe, Jane\" <a@b.cd>, x@y.zz", "Doe, Jane|a@b.cd\n|x@y.zz", "a comma in quotes" },
	{ "\"J \\\"x\\\\\" <a@b.cd>", "J \"x\\|a@b.cd", "backslashes" },
	{ "John Q. Public <a@b.cd>", "John Q. Public|a@b.cd", "a dot in a name" },
	{ "=?utf-8?q?J=C3=B6rg?=\r\n =?utf-8?q?_X?= <a@b.cd>", "=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_X?=|a@b.cd",
		"encoded words stay" },
	{ "J\xc3\xb6rg <j\xc3\xb6@b.cd>", "J\xc3\xb6rg|j\xc3\xb6@b.cd", "UTF-8" },
	{ "a@b.cd (Jane Doe)", "Jane Doe|a@b.cd", "a comment for a name" },
	{ "(x) a (y) @ (z) b . cd (Jane (or so) \\) D)", "Jane (or so) ) D|a@b.cd", "comments everywhere" },
	{ "a . b @ c . de", "|a.b@c.de", "obsolete blanks" },
	{ "\"a b\" @c.de", "|\"a b\"@c.de", "a quoted local part" },
	{ "\"a\".\"b\"@c.de", "|\"a\".\"b\"@c.de", "obsolete quoted pieces" },
	{ "Jane\r\n Doe\r\n\t<a@\r\n b.cd>", "Jane Doe|a@b.cd", "folding" },
	{ "<a@b.cd>", "|a@b.cd", "only brackets" },
	{ "< a@b.cd >", "|a@b.cd", "blanks in them" },
	{ "<@x.yz,@w.vu:a@b.cd>", "|a@b.cd", "a route" },
	{ "<@x.yz, , @w.vu : a@b.cd>", "|a@b.cd", "a route with holes" },
	{ "a@[192.0.2.1]", "|a@[192.0.2.1]", "a literal" },
	{ "Friends: a@b.cd, Jane <c@d.ef>;", "|a@b.cd\nJane|c@d.ef", "a group" },
	{ "undisclosed-recipients:;", "", "an empty group" },
	{ "\"My: group\" : a@b.cd ;, c@d.ef", "|a@b.cd\n|c@d.ef", "a quoted group name" },
	{ "A:a@b.cd;B:c@d.ef; g@h.ij", "|a@b.cd\n|c@d.ef\n|g@h.ij", "groups without commas" },
	{ "A: a@b.cd", "|a@b.cd", "a group that does not end" },
	{ "a@b.cd; c@d.ef", "|a@b.cd\n|c@d.ef", "semicolons for commas" },
	{ "a@b.cd <a@b.cd>", "a@b.cd|a@b.cd", "an address for a name" },
	{ "root", "|root", "a local user" },
	{ "<root>, x@y.zz", "|root\n|x@y.zz", "in brackets" },
	{ "Jane Doe, a@b.cd", "!Jane Doe\n|a@b.cd", "a name without an address" },
	{ "Jane Doe a@b.cd, c@d.ef", "!Jane Doe a@b.cd\n|c@d.ef", "words before an address" },
	{ "<>, a@b.cd", "!<>\n|a@b.cd", "empty brackets" },
	{ "<a@b.cd, c@d.ef>, g@h.ij", "!<a@b.cd\n!c@d.ef>\n|g@h.ij", "a bracket that does not close" },
	{ "a@b.cd> , c@d.ef", "!a@b.cd>\n|c@d.ef", "one that does not open" },
	{ "<a@b.cd> x, c@d.ef", "!<a@b.cd> x\n|c@d.ef", "text behind it" },
	{ "a@b@c.de, f@g.hi", "!a@b@c.de\n|f@g.hi", "two @" },
	{ "@b.cd, a@, a@b.cd", "!@b.cd\n!a@\n|a@b.cd", "halves" },
	{ "a@b c.de", "!a@b c.de", "a blank in the domain" },
	{ "\"open, a@b.cd", "!\"open, a@b.cd", "a quote that does not close" },
	{ "(open, a@b.cd", "!(open, a@b.cd", "a comment that does not close" },
	{ "a@b.cd, x (y, c@d.ef", "|a@b.cd\n!x (y, c@d.ef", "one in the middle" },
	{ "a@[192.0.2.1, c@d.ef", "!a@[192.0.2.1\n|c@d.ef", "a literal that does not close" },
	{ "A: B: c@d.ef;, g@h.ij", "!B: c@d.ef\n|g@h.ij", "a group in a group" },
	{ "a\x01@b.cd, c@d.ef", "!a\x01@b.cd\n|c@d.ef", "a control" },
};

static void test_cases(void)
{
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		read_all(&b, str_of(cases[i].field));
		check_same(buf_str(&b), cases[i].want, cases[i].name);
	}
	read_all(&b, STR_LIT("a\0@b.cd, c@d.ef"));
	check(str_ends(buf_str(&b), STR_LIT("\n|c@d.ef")) && buf_str(&b).p[0] == '!', "a NUL");
	buf_free(&b);
}

/* Names that should have been quoted, by manner: strict, lenient, joined. */
static const struct {
	const char *field;
	const char *want[3];
} loose[] = {
	{ "Backup [host1] <b@e.fg>", { "!Backup [host1] <b@e.fg>", "Backup [host1]|b@e.fg", "Backup [host1]|b@e.fg" } },
	{ "DOM\\user <b@e.fg>, c@d.ef",
		{ "!DOM\\user <b@e.fg>\n|c@d.ef", "DOM\\user|b@e.fg\n|c@d.ef", "DOM\\user|b@e.fg\n|c@d.ef" } },
	{ "Sales :-) <b@e.fg>", { "!-) <b@e.fg>", "Sales :-)|b@e.fg", "Sales :-)|b@e.fg" } },
	{ "Sales :-( <b@e.fg>", { "!-( <b@e.fg>", "Sales :-(|b@e.fg", "Sales :-(|b@e.fg" } },
	{ "Sales ;-) <b@e.fg>", { "|Sales\n!-) <b@e.fg>", "|Sales\n-)|b@e.fg", "Sales ;-)|b@e.fg" } },
	{ "Note: Ann <b@e.fg>", { "Ann|b@e.fg", "Note: Ann|b@e.fg", "Note: Ann|b@e.fg" } },
	{ "Team: Ann <b@e.fg>, c@d.ef;", { "Ann|b@e.fg\n|c@d.ef", "Ann|b@e.fg\n|c@d.ef", "Ann|b@e.fg\n|c@d.ef" } },
	{ "ACME, Inc. <b@e.fg>", { "|ACME\nInc.|b@e.fg", "|ACME\nInc.|b@e.fg", "ACME, Inc.|b@e.fg" } },
	{ "ACME Corp, Inc. <b@e.fg>",
		{ "!ACME Corp\nInc.|b@e.fg", "!ACME Corp\nInc.|b@e.fg", "ACME Corp, Inc.|b@e.fg" } },
	{ "Doe, J <a@b.cd>, Roe, K <c@d.ef>",
		{ "|Doe\nJ|a@b.cd\n|Roe\nK|c@d.ef", "|Doe\nJ|a@b.cd\n|Roe\nK|c@d.ef",
			"Doe, J|a@b.cd\nRoe, K|c@d.ef" } },
	{ "root, J <a@b.cd>", { "|root\nJ|a@b.cd", "|root\nJ|a@b.cd", "|root\nJ|a@b.cd" } },
	{ "x, a@b.cd, J <c@d.ef>", { "|x\n|a@b.cd\nJ|c@d.ef", "|x\n|a@b.cd\nJ|c@d.ef", "|x\n|a@b.cd\nJ|c@d.ef" } },
	{ "<x>, J <c@d.ef>", { "|x\nJ|c@d.ef", "|x\nJ|c@d.ef", "|x\nJ|c@d.ef" } },
	{ "a@b@c.de, J <c@d.ef>", { "!a@b@c.de\nJ|c@d.ef", "!a@b@c.de\nJ|c@d.ef", "!a@b@c.de\nJ|c@d.ef" } },
	{ "O\"Brien <b@e.fg>", { "!O\"Brien <b@e.fg>", "O\"Brien|b@e.fg", "O\"Brien|b@e.fg" } },
	{ "I <3 you <b@e.fg> (x)", { "!I <3 you <b@e.fg> (x)", "I <3 you|b@e.fg", "I <3 you|b@e.fg" } },
	{ "Bob (work <b@e.fg>", { "!Bob (work <b@e.fg>", "Bob (work|b@e.fg", "Bob (work|b@e.fg" } },
	{ "\"A [x]\"\r\n [y] <b@e.fg>",
		{ "!\"A [x]\"\r\n [y] <b@e.fg>", "\"A [x]\" [y]|b@e.fg", "\"A [x]\" [y]|b@e.fg" } },
	{ "A [x] <b@e.fg> y", { "!A [x] <b@e.fg> y", "!A [x] <b@e.fg> y", "!A [x] <b@e.fg> y" } },
	{ "A [x] <b@-e.fg>", { "!A [x] <b@-e.fg>", "!A [x] <b@-e.fg>", "!A [x] <b@-e.fg>" } },
	{ "a@b.cd\r\n RCPT TO:<e@f.gh>",
		{ "!a@b.cd\r\n RCPT TO:<e@f.gh>", "!a@b.cd\r\n RCPT TO:<e@f.gh>", "!a@b.cd\r\n RCPT TO:<e@f.gh>" } },
	{ "Ann @ Work [x] <b@e.fg>", { "!Ann @ Work [x] <b@e.fg>", "Ann @ Work [x]|b@e.fg", "Ann @ Work [x]|b@e.fg" } },
	{ "A [x] <b@e.fg", { "!A [x] <b@e.fg", "!A [x] <b@e.fg", "!A [x] <b@e.fg" } },
	{ "A\x01 [x] <b@e.fg>", { "!A\x01 [x] <b@e.fg>", "!A\x01 [x] <b@e.fg>", "!A\x01 [x] <b@e.fg>" } },
};

static void test_loose(void)
{
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++)
		for (int manner = 0; manner < 3; manner++) {
			read_all_as(&b, str_of(loose[i].field), (enum address_manner)manner);
			check_same(buf_str(&b), loose[i].want[manner], loose[i].field);
		}
	buf_free(&b);
}

/* One value, one mailbox: "name|bare", or "!" and what is wrong. */
static void test_one(void)
{
	static const char *const values[][2] = {
		{ "Ann <a@b.cd>", "Ann|a@b.cd" },
		{ "a@b.cd", "|a@b.cd" },
		{ "root", "|root" },
		{ "root (Cron Daemon)", "Cron Daemon|root" },
		{ "=?utf-8?q?J=C3=B6rg?= [x] <a@b.cd>", "J\xc3\xb6rg [x]|a@b.cd" },
		{ "ACME, Inc. <a@b.cd>", "ACME, Inc.|a@b.cd" },
		{ "mailto:a@b.cd?subject=x", "|a@b.cd" },
		{ "\xc2\xa0"
		  "a@b.cd ",
			"|a@b.cd" },
		{ "a@-b.cd", "|a@-b.cd" },
		{ "a@b.cd, c@d.ef", "!a@b.cd, c@d.ef" },
		{ "Doe, John", "!Doe, John" },
		{ "Disk is full", "!Disk is full" },
		{ "Ann <a@b.cd", "!Ann <a@b.cd" },
		{ "", "!" },
	};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct buf bare = { 0 }, name = { 0 }, all = { 0 };
		bool ok = address_one(str_of(values[i][0]), &bare, &name);

		buf_printf(&all, "%s%s%s%s", ok ? "" : "!", ok ? buf_text(&name) : "", ok ? "|" : "", buf_text(&bare));
		check_same(buf_str(&all), values[i][1], values[i][0]);
		buf_free(&bare);
		buf_free(&name);
		buf_free(&all);
	}
}

/* A hostile field is read in time that grows with its length only, and ends. */
static void test_hostile(void)
{
	static const char *const pieces[] = { "(", ")", "<", ">", "\"", "@", ",", ";", ":", ".", "\\", "a", " ", "(,",
		"[", "]", "\r\n " };
	struct address_list l = { .in_group = false };
	struct buf b = { .limit = 0 };
	size_t count = 0;
	bool ends = true;

	for (int i = 0; i < 200000; i++)
		buf_add_text(&b, "(,");
	address_list_init(&l, buf_str(&b));
	while (address_list_next(&l) != 0)
		count++;
	check(count == 1, "200,000 open comments are one fault");
	for (int i = 0; i < 20000; i++) {
		buf_clear(&b);
		for (size_t n = random_below(30); n > 0; n--)
			buf_add_text(&b, pieces[random_below(sizeof pieces / sizeof pieces[0])]);
		l.manner = (enum address_manner)(i % 3);
		address_list_init(&l, buf_str(&b));
		for (count = 0; address_list_next(&l) != 0; count++)
			if (count > buf_len(&b)) {
				ends = false;
				break;
			}
	}
	check(ends, "every field ends");
	address_list_free(&l);
	buf_free(&b);
}

/* What address_add_mailbox writes is read as it was. */
static void test_round_trip(void)
{
	static const char *const pieces[] = { "a", "Jane", " ", ",", "\"", "\\", "<", "(", "@", ".", ":", ";", "  " };
	struct address_list l = { .in_group = false };
	struct buf name = { .limit = 0 };
	struct buf field = { .limit = 0 };
	bool same = true;

	for (int i = 0; i < 5000; i++) {
		buf_clear(&name);
		buf_clear(&field);
		for (size_t n = random_below(8); n > 0; n--)
			buf_add_text(&name, pieces[random_below(sizeof pieces / sizeof pieces[0])]);
		address_add_mailbox(&field, buf_str(&name), STR_LIT("a.b@example.org"));
		address_list_init(&l, buf_str(&field));
		same = same && address_list_next(&l) == 1 && str_eq(buf_str(&l.name), buf_str(&name)) &&
			str_eq(buf_str(&l.bare), STR_LIT("a.b@example.org")) && address_list_next(&l) == 0;
	}
	check(same, "any name comes back");
	address_list_free(&l);
	buf_free(&name);
	buf_free(&field);
}

int main(void)
{
	test_cases();
	test_loose();
	test_one();
	test_hostile();
	test_round_trip();
	return tap_done();
}
