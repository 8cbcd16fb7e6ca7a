#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include <stdio.h>

#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/letter/values.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "text/template.h"

/*
 * What a reader would stumble over. What stands in the template is the same in all messages, so it is looked at in the
 * first; a row's own subject and size in each.
 */

#define SUBJECT_LONG 100u /* characters: most readers show 40 to 70 */
#define HTML_CLIPPED 100000u

static size_t characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

/* A cid that an --inline part answers to. A name that is made of cells is not judged. */
static bool has_inline(const struct campaign *c, struct str cid)
{
	for (size_t i = 0; i < c->n_attachments; i++) {
		const struct attachment *a = &c->attachments[i];

		if (!a->is_inline)
			continue;
		if (a->file == MIME_NO_FILE && a->cid == NULL)
			return true;
		if (str_eq(cid, str_of(a->cid != NULL ? a->cid : c->constants[a->file].cid)))
			return true;
	}
	return false;
}

static bool leads(struct str address)
{
	static const char *const schemes[] = { "https:", "http:", "mailto:", "tel:", "sms:", "cid:", "data:", "#" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_istarts(address, str_of(schemes[i])) && address.n > strlen(schemes[i]))
			return true;
	return str_starts(address, STR_LIT("//")) && address.n > 2;
}

/* One src or href of the page. */
static void check_address(struct preflight *p, const char *attribute, struct str address)
{
	const char *file = p->campaign->html.name;
	struct str cid = str_sub(address, 4, address.n);

	if (str_istarts(address, STR_LIT("cid:")) && !has_inline(p->campaign, cid))
		preflight_warn(p, "cid-nowhere", "%s: cid:%.*s names no --inline part: the image stays empty", file,
			STR_ARGS(cid));
	else if (!leads(address) && strcmp(attribute, "src") == 0)
		preflight_warn(p, "image-nowhere",
			"%s: src=\"%.*s\" leads nowhere in a mail: an https address, or --inline and cid:", file,
			STR_ARGS(address));
	else if (!leads(address))
		preflight_warn(p, "link-nowhere",
			"%s: href=\"%.*s\" leads nowhere in a mail: it needs an https address", file,
			STR_ARGS(address));
}

/* The value of an attribute, s beginning after its "="; what follows it is left in s. */
static struct str attribute_value(struct str *s)
{
	struct str text = *s;

	while (text.n > 0 && (ascii_blank(text.p[0]) || text.p[0] == '\n' || text.p[0] == '\r'))
		text = str_sub(text, 1, text.n);
	char quote = text.n > 0 && (text.p[0] == '"' || text.p[0] == '\'') ? text.p[0] : '\0';
	size_t n = 0;

	if (quote != '\0')
		text = str_sub(text, 1, text.n);
	while (n < text.n && (quote != '\0' ? text.p[n] != quote : strchr(" \t\r\n>", text.p[n]) == NULL))
		n++;
	*s = str_sub(text, n, text.n);
	return str_trim(str_sub(text, 0, n));
}

/* Every src= and href= inside a tag. */
static void check_addresses(struct preflight *p, struct str html)
{
	static const char *const names[] = { "src", "href" };

	for (size_t k = 0; k < 2; k++) {
		struct str rest = html;
		char pattern[8];

		snprintf(pattern, sizeof pattern, "%s=", names[k]);
		for (size_t at; (at = str_isearch(rest, str_of(pattern))) < rest.n;) {
			bool begins = at > 0 && strchr(" \t\r\n\"'", rest.p[at - 1]) != NULL;

			rest = str_sub(rest, at + strlen(pattern), rest.n);
			if (begins)
				check_address(p, names[k], attribute_value(&rest));
		}
	}
}

static bool has_tags(struct str s)
{
	static const char *const tags[] = { "<p>", "<p ", "<br", "<a href", "<div", "<html", "<table", "<img", "<b>",
		"<strong>", "<body", "<h1", "<span" };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (str_isearch(s, str_of(tags[i])) < s.n)
			return true;
	return false;
}

static void check_html(struct preflight *p, struct str html)
{
	const char *file = p->campaign->html.name;

	check_addresses(p, html);
	if (!has_tags(html) && str_count(html, '\n') > 1)
		preflight_warn(p, "html-without-tags", "%s: the HTML has no tags: all of it is shown as one paragraph",
			file);
	for (size_t i = 0; i < p->campaign->n_attachments; i++) {
		const struct attachment *a = &p->campaign->attachments[i];
		const char *cid = !a->is_inline || a->file == MIME_NO_FILE ? NULL : p->campaign->constants[a->file].cid;
		struct buf reference = { 0 };

		if (cid == NULL)
			continue;
		buf_printf(&reference, "cid:%s", cid);
		if (str_isearch(html, buf_str(&reference)) == html.n)
			preflight_warn(p, "inline-unused",
				"%s: nothing shows the --inline part %s: src=\"cid:%s\" would", file, cid, cid);
		buf_free(&reference);
	}
}

/* Not a year, and not the end of something longer. */
static bool is_postcode(struct str line, size_t at, size_t digits)
{
	bool year = digits == 4 && (line.p[at] == '1' || line.p[at] == '2');

	return !year && (at == 0 || strchr(" \t-,>", line.p[at - 1]) != NULL);
}

/* A line with a number of 4 to 6 digits beside words, or a word for a street or a box: good enough for a reminder. */
static bool has_postal_address(struct str text)
{
	static const char *const words[] = { " street", " st.", " avenue", " ave", " road", " rd.", "p.o. box",
		"po box", "postfach",
		"stra\xc3\x9f"
		"e",
		"strasse", "str.", " platz", "allee", " rue ", " via ", " calle ", " blvd", " suite ", " lane", " gata",
		" plein" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_isearch(text, str_of(words[i])) < text.n)
			return true;
	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');
		size_t digits = 0;

		for (size_t i = 0; i <= line.n; i++) {
			if (i < line.n && ascii_digit(line.p[i])) {
				digits++;
				continue;
			}
			if (digits >= 4 && digits <= 6 && i + 1 < line.n && line.p[i] == ' ' &&
				ascii_alpha(line.p[i + 1]) && is_postcode(line, i - digits, digits))
				return true;
			digits = 0;
		}
	}
	return false;
}

static bool render(const struct body *body, const struct values *values, enum template_escape escape, struct buf *out)
{
	struct template_data data = values_data(values);

	return body->template != NULL && template_render(body->template, &data, escape, out, NULL);
}

static void check_first(struct preflight *p, const struct values *values)
{
	const struct campaign *c = p->campaign;
	struct buf html = { 0 };
	struct buf text = { 0 };
	bool has_html = render(&c->html, values, TEMPLATE_HTML, &html);
	bool has_text = render(&c->text, values, TEMPLATE_PLAIN, &text);

	if (has_html)
		check_html(p, buf_str(&html));
	if (has_text && has_tags(buf_str(&text)))
		preflight_warn(p, "html-in-text", "%s: the text has HTML tags in it, which readers see as they are: %s",
			c->text.name,
			has_html ? "--html has the HTML" : "\"Content-Type: text/html\" in the template makes it HTML");
	p->postal = has_postal_address(buf_str(&html)) || has_postal_address(buf_str(&text));
	buf_free(&html);
	buf_free(&text);
}

void preflight_content(struct preflight *p, const struct values *values, struct letter *letter)
{
	uint64_t line = values->row->line;
	size_t subject = characters(buf_str(&letter->subject));

	if (p->rows == 1)
		check_first(p, values);
	if (subject > SUBJECT_LONG)
		preflight_warn_row(p, &p->subject_told, "subject-long", line,
			"the subject has %zu characters: most readers show the first 40 to 70", subject);
	if (!p->html_told && buf_len(&letter->scratch[3]) > HTML_CLIPPED) {
		p->html_told = true;
		preflight_warn(p, "html-clipped", "the HTML is over 100 kB: Gmail shows only its beginning");
	}
}
