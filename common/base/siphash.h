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
 * is compiled for its own numbers of rounds; the vectors that its authors published (of SipHash-2-4) test this code.
 */
struct siphash {
	uint64_t low; /* the first eight octets of the published form; all of the 64-bit hash */
	uint64_t high;
};

/*
 * SipHash-1-3 of s with 64 bits of result. The key is secret and random where a stranger chooses s, and fixed
 * where two machines must agree (--shard).
 */
uint64_t siphash(const uint64_t key[2], struct str s);

static inline uint64_t siphash_rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* The 8 bytes at p, of any alignment, as a little-endian number. */
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

	/* One read that ends where s ends has them at its top; two shifts, as one by 64 is undefined. */
	if (s.n >= 8)
		word = siphash_word(s.p + s.n - 8) >> 8 >> (56 - 8 * rest);
	else
		for (size_t i = 0; i < rest; i++)
			word |= (uint64_t)(unsigned char)s.p[i] << 8 * i;
	return word | (uint64_t)s.n << 56;
}

/* The four words of state v0 to v3 of the paper. Not an array: that would cost a stack guard at each hash. */
struct siphash_state {
	uint64_t a;
	uint64_t b;
	uint64_t c;
	uint64_t d;
};

static inline void siphash_rounds(struct siphash_state *v, int n)
{
	for (; n > 0; n--) {
		v->a += v->b;
		v->b = siphash_rotate(v->b, 13) ^ v->a;
		v->a = siphash_rotate(v->a, 32);
		v->c += v->d;
		v->d = siphash_rotate(v->d, 16) ^ v->c;
		v->a += v->d;
		v->d = siphash_rotate(v->d, 21) ^ v->a;
		v->c += v->b;
		v->b = siphash_rotate(v->b, 17) ^ v->c;
		v->c = siphash_rotate(v->c, 32);
	}
}

/* One word of input: "compression" in the paper, with `rounds` rounds. */
static inline void siphash_take(struct siphash_state *v, int rounds, uint64_t word)
{
	v->d ^= word;
	siphash_rounds(v, rounds);
	v->a ^= word;
}

/* SipHash-c-d; wide asks for 128 bits, whose low half is not the 64-bit hash. Without wide, high is 0. */
static inline struct siphash siphash_with(int c, int d, bool wide, const uint64_t key[2], struct str s)
{
	struct siphash_state v = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ (wide ? 0xee : 0),
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	struct siphash hash = { .high = 0 };

	for (size_t i = 0; i + 8 <= s.n; i += 8)
		siphash_take(&v, c, siphash_word(s.p + i));
	siphash_take(&v, c, siphash_tail(s));
	v.c ^= wide ? 0xee : 0xff;
	siphash_rounds(&v, d);
	hash.low = v.a ^ v.b ^ v.c ^ v.d;
	if (wide) {
		v.b ^= 0xdd;
		siphash_rounds(&v, d);
		hash.high = v.a ^ v.b ^ v.c ^ v.d;
	}
	return hash;
}

#endif
