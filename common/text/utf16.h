#ifndef PIPEMAIL_TEXT_UTF16_H
#define PIPEMAIL_TEXT_UTF16_H

#include "base/str.h"

struct buf;

/* UTF-16 (RFC 2781) in either order of bytes. */

/* The code unit at byte i of s; i + 1 must be inside. */
uint32_t utf16_unit(struct str s, size_t i, bool little);
/* The first and the second half of a surrogate pair. */
bool utf16_is_high(uint32_t unit);
bool utf16_is_low(uint32_t unit);
/*
 * Convert the complete characters at the start of `in`, append them to out as UTF-8 and remove them from `in`; with
 * eof an incomplete one too, as U+FFFD. A BOM is converted like any character.
 */
void utf16_convert(struct buf *in, bool little, bool eof, struct buf *out);

#endif
