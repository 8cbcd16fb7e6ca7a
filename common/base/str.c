#include <config.h>

#include "base/str.h"

/*
 * Slices may have a NULL pointer when they are empty, which memcmp(3), memchr(3) and memmem(3) do not permit: each
 * function here checks the length before it calls one.
 */

bool str_eq(struct str a, struct str b)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a slice with octets has a pointer */
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_ieq(struct str a, struct str b)
{
	return a.n == b.n && str_istarts(a, b);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_istarts(struct str s, struct str prefix)
{
	if (s.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++)
		if (ascii_lower(s.p[i]) != ascii_lower(prefix.p[i]))
			return false;
	return true;
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

bool str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_ieq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

size_t str_find(struct str s, char c)
{
	const char *p = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return p != NULL ? (size_t)(p - s.p) : s.n;
}

size_t str_after_last(struct str s, char c)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != c)
		at--;
	return at;
}

size_t str_count(struct str s, char c)
{
	const char *end = s.p + s.n;
	size_t n = 0;

	for (const char *p = s.p; p < end && (p = memchr(p, c, (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

size_t str_search(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	const char *p = s.n > 0 ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

	return p != NULL ? (size_t)(p - s.p) : s.n;
}

size_t str_isearch(struct str s, struct str needle)
{
	char first = needle.n > 0 ? ascii_lower(needle.p[0]) : '\0';

	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (needle.n == 0 || (ascii_lower(s.p[i]) == first && str_istarts(str_at(s.p + i, s.n - i), needle)))
			return i;
	return s.n;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_sub(struct str s, size_t at, size_t n)
{
	if (at > s.n)
		at = s.n;
	if (n > s.n - at)
		n = s.n - at;
	return (struct str){ s.p == NULL ? NULL : s.p + at, n };
}

struct str str_cut(struct str *s, char c)
{
	size_t at = str_find(*s, c);
	struct str head = str_sub(*s, 0, at);

	*s = at < s->n ? str_sub(*s, at + 1, s->n) : STR_NONE;
	return head;
}

bool str_number(struct str s, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (s.n == 0)
		return false;
	/* So many digits cannot overflow: a listing of a hundred thousand messages has as many numbers. */
	if (s.n <= 19) {
		for (size_t i = 0; i < s.n; i++) {
			if (!ascii_digit(s.p[i]))
				return false;
			sum = sum * 10 + (uint64_t)(s.p[i] - '0');
		}
		*value = sum <= max ? sum : *value;
		return sum <= max;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_digit(s.p[i]))
			return false;
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (sum > (max - digit) / 10 || digit > max)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

bool str_among(struct str s, const char *words)
{
	struct str rest = str_of(words);

	while (rest.p != NULL)
		if (str_ieq(str_cut(&rest, ' '), s))
			return true;
	return false;
}

bool str_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_control(s.p[i]))
			return false;
	return true;
}

bool str_ascii(struct str s)
{
	uint64_t met = 0;
	uint64_t word;
	size_t i = 0;

	/* Without a way out of the loop it goes by words, four at a time: what is looked at is short. */
	for (; i + 32 <= s.n; i += 32) {
		uint64_t words[4];

		memcpy(words, s.p + i, sizeof words);
		met |= words[0] | words[1] | words[2] | words[3];
	}
	for (; i + sizeof word <= s.n; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		met |= word;
	}
	for (; i < s.n; i++)
		met |= (unsigned char)s.p[i] & 0x80u;
	return (met & 0x8080808080808080u) == 0;
}
