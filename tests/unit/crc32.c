#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "base/crc32.h"

/* Bit by bit, as the standard defines it. */
static uint32_t model(struct str s)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= (unsigned char)s.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1 ? 0xedb88320u : 0) ^ crc >> 1;
	}
	return ~crc;
}

int main(void)
{
	struct buf b = { .limit = 0 };
	bool whole = true;
	bool pieces = true;

	check(crc32_add(0, STR_LIT("123456789")) == 0xcbf43926, "the check value of the standard");
	check(crc32_add(0, STR_NONE) == 0, "nothing");
	check(crc32_add(0, STR_LIT("a")) == 0xe8b7be43, "one octet");
	for (int i = 0; i < 500; i++) {
		random_octets(&b, 200, STR_NONE);
		struct str s = buf_str(&b);
		uint32_t crc = 0;

		whole = whole && crc32_add(0, s) == model(s);
		for (struct str rest = s; rest.n > 0;) {
			size_t n = (size_t)random_below(rest.n) + 1;

			crc = crc32_add(crc, str_at(rest.p, n));
			rest = str_sub(rest, n, rest.n);
		}
		pieces = pieces && crc == model(s);
	}
	check(whole, "every length, at every alignment");
	check(pieces, "the same in pieces");
	buf_free(&b);
	return tap_done();
}
