#ifndef PIPEMAIL_MAIL_HTML_TEXT_H
#define PIPEMAIL_MAIL_HTML_TEXT_H

#include "base/buf.h"

/*
 * Append a text alternative of a page, for people who read no HTML: tags removed, entities decoded, links as "text
 * <url>", lists and paragraphs as lines, script and style dropped, ending in one line end. UTF-8 in, UTF-8 out, LF
 * line ends. It accepts any input; it is for pages of our own users, not a filter against hostile HTML. False when
 * out is full.
 */
bool html_text_add(struct buf *out, struct str html);
/* The same of a page that has lines in common with others, in their order: what they come to is kept with them. */
struct mime_run;
bool html_text_add_runs(struct buf *out, struct str html, const struct mime_run *runs, size_t n);

#endif
