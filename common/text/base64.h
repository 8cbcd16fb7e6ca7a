#ifndef PIPEMAIL_TEXT_BASE64_H
#define PIPEMAIL_TEXT_BASE64_H

#include "base/str.h"

struct buf;

/*
 * Append s in base64 (RFC 4648, 4) on one line, with padding. False, with nothing appended, when it would pass the
 * limit of out. For SASL, keys and hashes; bodies of messages are written by base64_lines_add.
 */
bool base64_add(struct buf *out, struct str s);

/* clang-format off */
/*
 * The same for a body of MIME (RFC 2045, 6.8): lines of 76 characters that end in CRLF, the last one too. It is a
 * stream: feed the input in any pieces with the same state, zeroed before the first, then end it. The output does
 * not depend on where the pieces were cut.
 *
 *     struct base64_lines state = { 0 };
 *     while ((n = read_some(piece)) > 0)
 *             base64_lines_add(&state, out, str_at(piece, n));
 *     base64_lines_end(&state, out);
 */
/* clang-format on */
struct base64_lines {
	unsigned char held[57]; /* input that does not fill a line of 76 yet */
	size_t n;               /* bytes of held in use, at most 56 between calls */
};
/* False when out is full; the output is then incomplete and what was held is lost, so the body has to be given up. */
bool base64_lines_add(struct base64_lines *state, struct buf *out, struct str s);
/* Write what is held as the last line and make the state zero again. Empty input gives no output at all. */
bool base64_lines_end(struct base64_lines *state, struct buf *out);
/*
 * How many bytes of output n bytes of input make, line ends included: for SIZE of RFC 1870 before anything is
 * read.
 */
uint64_t base64_lines_size(uint64_t n);

/*
 * Strict: groups of four with padding, no line ends, and unused bits that are zero, so that each content has
 * exactly one form. False, with nothing appended, for anything else. For SASL and keys.
 */
bool base64_decode(struct buf *out, struct str s);
/*
 * As mail readers decode: bytes outside the alphabet are ignored, padding in the middle ends a group (several
 * encodings one after the other), and a missing end is supplied. False only when out is full. For bodies and
 * encoded words.
 */
bool base64_decode_loose(struct buf *out, struct str s);

#endif
