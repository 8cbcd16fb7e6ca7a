#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "mail/address/address.h"

/* Everything that a field gives, as one text: "name|bare" for a mailbox, "!what stood there" for a
 * fault. */
static void read_all(struct buf *out, struct str field)
{
	struct address_list l = { .in_group = false };
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
	test_hostile();
	test_round_trip();
	return tap_done();
}
