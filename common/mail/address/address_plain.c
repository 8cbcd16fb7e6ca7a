#include <config.h>

#include "mail/address/address.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * The fast path of long lists: up to 64 bytes are classified at once with vector instructions, and the rules are
 * then questions to bit masks. It only ever says "an address of the simple kind" or "not known"; address_parse
 * decides about the rest, and the tests compare both.
 */

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
	uint64_t known; /* any of these */
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

/* Octets from first to last: moved so that these are the least of all (as signed numbers). */
static inline __m128i in_range(__m128i v, char first, char last)
{
	__m128i moved = _mm_sub_epi8(v, _mm_set1_epi8((char)(first + 128)));

	return _mm_cmplt_epi8(moved, _mm_set1_epi8((char)(-128 + last - first + 1)));
}

static inline __m128i is(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Sort 16 octets into classes and write them to key in lower case. */
static inline void classify(struct classes *c, const char *octets, char *key, unsigned shift)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)octets);
	__m128i capital = in_range(v, 'A', 'Z');
	__m128i lower = _mm_or_si128(v, _mm_and_si128(capital, _mm_set1_epi8('a' - 'A')));
	__m128i digit = in_range(v, '0', '9');
	__m128i dot = is(v, '.');
	__m128i at = is(v, '@');
	__m128i hyphen = is(v, '-');
	__m128i other = _mm_or_si128(is(v, '_'), is(v, '+'));
	__m128i edge = _mm_or_si128(dot, at);
	__m128i atom = _mm_or_si128(_mm_or_si128(in_range(lower, 'a', 'z'), digit), _mm_or_si128(hyphen, other));

	c->known |= bits(_mm_or_si128(atom, edge), shift);
	c->capital |= bits(capital, shift);
	c->digit |= bits(digit, shift);
	c->dot |= bits(dot, shift);
	c->at |= bits(at, shift);
	c->hyphen |= bits(hyphen, shift);
	c->other |= bits(other, shift);
	_mm_storeu_si128((__m128i *)(void *)key, lower);
}

/* The rules of address_check_ascii on bits. all: the octets that there are. False also where they are not enough to
 * tell. */
static inline bool well_formed(const struct classes *c, uint64_t all)
{
	uint64_t edges = (c->dot | c->at) & all; /* where labels and atoms end */
	uint64_t last = all ^ all >> 1;

	if ((c->known & all) != all)
		return false;
	uint64_t at = c->at & all;

	/* One "@", and no edge at either end or beside another one. */
	if (at == 0 || (at & (at - 1)) != 0 || (edges & (1 | last)) != 0 || (edges & edges << 1) != 0)
		return false;
	uint64_t domain = all & ~(at | (at - 1));
	uint64_t hyphen = c->hyphen & domain;

	/* Two hyphens in a row may make an A-label. */
	if ((c->other & domain) != 0 || (hyphen & (last | edges << 1 | edges >> 1 | hyphen << 1)) != 0 ||
		(c->dot & domain) == 0)
		return false;
	uint64_t last_dot = (uint64_t)1 << (63 - __builtin_clzll(c->dot & domain));

	/* The last label is not all digits. */
	return (domain & ~c->digit & ~(last_dot | (last_dot - 1))) != 0;
}

size_t address_plain_key(struct str s, char *key, bool *capitals)
{
	struct classes c = { 0 };

	if (s.n == 0 || s.n > ADDRESS_PLAIN_SLACK)
		return by_octets(s, key, capitals);
	uint64_t all = UINT64_MAX >> (64 - s.n);

	classify(&c, s.p, key, 0);
	classify(&c, s.p + 16, key + 16, 16);
	/* (Most are shorter: the branch costs less than the work.) */
	if (s.n > 32) {
		classify(&c, s.p + 32, key + 32, 32);
		classify(&c, s.p + 48, key + 48, 48);
	}
	if (!well_formed(&c, all))
		return by_octets(s, key, capitals);
	size_t at = (size_t)__builtin_ctzll(c.at);

	*capitals = (c.capital & all) >> at != 0;
	return at;
}

#else

size_t address_plain_key(struct str s, char *key, bool *capitals)
{
	return by_octets(s, key, capitals);
}

#endif
