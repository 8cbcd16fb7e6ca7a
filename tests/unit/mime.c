#include <config.h>

#include "mail/message/html_text.h"
#include "mail/message/mime_compose.h"
#include "mail/message/mime_read.h"

#include "base/err.h"
#include "io/converter.h"
#include "mail/header/header.h"
#include "text/charset.h"
#include "tests/tap.h"

static struct mime_scan scan_of(struct str s)
{
	struct mime_scan whole = { 0 };
	struct mime_scan cut = { 0 };

	mime_scan_add(&whole, s);
	for (size_t i = 0; i < s.n; i++)
		mime_scan_add(&cut, str_sub(s, i, 1));
	check(memcmp(&whole, &cut, sizeof whole) == 0, "cuts do not matter to the scan");
	return whole;
}

static void test_choose(void)
{
	static const struct {
		const char *text;
		enum mime_encoding text_way, octets_way;
	} cases[] = {
		{ "", MIME_7BIT, MIME_7BIT },
		{ "plain\r\n", MIME_7BIT, MIME_7BIT },
		{ "plain\n", MIME_7BIT, MIME_BASE64 },
		{ "plain\r", MIME_7BIT, MIME_BASE64 },
		{ "From here\n", MIME_QP, MIME_BASE64 },
		{ "line\r\nFrom here\r\n", MIME_QP, MIME_BASE64 },
		{ "line\r\n\r\nFrom ", MIME_QP, MIME_BASE64 },
		{ ">From here\r\nfrom here\r\nFrom\r\n here\r\nx From \r\n", MIME_7BIT, MIME_7BIT },
		{ "F=rom x\r\nFrom: x\r\nFFrom x\r\n", MIME_7BIT, MIME_7BIT },
		{ "J\xc3\xb6rg is here today", MIME_QP, MIME_BASE64 },
		{ "\xe6\x97\xa5\xe6\x9c\xac", MIME_BASE64, MIME_BASE64 },
		{ "esc \033[1m and much more of it", MIME_QP, MIME_BASE64 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mime_scan scan = scan_of(str_of(cases[i].text));

		check(mime_choose(&scan, true) == cases[i].text_way, "text %zu", i);
		check(mime_choose(&scan, false) == cases[i].octets_way, "octets %zu", i);
	}
	struct mime_scan scan = scan_of(STR_LIT("caf\xe9"));

	check(!mime_scan_utf8(&scan), "Latin-1 is not UTF-8");
	scan = scan_of(STR_LIT("caf\xc3"));
	check(!mime_scan_utf8(&scan), "nor is half a letter");
}

static void test_encoder(void)
{
	static const struct {
		enum mime_encoding way;
		bool text;
		const char *in, *out;
	} cases[] = {
		{ MIME_7BIT, true, "a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd\r\n" },
		{ MIME_7BIT, true, "a\r\r\n", "a\r\n\r\n" },
		{ MIME_7BIT, false, "a\r\nb", "a\r\nb" },
		{ MIME_BASE64, true, "a\n", "YQ0K\r\n" },
		{ MIME_BASE64, false, "a\n", "YQo=\r\n" },
		{ MIME_QP, true, "\xc3\xb6\n", "=C3=B6\r\n" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t cut = 1; cut < 9; cut += 7) {
			struct mime_encoder e = { .encoding = cases[i].way, .text = cases[i].text };
			struct buf out = { 0 };
			struct str in = str_of(cases[i].in);

			for (size_t at = 0; at < in.n; at += cut)
				mime_encode(&e, &out, str_sub(in, at, cut));
			mime_encode_end(&e, &out);
			check_same(buf_str(&out), cases[i].out, "encoded");
			mime_encoder_free(&e);
			buf_free(&out);
		}
	}
}

static void test_compose(void)
{
	struct mime_part text = { .type = "text/plain", .content = STR_LIT("hello\n"), .file = MIME_NO_FILE };
	struct mime_part html = { .type = "text/html", .content = STR_LIT("<p>hello"), .file = MIME_NO_FILE };
	struct mime_part file = { .type = "image/png",
		.file = 0,
		.file_size = 100,
		.name = "a b.png",
		.cid = NULL,
		.scan = { .nul = true, .control = true, .octets = 100 } };
	struct mime_compose c = { .header = STR_LIT("Subject: s\r\n"), .text = &text, .boundary = STR_LIT("q") };
	struct mime_message m = { 0 };
	struct err err = { 0 };

	check(mime_compose(&m, &c, &err) && m.n == 1, "text alone");
	check_same(buf_str(&m.text),
		"Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
		"Content-Transfer-Encoding: 7bit\r\n\r\nhello\r\n",
		"its octets");
	check(m.size == buf_len(&m.text), "its size");
	mime_message_clear(&m);
	c.html = &html;
	c.attachments = &file;
	c.n_attachments = 1;
	check(mime_compose(&m, &c, &err) && m.n == 3, "all of it");
	check(m.segments[1].file == 0 && m.segments[1].encoding == MIME_BASE64, "the file is a segment");
	check(m.size == buf_len(&m.text) + base64_lines_size(100), "the size counts the file");
	struct mime_leaf leaf;

	check(mime_leaf(buf_str(&m.text), 0, &leaf) && strcmp(leaf.type, "text/plain") == 0 && leaf.depth == 2,
		"first leaf");
	check_same(leaf.body, "hello\r\n", "its body, to the octet");
	check(mime_leaf(buf_str(&m.text), 1, &leaf) && strcmp(leaf.type, "text/html") == 0, "second leaf");
	check(mime_leaf(buf_str(&m.text), 2, &leaf) && strcmp(leaf.type, "image/png") == 0, "third leaf");
	check(!mime_leaf(buf_str(&m.text), 3, &leaf), "no fourth");
	mime_message_free(&m);
}

static void test_read(void)
{
	static const char nested[] =
		"Content-Type: multipart/mixed; boundary=\"a b\"\n\npre\n--a b\nContent-Type: multipart/alternative;"
		" boundary=c\n\n--c\n\nx\n--c\nContent-Type: text/html; charset=iso-8859-1\n"
		"Content-Transfer-Encoding: quoted-printable\n\ncaf=E9\n--c--\n--a b\nContent-Type: Message/RFC822\n\n"
		"Subject: y\n\nz\n--a b--\npost\n";
	struct mime_leaf leaf;
	struct buf out = { 0 };

	check(mime_leaf(str_of(nested), 0, &leaf), "first");
	check_same(leaf.body, "x", "its body");
	check(mime_leaf(str_of(nested), 1, &leaf) && mime_decode(&leaf, &out), "second");
	check_same(buf_str(&out), "caf\xc3\xa9", "decoded");
	check(mime_leaf(str_of(nested), 2, &leaf) && strcmp(leaf.type, "message/rfc822") == 0, "a message is a leaf");
	check_same(leaf.body, "Subject: y\n\nz", "and whole");
	check(!mime_leaf(str_of(nested), 3, &leaf), "no more");
	check(mime_leaf(STR_LIT("no header"), 0, &leaf), "a message without header is a leaf");
	buf_free(&out);
}

static void test_charset(void)
{
	static const char koi[] = "Content-Type: text/plain; charset=\"koi8-r\"\nContent-Transfer-Encoding: base64\n\n"
				  "8NLJ18XU";
	struct mime_leaf leaf;
	struct buf out = { 0 };

	check(mime_leaf(str_of(koi), 0, &leaf) && mime_decode(&leaf, &out), "text of a charset without a converter");
	check_same(buf_str(&out), "\xc3\xb0\xc3\x92\xc3\x89\xc3\x97\xc3\x85\xc3\x94", "is read as Latin-1");
	converter_open_all();
	if (charset_known(STR_LIT("koi8-r"))) {
		buf_clear(&out);
		mime_decode(&leaf, &out);
		check_same(buf_str(&out), "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
			"and as what it is with one");
	}
	converter_close_all();
	buf_free(&out);
}

static void test_html(void)
{
	static const struct {
		const char *html, *text;
	} cases[] = {
		{ "", "" },
		{ "<p>Hello <b>you</b>,</p>\n<p>two&nbsp;words &amp; more &#8364; &#x20ac;</p>",
			"Hello you,\n\ntwo words & more \xe2\x82\xac \xe2\x82\xac\n" },
		{ "<html><head><title>t</title><style>p{}</style></head><body>x<script>1<2</script>y</body>", "xy\n" },
		{ "a<br>b<br/>c", "a\nb\nc\n" },
		{ "<ul><li>one<li>two</ul>", "- one\n- two\n" },
		{ "<ol><li>one</li><li>two<ul><li>in</ul></ol>end", "1. one\n2. two\n  - in\n\nend\n" },
		{ "see <a href=\"https://example.org/?a=1&amp;b=2\">here</a>.",
			"see here <https://example.org/?a=1&b=2>.\n" },
		{ "<a href='mailto:a@example.org'>a@example.org</a>", "a@example.org\n" },
		{ "<a href='https://example.org'><img alt='logo' src=x></a>", "[logo] <https://example.org>\n" },
		{ "x<!-- <p>no --> y", "x y\n" },
		{ "<pre>a\n  b</pre>c", "a\n  b\n\nc\n" },
		{ "<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc\n" },
		{ "1 < 2 &unknown; &", "1 < 2 &unknown; &\n" },
		{ "<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc\n" },
		{ "<script>never", "" },
		{ "<p", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = { 0 };

		check(html_text_add(&out, str_of(cases[i].html)), "made text");
		check_same(buf_str(&out), cases[i].text, cases[i].html);
		buf_free(&out);
	}
}

int main(void)
{
	test_choose();
	test_encoder();
	test_compose();
	test_read();
	test_charset();
	test_html();
	return tap_done();
}
