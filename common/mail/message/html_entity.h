#ifndef PIPEMAIL_MAIL_HTML_ENTITY_H
#define PIPEMAIL_MAIL_HTML_ENTITY_H

#include "base/str.h"

struct buf;

/* The character reference at the start of s ("&amp;", "&#8364;", "&#x20ac;") as UTF-8: how many
 * octets of s it takes, 0 when there is none that we know, and nothing is written then. */
size_t html_entity(struct buf *out, struct str s);

#endif
