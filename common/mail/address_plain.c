#include <config.h>

#include "mail/address.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* One octet at a time: what the other way leaves over. */
static size_t by_octets(struct str s, char *key, bool *capitals)
{
	size_t at = address_check_ascii(s);

	*capitals = false;
	for (size_t i = 0; at > 0 && i < s.n; i++) {
		key[i] = ascii_lower(s.p[i]);
		*capitals = *capitals || (i > at && key[i] != s.p[i]);
	}
	return at;
}

#ifdef __SSE2__

/* A bit for each octet, the first lowest. */
struct classes {
	uint64_t letter;
	uint64_t capital;
	uint64_t digit;
	uint64_t dot;
	uint64_t at;
	uint64_t hyphen;
	uint64_t other; /* "_" and "+": the only others that are frequent in local parts */
};

static inline uint64_t bits(__m128i v, unsigned shift)
{
	return (uint64_t)(unsigned)_mm_movemask_epi8(v) << shift;
}

/* Octets from first to last; those over 0x7f are negative here and in no range. */
static inline __m128i in_range(__m128i v, char first, char last)
{
	return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(first - 1))),
		_mm_cmplt_epi8(v, _mm_set1_epi8((char)(last + 1))));
}

static inline __m128i is(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Sort 16 octets into classes and write them to key in lower case. */
static inline void classify(struct classes *c, const char *octets, char *key, unsigned shift)
{
	__m128i v = _mm_load_si128((const __m128i *)(const void *)octets);
	__m128i capital = in_range(v, 'A', 'Z');
	__m128i lower = _mm_or_si128(v, _mm_and_si128(capital, _mm_set1_epi8('a' - 'A')));

	c->capital |= bits(capital, shift);
	c->letter |= bits(in_range(lower, 'a', 'z'), shift);
	c->digit |= bits(in_range(v, '0', '9'), shift);
	c->dot |= bits(is(v, '.'), shift);
	c->at |= bits(is(v, '@'), shift);
	c->hyphen |= bits(is(v, '-'), shift);
	c->other |= bits(_mm_or_si128(is(v, '_'), is(v, '+')), shift);
	_mm_storeu_si128((__m128i *)(void *)key, lower);
}

/* The rules of address_check_ascii on bits. all: the octets that there are. False also where they are not enough to tell. */
static inline bool well_formed(const struct classes *c, uint64_t all)
{
	uint64_t edges = c->dot | c->at; /* where labels and atoms end */
	uint64_t last = all ^ all >> 1;

	if ((c->letter | c->digit | edges | c->hyphen | c->other) != all)
		return false;
	/* One "@", and no edge at either end or beside another one. */
	if (c->at == 0 || (c->at & (c->at - 1)) != 0 || (edges & (1 | last)) != 0 || (edges & edges << 1) != 0)
		return false;
	uint64_t domain = all & ~(c->at | (c->at - 1));
	uint64_t hyphen = c->hyphen & domain;

	/* Two hyphens in a row may make an A-label. */
	if ((c->other & domain) != 0 || (hyphen & (last | edges << 1 | edges >> 1 | hyphen << 1)) != 0 ||
		(c->dot & domain) == 0)
		return false;
	uint64_t last_dot = (uint64_t)1 << (63 - __builtin_clzll(c->dot & domain));

	/* The last label is not all digits. */
	return ((c->letter | hyphen) & ~(last_dot | (last_dot - 1))) != 0;
}

size_t address_plain_key(struct str s, char *key, bool *capitals)
{
	_Alignas(16) char octets[64] = { 0 };
	struct classes c = { 0 };

	if (s.n == 0 || s.n > sizeof octets)
		return by_octets(s, key, capitals);
	memcpy(octets, s.p, s.n);
	for (unsigned i = 0; i < s.n; i += 16)
		classify(&c, octets + i, key + i, i);
	if (!well_formed(&c, UINT64_MAX >> (64 - s.n)))
		return by_octets(s, key, capitals);
	size_t at = (size_t)__builtin_ctzll(c.at);

	*capitals = (c.capital >> at) != 0;
	return at;
}

#else

size_t address_plain_key(struct str s, char *key, bool *capitals)
{
	return by_octets(s, key, capitals);
}

#endif
