#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "base/mem.h"
#include "text/csv.h"

enum cuts { WHOLE, BYTES, RANDOM };

static void feed(struct csv *c, struct str s)
{
	memcpy(csv_room(c, s.n), s.p, s.n);
	csv_fed(c, s.n);
}

/* Everything that the reader says about input, as text: <raw|value>… end @line; then "ERROR kind text rest". */
static void play(struct str input, char delimiter, enum cuts cuts, struct buf *out)
{
	struct csv c = { 0 };
	struct csv_row row;
	struct err err = { 0 };
	enum csv_event event;
	size_t at = 0;

	csv_init(&c, delimiter);
	for (;;) {
		event = csv_next(&c, &row, &err);
		if (event == CSV_ROW) {
			for (size_t i = 0; i < row.n; i++) {
				buf_add_char(out, '<');
				buf_add(out, row.cells[i].value);
				buf_add_char(out, '>');
			}
			buf_printf(out, " %zu@%u\n", row.end.n, (unsigned)row.line);
			continue;
		}
		if (event != CSV_MORE)
			break;
		if (at == input.n) {
			csv_eof(&c);
			continue;
		}
		size_t n = cuts == WHOLE ? input.n : cuts == BYTES ? 1 : 1 + (size_t)rand() % 5;

		feed(&c, str_sub(input, at, n));
		at += str_sub(input, at, n).n;
	}
	if (event == CSV_ERROR)
		buf_printf(out, "ERROR %d %s [%.*s]\n", err.kind, err.text, STR_ARGS(csv_rest(&c)));
	csv_free(&c);
}

static void reads(struct str input, char delimiter, const char *want, const char *name)
{
	static const char *const cuts[] = { "whole", "octet by octet", "in random cuts" };

	for (int i = WHOLE; i <= RANDOM; i++) {
		struct buf out = { 0 };
		char title[100];

		play(input, delimiter, (enum cuts)i, &out);
		snprintf(title, sizeof title, "%s, %s", name, cuts[i]);
		check_same(buf_str(&out), want, title);
		buf_free(&out);
	}
}

static void test_reading(void)
{
	reads(STR_LIT("a,b\nc,\n"), ',', "<a><b> 1@1\n<c><> 1@2\n", "plain");
	reads(STR_LIT(""), ',', "", "nothing");
	reads(STR_LIT("\n\nx"), ',', "<> 1@1\n<> 1@2\n<x> 0@3\n", "empty lines are rows; no final line end");
	reads(STR_LIT("a,b\r\nc,d\r\n"), ',', "<a><b> 2@1\n<c><d> 2@2\n", "CRLF");
	reads(STR_LIT("a,b\rc,d\r"), ',', "<a><b> 1@1\n<c><d> 1@2\n", "CR alone");
	reads(STR_LIT("a\nb\rc\nd\r\n"), ',', "<a> 1@1\n<b\rc> 1@2\n<d> 2@3\n", "a CR in a file with LF is data");
	reads(STR_LIT("a\rb\nc\r"), ',', "<a> 1@1\n<b\nc> 1@2\n", "an LF in a file with CR is data");
	reads(STR_LIT("\xef\xbb\xbf"
		      "a,b\n"),
		',', "<a><b> 1@1\n", "a BOM");
	reads(STR_LIT("\"a,\"\"b\"\"\",c\n"), ',', "<a,\"b\"><c> 1@1\n", "quotes");
	reads(STR_LIT("\"x\ny\r\nz\",1\nq\n"), ',', "<x\ny\r\nz><1> 1@1\n<q> 1@4\n",
		"line breaks within quotes, lines counted");
	reads(STR_LIT("\"\",\"\"\r\n\"\""), ',', "<><> 2@1\n<> 0@2\n", "empty quoted cells");
	reads(STR_LIT("a\"b,c\"\n\"d\"e\"f\",g\n"), ',', "<a\"b><c\"> 1@1\n<de\"f\"><g> 1@2\n",
		"quotes out of place stay");
	reads(STR_LIT("\"a\" ,b\n"), ',', "<a ><b> 1@1\n", "a blank behind the quote");
	reads(STR_LIT("a;b,c\n"), ';', "<a><b,c> 1@1\n", "another delimiter");
	reads(STR_LIT("a\tb\n"), '\t', "<a><b> 1@1\n", "tabs");
	reads(STR_LIT("\"a\"\r"), ',', "<a> 1@1\n", "a quoted cell and a CR");
	reads(STR_LIT("a\n\"b\"\r"), ',', "<a> 1@1\n<b\r> 0@2\n", "a last CR that ends nothing");
}

static void test_damage(void)
{
	struct buf out = { 0 };

	reads(STR_LIT("a,b\n1,\"x\ny\n"), ',',
		"<a><b> 1@1\nERROR 65 line 2: the quote that opens here is never closed [1,\"x\ny\n]\n",
		"an open quote");
	reads(STR_LIT("\"a\nb\",\"c\n"), ',',
		"ERROR 65 line 2: the quote that opens here is never closed [\"a\nb\",\"c\n]\n", "where it opened");
	play(str_at("a\0b,c\n", 6), ',', BYTES, &out);
	check(str_eq(buf_str(&out), str_at("<a\0b><c> 1@1\n", 13)), "a NUL is an octet");
	buf_free(&out);
}

static void test_limit(void)
{
	struct csv c = { 0 };
	struct csv_row row;
	struct err err = { 0 };
	struct buf big = { 0 };

	for (int i = 0; i < 3000; i++)
		buf_add_text(&big, "0123456789");
	csv_init(&c, ',');
	c.row_limit = 20000;
	feed(&c, STR_LIT("a\n"));
	feed(&c, buf_str(&big));
	check(csv_next(&c, &row, &err) == CSV_ROW, "what comes before a row over the limit stands");
	check(csv_next(&c, &row, &err) == CSV_ERROR && strstr(err.text, "line 2") != NULL, "%s", err.text);
	check(csv_next(&c, &row, &err) == CSV_ERROR, "and it stays an error");
	csv_free(&c);
	buf_free(&big);
}

/* --- the same by a reader that is as simple as can be --- */

/* Rows of s with LF line ends, in the words of play(), for input without an open quote. */
static void plainly(struct str s, struct buf *out)
{
	unsigned line = 1;
	size_t i = 0;

	while (i < s.n) {
		unsigned start = line;
		bool end = false;

		while (!end) {
			struct buf cell = { 0 };
			bool quoted = i < s.n && s.p[i] == '"';

			for (i += quoted; i < s.n; i++) {
				char c = s.p[i];

				if (quoted && c == '"' && i + 1 < s.n && s.p[i + 1] == '"')
					i++;
				else if (quoted && c == '"') {
					quoted = false;
					continue;
				} else if (!quoted && (c == ',' || c == '\n'))
					break;
				line += c == '\n';
				buf_add_char(&cell, c);
			}
			end = i == s.n || s.p[i] == '\n';
			buf_printf(out, "<%.*s>", STR_ARGS(buf_str(&cell)));
			buf_free(&cell);
			i += i < s.n;
		}
		bool ended = s.p[i - 1] == '\n';

		buf_printf(out, " %d@%u\n", ended, start);
		line += ended;
	}
}

static bool same_as_plainly(struct str s)
{
	struct buf want = { 0 };
	bool same = true;

	plainly(s, &want);
	for (int i = WHOLE; i <= RANDOM; i++) {
		struct buf got = { 0 };

		play(s, ',', (enum cuts)i, &got);
		same = same && str_eq(buf_str(&got), buf_str(&want));
		if (!str_eq(buf_str(&got), buf_str(&want)))
			printf("# input [%.*s]\n# got  %.*s\n# want %.*s\n", STR_ARGS(s), STR_ARGS(buf_str(&got)),
				STR_ARGS(buf_str(&want)));
		buf_free(&got);
	}
	buf_free(&want);
	return same;
}

static void test_plainly(void)
{
	static const char *const cells[] = {
		"",
		"a",
		"bc",
		"\"q\"",
		"\"a,b\"",
		"\"x\ny\"",
		"\"d\"\"d\"",
		"\"e\"tail",
		"mid\"quote",
		"\"\"",
		"a cell that is longer than a block of sixty-four octets and therefore searched in two of them",
	};
	bool same = true;

	for (int round = 0; round < 2000 && same; round++) {
		struct buf file = { 0 };

		/* The first line end is surely LF. */
		buf_add_text(&file, "h\n");
		for (int n = rand() % 120; n >= 0; n--) {
			buf_add_text(&file, cells[(size_t)rand() % (sizeof cells / sizeof *cells)]);
			buf_add_char(&file, rand() % 4 == 0 ? '\n' : ',');
		}
		same = same_as_plainly(buf_str(&file));
		buf_free(&file);
	}
	check(same, "every row is what a reader as simple as can be makes of it");
}

/* Writing and reading again is the identity, whatever the octets are. */
static void test_round_trip(void)
{
	static const char alphabet[] = "a,\"\n\r; \t\xc3";
	bool same = true;

	for (int round = 0; round < 3000 && same; round++) {
		struct buf file = { 0 };
		struct buf got = { 0 };
		struct buf want = { 0 };
		char cell[4][6];
		size_t n[4];

		for (int i = 0; i < 4; i++) {
			n[i] = (size_t)rand() % sizeof cell[i];
			for (size_t k = 0; k < n[i]; k++)
				cell[i][k] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
			csv_add_cell(&file, str_at(cell[i], n[i]), ',');
			buf_add_char(&file, i % 2 == 0 ? ',' : '\n');
			buf_add_char(&want, '<');
			buf_add(&want, str_at(cell[i], n[i]));
			buf_add_char(&want, '>');
			if (i % 2 == 1)
				buf_printf(&want, " ");
		}
		play(buf_str(&file), ',', RANDOM, &got);
		/* Without the line numbers, which depend on what the cells hold. */
		struct buf bare = { 0 };
		struct str rest = buf_str(&got);

		while (rest.n > 0) {
			size_t end = str_search(rest, STR_LIT("> 1@"));

			if (end == rest.n)
				break;
			buf_add(&bare, str_sub(rest, 0, end + 1));
			buf_add_char(&bare, ' ');
			rest = str_sub(rest, end, rest.n);
			str_cut(&rest, '\n');
		}
		same = str_eq(buf_str(&bare), buf_str(&want));
		if (!same)
			printf("# file [%.*s]\n", STR_ARGS(buf_str(&file)));
		buf_free(&file);
		buf_free(&got);
		buf_free(&want);
		buf_free(&bare);
	}
	check(same, "write and read again");
}

static void test_guess(void)
{
	check(csv_guess_delimiter(STR_LIT("a;b;c,d\n1,2,3,4,5")) == ';', "semicolons");
	check(csv_guess_delimiter(STR_LIT("a\tb\n")) == '\t', "tabs");
	check(csv_guess_delimiter(STR_LIT("\"a;b;c\",d\n")) == ',', "not within quotes");
	check(csv_guess_delimiter(STR_LIT("a@b.example\n")) == ',', "a comma where there is none");
	check(csv_guess_delimiter(STR_LIT("5\" pipe;a\nb,c,d\n")) == ';', "a quote amid a cell opens nothing");
	check(csv_guess_delimiter(STR_LIT("\"a\"\",;;\"\tb\n")) == '\t', "half of a doubled quote closes nothing");
}

/* Nothing is taken off before the line end is known: so one BOM is passed over, and never two. */
static void test_bom(void)
{
	struct str s = STR_LIT("\xef\xbb\xbf\xef\xbb\xbf"
			       "a\r");

	for (size_t cut = 0; cut <= s.n; cut++) {
		struct csv c = { 0 };
		struct csv_row row;

		csv_init(&c, ',');
		feed(&c, str_at(s.p, cut));
		check(csv_next(&c, &row, NULL) == CSV_MORE && csv_rest(&c).n == cut, "%zu octets: nothing is taken",
			cut);
		feed(&c, str_sub(s, cut, s.n));
		csv_eof(&c);
		check(csv_next(&c, &row, NULL) == CSV_ROW && str_eq(row.raw, str_sub(s, 3, s.n - 4)),
			"one BOM is passed over");
		csv_free(&c);
	}
}

/* --- csv-spectrum: the cells of each file against the JSON that it means --- */

static bool slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char *room;
	size_t n;

	if (f == NULL)
		return false;
	while ((room = buf_room(out, 4096)) != NULL && (n = fread(room, 1, 4096, f)) > 0)
		buf_added(out, n);
	fclose(f);
	return true;
}

/* The strings of a JSON text in order, each with a NUL behind it; keys and values alike. */
static void json_strings(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"')
			continue;
		for (i++; i < s.n && s.p[i] != '"'; i++) {
			if (s.p[i] != '\\')
				buf_add_char(out, s.p[i]);
			else if (s.p[++i] == 'n')
				buf_add_char(out, '\n');
			else if (s.p[i] == 'r')
				buf_add_char(out, '\r');
			else
				buf_add_char(out, s.p[i]);
		}
		buf_add_char(out, '\0');
	}
}

static void csv_strings(struct str s, struct buf *out)
{
	struct csv c = { 0 };
	struct csv_row row;
	char *names[20];
	size_t n = 0;

	csv_init(&c, csv_guess_delimiter(s));
	feed(&c, s);
	csv_eof(&c);
	while (csv_next(&c, &row, NULL) == CSV_ROW) {
		if (n == 0) {
			for (; n < row.n; n++)
				names[n] = mem_copy(row.cells[n].value.p, row.cells[n].value.n);
			continue;
		}
		for (size_t i = 0; i < row.n && i < n; i++) {
			buf_add(out, str_at(names[i], strlen(names[i]) + 1));
			buf_add(out, row.cells[i].value);
			buf_add_char(out, '\0');
		}
	}
	while (n > 0)
		mem_free(names[--n]);
	csv_free(&c);
}

/* A list and the JSON that it means; false when they are not there. */
static bool test_pair(const char *folder, const char *name)
{
	struct buf csv = { 0 };
	struct buf json = { 0 };
	struct buf got = { 0 };
	struct buf want = { 0 };
	char path[4096];

	snprintf(path, sizeof path, "%s/csvs/%s.csv", folder, name);
	bool there = slurp(path, &csv);

	snprintf(path, sizeof path, "%s/json/%s.json", folder, name);
	there = slurp(path, &json) && there;
	csv_strings(buf_str(&csv), &got);
	json_strings(buf_str(&json), &want);
	if (strcmp(name, "location_coordinates") == 0) {
		/* csv-spectrum's JSON has another telephone number than its CSV. */
		buf_drop(&got, str_search(buf_str(&got), STR_LIT("Location")));
		buf_drop(&want, str_search(buf_str(&want), STR_LIT("Location")));
	}
	if (there && !check(str_eq(buf_str(&got), buf_str(&want)), "%s means its JSON", name))
		printf("# got %zu octets, want %zu\n", buf_len(&got), buf_len(&want));
	buf_free(&csv);
	buf_free(&json);
	buf_free(&got);
	buf_free(&want);
	return there;
}

/* Our own lists, and csv-spectrum's where they are. */
static void test_pairs(void)
{
	static const char *const ours[] = { "blanks_kept", "crlf", "crlf_quoted", "empty_cells", "json_in_a_cell",
		"lf_and_crlf", "line_ends_quoted", "no_line_end", "other_scripts", "plain", "quoted_header",
		"quotes_doubled", "quotes_inside", "semicolons", "separator_quoted", "tabs" };
	static const char *const theirs[] = { "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json",
		"location_coordinates", "newlines", "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf",
		"utf8" };
	const char *corpora = getenv("PIPEMAIL_CORPORA");
	const char *top = getenv("TOP_SRCDIR") != NULL ? getenv("TOP_SRCDIR") : ".";
	char folder[2048];

	snprintf(folder, sizeof folder, "%s/tests/data/csv", top);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (!test_pair(folder, ours[i]))
			check(false, "%s/csvs/%s.csv and its JSON are there", folder, ours[i]);
	if (corpora != NULL)
		snprintf(folder, sizeof folder, "%s/csv-spectrum", corpora);
	else
		snprintf(folder, sizeof folder, "%s/../shared/corpora/csv-spectrum", top);
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		if (!test_pair(folder, theirs[i])) {
			printf("ok %d # SKIP %s: csv-spectrum is not there\n", ++tap_count, folder);
			return;
		}
}

int main(void)
{
	test_reading();
	test_damage();
	test_limit();
	test_plainly();
	test_round_trip();
	test_guess();
	test_bom();
	test_pairs();
	return tap_done();
}
