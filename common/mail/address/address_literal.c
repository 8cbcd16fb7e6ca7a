#include <config.h>

#include "mail/address/address_local.h"

/* Four numbers up to 255 without leading zeros. */
static bool ipv4_ok(struct str s)
{
	unsigned count = 0;

	while (s.p != NULL) {
		struct str part = str_cut(&s, '.');
		uint64_t value;

		if (part.n > 3 || !str_number(part, 255, &value) || (part.n > 1 && part.p[0] == '0'))
			return false;
		count++;
	}
	return count == 4;
}

static bool is_group(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return s.n > 0 && s.n <= 4;
}

/* Groups of s, which holds no "::"; an IPv4 address at the very end counts two.
 * False: malformed. */
static bool count_groups(struct str s, bool last, unsigned *count)
{
	if (s.n == 0)
		return true;
	while (s.p != NULL) {
		struct str group = str_cut(&s, ':');

		if (last && s.p == NULL && ipv4_ok(group))
			*count += 2;
		else if (is_group(group))
			++*count;
		else
			return false;
	}
	return true;
}

static bool ipv6_ok(struct str s)
{
	size_t gap = str_search(s, STR_LIT("::"));
	unsigned count = 0;

	if (gap == s.n)
		return count_groups(s, true, &count) && count == 8;
	/* A second "::" leaves an empty group, which is none. */
	return count_groups(str_sub(s, 0, gap), false, &count) &&
		count_groups(str_sub(s, gap + 2, s.n), true, &count) && count <= 6;
}

bool address_literal_ok(struct str s)
{
	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = str_sub(s, 1, s.n - 2);
	if (str_istarts(s, STR_LIT("IPv6:")))
		return ipv6_ok(str_sub(s, 5, s.n));
	return ipv4_ok(s);
}
