#ifndef PIPEMAIL_TEXT_HEX_H
#define PIPEMAIL_TEXT_HEX_H

#include "base/str.h"

struct buf;

/*
 * Octets as hexadecimal digits (RFC 4648, 8) and back. Hashes and keys are written in lower case; the escapes of mail
 * and URLs ("=C3", "%C3") in upper case, as their RFCs ask. Both cases are read. Nothing here allocates.
 */

/* The digits of the values 0 to 15, for writers that put them one by one; a NUL ends each. */
extern const char hex_lower[17];
extern const char hex_upper[17];

/* Write n octets at p as 2 * n digits in lower case and a NUL: out has room for 2 * n + 1. */
void hex_encode(char *out, const void *p, size_t n);

/* Append mark and the two digits of c in upper case, as in "=C3" and "%C3". False when out is full. */
bool hex_add_escape(struct buf *out, char mark, unsigned char c);

/*
 * Decode s, an even number of hexadecimal digits and nothing else, to s.n / 2 bytes at out. On false the content
 * of out is unspecified. An empty s is valid and gives no bytes.
 */
bool hex_decode(unsigned char *out, struct str s);

/*
 * The byte that the first two characters of s stand for (0 to 255), or -1 when s is shorter or they are not
 * digits.
 */
static inline int hex_octet(struct str s)
{
	int high = s.n < 2 ? -1 : ascii_hex(s.p[0]);
	int low = high < 0 ? -1 : ascii_hex(s.p[1]);

	return low < 0 ? -1 : high << 4 | low;
}

#endif
