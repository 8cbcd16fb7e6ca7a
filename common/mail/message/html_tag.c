#include <config.h>

#include "mail/message/html_tag.h"

#define TAG_NAME 10u

/* In the order of their names. */
static const struct tag_name {
	char name[TAG_NAME + 1];
	enum tag_kind kind;
} tag_names[] = {
	{ "a", TAG_LINK },
	{ "address", TAG_BLOCK },
	{ "article", TAG_BLOCK },
	{ "blockquote", TAG_QUOTE },
	{ "br", TAG_BREAK },
	{ "center", TAG_BLOCK },
	{ "dd", TAG_BLOCK },
	{ "div", TAG_BLOCK },
	{ "dl", TAG_PARAGRAPH },
	{ "dt", TAG_BLOCK },
	{ "fieldset", TAG_PARAGRAPH },
	{ "figcaption", TAG_BLOCK },
	{ "figure", TAG_PARAGRAPH },
	{ "footer", TAG_BLOCK },
	{ "form", TAG_PARAGRAPH },
	{ "h1", TAG_PARAGRAPH },
	{ "h2", TAG_PARAGRAPH },
	{ "h3", TAG_PARAGRAPH },
	{ "h4", TAG_PARAGRAPH },
	{ "h5", TAG_PARAGRAPH },
	{ "h6", TAG_PARAGRAPH },
	{ "head", TAG_HEAD },
	{ "header", TAG_BLOCK },
	{ "hr", TAG_RULE },
	{ "img", TAG_IMAGE },
	{ "li", TAG_ITEM },
	{ "main", TAG_BLOCK },
	{ "menu", TAG_LIST },
	{ "nav", TAG_BLOCK },
	{ "ol", TAG_ORDERED },
	{ "option", TAG_BLOCK },
	{ "p", TAG_PARAGRAPH },
	{ "pre", TAG_PRE },
	{ "script", TAG_HIDDEN },
	{ "section", TAG_BLOCK },
	{ "style", TAG_HIDDEN },
	{ "table", TAG_PARAGRAPH },
	{ "td", TAG_CELL },
	{ "template", TAG_HIDDEN },
	{ "th", TAG_CELL },
	{ "title", TAG_HIDDEN },
	{ "tr", TAG_BLOCK },
	{ "ul", TAG_LIST },
};

enum tag_kind html_tag_kind(struct str name)
{
	char lower[TAG_NAME + 1] = "";
	size_t from = 0;
	size_t to = sizeof tag_names / sizeof *tag_names;

	if (name.n > TAG_NAME)
		return TAG_OTHER;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	while (from < to) {
		size_t middle = (from + to) / 2;
		int order = memcmp(lower, tag_names[middle].name, sizeof lower);

		if (order == 0)
			return tag_names[middle].kind;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return TAG_OTHER;
}
