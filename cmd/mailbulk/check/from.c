#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/settings.h"
#include "mail/address/domain.h"

/* Providers of mailboxes whose DMARC policy lets only their own servers send for them, and where those are. */
static const struct {
	const char *domain;
	const char *relays; /* separated by blanks */
} providers[] = {
	{ "gmail.com", "gmail.com google.com googlemail.com" },
	{ "googlemail.com", "gmail.com google.com googlemail.com" },
	{ "yahoo.com", "yahoo.com" },
	{ "aol.com", "aol.com yahoo.com" },
	{ "outlook.com", "outlook.com office365.com live.com hotmail.com" },
	{ "hotmail.com", "outlook.com office365.com live.com hotmail.com" },
	{ "live.com", "outlook.com office365.com live.com hotmail.com" },
	{ "icloud.com", "me.com icloud.com" },
	{ "me.com", "me.com icloud.com" },
	{ "gmx.de", "gmx.net gmx.com gmx.de" },
	{ "gmx.net", "gmx.net gmx.com gmx.de" },
	{ "web.de", "web.de" },
};

/* smtps://user@smtp.example.org:465 -> smtp.example.org */
static struct str host_of(const char *url)
{
	struct str s = str_of(url);
	size_t scheme = str_search(s, STR_LIT("://"));

	if (scheme < s.n)
		s = str_sub(s, scheme + 3, s.n);
	s = str_sub(s, 0, str_find(s, '/'));
	s = str_sub(s, str_after_last(s, '@'), s.n);
	return str_sub(s, 0, str_find(s, ':'));
}

/* All servers that were given are the provider's own; without one it is not known. */
static bool relays_are(const struct settings *s, const char *relays)
{
	const struct option_list *urls = &s->account.smtp;
	struct buf host = { 0 };
	bool all = urls->n > 0;

	for (size_t i = 0; all && i < urls->n; i++) {
		struct str rest = str_of(relays);
		bool one = false;

		buf_clear(&host);
		domain_to_ascii(&host, host_of(urls->values[i]));
		while (rest.n > 0)
			one |= domain_within(buf_str(&host), str_cut(&rest, ' '));
		all = one;
	}
	buf_free(&host);
	return all;
}

static void check_provider(struct preflight *p, struct str domain)
{
	for (size_t i = 0; !p->from_told && i < sizeof providers / sizeof *providers; i++) {
		if (!str_eq(domain, str_of(providers[i].domain)) || relays_are(p->settings, providers[i].relays))
			continue;
		p->from_told = true;
		preflight_warn(p, "from-provider",
			"From is at %s, whose rules let no other servers send for it: such mail is mostly rejected",
			providers[i].domain);
	}
}

/* DMARC asks that the domain people see is the one that signs (RFC 7489, 3.1.1, relaxed). */
static void check_signer(struct preflight *p, struct buf *domain)
{
	struct buf signer = { 0 };

	if (p->campaign->dkim_key == NULL || p->dkim_told)
		return;
	domain_to_ascii(&signer, str_of(p->settings->account.keys.dkim_domain));
	if (!domain_within(buf_str(domain), buf_str(&signer)) && !domain_within(buf_str(&signer), buf_str(domain))) {
		p->dkim_told = true;
		preflight_warn(p, "dkim-alignment",
			"From is at %s, but DKIM signs for %s: DMARC does not count that signature", buf_text(domain),
			buf_text(&signer));
	}
	buf_free(&signer);
}

void preflight_from(struct preflight *p, const struct letter *letter)
{
	struct str from = buf_str(&letter->from);
	struct buf domain = { 0 };

	/* Mostly it is the same in every message. */
	if (str_eq(from, buf_str(&p->from)))
		return;
	buf_clear(&p->from);
	buf_add(&p->from, from);
	domain_to_ascii(&domain, str_sub(from, str_after_last(from, '@'), from.n));
	check_provider(p, buf_str(&domain));
	check_signer(p, &domain);
	buf_free(&domain);
}
