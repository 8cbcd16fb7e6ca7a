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

/* One case: taken always, with flags only, or never. A top-level domain that is a number never is.
 */
static void judge(struct str text, struct str category, struct str diagnosis)
{
	struct address a = { .domain_fault = 0 };
	struct buf s = { .limit = 0 };
	bool plain =
		str_eq(category, STR_LIT("ISEMAIL_VALID_CATEGORY")) || str_eq(category, STR_LIT("ISEMAIL_DNSWARN"));
	bool flagged = plain ||
		(str_eq(category, STR_LIT("ISEMAIL_RFC5321")) &&
			!str_eq(diagnosis, STR_LIT("ISEMAIL_RFC5321_TLDNUMERIC")));

	unjson(&s, text);
	check((address_parse(&a, buf_str(&s), 0) == ADDRESS_OK) == plain, "%.*s: %.*s", STR_ARGS(text),
		STR_ARGS(diagnosis));
	check((address_parse(&a, buf_str(&s), all_flags) == ADDRESS_OK) == flagged, "%.*s with all flags",
		STR_ARGS(text));
	address_free(&a);
	buf_free(&s);
}

/* Dominic Sayers' is_email tests: address, category and diagnosis in three columns. */
int main(void)
{
	const char *corpora = getenv("PIPEMAIL_CORPORA");
	const char *top = getenv("TOP_SRCDIR");
	struct buf path = { .limit = 0 };
	char line[4096];
	unsigned count = 0;

	if (corpora != NULL)
		buf_printf(&path, "%s/is_email/tests.tsv", corpora);
	else
		buf_printf(&path, "%s/../shared/corpora/is_email/tests.tsv", top != NULL ? top : ".");
	FILE *f = fopen(buf_text(&path), "r");

	if (f == NULL) {
		printf("1..0 # SKIP no corpus at %s\n", buf_text(&path));
		buf_free(&path);
		return 0;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		struct str rest = str_trim(str_of(line));
		struct str text = str_cut(&rest, '\t');
		struct str category = str_cut(&rest, '\t');

		judge(text, category, rest);
		count++;
	}
	check(count == 164, "all 164 cases were read");
	fclose(f);
	buf_free(&path);
	return tap_done();
}
