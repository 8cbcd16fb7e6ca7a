#ifndef PIPEMAIL_TEXT_UTF8_H
#define PIPEMAIL_TEXT_UTF8_H

#include "base/str.h"

struct buf;

/* UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing past U+10FFFF. */

/* The code point at the start of s and its length in octets; 0 when s is empty or
 * malformed there. */
size_t utf8_decode(struct str s, uint32_t *code);
/* What is no code point becomes UTF8_REPLACEMENT. */
bool utf8_add(struct buf *out, uint32_t code);
#define UTF8_REPLACEMENT 0xfffdu
bool utf8_valid(struct str s);

/* Latin-1 (ISO 8859-1, with Windows-1252 in 0x80-0x9f) as UTF-8. */
bool utf8_from_latin1(struct buf *out, struct str s);

/* Normalisation form C. False when s is not UTF-8; pure ASCII is only copied. */
bool utf8_nfc(struct buf *out, struct str s);

/*
 * s as it may go to a terminal, a log or a report: C0, DEL, C1, bidi controls, U+2028, U+2029,
 * U+FEFF and octets that are no UTF-8 become \xNN (of each octet), "\n" and "\t" become \n and \t
 * in letters; at most max octets of output, then "...".
 */
bool utf8_show(struct buf *out, struct str s, size_t max);

#endif
