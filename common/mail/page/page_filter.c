#include <config.h>

#include "mail/page/page_state.h"

#include <stdlib.h>

#include "mail/message/html_entity.h"
#include "text/html.h"
#include "text/utf8.h"

/*
 * HTML is read as the living standard's tokenizer does, as far as that matters, and only what is known is
 * written. Where this reader and a browser disagree about broken markup the picture differs and nothing else: a
 * browser never sees the input. Both lists are sorted, for bsearch.
 */

static const char *const elements[] = { "a", "abbr", "address", "area", "article", "aside", "b", "bdi", "bdo", "big",
	"blockquote", "body", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details",
	"dfn", "dir", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5",
	"h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "pre", "q", "rp", "rt",
	"ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody",
	"td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr" };

/* None of these takes an address. style, href, src and background are handled apart. */
static const char *const attributes[] = { "abbr", "align", "alt", "axis", "bgcolor", "border", "bordercolor",
	"cellpadding", "cellspacing", "char", "charoff", "class", "clear", "color", "cols", "colspan", "compact",
	"datetime", "dir", "face", "frame", "headers", "height", "hidden", "hspace", "id", "lang", "link", "media",
	"noshade", "nowrap", "open", "reversed", "role", "rows", "rowspan", "rules", "scope", "size", "span", "start",
	"summary", "text", "type", "valign", "value", "vlink", "vspace", "width" };

/* Their content is not markup to a browser, nor anything that a reader is to see. */
static const char raw_text[] = "script style title textarea xmp iframe noembed noframes";
static const char active[] =
	"script iframe frame frameset object embed applet form input button select textarea link meta "
	"base svg math portal";
static const char breaks[] = "br p div tr li h1 h2 h3 h4 h5 h6 hr dt dd blockquote pre";

struct filter {
	struct buf *out;
	struct str rest;
	struct page_pictures pictures;
	struct page_found *found;
	struct buf value; /* of an attribute, decoded */
	struct buf other; /* made of it */
	size_t letters;   /* of text in this line */
};

static int compare(const void *key, const void *item)
{
	const struct str *s = key;

	return str_cmp(*s, str_of(*(const char *const *)item));
}

static bool is_among(struct str s, const char *const list[], size_t n)
{
	return bsearch(&s, list, n, sizeof *list, compare) != NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static struct str lower(struct str s, char p[24])
{
	size_t n = s.n < 24 ? s.n : 0; /* no name on a list is so long */

	for (size_t i = 0; i < n; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_at(p, n);
}

/* Text keeps its references, "&" as it is: with every "<" escaped they cannot make a tag. */
static void add_escaped(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && strchr("<>\"", s.p[n]) == NULL)
			n++;
		buf_add(out, str_sub(s, 0, n));
		if (n < s.n)
			html_add(out, str_sub(s, n, 1));
		s = str_sub(s, n + 1, s.n);
	}
}

static void take_text(struct filter *f, size_t n)
{
	add_escaped(f->out, str_sub(f->rest, 0, n));
	f->letters += n;
	f->rest = str_sub(f->rest, n, f->rest.n);
}

static void end_line(struct filter *f)
{
	f->found->lines += 1 + f->letters / 80;
	f->letters = 0;
}

/* The value of an attribute with its references decoded. */
static struct str decoded(struct filter *f, struct str raw)
{
	buf_clear(&f->value);
	while (raw.n > 0) {
		size_t n = raw.p[0] == '&' ? html_entity(&f->value, raw) : 0;

		if (n == 0) {
			buf_add_char(&f->value, raw.p[0]);
			n = 1;
		}
		raw = str_sub(raw, n, raw.n);
	}
	return buf_str(&f->value);
}

static void add_attribute(struct buf *out, const char *name, struct str value)
{
	buf_add_char(out, ' ');
	buf_add_text(out, name);
	buf_add_text(out, "=\"");
	html_add(out, value);
	buf_add_char(out, '"');
}

static void note_target(struct page_found *found, struct str url)
{
	struct str known = buf_str(&found->targets);

	if (!str_istarts(url, STR_LIT("http://")) && !str_istarts(url, STR_LIT("https://")) &&
		!str_istarts(url, STR_LIT("mailto:")))
		return;
	if (found->links >= PAGE_LINKS || url.n > 2000 || !str_clean(url))
		return;
	while (known.p != NULL)
		if (str_eq(str_cut(&known, '\n'), url))
			return;
	found->links++;
	buf_add(&found->targets, url);
	buf_add_char(&found->targets, '\n');
}

/* A link looks like one and says where it leads, and leads nowhere. */
static void add_target(struct filter *f, struct str raw)
{
	struct str url = str_trim(decoded(f, raw));

	buf_add_text(f->out, " href=\"#\"");
	if (url.n == 0 || url.p[0] == '#')
		return;
	note_target(f->found, url);
	buf_clear(&f->other);
	utf8_show(&f->other, url, 2000);
	add_attribute(f->out, "title", buf_str(&f->other));
}

static void add_picture(struct filter *f, const char *name, struct str raw)
{
	struct str url = decoded(f, raw);

	buf_clear(&f->other);
	if (page_picture(&f->pictures, url, &f->other))
		add_attribute(f->out, name, buf_str(&f->other));
}

static void add_style(struct filter *f, struct str raw)
{
	struct str css = decoded(f, raw);

	buf_clear(&f->other);
	page_css(&f->other, css, &f->pictures);
	add_attribute(f->out, "style", buf_str(&f->other));
}

static void add_one(struct filter *f, struct str element, struct str raw_name, struct str value)
{
	char p[24];
	struct str name = lower(raw_name, p);
	bool is_link = str_among(element, "a area");

	if (str_eq(name, STR_LIT("style"))) {
		add_style(f, value);
	} else if (str_eq(name, STR_LIT("src")) && str_eq(element, STR_LIT("img"))) {
		add_picture(f, "src", value);
	} else if (str_eq(name, STR_LIT("background"))) {
		add_picture(f, "background", value);
	} else if (str_eq(name, STR_LIT("href")) && is_link) {
		add_target(f, value);
	} else if (is_among(name, attributes, sizeof attributes / sizeof *attributes)) {
		buf_add_char(f->out, ' ');
		buf_add(f->out, name);
		buf_add_text(f->out, "=\"");
		add_escaped(f->out, value);
		buf_add_char(f->out, '"');
	}
}

/* The next attribute at the start of the rest; false at the end of the tag, which is passed. */
static bool next_attribute(struct filter *f, struct str *name, struct str *value)
{
	struct str s = f->rest;
	size_t i = 0;

	while (i < s.n && (is_space(s.p[i]) || s.p[i] == '/'))
		i++;
	if (i >= s.n || s.p[i] == '>') {
		f->rest = str_sub(s, i + 1, s.n);
		return false;
	}
	size_t begin = i++; /* even a "=" in the first place belongs to the name */

	while (i < s.n && !is_space(s.p[i]) && strchr("/>=", s.p[i]) == NULL)
		i++;
	*name = str_sub(s, begin, i - begin);
	*value = STR_LIT("");
	size_t end = i;

	while (i < s.n && is_space(s.p[i]))
		i++;
	if (i < s.n && s.p[i] == '=') {
		i++;
		while (i < s.n && is_space(s.p[i]))
			i++;
		bool quoted = i < s.n && (s.p[i] == '"' || s.p[i] == '\'');

		*value = str_sub(s, i + quoted, s.n);
		value->n = quoted ? str_find(*value, s.p[i]) : 0;
		while (!quoted && i + value->n < s.n && !is_space(s.p[i + value->n]) && s.p[i + value->n] != '>')
			value->n++;
		end = i + value->n + (quoted ? 2 : 0);
	}
	f->rest = str_sub(s, end, s.n);
	return true;
}

/* The content of a raw text element, up to its end tag, which is left. */
static struct str take_raw(struct filter *f, struct str name)
{
	struct str s = f->rest;
	size_t at = 0;

	for (;; at += 2) {
		at += str_search(str_sub(s, at, s.n), STR_LIT("</"));
		char after = at + 2 + name.n < s.n ? s.p[at + 2 + name.n] : '>';

		if (at >= s.n ||
			(str_istarts(str_sub(s, at + 2, s.n), name) &&
				(is_space(after) || strchr("/>", after) != NULL)))
			break;
	}
	f->rest = str_sub(s, at, s.n);
	return str_sub(s, 0, at);
}

static void add_style_sheet(struct filter *f, struct str media, struct str css)
{
	buf_add_text(f->out, "<style media=\"");
	add_escaped(f->out, media);
	buf_add_text(f->out, "\">");
	page_css(f->out, css, &f->pictures);
	buf_add_text(f->out, "</style>");
}

static void take_start(struct filter *f, struct str name)
{
	bool known = is_among(name, elements, sizeof elements / sizeof *elements);
	struct str attribute;
	struct str value;
	struct str media = STR_LIT("all");

	if (known) {
		buf_add_char(f->out, '<');
		buf_add(f->out, name);
	}
	while (next_attribute(f, &attribute, &value)) {
		if (known)
			add_one(f, name, attribute, value);
		else if (str_ieq(attribute, STR_LIT("media")))
			media = value;
	}
	if (known)
		buf_add_char(f->out, '>');
	f->found->active += str_among(name, active);
	if (str_among(name, breaks))
		end_line(f);
	if (str_among(name, raw_text)) {
		struct str content = take_raw(f, name);

		if (str_eq(name, STR_LIT("style")))
			add_style_sheet(f, media, content);
	}
}

static void take_end(struct filter *f, struct str name)
{
	struct str attribute;
	struct str value;

	while (next_attribute(f, &attribute, &value))
		continue;
	if (is_among(name, elements, sizeof elements / sizeof *elements) &&
		!str_among(name, "body br hr img col wbr area")) {
		buf_add_text(f->out, "</");
		buf_add(f->out, name);
		buf_add_char(f->out, '>');
	}
}

/* A comment or a declaration: nothing of it is written. */
static void skip_comment(struct filter *f)
{
	struct str s = f->rest;
	size_t n;

	if (!str_starts(s, STR_LIT("<!--")))
		n = str_find(s, '>') + 1;
	else if (str_starts(str_sub(s, 4, s.n), STR_LIT(">")) || str_starts(str_sub(s, 4, s.n), STR_LIT("->")))
		n = 4 + str_find(str_sub(s, 4, s.n), '>') + 1;
	else
		n = 4 + str_search(str_sub(s, 4, s.n), STR_LIT("-->")) + 3;
	f->rest = str_sub(s, n, s.n);
}

/* The rest begins with "<". */
static void take_markup(struct filter *f)
{
	bool closing = f->rest.n > 1 && f->rest.p[1] == '/';
	size_t begin = closing ? 2 : 1;
	size_t i = begin;
	char p[24];

	if (i >= f->rest.n || !ascii_alpha(f->rest.p[i])) {
		if (closing || (i < f->rest.n && (f->rest.p[i] == '!' || f->rest.p[i] == '?')))
			skip_comment(f);
		else
			take_text(f, 1);
		return;
	}
	while (i < f->rest.n && !is_space(f->rest.p[i]) && f->rest.p[i] != '/' && f->rest.p[i] != '>')
		i++;
	struct str name = lower(str_sub(f->rest, begin, i - begin), p);

	f->rest = str_sub(f->rest, i, f->rest.n);
	if (closing)
		take_end(f, name);
	else
		take_start(f, name);
}

void page_filter(struct buf *out, struct str message, struct str html, struct page_found *found)
{
	struct filter f = { .out = out, .rest = html, .found = found };

	f.pictures = (struct page_pictures){ .message = message, .found = found, .room = (size_t)16 << 20 };
	f.value.limit = f.other.limit = (size_t)32 << 20;
	found->targets.limit = (size_t)1 << 20;
	while (f.rest.n > 0 && !out->full) {
		if (f.rest.p[0] == '<')
			take_markup(&f);
		else
			take_text(&f, str_find(f.rest, '<'));
	}
	end_line(&f);
	buf_free(&f.value);
	buf_free(&f.other);
}
