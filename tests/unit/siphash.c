#include <config.h>

#include "tests/tap.h"

#include "base/siphash.h"

/* The key 00 01 … 0f and the input 00 01 … of the vectors. */
static const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

/* Some of the vectors that its authors published with their program, for SipHash-2-4, as they print them: octets. The
 * lengths are those at which something changes: nothing, less than a word, a word, two, and the longest. */
static void test_published(void)
{
	static const struct {
		size_t n;
		unsigned char narrow[8];
		unsigned char wide[16];
	} vectors[] = {
		{ 0, { 0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72 },
			{ 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
				0x93 } },
		{ 1, { 0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74 },
			{ 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
				0x45 } },
		{ 7, { 0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab },
			{ 0xa1, 0xf1, 0xeb, 0xbe, 0xd8, 0xdb, 0xc1, 0x53, 0xc0, 0xb8, 0x4a, 0xa6, 0x1f, 0xf0, 0x82,
				0x39 } },
		{ 8, { 0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93 },
			{ 0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f, 0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97,
				0xb4 } },
		{ 9, { 0xb0, 0xe4, 0xa9, 0x0b, 0xdf, 0x82, 0x00, 0x9e },
			{ 0x26, 0x44, 0x99, 0x06, 0x0a, 0xd9, 0xba, 0xab, 0xc4, 0x7f, 0x8b, 0x02, 0xbb, 0x6d, 0x71,
				0xed } },
		{ 15, { 0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1 },
			{ 0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11, 0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf, 0xc3,
				0xd9 } },
		{ 16, { 0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f },
			{ 0x6e, 0xe2, 0xa4, 0xca, 0x67, 0xb0, 0x54, 0xbb, 0xfd, 0x33, 0x15, 0xbf, 0x85, 0x23, 0x05,
				0x77 } },
		{ 63, { 0x72, 0x45, 0x06, 0xeb, 0x4c, 0x32, 0x8a, 0x95 },
			{ 0x51, 0x50, 0xd1, 0x77, 0x2f, 0x50, 0x83, 0x4a, 0x50, 0x3e, 0x06, 0x9a, 0x97, 0x3f, 0xbd,
				0x7c } },
	};
	char octets[64];

	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (char)i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct str s = str_at(octets, vectors[i].n);
		struct siphash narrow = siphash_with(2, 4, false, key, s);
		struct siphash wide = siphash_with(2, 4, true, key, s);

		check(narrow.low == siphash_word((const char *)vectors[i].narrow), "64 bits of %zu octets", s.n);
		check(wide.low == siphash_word((const char *)vectors[i].wide) &&
				wide.high == siphash_word((const char *)vectors[i].wide + 8),
			"128 bits of %zu octets", s.n);
	}
}

/* Octet by octet, another way to write the algorithm down. */
static uint64_t model(struct str s)
{
	uint64_t v[4] = { 0x736f6d6570736575u ^ key[0], 0x646f72616e646f6du ^ key[1], 0x6c7967656e657261u ^ key[0],
		0x7465646279746573u ^ key[1] };
	uint64_t word = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i == s.n)
			word |= (uint64_t)(s.n & 0xff) << 56;
		else
			word |= (uint64_t)(unsigned char)s.p[i] << 8 * (i % 8);
		if (i % 8 == 7 || i == s.n) {
			v[3] ^= word;
			siphash_rounds(v, 1);
			v[0] ^= word;
			word = 0;
		}
	}
	v[2] ^= 0xff;
	siphash_rounds(v, 3);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void test_lengths(void)
{
	bool ok = true;

	for (size_t n = 0; n <= 300; n++) {
		/* Exactly as large as it is hashed, for the sanitizer. */
		char *octets = malloc(n > 0 ? n : 1);

		for (size_t i = 0; i < n; i++)
			octets[i] = (char)(rand() >> 3);
		ok = ok && siphash(key, str_at(octets, n)) == model(str_at(octets, n));
		free(octets);
	}
	check(ok, "SipHash-1-3 of every length");
}

static void test_counts(void)
{
	uint64_t other[2] = { key[0], key[1] ^ 1 };

	check(siphash(key, STR_LIT("abcdefgh")) != siphash(other, STR_LIT("abcdefgh")), "the key counts");
	check(siphash(key, STR_LIT("abcdefgh")) != siphash(key, STR_LIT("abcdefgi")),
		"the last octet of a word counts");
	check(siphash(key, STR_LIT("a")) != siphash(key, STR_LIT("a\0")), "the length counts");
}

int main(void)
{
	test_published();
	test_lengths();
	test_counts();
	return tap_done();
}
