#include <config.h>

#include "cmd/popfetch/archive/view.h"

#include "cmd/popfetch/archive/card.h"
#include "cmd/popfetch/archive/filename.h"
#include "cmd/popfetch/archive/source.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/message/mime_read.h"
#include "mail/page/page.h"
#include "text/charset.h"
#include "text/html.h"
#include "text/number.h"
#include "text/utf8.h"

/* A text that is longer is a file, and its beginning is shown; so that no page is too much for a browser. */
#define TEXT_MAX ((size_t)512 << 10)
#define HTML_MAX ((size_t)8 << 20)
#define PAGE_MAX ((size_t)24 << 20)
#define HEADER_MAX ((size_t)256 << 10)
#define MOST_NESTED 5

struct page {
	struct buf *out;
	const struct view *view;
	struct set names; /* of files, so far */
	struct buf files; /* the list of attachments, HTML */
	unsigned nested;  /* messages within messages */
	bool more;        /* parts that were not looked at */
	struct err *err;
	bool ok;
};

static const char *const head_fields[] = { "From", "Sender", "Reply-To", "To", "Cc", "Date", "List-Id", NULL };

/* --- files --- */

/* What the message says, else what the type means. */
static void wanted_name(struct buf *out, const struct mime_leaf *leaf)
{
	static const struct {
		const char *type;
		const char *name;
	} names[] = { { "message/rfc822", "message.eml" }, { "message/global", "message.eml" },
		{ "text/html", "text.html" }, { "text/plain", "text.txt" }, { "text/calendar", "calendar.ics" },
		{ "application/pgp-signature", "signature.asc" }, { "application/pdf", "document.pdf" } };

	if (word_parameter(header_find(leaf->header, "Content-Disposition"), "filename", out) ||
		word_parameter(header_find(leaf->header, "Content-Type"), "name", out))
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(leaf->type, names[i].type) == 0)
			buf_add_text(out, names[i].name);
	if (str_starts(str_of(leaf->type), STR_LIT("image/")))
		buf_printf(out, "picture.%s", leaf->type + 6);
}

static const char *what_part(enum card_part part)
{
	switch (part) {
	case CARD_PICTURE:
		return " \xc2\xb7 picture of the text";
	case CARD_SIGNATURE:
		return " \xc2\xb7 signature";
	case CARD_MESSAGE:
		return " \xc2\xb7 message, shown above";
	default:
		return "";
	}
}

static void list_file(struct page *p, struct str name, const struct mime_leaf *leaf, size_t octets, const char *what)
{
	char text[32];
	struct buf path = { .limit = 0 };

	buf_printf(&path, "%s/", p->view->files);
	buf_add(&path, name);
	buf_printf(&p->files, "<li><a href=\"%s", p->view->up);
	filename_add_url(&p->files, buf_str(&path));
	buf_add_text(&p->files, "\" rel=\"noopener noreferrer\">");
	page_add_shown(&p->files, name, 200);
	buf_add_text(&p->files, "</a> <small>");
	html_add(&p->files, str_of(leaf->type));
	buf_printf(&p->files, " \xc2\xb7 %s bytes%s</small></li>\n", number_grouped(text, octets), what);
	buf_free(&path);
}

static void add_file(struct page *p, const struct mime_leaf *leaf, struct str octets, const char *what)
{
	struct buf wanted = { .limit = 8192 };
	struct buf name = { .limit = 0 };

	wanted_name(&wanted, leaf);
	filename_add(&name, buf_str(&wanted), str_sub(octets, 0, 1024), &p->names);
	if (p->ok)
		p->ok = p->view->save(p->view->arg, buf_str(&name), octets, p->err);
	list_file(p, buf_str(&name), leaf, octets.n, what);
	buf_free(&wanted);
	buf_free(&name);
}

/* --- what is shown --- */

static void note(struct page *p, const char *text)
{
	buf_printf(p->out, "<p class=\"note\">%s</p>\n", text);
}

static void add_text(struct page *p, const struct mime_leaf *leaf, struct str text, bool folded)
{
	bool encrypted = str_starts(str_trim(text), STR_LIT("-----BEGIN PGP MESSAGE-----"));
	struct str shown = str_sub(text, 0, TEXT_MAX);

	/* Not within a character: the bytes of one that is cut would be shown as bad ones. */
	while (shown.n < text.n && shown.n > 0 && ((unsigned char)text.p[shown.n] & 0xc0) == 0x80)
		shown.n--;
	if (encrypted)
		note(p, "This text is encrypted with PGP. popfetch does not decrypt it.");
	if (str_trim(shown).n == 0)
		return;
	buf_add_text(p->out, folded ? "<details><summary>Text part</summary><pre dir=\"auto\">" : "<pre dir=\"auto\">");
	page_add_text(p->out, shown);
	buf_add_text(p->out, folded ? "</pre></details>\n" : "</pre>\n");
	if (shown.n < text.n) {
		note(p, "This text is long: the rest is in the file below.");
		add_file(p, leaf, text, "");
	}
}

static void add_html(struct page *p, struct str message, const struct mime_leaf *leaf, struct str html)
{
	struct page_found found = { .remote = 0 };

	page_add_html(p->out, message, html, &found);
	if (found.cut) {
		note(p, "The HTML part is long: the whole of it is in the file below.");
		add_file(p, leaf, html, "");
	}
	page_found_free(&found);
}

static void tell_encrypted(struct page *p, const struct mime_leaf *leaf)
{
	struct buf kind = { .limit = 200 };
	bool smime = str_iends(str_of(leaf->type), STR_LIT("pkcs7-mime"));

	(void)word_parameter(header_find(leaf->header, "Content-Type"), "smime-type", &kind);
	if (!smime)
		note(p, "This message is encrypted with PGP. popfetch does not decrypt it; the file below has its content.");
	else if (str_istarts(buf_str(&kind), STR_LIT("signed")))
		note(p, "This message is inside an S/MIME signature (smime.p7m below), which popfetch does not open.");
	else
		note(p, "This message is encrypted with S/MIME. popfetch does not decrypt it; the file below has its content.");
	buf_free(&kind);
}

static void add_entity(struct page *p, struct str message);

static void add_message(struct page *p, const struct mime_leaf *leaf, struct str message)
{
	if (p->nested < MOST_NESTED && buf_len(p->out) < PAGE_MAX) {
		p->nested++;
		buf_add_text(p->out, "<article>\n");
		page_add_head(p->out, str_sub(message, 0, header_length(message)), head_fields);
		add_entity(p, message);
		buf_add_text(p->out, "</article>\n");
		p->nested--;
		add_file(p, leaf, message, what_part(CARD_MESSAGE));
	} else {
		add_file(p, leaf, message, "");
	}
}

/* HTML that names its charset only within itself, as it does when it was saved from the web. False when it does not. */
static bool decode_meta(const struct mime_leaf *leaf, struct buf *out)
{
	struct mime_leaf raw = *leaf;
	struct buf octets = { .limit = SOURCE_MESSAGE_MAX * 2 };
	struct buf name = { .limit = 100 };
	bool done = false;

	raw.type[0] = '\0'; /* no text: only the transfer encoding is undone */
	if (!word_parameter(header_find(leaf->header, "Content-Type"), "charset", &name) &&
		mime_decode(&raw, &octets)) {
		struct str head = str_sub(buf_str(&octets), 0, 2048);
		struct str rest = str_sub(head, str_isearch(head, STR_LIT("charset=")) + 8, 60);
		size_t n = 0;

		while (rest.n > 0 && strchr("\"' ", rest.p[0]) != NULL)
			rest = str_sub(rest, 1, rest.n);
		while (n < rest.n && strchr("\"' />;", rest.p[n]) == NULL)
			n++;
		done = n > 0 && charset_decode(out, str_sub(rest, 0, n), buf_str(&octets));
	}
	buf_free(&octets);
	buf_free(&name);
	return done;
}

static void add_part(struct page *p, struct str message, const struct mime_leaf *leaf, bool has_html)
{
	struct buf octets = { .limit = SOURCE_MESSAGE_MAX * 4 };
	enum card_part part = card_part(leaf);
	bool full = buf_len(p->out) >= PAGE_MAX;

	if (part != CARD_HTML || !decode_meta(leaf, &octets))
		(void)mime_decode(leaf, &octets);
	struct str content = buf_str(&octets);

	if (part == CARD_TEXT && !full)
		add_text(p, leaf, content, has_html && leaf->alternative);
	else if (part == CARD_HTML && !full)
		add_html(p, message, leaf, content);
	else if (part == CARD_MESSAGE)
		add_message(p, leaf, content);
	else
		add_file(p, leaf, content, what_part(part));
	if (part == CARD_SIGNATURE)
		note(p, "This message is signed. popfetch does not check the signature.");
	if (part == CARD_ENCRYPTED)
		tell_encrypted(p, leaf);
	buf_free(&octets);
}

static void add_entity(struct page *p, struct str message)
{
	struct mime_walk w;
	struct mime_leaf leaf;
	bool has_html = false;

	mime_walk_init(&w, message, CARD_PARTS);
	while (!has_html && mime_walk_next(&w, &leaf))
		has_html = card_part(&leaf) == CARD_HTML;
	/* What was meant to be seen first: the HTML, where the text says the same. */
	for (int turn = 0; turn < 2; turn++) {
		mime_walk_init(&w, message, CARD_PARTS);
		while (p->ok && mime_walk_next(&w, &leaf)) {
			bool later = has_html && card_part(&leaf) == CARD_TEXT && leaf.alternative;

			if (later == (turn == 1))
				add_part(p, message, &leaf, has_html);
		}
		p->more |= w.cut;
	}
}

/* --- the page --- */

static void add_top(struct page *p, const struct card *card)
{
	const struct view *v = p->view;

	buf_add_text(p->out, "<!doctype html>\n<html lang=\"en\">\n<head>\n");
	page_add_meta(p->out, true);
	buf_add_text(p->out, "<title>");
	html_add(p->out,
		buf_len(&card->subject) > 0 ? str_sub(buf_str(&card->subject), 0, 400) : STR_LIT("(no subject)"));
	buf_printf(p->out,
		"</title>\n<link rel=\"stylesheet\" href=\"%sstyle.css\">\n</head>\n<body>\n<header class=\"page\"><nav>"
		"<a href=\"%sindex.html\">All messages</a> <a href=\"%s%s\">",
		v->up, v->up, v->up, v->month);
	buf_add(p->out, str_sub(str_of(v->month), 0, str_find(str_of(v->month), '.')));
	buf_printf(p->out, "</a> <a href=\"%s%s\">Thread</a></nav></header>\n<main>\n<article>\n", v->up, v->thread);
}

static void add_header(struct page *p, struct str block)
{
	struct buf utf8 = { .limit = 0 };

	if (!utf8_valid(block))
		utf8_from_latin1(&utf8, str_sub(block, 0, HEADER_MAX));
	buf_add_text(p->out, "<details><summary>All header fields</summary><pre class=\"raw\">");
	page_add_text(p->out, str_sub(utf8_valid(block) ? block : buf_str(&utf8), 0, HEADER_MAX));
	buf_add_text(p->out, "</pre></details>\n");
	buf_free(&utf8);
}

bool view_add(struct buf *out, const struct view *v, struct str message, const struct card *card, struct err *err)
{
	struct page p = { .out = out, .view = v, .err = err, .ok = true };
	struct str block = str_sub(message, 0, header_length(message));

	p.files.limit = (size_t)16 << 20;
	add_top(&p, card);
	page_add_head(out, block, head_fields);
	if (card->size > message.n && message.n >= SOURCE_MESSAGE_MAX)
		note(&p, "This message is larger than 128 MiB: what is after that is not in the archive.");
	add_entity(&p, message);
	if (p.more)
		note(&p, "This message has more than 1,000 parts: the rest is not in the archive.");
	if (buf_len(&p.files) > 0) {
		buf_add_text(out, "<section><h3>Files</h3><ul class=\"files\">\n");
		buf_add(out, buf_str(&p.files));
		buf_add_text(out, "</ul></section>\n");
	}
	add_header(&p, block);
	buf_add_text(out, "</article>\n</main>\n</body>\n</html>\n");
	set_free(&p.names);
	buf_free(&p.files);
	return p.ok;
}
