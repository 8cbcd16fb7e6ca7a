#include <config.h>

#include "mail/page/page_state.h"

#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/html.h"
#include "text/utf8.h"

#define FIELD_LIMIT ((size_t)1 << 20)
#define SHOWN 4000
#define MOST_HTML ((size_t)8 << 20)

const char page_style[] =
	":root{--ink:#1d2733;--soft:#5c6b7a;--line:#dde3ea;--paper:#fff;--back:#f2f5f8;--accent:#0b5cbf;--mark:#fff4d6}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e5eaf0;--soft:#9aa8b5;--line:#35404c;--paper:#1c242d;--back:#12181f;"
	"--accent:#7ab8ff;--mark:#3a3420}}\n"
	"*{box-sizing:border-box}html{color-scheme:light dark}body{margin:0;background:var(--back);color:var(--ink);"
	"font:16px/1.5 system-ui,sans-serif}\n"
	"header.page,main{max-width:56rem;margin:0 auto;padding:1.25rem 1rem}h1{font-size:1.4rem;margin:0;overflow-wrap:anywhere}\n"
	"header.page p{margin:.2rem 0 0;color:var(--soft)}a{color:var(--accent)}\n"
	"article{background:var(--paper);border:1px solid var(--line);border-radius:10px;margin:0 0 1.5rem;overflow:hidden;"
	"box-shadow:0 1px 3px #0001}\n"
	"article article{margin:1rem 1.25rem;box-shadow:none}\n"
	"article>header{padding:1rem 1.25rem;border-bottom:1px solid var(--line)}h2{font-size:1.15rem;margin:0 0 .5rem;"
	"overflow-wrap:anywhere}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:0;font-size:.9rem}"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;min-width:0}\n"
	"iframe{display:block;width:100%;height:34rem;max-height:90vh;min-height:6rem;border:0;background:#fff;color-scheme:light;"
	"resize:vertical}iframe.s{height:12rem}iframe.m{height:24rem}iframe.l{height:80vh}\n"
	"pre{margin:0;padding:1rem 1.25rem;white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}"
	"pre.raw{font:.8rem/1.45 ui-monospace,monospace}pre+pre{border-top:1px solid var(--line)}\n"
	"details{border-top:1px solid var(--line)}summary{padding:.6rem 1.25rem;cursor:pointer;color:var(--accent);"
	"font-size:.9rem}\n"
	"ul{margin:0;padding:.8rem 1.25rem .8rem 2.4rem;border-top:1px solid var(--line);font-size:.9rem}"
	"details>ul{border:0;padding-top:0}li{overflow-wrap:anywhere}\n"
	"p.note{margin:0;padding:.6rem 1.25rem;background:var(--mark);border-bottom:1px solid var(--line);font-size:.9rem}\n";

void page_add_meta(struct buf *out, bool with_files)
{
	buf_add_text(out,
		"<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta http-equiv=\"x-dns-prefetch-control\" content=\"off\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
		"style-src 'unsafe-inline'");
	/* 'self' is the folder when a server gives it out; from a disk, files have no origin that could be the same. */
	buf_add_text(out, with_files ? " 'self' file:" : "");
	buf_add_text(out, "; base-uri 'none'; form-action 'none'\">\n");
}

/* What comes first in the frame's document, before anything of the message. A target that may not be opened makes a
 * click do nothing. */
static const char frame_head[] =
	"<!doctype html><html><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
	"<meta http-equiv=\"x-dns-prefetch-control\" content=\"off\"><meta name=\"color-scheme\" content=\"light\">"
	"<base target=\"_blank\"><style>html{background:#fff;color:#000}body{margin:16px;font:16px/1.5 system-ui,sans-serif;"
	"overflow-wrap:break-word}img{max-width:100%}</style></head><body>";

void page_found_free(struct page_found *found)
{
	buf_free(&found->targets);
	*found = (struct page_found){ .remote = 0 };
}

static void add_frame(struct buf *out, struct str message, struct str html, struct page_found *found)
{
	struct buf inner = { .limit = (size_t)64 << 20 };
	size_t before = found->lines;

	found->cut |= html.n > MOST_HTML;
	buf_add_text(&inner, frame_head);
	page_filter(&inner, message, str_sub(html, 0, MOST_HTML), found);
	size_t lines = found->lines - before;

	buf_printf(out,
		"<iframe sandbox class=\"%s\" referrerpolicy=\"no-referrer\" title=\"HTML part of the message\" srcdoc=\"",
		lines < 10           ? "s"
			: lines < 25 ? "m"
				     : "l");
	html_add(out, buf_str(&inner));
	buf_add_text(out, "\"></iframe>\n");
	buf_free(&inner);
}

static void add_link(struct buf *out, struct str url)
{
	buf_add_text(out, "<a href=\"");
	html_add(out, url);
	buf_add_text(out, "\" target=\"_blank\" rel=\"noopener noreferrer\">");
	html_add(out, url);
	buf_add_text(out, "</a>");
}

static void add_links(struct buf *out, const struct page_found *found)
{
	struct str rest = buf_str(&found->targets);

	if (rest.n == 0)
		return;
	buf_printf(out, "<details><summary>Links of this message (%u)</summary><ul class=\"links\">\n", found->links);
	while (rest.n > 0) {
		struct str url = str_cut(&rest, '\n');

		buf_add_text(out, "<li>");
		add_link(out, url);
		buf_add_text(out, "</li>\n");
	}
	buf_add_text(out, "</ul></details>\n");
}

void page_add_html(struct buf *out, struct str message, struct str html, struct page_found *found)
{
	struct buf frame = { .limit = SIZE_MAX };

	add_frame(&frame, message, html, found);
	if (found->remote > 0)
		buf_printf(out, "<p class=\"note\">%u picture%s, font%s or style%s from the network: not loaded.</p>\n",
			found->remote, found->remote == 1 ? "" : "s", found->remote == 1 ? "" : "s",
			found->remote == 1 ? "" : "s");
	if (found->active > 0)
		buf_add_text(out, "<p class=\"note\">Scripts, forms or frames of this message were removed.</p>\n");
	buf_add(out, buf_str(&frame));
	add_links(out, found);
	buf_free(&frame);
}

/*
 * The length of an address at the start of s, 0 without one: up to a blank, a bracket or a quote, without the
 * punctuation of the sentence.
 */
static size_t link_length(struct str s)
{
	size_t n = 0;

	size_t scheme = str_istarts(s, STR_LIT("http://")) ? 7 : str_istarts(s, STR_LIT("https://")) ? 8 : SIZE_MAX;

	if (scheme == SIZE_MAX)
		return 0;
	while (n < s.n && (unsigned char)s.p[n] > 0x20 && (unsigned char)s.p[n] < 0x7f &&
		strchr("<>\"'`{}|\\^", s.p[n]) == NULL)
		n++;
	while (n > 0 && strchr(".,;:!?)]*_", s.p[n - 1]) != NULL)
		n--;
	return n > scheme ? n : 0;
}

/* What a page may not contain or show: C0 controls but TAB and line ends. */
static void add_piece(struct buf *out, struct str s)
{
	size_t begin = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_control(s.p[i]) || s.p[i] == '\n' || s.p[i] == '\t')
			continue;
		html_add(out, str_sub(s, begin, i - begin));
		buf_add_text(out, s.p[i] == '\r' ? "" : "\xef\xbf\xbd");
		begin = i + 1;
	}
	html_add(out, str_sub(s, begin, s.n));
}

void page_add_text(struct buf *out, struct str text)
{
	size_t begin = 0;

	for (size_t i = 0; i < text.n;) {
		size_t n = text.p[i] == 'h' || text.p[i] == 'H' ? link_length(str_sub(text, i, text.n)) : 0;

		if (n > 0) {
			add_piece(out, str_sub(text, begin, i - begin));
			add_link(out, str_sub(text, i, n));
			begin = i + n;
		}
		i += n > 0 ? n : 1;
	}
	add_piece(out, str_sub(text, begin, text.n));
}

void page_add_shown(struct buf *out, struct str s, size_t most)
{
	struct buf text = { .limit = 2 * most + 16 };

	utf8_show(&text, s, most);
	buf_add_text(out, "<bdi>");
	html_add(out, buf_str(&text));
	buf_add_text(out, "</bdi>");
	buf_free(&text);
}

bool page_field(struct buf *out, struct str block, const char *name)
{
	struct str body = header_find(block, name);
	struct buf unfolded = { .limit = FIELD_LIMIT };
	struct buf decoded = { .limit = FIELD_LIMIT };

	if (body.p == NULL)
		return false;
	header_unfold(&unfolded, str_sub(body, 0, FIELD_LIMIT));
	word_decode(&decoded, buf_str(&unfolded));
	if (utf8_valid(buf_str(&decoded)))
		buf_add(out, buf_str(&decoded));
	else
		utf8_from_latin1(out, buf_str(&decoded));
	buf_free(&unfolded);
	buf_free(&decoded);
	return true;
}

void page_add_head(struct buf *out, struct str block, const char *const names[])
{
	struct buf value = { .limit = FIELD_LIMIT };

	buf_add_text(out, "<header><h2>");
	(void)page_field(&value, block, "Subject");
	if (str_trim(buf_str(&value)).n > 0)
		page_add_shown(out, buf_str(&value), SHOWN);
	else
		buf_add_text(out, "(no subject)");
	buf_add_text(out, "</h2><dl>\n");
	for (size_t i = 0; names[i] != NULL; i++) {
		buf_clear(&value);
		if (!page_field(&value, block, names[i]))
			continue;
		buf_printf(out, "<dt>%s</dt><dd>", names[i]);
		page_add_shown(out, buf_str(&value), SHOWN);
		buf_add_text(out, "</dd>\n");
	}
	buf_add_text(out, "</dl></header>\n");
	buf_free(&value);
}
