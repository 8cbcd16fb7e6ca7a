#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "cmd/mailsend/compose/aliases.h"

/* Every target of a list, as "kind:text kind:text". */
static void show_targets(struct buf *out, struct str rest)
{
	static const char *const kinds[] = { "address", "local", "include", "command", "file" };
	struct alias_target t;

	while (aliases_target(&rest, &t))
		buf_printf(out, "%s%s:%.*s", buf_len(out) > 0 ? " | " : "", kinds[t.kind], STR_ARGS(t.text));
}

static void test_targets(void)
{
	static const char *const cases[][2] = {
		{ "a@b.cd, ops", "address:a@b.cd | address:ops" },
		{ " , ,a", "address:a" },
		{ "Ann Roe <a@b.cd>, \"Doe, J\" <j@b.cd>", "address:Ann Roe <a@b.cd> | address:\"Doe, J\" <j@b.cd>" },
		{ "\\root, x", "local:root | address:x" },
		{ ":include:/etc/list", "include:/etc/list" },
		{ "\":include: /etc/a list\"", "include:/etc/a list" },
		{ "|prog", "command:|prog" },
		{ "\"|prog a, b\", c", "command:\"|prog a, b\" | address:c" },
		{ "/var/mail/x", "file:/var/mail/x" },
		{ "\"/a b\"", "file:\"/a b\"" },
		{ "", "" },
	};
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		show_targets(&out, str_of(cases[i][0]));
		check_same(buf_str(&out), cases[i][1], cases[i][0]);
	}
	buf_free(&out);
}

static void test_file(void)
{
	static const char text[] =
		"\xef\xbb\xbf# all\n\nroot: a,\n # in between\n\tb # c\n\"odd: name\" : x\nRoot: second\r\nlast:y#z";
	static const char *const names[][2] = { { "root", "a, b" }, { "ROOT", "a, b" }, { "odd: name", "x" },
		{ "last", "y#z" } };
	static const char *const bad[] = { " a: b", "words", ": x", "\"open: x" };
	struct aliases a = { 0 };
	struct err err = { 0 };

	check(aliases_parse(&a, "file", str_of(text), &err) && a.n == 4, "a file: %s", err.text);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct alias *found = aliases_find(&a, str_of(names[i][0]));

		check_same(str_of(found != NULL ? found->targets : NULL), names[i][1], names[i][0]);
	}
	check(aliases_find(&a, STR_LIT("nobody")) == NULL, "a name that is not there");
	aliases_free(&a);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err.kind = ERR_NONE;
		check(!aliases_parse(&a, "file", str_of(bad[i]), &err) && err.kind == ERR_CONFIG &&
				str_starts(str_of(err.text), STR_LIT("file:1: ")),
			"refused: %s", err.text);
		aliases_free(&a);
	}
}

/* Anything ends. */
static void test_hostile(void)
{
	static const char *const pieces[] = { "a", ":", ",", "\"", "\\", "\n", " ", "#", "(", ")", "|", "/",
		":include:" };
	struct buf text = { 0 };

	for (int i = 0; i < 5000; i++) {
		struct aliases a = { 0 };
		struct buf out = { 0 };

		buf_clear(&text);
		for (size_t n = random_below(30); n > 0; n--)
			buf_add_text(&text, pieces[random_below(sizeof pieces / sizeof *pieces)]);
		aliases_parse(&a, "file", buf_str(&text), NULL);
		show_targets(&out, buf_str(&text));
		aliases_free(&a);
		buf_free(&out);
	}
	check(true, "random files end");
	buf_free(&text);
}

int main(void)
{
	test_targets();
	test_file();
	test_hostile();
	return tap_done();
}
