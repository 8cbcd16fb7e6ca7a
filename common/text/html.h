#ifndef PIPEMAIL_TEXT_HTML_H
#define PIPEMAIL_TEXT_HTML_H

#include "base/str.h"

struct buf;

/*
 * Append s as text of an HTML page or as the value of a quoted attribute, with quotes of either kind: & < > " '
 * become entities. NUL, which a page must not contain, becomes U+FFFD. s is UTF-8; other bytes are copied. Not for
 * URLs, scripts or attributes without quotes. False when out is full.
 */
bool html_add(struct buf *out, struct str s);

#endif
