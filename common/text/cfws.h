#ifndef PIPEMAIL_TEXT_CFWS_H
#define PIPEMAIL_TEXT_CFWS_H

#include "base/str.h"

/* Comments and folding white space (RFC 5322, 3.2.2), which may stand between the tokens of
 * structured fields, and quoted strings (3.2.4), in which nothing separates. */

/* Blank, tab, CR or LF. */
bool cfws_is_blank(char c);
/* s without the blanks, line ends and comments at its start. An unterminated comment reaches to the
 * end. */
struct str cfws_skip(struct str s);
/* The length of the comment that s begins with, brackets and nested comments included; 0 when s
 * begins with none or it does not end. */
size_t cfws_comment(struct str s);
/* Where the first octet of wanted stands in s outside quoted strings; s.n: nowhere. */
size_t cfws_find_unquoted(struct str s, const char *wanted);

#endif
