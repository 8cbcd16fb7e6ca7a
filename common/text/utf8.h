#ifndef PIPEMAIL_TEXT_UTF8_H
#define PIPEMAIL_TEXT_UTF8_H

#include "base/str.h"

struct buf;

/*
 * UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF. Functions that append return false
 * when out is full.
 */

/*
 * The code point at the start of s: returns its length in bytes (1 to 4) and sets *code; 0, with *code unchanged,
 * when s is empty or invalid there. A caller that wants to continue after invalid bytes skips one byte.
 */
size_t utf8_decode(struct str s, uint32_t *code);
/* Append a code point; UTF8_REPLACEMENT when code is not one (a surrogate, or too large). */
bool utf8_add(struct buf *out, uint32_t code);
#define UTF8_REPLACEMENT 0xfffdu
/* Is all of s valid UTF-8? Empty is. Control characters and NUL are valid. */
bool utf8_valid(struct str s);

/*
 * Append s, read as ISO 8859-1 with Windows-1252 in 0x80 to 0x9f, as UTF-8. The five bytes that Windows-1252
 * leaves undefined become C1 controls, as in browsers. Every input is valid; at most three bytes of output for
 * each of s.
 */
bool utf8_from_latin1(struct buf *out, struct str s);

/* Append s in normalisation form C. False when s is not UTF-8 or out is full, with nothing appended. */
bool utf8_nfc(struct buf *out, struct str s);

/*
 * Append s as it may go to a terminal, a log or a report. C0, DEL, C1, bidi controls, U+2028, U+2029, U+FEFF and
 * invalid bytes become \xNN (each byte), newline and TAB become "\n" and "\t" in letters. At most max bytes of
 * output, then "...". A backslash in s is not escaped, so the output cannot be turned back into s.
 */
bool utf8_show(struct buf *out, struct str s, size_t max);

#endif
