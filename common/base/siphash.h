#ifndef PIPEMAIL_BASE_SIPHASH_H
#define PIPEMAIL_BASE_SIPHASH_H

#include "base/str.h"

/*
 * SipHash (Aumasson and Bernstein, 2012): a keyed hash for tables, so that whoever writes a list can neither make the
 * table slow nor make two keys one. Octets are read as little-endian words, as published: the result is the same on
 * every machine, which the shares of --shard depend on. The key is two words, the first one the first eight octets of
 * the published form.
 *
 * The tools use SipHash-1-3, with 64 or 128 bits of result. siphash_with is the whole algorithm, here so that each use
 * is compiled for its own numbers of rounds; the vectors that its authors published (of SipHash-2-4) test this same code.
 */
struct siphash {
	uint64_t low; /* the first eight octets of the published form; all of the 64-bit hash */
	uint64_t high;
};

/* SipHash-1-3 with 64 bits of result. */
uint64_t siphash(const uint64_t key[2], struct str s);

static inline uint64_t siphash_rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline uint64_t siphash_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The octets after the last whole word and, in the highest octet, the length. */
static inline uint64_t siphash_tail(struct str s)
{
	size_t rest = s.n % 8;
	uint64_t word = 0;

	/* With a word before them, one read that ends where s ends gives them, at the top. */
	if (rest > 0 && s.n > 8)
		word = siphash_word(s.p + s.n - 8) >> (64 - 8 * rest);
	else
		for (size_t i = 0; i < rest; i++)
			word |= (uint64_t)(unsigned char)s.p[s.n - rest + i] << 8 * i;
	return word | (uint64_t)s.n << 56;
}

static inline void siphash_rounds(uint64_t v[4], int n)
{
	for (; n > 0; n--) {
		v[0] += v[1];
		v[1] = siphash_rotate(v[1], 13) ^ v[0];
		v[0] = siphash_rotate(v[0], 32);
		v[2] += v[3];
		v[3] = siphash_rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = siphash_rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = siphash_rotate(v[1], 17) ^ v[2];
		v[2] = siphash_rotate(v[2], 32);
	}
}

/* SipHash-c-d; wide asks for 128 bits, whose low half is not the 64-bit hash. Without wide, high is 0. */
static inline struct siphash siphash_with(int c, int d, bool wide, const uint64_t key[2], struct str s)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ (wide ? 0xee : 0),
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	struct siphash hash = { .high = 0 };

	for (size_t i = 0; i <= s.n / 8; i++) {
		uint64_t word = i < s.n / 8 ? siphash_word(s.p + 8 * i) : siphash_tail(s);

		v[3] ^= word;
		siphash_rounds(v, c);
		v[0] ^= word;
	}
	v[2] ^= wide ? 0xee : 0xff;
	siphash_rounds(v, d);
	hash.low = v[0] ^ v[1] ^ v[2] ^ v[3];
	if (wide) {
		v[1] ^= 0xdd;
		siphash_rounds(v, d);
		hash.high = v[0] ^ v[1] ^ v[2] ^ v[3];
	}
	return hash;
}

#endif
