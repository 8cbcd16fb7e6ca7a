#include <config.h>

#include "text/hex.h"

#include "base/buf.h"

const char hex_lower[17] = "0123456789abcdef";
const char hex_upper[17] = "0123456789ABCDEF";

void hex_encode(char *out, const void *p, size_t n)
{
	const unsigned char *octets = p;

	for (size_t i = 0; i < n; i++) {
		*out++ = hex_lower[octets[i] >> 4];
		*out++ = hex_lower[octets[i] & 15];
	}
	*out = '\0';
}

bool hex_add_escape(struct buf *out, char mark, unsigned char c)
{
	return buf_add(out, str_at((char[]){ mark, hex_upper[c >> 4], hex_upper[c & 15] }, 3));
}

/* Without a branch a digit: lists have a million hashes. bad gets a bit when c is not a digit. */
static inline unsigned digit(char c, unsigned *bad)
{
	unsigned number = (unsigned)(unsigned char)c - '0';
	unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';

	*bad |= (unsigned)(number > 9) & (unsigned)(letter > 5);
	return number > 9 ? letter + 10 : number;
}

bool hex_decode(unsigned char *out, struct str s)
{
	unsigned bad = s.n % 2;

	for (size_t i = 0; i + 1 < s.n; i += 2) {
		unsigned high = digit(s.p[i], &bad);

		*out++ = (unsigned char)(high << 4 | digit(s.p[i + 1], &bad));
	}
	return bad == 0;
}
