#include <config.h>

#include "text/utf16.h"

#include "base/buf.h"
#include "text/utf8.h"

uint32_t utf16_unit(struct str s, size_t i, bool little)
{
	unsigned char a = (unsigned char)s.p[i];
	unsigned char b = (unsigned char)s.p[i + 1];

	return little ? (uint32_t)(b << 8 | a) : (uint32_t)(a << 8 | b);
}

bool utf16_is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

bool utf16_is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

void utf16_convert(struct buf *in, bool little, bool eof, struct buf *out)
{
	struct str s = buf_str(in);
	size_t i = 0;

	while (i + 1 < s.n) {
		uint32_t unit = utf16_unit(s, i, little);
		size_t n = 2;

		if (utf16_is_high(unit)) {
			if (i + 3 >= s.n && !eof)
				break;
			uint32_t low = i + 3 < s.n ? utf16_unit(s, i + 2, little) : 0;

			n = utf16_is_low(low) ? 4 : 2;
			unit = utf16_is_low(low) ? 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00))
						 : UTF8_REPLACEMENT;
		}
		/* (Half a pair becomes the replacement character there.) */
		utf8_add(out, unit);
		i += n;
	}
	if (eof && i + 1 == s.n) {
		utf8_add(out, UTF8_REPLACEMENT);
		i++;
	}
	buf_drop(in, i);
}
