#ifndef PIPEMAIL_TEXT_CFWS_H
#define PIPEMAIL_TEXT_CFWS_H

#include "base/str.h"

/* Comments and folding white space (RFC 5322, 3.2.2), which may stand between the tokens of
 * structured fields, and quoted strings (3.2.4), in which nothing separates. */

/* Space, TAB, CR or LF: folding white space without a check that the folding is correct. */
bool cfws_is_blank(char c);
/*
 * s without the white space, line ends and comments at its start; a slice of s. A comment that does not end
 * extends to the end of s, so the result is empty.
 */
struct str cfws_skip(struct str s);
/*
 * The length in bytes of the comment that s begins with, parentheses and nested comments included (any depth; "\"
 * quotes the next byte). 0 when s does not begin with a comment or the comment does not end.
 */
size_t cfws_comment(struct str s);
/*
 * Position of the first byte of s that is one of `wanted` and outside quoted strings, or s.n. Comments are not
 * skipped. wanted must not contain a double quote.
 */
size_t cfws_find_unquoted(struct str s, const char *wanted);

#endif
