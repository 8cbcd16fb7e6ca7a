#ifndef PIPEMAIL_MAIL_MARKDOWN_H
#define PIPEMAIL_MAIL_MARKDOWN_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Append a page made of CommonMark, in UTF-8 with LF line ends. Raw HTML in it is left out, and so are links that run
 * something (javascript:, data:). False with ERR_CONFIG in a build without cmark, ERR_DATA when out is full.
 */
bool markdown_add(struct buf *out, struct str markdown, struct err *err);

#endif
