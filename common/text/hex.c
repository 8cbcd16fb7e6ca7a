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

bool hex_decode(unsigned char *out, struct str s)
{
	if (s.n % 2 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int octet = hex_octet(str_sub(s, i, 2));

		if (octet < 0)
			return false;
		*out++ = (unsigned char)octet;
	}
	return true;
}
