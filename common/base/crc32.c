#include <config.h>

#include "base/crc32.h"

#define POLYNOMIAL 0xedb88320u /* reflected */

/* tables[k][c]: what the octet c does to the CRC with k octets after it. */
static uint32_t tables[8][256];

static void make_tables(void)
{
	for (uint32_t c = 0; c < 256; c++) {
		uint32_t crc = c;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1 ? POLYNOMIAL : 0) ^ crc >> 1;
		tables[0][c] = crc;
	}
	for (size_t k = 1; k < 8; k++)
		for (size_t c = 0; c < 256; c++)
			tables[k][c] = tables[0][tables[k - 1][c] & 0xff] ^ tables[k - 1][c] >> 8;
}

static uint32_t word_at(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

uint32_t crc32_add(uint32_t crc, struct str s)
{
	if (tables[0][1] == 0)
		make_tables();
	crc = ~crc;
	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		uint32_t first = word_at(s.p) ^ crc;
		uint32_t second = word_at(s.p + 4);

		crc = tables[7][first & 0xff] ^ tables[6][first >> 8 & 0xff] ^ tables[5][first >> 16 & 0xff] ^
			tables[4][first >> 24] ^ tables[3][second & 0xff] ^ tables[2][second >> 8 & 0xff] ^
			tables[1][second >> 16 & 0xff] ^ tables[0][second >> 24];
	}
	for (size_t i = 0; i < s.n; i++)
		crc = tables[0][(crc ^ (unsigned char)s.p[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}
