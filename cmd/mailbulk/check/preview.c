#include <config.h>

#include "cmd/mailbulk/check/preview.h"

#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/message/mime_read.h"
#include "mail/page/page.h"
#include "text/html.h"

#define MOST_SHOWN 20
#define MESSAGE_LIMIT ((size_t)8 << 20)

static const char *const head_fields[] = { "From", "To", "Cc", "Reply-To", "Date", "List-Unsubscribe", NULL };

static void add_text(struct buf *out, struct str text, bool folded)
{
	buf_add_text(out, folded ? "<details><summary>Plain text</summary><pre>" : "<pre>");
	page_add_text(out, text);
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
	struct page_found found = { .remote = 0 };

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
	page_add_head(out, str_sub(message, 0, header_length(message)), head_fields);
	if (buf_len(&html) > 0)
		page_add_html(out, message, buf_str(&html), &found);
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
	page_found_free(&found);
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

	buf_add_text(&page, "<!doctype html>\n<html lang=\"en\">\n<head>\n");
	page_add_meta(&page, false);
	buf_add_text(&page, "<title>Preview</title>\n<style>\n");
	buf_add_text(&page, page_style);
	buf_add_text(&page, "</style>\n</head>\n<body>\n<header class=\"page\"><h1>");
	html_add(&page, str_of(campaign->settings->template_path));
	buf_printf(&page, "</h1><p>%llu messages", (unsigned long long)p->shown);
	if (p->left_out > 0)
		buf_printf(&page, " of %llu", (unsigned long long)p->shown + p->left_out);
	buf_add_text(&page, " as a reader sees them</p></header>\n<main>\n");
	buf_add(&page, buf_str(&p->cards));
	buf_add_text(&page, "</main>\n</body>\n</html>\n");
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
