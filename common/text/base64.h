#ifndef PIPEMAIL_TEXT_BASE64_H
#define PIPEMAIL_TEXT_BASE64_H

#include "base/str.h"

struct buf;

/* RFC 4648 base64 on one line, with padding. */
bool base64_add(struct buf *out, struct str s);

/* The same for a MIME body (RFC 2045): lines of 76 and CRLF. Streams: feed any cuts of the input
 * with the same zeroed state, then end it; the last line ends in CRLF unless the input
 * was empty. */
struct base64_lines {
	unsigned char held[57];
	size_t n;
};
bool base64_lines_add(struct base64_lines *state, struct buf *out, struct str s);
bool base64_lines_end(struct base64_lines *state, struct buf *out);
/* Octets that n octets of input come to in that form. */
uint64_t base64_lines_size(uint64_t n);

/* Strict: whole groups, padding, nothing else. False on anything else; *out is then cut back. */
bool base64_decode(struct buf *out, struct str s);
/* As mail readers do it: what is not of the alphabet is passed over, a missing end is made good. */
bool base64_decode_loose(struct buf *out, struct str s);

#endif
