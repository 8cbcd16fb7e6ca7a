#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "mail/page/page.h"

/* HTML of strangers: what the filter leaves, and that nothing it leaves is more than that. */

#define PNG "iVBORw0KGgo="

static const char message[] =
	"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n"
	"--b\nContent-Type: image/png\nContent-ID: <p@x.example>\nContent-Transfer-Encoding: base64\n\n" PNG
	"\n--b\nContent-Type: image/svg+xml\nContent-ID: <s@x.example>\n\n<svg/>\n--b--\n";

static void leaves(const char *html, const char *want)
{
	struct buf out = { .limit = 0 };
	struct page_found found = { .remote = 0 };

	page_filter(&out, STR_LIT(message), str_of(html), &found);
	check_same(buf_str(&out), want, html);
	buf_free(&out);
	page_found_free(&found);
}

static void test_kept(void)
{
	leaves("<p class=x>a &amp; b &lt;</p>", "<p class=\"x\">a &amp; b &lt;</p>");
	leaves("<TABLE BGCOLOR='#fff' width=600><TR><TD align=center>x</TD></TR></TABLE>",
		"<table bgcolor=\"#fff\" width=\"600\"><tr><td align=\"center\">x</td></tr></table>");
	leaves("<body bgcolor=red text='a\"b'>x</body></html>", "<body bgcolor=\"red\" text=\"a&quot;b\">x");
	leaves("a < b > c", "a &lt; b &gt; c");
	leaves("<br/><hr />", "<br><hr>");
	leaves("<!--[if mso]><b>no</b><![endif]--><!--[if !mso]><!--><i>yes</i><!--<![endif]-->", "<i>yes</i>");
	leaves("<p\fid=a\tlang\n=\r'de'>x", "<p id=\"a\" lang=\"de\">x");
	leaves("<img src=cid:p@x.example alt=A>", "<img src=\"data:image/png;base64," PNG "\" alt=\"A\">");
	leaves("<img src='cid:p%40x.example'>", "<img src=\"data:image/png;base64," PNG "\">");
	leaves("<img src='data:image/png;base64," PNG "'>", "<img src=\"data:image/png;base64," PNG "\">");
	leaves("<td background=cid:p@x.example>", "<td background=\"data:image/png;base64," PNG "\">");
	leaves("<noscript>text</noscript>", "text");
}

static void test_removed(void)
{
	leaves("<script>alert(1)</script>x", "x");
	leaves("<ScRiPt\n>a</sCrIpT >x", "x");
	leaves("<script>a</scriptx></script>b", "b");
	leaves("<img src=x onerror=alert(1)>", "<img>");
	leaves("<p onclick='a'ONLOAD=b>x", "<p>x");
	leaves("<link rel=preconnect href=http://x.example><meta http-equiv=refresh content='0;url=http://x'>", "");
	leaves("<base href=http://x.example/ target=_top>", "");
	leaves("<form action=http://x><input type=image src=y><button formaction=z>b</button></form>", "b");
	leaves("<iframe src=http://x srcdoc='<b>'>inner</iframe>o", "o");
	leaves("<object data=x><embed src=y>fallback</object>", "fallback");
	leaves("<svg onload=a><script>x</script><a href=javascript:b>t</a></svg>",
		"<a href=\"#\" title=\"javascript:b\">t</a>");
	leaves("<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=a&gt;\">",
		"<table><style media=\"all\"> </style><img>");
	leaves("<title></title><textarea><img src=x></textarea>t", "t");
	leaves("<video poster=http://x src=y>no</video><audio src=z></audio>", "no");
	leaves("<picture><source srcset=http://x><img src=http://y srcset=http://z></picture>", "<img>");
	leaves("<img src=cid:s@x.example>", "<img>");
	leaves("<img src='data:image/svg+xml;base64,PHN2Zy8+'>", "<img>");
	leaves("<img src='data:text/html,<script>'>", "<img>");
	leaves("<img src=file:///etc/passwd><img src=//x.example/a><img src=a.png>", "<img><img><img>");
	leaves("<a href='http://x.example/' ping=http://y target=_top>t</a>",
		"<a href=\"#\" title=\"http://x.example/\">t</a>");
	leaves("<a href=#top>t</a>", "<a href=\"#\">t</a>");
	leaves("<a href='&#106;avascript:a'>t", "<a href=\"#\" title=\"javascript:a\">t");
	leaves("<scr<script>ipt>a</script>", "ipt&gt;a");
	leaves("<p title='<img src=x>' id='\"><img src=x>'>x", "<p id=\"&quot;&gt;&lt;img src=x&gt;\">x");
	leaves("<p \"=x'=y id=z>x", "<p id=\"z\">x");
	leaves("<p =a=b>x", "<p>x");
	leaves("<p id=a", "<p id=\"a\">");
	leaves("<p id='a", "<p id=\"a\">");
	leaves("<!doctype html><?php x ?></><!-->a<!--->b<!--c", "ab");
	leaves("<plaintext>x", "x");
	leaves("<", "&lt;");
	leaves("</", "");
	leaves("<!--", "");
}

static void test_css(void)
{
	leaves("<p style='color:red;background:url(http://x/y)'>", "<p style=\"color:red;background:none\">");
	leaves("<p style='background:url(&quot;cid:p@x.example&quot;)'>",
		"<p style=\"background:url(&quot;data:image/png;base64," PNG "&quot;)\">");
	leaves("<style>@import 'http://x';a{b:c}</style>", "<style media=\"all\"> a{b:c}</style>");
	leaves("<style media=print>@IMPORT url(x);p{}</style>", "<style media=\"print\"> p{}</style>");
	leaves("<style>a{b:u\\72l(x)}</style>", "<style media=\"all\">a{b:u 72l(x)}</style>");
	leaves("<style>a{b:u/**/rl(x)}</style>", "<style media=\"all\">a{b:u rl(x)}</style>");
	leaves("<style>a{b:URL( 'x' );c:url(y</style>", "<style media=\"all\">a{b:none;c:none</style>");
	leaves("<style>a{b:image-set('x' 1x);c:-webkit-image-set(url(y))}</style>",
		"<style media=\"all\">a{b:x-removed('x' 1x);c:x-removed(none)}</style>");
	leaves("<style><!-- a{content:'</'} --></style>", "<style media=\"all\">  a{content:'\\3c /'}  </style>");
	leaves("<style>a{b:'\\\r\nc:url(x)';d:url(y)}</style>",
		"<style media=\"all\">a{b:'\\\r\nc:url(x)';d:none}</style>");
	leaves("<style>@font-face{src:url(http://x/f.woff)}</style>",
		"<style media=\"all\">@font-face{src:none}</style>");
}

static void test_told(void)
{
	struct buf out = { .limit = 0 };
	struct page_found found = { .remote = 0 };

	page_filter(&out, STR_LIT(message),
		STR_LIT("<img src=http://x/1><img src=cid:p@x.example><p style='a:url(//y)'><a href=http://a.example/>1</a>"
			"<a href=HTTPS://b.example>2</a><a href=mailto:c@x.example>3</a><a href=javascript:x>4</a>"
			"<a href=http://a.example/>5</a><script></script><form>"),
		&found);
	check(found.remote == 2, "two pictures from elsewhere: %u", found.remote);
	check(found.active == 2, "a script and a form: %u", found.active);
	check_same(buf_str(&found.targets), "http://a.example/\nHTTPS://b.example\nmailto:c@x.example\n",
		"links that lead somewhere, each once");
	page_found_free(&found);
	for (unsigned i = 0; i < 2 * PAGE_LINKS; i++) {
		char html[60];

		snprintf(html, sizeof html, "<a href=http://x.example/%u>", i);
		page_filter(&out, STR_LIT(""), str_of(html), &found);
	}
	check(found.links == PAGE_LINKS && str_count(buf_str(&found.targets), '\n') == PAGE_LINKS, "not without end");
	page_found_free(&found);
	buf_free(&out);
}

static bool has(const struct buf *out, const char *text)
{
	return str_search(buf_str(out), str_of(text)) < buf_len(out);
}

static void test_frame(void)
{
	struct buf out = { .limit = 0 };
	struct page_found found = { .remote = 0 };

	page_add_html(&out, STR_LIT(message), STR_LIT("<p>\"it's\" \"></iframe>"), &found);
	struct str frame = buf_str(&out);

	check(str_starts(frame, STR_LIT("<iframe sandbox class=")),
		"a frame with every restriction, and nothing to tell");
	check(str_count(frame, '<') == 2 && str_ends(frame, STR_LIT("\"></iframe>\n")),
		"nothing gets out of its attribute");
	check(has(&out, "default-src &#39;none&#39;; img-src data:;"), "a policy of its own");
	check(!has(&out, "allow-"), "nothing allowed");
	buf_clear(&out);
	page_add_html(&out, STR_LIT(message), STR_LIT("<img src=//x><script></script><a href='http://a.example/?\"'>"),
		&found);
	check(has(&out, "1 picture, font or style from the network: not loaded") && has(&out, "were removed"),
		"what is left out is told");
	check(has(&out, "<a href=\"http://a.example/?&quot;\" target=\"_blank\" rel=\"noopener noreferrer\">"),
		"links are listed");
	buf_clear(&out);
	page_add_meta(&out, false);
	check(has(&out, "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri"),
		"a page loads nothing");
	page_found_free(&found);
	buf_free(&out);
}

static void shows(const char *text, const char *want)
{
	struct buf out = { .limit = 0 };

	page_add_text(&out, str_of(text));
	check_same(buf_str(&out), want, text);
	buf_free(&out);
}

#define LINK(url) "<a href=\"" url "\" target=\"_blank\" rel=\"noopener noreferrer\">" url "</a>"

static void test_text(void)
{
	shows("a <b>\n\tc & d\r\n", "a &lt;b&gt;\n\tc &amp; d\n");
	shows("see http://x.example/a. Then", "see " LINK("http://x.example/a") ". Then");
	shows("<https://x.example/?a=1&b=2>", "&lt;" LINK("https://x.example/?a=1&amp;b=2") "&gt;");
	shows("http://x\"onclick=a", LINK("http://x") "&quot;onclick=a");
	shows("http:// javascript:x ftp://y", "http:// javascript:x ftp://y");
	shows("a\x1b[31mb\x7f", "a\xef\xbf\xbd[31mb\xef\xbf\xbd");
}

static void test_head(void)
{
	static const char *const names[] = { "From", "To", NULL };
	struct buf out = { .limit = 0 };

	page_add_head(&out, STR_LIT("subject: =?utf-8?q?=3Cb=3E_=E2=80=AE?=\r\nFrom: J\xfcrgen <a@x.example>\r\n"),
		names);
	check_same(buf_str(&out),
		"<header><h2><bdi>&lt;b&gt; \\xe2\\x80\\xae</bdi></h2><dl>\n<dt>From</dt><dd><bdi>J\xc3\xbcrgen "
		"&lt;a@x.example&gt;</bdi></dd>\n</dl></header>\n",
		"a head: decoded, escaped, without marks of direction, Latin-1 read");
	buf_free(&out);
}

/* A tag without the values of its attributes, in which anything may stand. */
static void bare_tag(struct buf *out, struct str tag)
{
	bool quoted = false;

	buf_clear(out);
	for (size_t i = 0; i < tag.n; i++) {
		quoted ^= tag.p[i] == '"';
		if (!quoted)
			buf_add_char(out, tag.p[i]);
	}
}

/* Whatever comes in: no script, handler, link or address goes out, and no "<" that begins no tag. */
static bool is_tame(struct str s)
{
	struct buf bare = { .limit = 0 };
	bool tame = true;

	while (tame && s.n > 0) {
		size_t at = str_find(s, '<');
		size_t end = str_find(str_sub(s, at, s.n), '>');
		struct str tag = str_sub(s, at, end);

		if (at == s.n)
			break;
		bare_tag(&bare, tag);
		struct str b = buf_str(&bare);

		tame = end < s.n - at && b.n > 1 && (b.p[1] == '/' || ascii_alpha(b.p[1])) && str_count(b, '<') == 1 &&
			str_isearch(b, STR_LIT(" on")) == b.n && str_isearch(b, STR_LIT("script")) == b.n &&
			str_isearch(b, STR_LIT("svg")) == b.n && !str_istarts(b, STR_LIT("<link")) &&
			str_search(tag, STR_LIT(" src=\"h")) == tag.n;
		s = str_sub(s, at + end + 1, s.n);
	}
	buf_free(&bare);
	return tame;
}

static void test_random(void)
{
	static const char *const pieces[] = { "<", ">", "\"", "'", "=", "/", " ", "script", "style", "a", "img", "svg",
		" onload=x", " src=http://x", "<!--", "-->", "&lt;", "&#60;", "\0", "<p", "</", "link", "title",
		"<a href=", "url(", "\n", "`", "x", "<style>", "</style>", "<img src=" };
	bool tame = true;

	for (int round = 0; round < 20000 && tame; round++) {
		struct buf html = { .limit = 0 };
		struct buf out = { .limit = 0 };
		struct page_found found = { .remote = 0 };

		for (size_t i = random_below(24); i > 0; i--) {
			const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];

			buf_add(&html, str_at(piece, *piece == '\0' ? 1 : strlen(piece)));
		}
		page_filter(&out, STR_LIT(""), buf_str(&html), &found);
		tame = is_tame(buf_str(&out));
		if (!tame)
			printf("# %.*s\n# %.*s\n", STR_ARGS(buf_str(&html)), STR_ARGS(buf_str(&out)));
		buf_free(&html);
		buf_free(&out);
		page_found_free(&found);
	}
	check(tame, "nothing but what is allowed, of random pieces");
}

int main(void)
{
	test_kept();
	test_removed();
	test_css();
	test_told();
	test_frame();
	test_text();
	test_head();
	test_random();
	return tap_done();
}
