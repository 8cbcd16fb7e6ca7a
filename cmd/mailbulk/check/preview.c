#include <config.h>

#include "cmd/mailbulk/check/preview.h"

#include <stdio.h>

#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/message/mime_read.h"
#include "text/base64.h"
#include "text/html.h"

#define MOST_SHOWN 20
#define MESSAGE_LIMIT ((size_t)8 << 20)

static const char page_head[] =
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: https:; "
	"style-src 'unsafe-inline'\">\n"
	"<title>Preview</title>\n<style>\n"
	":root{--ink:#1d2733;--soft:#5c6b7a;--line:#dde3ea;--paper:#fff;--back:#f2f5f8;--accent:#0b63ce}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e5eaf0;--soft:#9aa8b5;--line:#35404c;--paper:#1c242d;--back:#12181f;"
	"--accent:#6cb0ff}}\n"
	"*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);"
	"font:16px/1.5 system-ui,sans-serif}\n"
	"header.page,main{max-width:52rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.4rem;margin:0}\n"
	"header.page p{margin:.2rem 0 0;color:var(--soft)}\n"
	"article{background:var(--paper);border:1px solid var(--line);border-radius:10px;margin:0 0 1.5rem;overflow:hidden;"
	"box-shadow:0 1px 3px #0001}\n"
	"article>header{padding:1rem 1.25rem;border-bottom:1px solid var(--line)}h2{font-size:1.15rem;margin:0 0 .5rem;"
	"overflow-wrap:anywhere}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:0;font-size:.9rem}"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
	"iframe{display:block;width:100%;height:34rem;border:0;padding:0 1rem;background:#fff}\n"
	"pre{margin:0;padding:1rem 1.25rem;white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}"
	"pre.raw{font:.8rem/1.45 ui-monospace,monospace}\n"
	"details{border-top:1px solid var(--line)}summary{padding:.6rem 1.25rem;cursor:pointer;color:var(--accent);"
	"font-size:.9rem}\n"
	"ul{margin:0;padding:.8rem 1.25rem .8rem 2.4rem;border-top:1px solid var(--line);font-size:.9rem}\n"
	"</style>\n";

static void add_field(struct buf *out, struct str block, const char *name, const char *open, const char *close)
{
	struct str body = header_find(block, name);
	struct buf unfolded = { 0 };
	struct buf decoded = { 0 };

	if (body.p == NULL)
		return;
	header_unfold(&unfolded, body);
	word_decode(&decoded, buf_str(&unfolded));
	buf_add_text(out, open);
	html_add(out, buf_str(&decoded));
	buf_add_text(out, close);
	buf_free(&unfolded);
	buf_free(&decoded);
}

static void add_head(struct buf *out, struct str message)
{
	static const char *const shown[] = { "From", "To", "Cc", "Reply-To", "Date", "List-Unsubscribe" };
	struct str block = str_sub(message, 0, header_length(message));

	add_field(out, block, "Subject", "<header><h2>", "</h2><dl>");
	if (header_find(block, "Subject").p == NULL)
		buf_add_text(out, "<header><h2>(no subject)</h2><dl>");
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		char open[80];

		snprintf(open, sizeof open, "<dt>%s</dt><dd>", shown[i]);
		add_field(out, block, shown[i], open, "</dd>");
	}
	buf_add_text(out, "</dl></header>\n");
}

/* The part that a "cid:" in HTML means, as a data: address. */
static bool add_image(struct buf *out, struct str message, struct str cid)
{
	struct mime_leaf leaf;
	struct buf octets = { 0 };
	bool found = false;

	for (size_t i = 0; !found && mime_leaf(message, i, &leaf); i++) {
		struct str id = str_trim(header_find(leaf.header, "Content-ID"));

		if (id.n < 2 || !str_eq(str_sub(id, 1, id.n - 2), cid))
			continue;
		found = true;
		buf_printf(out, "data:%s;base64,", leaf.type);
		mime_decode(&leaf, &octets);
		base64_add(out, buf_str(&octets));
	}
	buf_free(&octets);
	return found;
}

/* The HTML with its images put in, escaped for an attribute. */
static void add_frame(struct buf *out, struct str message, struct str html)
{
	struct buf whole = { 0 };

	for (;;) {
		size_t at = str_search(html, STR_LIT("cid:"));
		size_t end = at + 4;

		buf_add(&whole, str_sub(html, 0, at));
		if (at == html.n)
			break;
		while (end < html.n && strchr("\"' )>\r\n", html.p[end]) == NULL)
			end++;
		if (!add_image(&whole, message, str_sub(html, at + 4, end - at - 4)))
			buf_add(&whole, str_sub(html, at, end - at));
		html = str_sub(html, end, html.n);
	}
	buf_add_text(out, "<iframe sandbox title=\"HTML\" srcdoc=\"");
	html_add(out, buf_str(&whole));
	buf_add_text(out, "\"></iframe>\n");
	buf_free(&whole);
}

static void add_text(struct buf *out, struct str text, bool folded)
{
	buf_add_text(out, folded ? "<details><summary>Plain text</summary><pre>" : "<pre>");
	html_add(out, text);
	buf_add_text(out, folded ? "</pre></details>\n" : "</pre>\n");
}

static void add_attachment(struct buf *out, const struct mime_leaf *leaf, size_t octets, bool first)
{
	struct buf name = { 0 };
	struct str type = header_find(leaf->header, "Content-Type");

	if (!word_parameter(type, "name", &name))
		buf_add_text(&name, "(no name)");
	buf_add_text(out, first ? "<ul><li>" : "<li>");
	html_add(out, buf_str(&name));
	buf_add_text(out, " · ");
	html_add(out, str_of(leaf->type));
	buf_printf(out, " · %zu octets</li>", octets);
	buf_free(&name);
}

static bool is_body(const struct mime_leaf *leaf, const char *type)
{
	struct str disposition = str_trim(header_find(leaf->header, "Content-Disposition"));

	return str_eq(str_of(leaf->type), str_of(type)) && disposition.n == 0;
}

static void add_card(struct buf *out, struct str message)
{
	struct mime_leaf leaf;
	struct buf text = { 0 };
	struct buf html = { 0 };
	struct buf other = { 0 };
	struct buf list = { 0 };

	for (size_t i = 0; mime_leaf(message, i, &leaf); i++) {
		if (is_body(&leaf, "text/html") && buf_len(&html) == 0) {
			mime_decode(&leaf, &html);
		} else if (is_body(&leaf, "text/plain") && buf_len(&text) == 0) {
			mime_decode(&leaf, &text);
		} else {
			buf_clear(&other);
			mime_decode(&leaf, &other);
			add_attachment(&list, &leaf, buf_len(&other), buf_len(&list) == 0);
		}
	}
	buf_add_text(out, "<article>\n");
	add_head(out, message);
	if (buf_len(&html) > 0)
		add_frame(out, message, buf_str(&html));
	add_text(out, buf_str(&text), buf_len(&html) > 0);
	buf_add(out, buf_str(&list));
	buf_add_text(out, buf_len(&list) > 0 ? "</ul>\n" : "");
	buf_add_text(out, "<details><summary>Message as it is sent</summary><pre class=\"raw\">");
	html_add(out, str_sub(message, 0, 65536));
	buf_add_text(out, "</pre></details>\n</article>\n");
	buf_free(&text);
	buf_free(&html);
	buf_free(&other);
	buf_free(&list);
}

void preview_add(struct preview *p, const struct campaign *campaign, struct letter *letter)
{
	struct buf message = { .limit = MESSAGE_LIMIT };
	struct str octets;

	if (campaign->settings->preview == NULL)
		return;
	if (p->shown == MOST_SHOWN || letter->size > MESSAGE_LIMIT) {
		p->left_out++;
		return;
	}
	p->shown++;
	p->cards.limit = SIZE_MAX;
	while (letter_next(letter, campaign, SIZE_MAX, &octets, NULL) == LETTER_OCTETS)
		buf_add(&message, octets);
	letter_rewind(letter);
	add_card(&p->cards, buf_str(&message));
	buf_free(&message);
}

bool preview_write(struct preview *p, const struct campaign *campaign, const char *path, struct err *err)
{
	struct file_new file;
	struct buf page = { .limit = SIZE_MAX };

	buf_add_text(&page, page_head);
	buf_add_text(&page, "<header class=\"page\"><h1>");
	html_add(&page, str_of(campaign->settings->template_path));
	buf_printf(&page, "</h1><p>%llu messages", (unsigned long long)p->shown);
	if (p->left_out > 0)
		buf_printf(&page, " of %llu", (unsigned long long)p->shown + p->left_out);
	buf_add_text(&page, " as a reader sees them</p></header>\n<main>\n");
	buf_add(&page, buf_str(&p->cards));
	buf_add_text(&page, "</main>\n</html>\n");
	bool ok = file_new_begin(&file, path, 0666, err);

	if (ok) {
		ok = file_write(file.fd, buf_str(&page), path, err) && file_new_commit(&file, err);
		file_new_abort(&file);
	}
	buf_free(&page);
	return ok;
}

void preview_free(struct preview *p)
{
	buf_free(&p->cards);
}
