#ifndef PIPEMAIL_MAIL_HTML_TEXT_H
#define PIPEMAIL_MAIL_HTML_TEXT_H

#include "base/buf.h"

/* A text alternative for people without HTML: tags away, entities decoded, links as "text <url>",
 * lists and paragraphs as lines, script and style dropped. UTF-8 in, UTF-8 out. */
bool html_text_add(struct buf *out, struct str html);

#endif
