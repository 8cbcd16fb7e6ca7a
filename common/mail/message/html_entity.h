#ifndef PIPEMAIL_MAIL_HTML_ENTITY_H
#define PIPEMAIL_MAIL_HTML_ENTITY_H

#include "base/str.h"

struct buf;

/*
 * Append the character reference at the start of s ("&amp;", "&#8364;", "&#x20ac;") as UTF-8: returns how many
 * bytes of s it takes, 0 when there is none that is known (nothing is appended then). For plain text: a no-break
 * space and control characters become a space, a soft hyphen and joiners nothing, what is not a character U+FFFD.
 */
size_t html_entity(struct buf *out, struct str s);

#endif
