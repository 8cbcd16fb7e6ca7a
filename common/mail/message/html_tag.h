#ifndef PIPEMAIL_MAIL_HTML_TAG_H
#define PIPEMAIL_MAIL_HTML_TAG_H

#include "base/str.h"

/* What a tag of HTML does to a text. */
enum tag_kind {
	TAG_OTHER,
	TAG_PARAGRAPH,
	TAG_BLOCK,
	TAG_BREAK,
	TAG_RULE,
	TAG_CELL,
	TAG_ORDERED,
	TAG_LIST,
	TAG_ITEM,
	TAG_LINK,
	TAG_IMAGE,
	TAG_PRE,
	TAG_QUOTE,
	TAG_HEAD,
	TAG_HIDDEN, /* what is inside is not shown */
};

/* By its name, in any case. */
enum tag_kind html_tag_kind(struct str name);

#endif
