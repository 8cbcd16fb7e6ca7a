#include <config.h>

#include "mail/message/html_text.h"

#include "mail/message/html_entity.h"
#include "mail/message/html_tag.h"
#include "mail/message/mime_lines.h"

/*
 * Renders HTML as text in one pass without building a tree. It is for the text alternative of our own users'
 * pages: it must give something readable for any input, and need not agree with a browser about broken markup.
 */

/*
 * HTML as text, in one pass: words are written with the space or the line ends that are owed before
 * them, so that no blank stands at a line's end and no more than one empty line between paragraphs.
 */
struct html_text {
	struct buf *out;
	struct str rest;
	struct html_state at;
	struct str href;  /* of the open link */
	size_t link_at;   /* where its text began */
	struct buf value; /* of an attribute */
	bool cut;         /* the page ended inside of a tag, a comment or what is not shown */
};

struct html_tag {
	struct str name;
	struct str attributes;
	bool closing;
};

static void owe_lines(struct html_text *h, unsigned n)
{
	if (h->at.lines < n)
		h->at.lines = n;
	h->at.space = false;
}

static void settle(struct html_text *h)
{
	if (h->at.started && h->at.lines > 0) {
		for (unsigned i = 0; i < h->at.lines; i++) {
			buf_add_char(h->out, '\n');
			for (unsigned q = 0; q < h->at.quote; q++)
				buf_add_text(h->out, q + 1 == h->at.quote && i + 1 == h->at.lines ? "> " : ">");
		}
	} else if (!h->at.started) {
		for (unsigned q = 0; q < h->at.quote; q++)
			buf_add_text(h->out, "> ");
	} else if (h->at.space) {
		buf_add_char(h->out, ' ');
	}
	h->at.started = true;
	h->at.lines = 0;
	h->at.space = false;
}

static void put_text(struct html_text *h, const char *text)
{
	settle(h);
	buf_add_text(h->out, text);
}

/* The value of an attribute with its references decoded, in h->value; false when it is not there.
 */
static bool attribute(struct html_text *h, struct str s, struct str name)
{
	buf_clear(&h->value);
	while ((s = str_trim(s)).n > 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '=' && !ascii_blank(s.p[n]) && s.p[n] != '\n' && s.p[n] != '\r')
			n++;
		struct str key = str_sub(s, 0, n);
		struct str value = STR_NONE;

		s = str_trim(str_sub(s, n > 0 ? n : 1, s.n));
		if (s.n > 0 && s.p[0] == '=') {
			s = str_trim(str_sub(s, 1, s.n));
			char quote = s.n > 0 && (s.p[0] == '"' || s.p[0] == '\'') ? s.p[0] : ' ';

			if (quote != ' ')
				s = str_sub(s, 1, s.n);
			value = str_cut(&s, quote);
		}
		if (!str_ieq(key, name))
			continue;
		while (value.n > 0) {
			size_t took = html_entity(&h->value, value);

			if (took == 0) {
				buf_add_char(&h->value, value.p[0]);
				took = 1;
			}
			value = str_sub(value, took, value.n);
		}
		return true;
	}
	return false;
}

static void open_link(struct html_text *h, struct str attributes)
{
	settle(h);
	h->link_at = buf_len(h->out);
	h->href = attributes;
}

/* " <url>" behind the text of a link, unless that says it already. */
static void close_link(struct html_text *h)
{
	if (h->href.p == NULL || !attribute(h, h->href, STR_LIT("href"))) {
		h->href = STR_NONE;
		return;
	}
	struct str url = str_trim(buf_str(&h->value));
	struct str text = str_trim(str_sub(buf_str(h->out), h->link_at, buf_len(h->out)));

	h->href = STR_NONE;
	if (str_istarts(url, STR_LIT("mailto:")))
		url = str_sub(url, 7, url.n);
	if (url.n == 0 || url.p[0] == '#' || str_istarts(url, STR_LIT("javascript:")) || str_ieq(url, text) ||
		!str_clean(url))
		return;
	if (text.n > 0)
		buf_add_char(h->out, ' ');
	buf_add_char(h->out, '<');
	buf_add(h->out, url);
	buf_add_char(h->out, '>');
}

static void open_item(struct html_text *h)
{
	owe_lines(h, 1);
	settle(h);
	for (unsigned i = 1; i < h->at.depth; i++)
		buf_add_text(h->out, "  ");
	unsigned *number = &h->at.number[h->at.depth < 8 ? h->at.depth : 7];

	if (*number > 0)
		buf_printf(h->out, "%u. ", (*number)++);
	else
		buf_add_text(h->out, "- ");
}

static void list_tag(struct html_text *h, const struct html_tag *tag, bool ordered)
{
	owe_lines(h, h->at.depth + (tag->closing ? 0 : 1) > 1 ? 1 : 2);
	if (!tag->closing)
		h->at.number[++h->at.depth < 8 ? h->at.depth : 7] = ordered;
	else if (h->at.depth > 0)
		h->at.depth--;
}

static void image_tag(struct html_text *h, const struct html_tag *tag)
{
	if (!attribute(h, tag->attributes, STR_LIT("alt")) || buf_len(&h->value) == 0)
		return;
	settle(h);
	buf_printf(h->out, "[%.*s]", STR_ARGS(buf_str(&h->value)));
}

static void count_tag(unsigned *depth, bool closing)
{
	if (!closing)
		++*depth;
	else if (*depth > 0)
		--*depth;
}

static void apply_tag(struct html_text *h, const struct html_tag *tag, enum tag_kind kind)
{
	switch (kind) {
	case TAG_PARAGRAPH:
		owe_lines(h, 2);
		break;
	case TAG_BLOCK:
		owe_lines(h, 1);
		break;
	case TAG_BREAK:
		h->at.lines++;
		h->at.space = false;
		break;
	case TAG_RULE:
		owe_lines(h, 1);
		put_text(h, "----------------------------------------");
		owe_lines(h, 1);
		break;
	case TAG_CELL:
		h->at.space = h->at.lines == 0;
		break;
	case TAG_ORDERED:
	case TAG_LIST:
		list_tag(h, tag, kind == TAG_ORDERED);
		break;
	case TAG_ITEM:
		if (!tag->closing)
			open_item(h);
		break;
	case TAG_LINK:
		close_link(h);
		if (!tag->closing)
			open_link(h, tag->attributes);
		break;
	case TAG_IMAGE:
		image_tag(h, tag);
		break;
	case TAG_PRE:
		owe_lines(h, 2);
		count_tag(&h->at.pre, tag->closing);
		break;
	case TAG_QUOTE:
		owe_lines(h, 2);
		count_tag(&h->at.quote, tag->closing);
		break;
	case TAG_OTHER:
	case TAG_HEAD:
	case TAG_HIDDEN:
		break;
	}
}

/* Length of the tag at the start of s with its brackets; a ">" inside quotes does not end it. */
static size_t tag_length(struct html_text *h, struct str s)
{
	char quote = 0;

	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];

		if (quote != 0)
			quote = c == quote ? 0 : quote;
		else if ((c == '"' || c == '\'') && s.p[i - 1] == '=')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	h->cut = true;
	return s.n;
}

/* Past the element's end: what browsers do not show either. */
static void skip_element(struct html_text *h, struct str name)
{
	while (h->rest.n > 0) {
		h->rest = str_sub(h->rest, str_search(h->rest, STR_LIT("</")), h->rest.n);
		if (str_istarts(str_sub(h->rest, 2, h->rest.n), name)) {
			h->rest = str_sub(h->rest, tag_length(h, h->rest), h->rest.n);
			return;
		}
		h->rest = str_sub(h->rest, 2, h->rest.n);
	}
	h->cut = true;
}

static void read_tag(struct html_text *h)
{
	if (str_starts(h->rest, STR_LIT("<!--"))) {
		size_t end = str_search(h->rest, STR_LIT("-->"));

		h->cut |= end == h->rest.n;
		h->rest = str_sub(h->rest, end + 3 < h->rest.n ? end + 3 : h->rest.n, h->rest.n);
		return;
	}
	size_t n = tag_length(h, h->rest);
	struct str inside = str_sub(h->rest, 1, n >= 2 ? n - 2 : 0);
	struct html_tag tag = { .closing = str_starts(inside, STR_LIT("/")) };

	h->rest = str_sub(h->rest, n, h->rest.n);
	inside = str_sub(inside, tag.closing ? 1 : 0, inside.n);
	size_t name = 0;

	while (name < inside.n && (ascii_alpha(inside.p[name]) || ascii_digit(inside.p[name])))
		name++;
	tag.name = str_sub(inside, 0, name);
	tag.attributes = str_sub(inside, name, inside.n);
	enum tag_kind kind = html_tag_kind(tag.name);

	if (kind == TAG_HIDDEN && !tag.closing)
		skip_element(h, tag.name);
	else
		apply_tag(h, &tag, kind);
}

/* How many characters from here on are only copied. */
static size_t plain_run(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '<' && s.p[n] != '&' && s.p[n] != ' ' && !ascii_control(s.p[n]))
		n++;
	return n;
}

static void read_text(struct html_text *h)
{
	char c = h->rest.p[0];
	size_t run = plain_run(h->rest);
	size_t took = 1;

	if (run > 0) {
		settle(h);
		buf_add(h->out, str_sub(h->rest, 0, run));
		took = run;
	} else if (c == '\r') {
		/* A CRLF is one line end, and a lone CR is none. */
	} else if (h->at.pre > 0 && c == '\n') {
		h->at.lines++;
	} else if (h->at.pre > 0 && ascii_blank(c)) {
		settle(h);
		buf_add_char(h->out, c);
	} else if (ascii_blank(c) || c == '\n') {
		h->at.space = h->at.lines == 0;
	} else if (c == '&') {
		settle(h);
		took = html_entity(h->out, h->rest);
		if (took == 0) {
			buf_add_char(h->out, c);
			took = 1;
		}
	} else if (!ascii_control(c)) {
		settle(h);
		buf_add_char(h->out, c);
	}
	h->rest = str_sub(h->rest, took, h->rest.n);
}

static void read_until(struct html_text *h, size_t left)
{
	while (h->rest.n > left) {
		struct str rest = h->rest;
		bool tag = rest.n > 1 && rest.p[0] == '<' &&
			(ascii_alpha(rest.p[1]) || rest.p[1] == '/' || rest.p[1] == '!' || rest.p[1] == '?');

		if (tag)
			read_tag(h);
		else
			read_text(h);
	}
}

static bool same_state(const struct html_state *a, const struct html_state *b)
{
	return a->space == b->space && a->lines == b->lines && a->started == b->started && a->pre == b->pre &&
		a->quote == b->quote && a->depth == b->depth && memcmp(a->number, b->number, sizeof a->number) == 0;
}

/* Lines that other pages have too: what they came to there counts here when they begin in the same state. */
static void read_run(struct html_text *h, const struct mime_run *run, size_t left)
{
	struct html_memo *memo = &run->lines->page;
	struct html_state before = h->at;
	size_t start = buf_len(h->out);
	bool linked = h->href.p != NULL;

	if (memo->made && !linked && same_state(&memo->before, &before)) {
		buf_add(h->out, buf_str(&memo->text));
		h->at = memo->after;
		h->rest = str_sub(h->rest, run->n, h->rest.n);
		return;
	}
	h->cut = false;
	read_until(h, left);
	/* A tag or a link that goes on behind them is not only theirs. */
	if (linked || h->href.p != NULL || h->rest.n != left || h->cut)
		return;
	buf_clear(&memo->text);
	buf_add(&memo->text, str_sub(buf_str(h->out), start, buf_len(h->out)));
	memo->before = before;
	memo->after = h->at;
	memo->made = true;
}

bool html_text_add_runs(struct buf *out, struct str html, const struct mime_run *runs, size_t n)
{
	struct html_text h = { .out = out, .rest = html };

	for (size_t i = 0; i < n; i++) {
		read_until(&h, html.n - runs[i].at);
		if (h.rest.n == html.n - runs[i].at)
			read_run(&h, &runs[i], html.n - runs[i].at - runs[i].n);
	}
	read_until(&h, 0);
	close_link(&h);
	if (h.at.started)
		buf_add_char(out, '\n');
	buf_free(&h.value);
	return !out->full;
}

bool html_text_add(struct buf *out, struct str html)
{
	return html_text_add_runs(out, html, NULL, 0);
}
