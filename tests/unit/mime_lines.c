#include <config.h>

#include "mail/message/html_text.h"
#include "mail/message/mime_lines.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/random.h"
#include "tests/tap.h"
#include "text/template.h"

/* Lines that are worked out once must come to the same as when they are read in their place, among any others. */

#define RUNS 4

static const char *const text_words[] = { "plain words and more of them", "\n", "\n", "\n", "\r\n", "\r", "From ", ".",
	"=", " ", "\t", "\xc3\xbc", "\xff", "\xc3", "x", "From here\n", "\nFrom ",
	"0123456789012345678901234567890123456789", "\x01", "\n\n", " \n", "\xe2\x82\xac\n" };
static const char *const page_words[] = { "<p>", "</p>", "words of the page", "\n", "\n", "\r\n", " ", "<br>\n",
	"<ul>\n<li>", "<ol><li>", "<li>", "</ol>", "</ul>", "&amp;", "&", "<a href=\"https://x.example/\">", "</a>",
	"<a href='#x'>", "<pre>", "</pre>", "<blockquote>", "</blockquote>", "<!-- c -->", "<!--", "-->", "<style>x",
	"</style>", "<img alt=\"p\n\">", "<b", ">", "<", "<td>", "<h1>", "\"", "\t", "\xc3\xbc" };

static void random_words(struct buf *out, const char *const *words, size_t n, size_t most)
{
	for (size_t i = random_below(most + 1); i > 0; i--)
		buf_add_text(out, words[random_below(n)]);
}

/* A text around some of the lines, and where they are in it. */
static size_t around(struct buf *out, struct mime_lines *const *lines, struct mime_run *runs, const char *const *words,
	size_t n)
{
	size_t count = 0;

	buf_clear(out);
	for (size_t i = 0; i < RUNS; i++) {
		random_words(out, words, n, 6);
		if (random_below(3) == 0)
			continue;
		if (buf_len(out) > 0 && buf_str(out).p[buf_len(out) - 1] != '\n')
			buf_add_char(out, '\n');
		runs[count++] =
			(struct mime_run){ .at = buf_len(out), .n = buf_len(&lines[i]->raw), .lines = lines[i] };
		buf_add(out, buf_str(&lines[i]->raw));
	}
	random_words(out, words, n, 6);
	return count;
}

static bool same_encoding(const struct mime_run *runs, size_t n, struct str text, enum mime_encoding encoding,
	bool is_text)
{
	struct mime_encoder one = { .encoding = encoding, .text = is_text };
	struct mime_encoder two = one;
	struct buf a = { 0 };
	struct buf b = { 0 };

	mime_encode(&one, &a, text);
	mime_encode_end(&one, &a);
	mime_runs_encode(runs, n, text, &two, &b);
	mime_encode_end(&two, &b);
	bool same = str_eq(buf_str(&a), buf_str(&b));

	mime_encoder_free(&one);
	mime_encoder_free(&two);
	buf_free(&a);
	buf_free(&b);
	return same;
}

static bool same_page(const struct mime_run *runs, size_t n, struct str page)
{
	struct buf a = { 0 };
	struct buf b = { 0 };

	html_text_add(&a, page);
	html_text_add_runs(&b, page, runs, n);
	bool same = str_eq(buf_str(&a), buf_str(&b));

	buf_free(&a);
	buf_free(&b);
	return same;
}

static void make_lines(struct mime_lines **lines, const char *const *words, size_t n)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < RUNS; i++) {
		buf_clear(&text);
		random_words(&text, words, n, 12);
		buf_add_char(&text, '\n');
		lines[i] = mime_lines_new(buf_str(&text));
	}
	buf_free(&text);
}

static void test_runs(void)
{
	unsigned scans = 0, encodings = 0, pages = 0;
	struct buf text = { 0 };

	for (unsigned round = 0; round < 500; round++) {
		struct mime_lines *lines[RUNS], *page[RUNS];
		struct mime_run runs[RUNS];

		make_lines(lines, text_words, sizeof text_words / sizeof *text_words);
		make_lines(page, page_words, sizeof page_words / sizeof *page_words);
		for (unsigned i = 0; i < 20; i++) {
			struct mime_scan whole = { 0 }, joined = { 0 };
			size_t n = around(&text, lines, runs, text_words, sizeof text_words / sizeof *text_words);

			mime_scan_add(&whole, buf_str(&text));
			mime_runs_scan(runs, n, buf_str(&text), &joined);
			/* What the last letter had in the tail is of no meaning when there is none. */
			memset(whole.tail + whole.tail_n, 0, sizeof whole.tail - whole.tail_n);
			memset(joined.tail + joined.tail_n, 0, sizeof joined.tail - joined.tail_n);
			scans += memcmp(&whole, &joined, sizeof whole) != 0;
			encodings += !same_encoding(runs, n, buf_str(&text), MIME_QP, true);
			encodings += !same_encoding(runs, n, buf_str(&text), MIME_7BIT, true);
			encodings += !same_encoding(runs, n, buf_str(&text), MIME_7BIT, false);
			encodings += !same_encoding(runs, n, buf_str(&text), MIME_BASE64, true);
			n = around(&text, page, runs, page_words, sizeof page_words / sizeof *page_words);
			pages += !same_page(runs, n, buf_str(&text));
		}
		for (size_t i = 0; i < RUNS; i++) {
			mime_lines_free(lines[i]);
			mime_lines_free(page[i]);
		}
	}
	check(scans == 0, "10000 texts: the same scan (%u others)", scans);
	check(encodings == 0, "the same encoding, each way (%u others)", encodings);
	check(pages == 0, "10000 pages: the same text (%u others)", pages);
	buf_free(&text);
}

static struct template_value get(const void *data, const void *node, struct str name)
{
	(void)node;
	(void)name;
	return (struct template_value){ .type = TEMPLATE_TEXT, .text = str_of(data) };
}

#define LONG "a line of the template that is long enough to be worth keeping with it\n"

static void test_marks(void)
{
	struct err err = { 0 };
	struct template *t = template_new(STR_LIT(LONG LONG "x {{a}} y\n" LONG "z {{a}}" LONG LONG "{{#a}}\n" LONG LONG
							    "{{/a}}{{>p}}end"),
		1, &err);
	const struct template_data data = { .get = get, .data = "one\ntwo" };
	struct template_marks marks = { 0 };
	struct buf out = { 0 };
	bool right = true;

	for (unsigned turn = 0; turn < 2; turn++) {
		buf_clear(&out);
		check(template_render_marked(t, &data, TEMPLATE_PLAIN, &out, &marks, &err) && marks.n == 4, "marks: %s",
			err.text);
		for (size_t i = 0; i < marks.n; i++) {
			struct str lines = str_sub(buf_str(&out), marks.all[i].at, marks.all[i].n);

			right &= lines.p[lines.n - 1] == '\n' && (marks.all[i].at == 0 || lines.p[-1] == '\n');
			right &= turn == 0 ? *marks.all[i].kept == NULL : *marks.all[i].kept == &err;
			*marks.all[i].kept = &err;
		}
	}
	check(right, "each has whole lines, and keeps what it was given");
	check(template_kept(t, 3) == &err && template_kept(t, 4) == NULL, "which can be found again to be freed");
	mem_free(marks.all);
	buf_free(&out);
	template_free(t);
}

int main(void)
{
	test_runs();
	test_marks();
	return tap_done();
}
