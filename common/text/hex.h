#ifndef PIPEMAIL_TEXT_HEX_H
#define PIPEMAIL_TEXT_HEX_H

#include "base/str.h"

struct buf;

/*
 * Octets as hexadecimal digits (RFC 4648, 8) and back. Hashes and keys are written in lower case; the escapes of mail
 * and URLs ("=C3", "%C3") in upper case, as their RFCs ask. Both cases are read. Nothing here allocates.
 */

/* The digits of value 0 to 15, for writers that put them one by one. */
extern const char hex_lower[17];
extern const char hex_upper[17];

/* Write n octets at p as 2 * n digits in lower case and a NUL: out has room for 2 * n + 1. */
void hex_encode(char *out, const void *p, size_t n);

/* Append mark and the two digits of c in upper case: the escapes "=C3" and "%C3". */
bool hex_add_escape(struct buf *out, char mark, unsigned char c);

/* Write s, an even number of digits and nothing else, as s.n / 2 octets to out. On false out is unspecified; an empty s
 * is no octets and true. */
bool hex_decode(unsigned char *out, struct str s);

/* The octet that the first two characters of s are, or -1 where s is shorter or they are not digits. */
static inline int hex_octet(struct str s)
{
	int high = s.n < 2 ? -1 : ascii_hex(s.p[0]);
	int low = high < 0 ? -1 : ascii_hex(s.p[1]);

	return low < 0 ? -1 : high << 4 | low;
}

#endif
