#include <config.h>

#include "mail/address/domain.h"

/* In one of domains, which are separated by single blanks. */
static bool within_any(struct str s, const char *domains)
{
	struct str rest = str_of(domains);

	while (rest.p != NULL)
		if (domain_within(s, str_cut(&rest, ' ')))
			return true;
	return false;
}

bool domain_within(struct str s, struct str domain)
{
	if (!str_ends(s, domain))
		return false;
	return s.n == domain.n || s.p[s.n - domain.n - 1] == '.';
}

/* "example" stands before the last label of three letters. */
static bool maybe_example(struct str s)
{
	return s.n >= 11 && memcmp(s.p + s.n - 11, "example", 7) == 0;
}

bool domain_reserved(struct str s)
{
	/* RFC 2606 and 6761, 6762, 7686, 9476; ICANN's resolution 2024.07.29.06. */
	static const char top[] = "test example invalid localhost local onion alt internal";
	static const char examples[] = "example.com example.net example.org";
	/* RFC 8375, 8880, 9031, 9140, 9462, 9665, 9965; the reverse trees have no mail either. */
	static const char arpa[] =
		"6tisch.arpa eap.arpa eap-noob.arpa home.arpa in-addr.arpa ip6.arpa ipv4only.arpa resolver.arpa service.arpa";

	/* Every address of every list asks: nearly all end here, at the price of a look at some octets. */
	if (s.n > 3 && (s.p[s.n - 3] == '.' || (s.p[s.n - 4] == '.' && !maybe_example(s) && s.p[s.n - 3] != 'a')))
		return false;
	struct str last = str_sub(s, str_after_last(s, '.'), s.n);

	if (last.n == 3 && within_any(s, examples))
		return true;
	if (last.n == 4 && within_any(s, arpa))
		return true;
	return str_among(last, top);
}
