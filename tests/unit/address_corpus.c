#include <config.h>

#include "tests/tap.h"

#include "mail/address/address.h"
#include "text/utf8.h"

static const unsigned all_flags = ADDRESS_ENVELOPE;

/* The text of a JSON string; the corpus escapes no more than this. */
static void unjson(struct buf *out, struct str s)
{
	static const char letters[] = "b\bf\fn\nr\rt\t";

	buf_clear(out);
	for (size_t i = 1; i + 1 < s.n; i++) {
		uint32_t code = 0;

		if (s.p[i] != '\\') {
			buf_add_char(out, s.p[i]);
			continue;
		}
		const char *letter = strchr(letters, s.p[++i]);

		if (s.p[i] != 'u') {
			buf_add_char(out, letter != NULL ? letter[1] : s.p[i]);
			continue;
		}
		for (size_t k = 1; k <= 4; k++)
			code = code << 4 | (uint32_t)ascii_hex(s.p[i + k]);
		utf8_add(out, code);
		i += 4;
	}
}

static void judge(struct str text, bool plain, bool flagged, struct str why)
{
	struct address a = { .domain_fault = 0 };
	struct buf s = { .limit = 0 };

	unjson(&s, text);
	check((address_parse(&a, buf_str(&s), 0) == ADDRESS_OK) == plain, "%.*s: %.*s", STR_ARGS(text), STR_ARGS(why));
	check((address_parse(&a, buf_str(&s), all_flags) == ADDRESS_OK) == flagged, "%.*s with all flags",
		STR_ARGS(text));
	address_free(&a);
	buf_free(&s);
}

/* One of ours: "plain" is taken always, "never" never, the others ("quoted", "literal", "localhost") with flags. */
static void judge_ours(struct str text, struct str kind, struct str why)
{
	bool plain = str_eq(kind, STR_LIT("plain"));

	judge(text, plain, !str_eq(kind, STR_LIT("never")), why);
}

/* One of theirs: taken always, with flags only, or never. A top-level domain that is a number never is. */
static void judge_theirs(struct str text, struct str category, struct str diagnosis)
{
	bool plain =
		str_eq(category, STR_LIT("ISEMAIL_VALID_CATEGORY")) || str_eq(category, STR_LIT("ISEMAIL_DNSWARN"));
	bool flagged = plain ||
		(str_eq(category, STR_LIT("ISEMAIL_RFC5321")) &&
			!str_eq(diagnosis, STR_LIT("ISEMAIL_RFC5321_TLDNUMERIC")));

	judge(text, plain, flagged, diagnosis);
}

/* The cases of a file, three columns each: how many, 0 when there is no file. */
static unsigned each_case(const char *path, void (*judge_one)(struct str, struct str, struct str))
{
	char line[4096];
	unsigned count = 0;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL) {
		struct str rest = str_trim(str_of(line));
		struct str text = str_cut(&rest, '\t');
		struct str kind = str_cut(&rest, '\t');

		judge_one(text, kind, rest);
		count++;
	}
	fclose(f);
	return count;
}

/* Our own cases, and Dominic Sayers' is_email tests where they are. */
int main(void)
{
	const char *corpora = getenv("PIPEMAIL_CORPORA");
	const char *top = getenv("TOP_SRCDIR") != NULL ? getenv("TOP_SRCDIR") : ".";
	struct buf path = { .limit = 0 };
	unsigned count;

	buf_printf(&path, "%s/tests/data/addresses.tsv", top);
	check(each_case(buf_text(&path), judge_ours) > 100, "our own cases are there");
	buf_clear(&path);
	if (corpora != NULL)
		buf_printf(&path, "%s/is_email/tests.tsv", corpora);
	else
		buf_printf(&path, "%s/../shared/corpora/is_email/tests.tsv", top);
	count = each_case(buf_text(&path), judge_theirs);
	if (count == 0)
		printf("ok %d # SKIP %s: the is_email tests are not there\n", ++tap_count, buf_text(&path));
	else
		check(count == 164, "all 164 cases were read");
	buf_free(&path);
	return tap_done();
}
