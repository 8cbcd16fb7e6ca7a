#ifndef PIPEMAIL_TEXT_HTML_H
#define PIPEMAIL_TEXT_HTML_H

#include "base/str.h"

struct buf;

/* s as text of an HTML page, or as the value of an attribute in quotes of either kind. NUL, which no page may have,
 * becomes U+FFFD. */
bool html_add(struct buf *out, struct str s);

#endif
