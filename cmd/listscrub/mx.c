#include <config.h>

#include "cmd/listscrub/mx.h"

#include <stdio.h>

#include "cli/say.h"
#include "cmd/listscrub/options.h"
#include "io/clock.h"
#include "io/stop.h"

/* Answers are believed for their TTL, but never longer than this: a domain that is gone may come back. */
#define LONGEST_YES ((uint64_t)7 * 86400)
#define LONGEST_NO ((uint64_t)86400)

/* More temporary failures than one in twenty, and not just one or two, speak of the resolver and not of the domains. */
#define FEW 5
#define ONE_IN 20

#define PROBE_TAG (UINT64_MAX - 1)

bool mx_init(struct mx *m, const struct settings *set, struct err *err)
{
	struct resolver_params params = { .servers = set->resolver, .timeout = set->dns_timeout };
	unsigned char random[16];

	random_bytes(random, sizeof random);
	set_seed(&m->domains, random);
	m->cache = set->dns_cache;
	m->resolver = resolver_new(&params, err);
	return m->resolver != NULL && (m->cache == NULL || mx_cache_load(m, err));
}

void mx_free(struct mx *m)
{
	resolver_free(m->resolver);
	set_free(&m->domains);
}

static void take_answers(struct mx *m)
{
	enum resolver_verdict verdict;
	uint64_t tag;
	uint32_t ttl;

	while (resolver_answer(m->resolver, &tag, &verdict, &ttl)) {
		if (tag == PROBE_TAG) {
			m->wildcard = m->wildcard || verdict == RESOLVER_ACCEPTS;
			m->probes--;
			continue;
		}
		uint64_t most = verdict == RESOLVER_ACCEPTS ? LONGEST_YES : LONGEST_NO;
		uint64_t holds = ttl < most ? ttl : most;

		m->domains.entries[tag].value =
			mx_pack(MX_KNOWN, verdict, (uint64_t)clock_wall() + holds);
	}
}

/* Ask as many as there is room for, and take what has been answered. Waits only when told to. */
static bool work(struct mx *m, bool wait, struct err *err)
{
	while (m->asked < m->domains.used && resolver_room(m->resolver)) {
		struct set_entry *e = &m->domains.entries[m->asked];

		if (mx_state_of(e->value) == MX_OPEN) {
			e->value = mx_pack(MX_ASKED, RESOLVER_TEMPORARY, 0);
			if (!resolver_ask(m->resolver, str_at(e->p, e->n), m->asked, err))
				return false;
		}
		m->asked++;
	}
	if (!resolver_turn(m->resolver, wait ? clock_after(CLOCK_SECOND / 4) : 0, err))
		return false;
	take_answers(m);
	return true;
}

bool mx_note(struct mx *m, struct str domain, struct err *err)
{
	bool added;

	/* A literal is no name. */
	if (domain.n == 0 || domain.p[0] == '[')
		return true;
	(void)set_add(&m->domains, domain, &added);
	/* A turn costs some system calls: one for a handful of new domains. */
	return !added || m->domains.used % 16 != 0 || work(m, false, err);
}

/* --- is the resolver to be believed? --- */

/* Names that nobody has registered: a resolver that finds them makes all other answers worthless. */
static bool probe(struct mx *m, struct err *err)
{
	static const char *const ends[] = { "com", "invalid" };
	static const char letters[] = "bcdfghjklmnpqrstvwxz";
	unsigned char random[24];
	char name[64];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		random_bytes(random, sizeof random);
		for (size_t k = 0; k < sizeof random; k++)
			name[k] = letters[random[k] % (sizeof letters - 1)];
		int n = snprintf(name + sizeof random, sizeof name - sizeof random, ".%s", ends[i]);

		while (!resolver_room(m->resolver))
			if (!resolver_turn(m->resolver, clock_after(CLOCK_SECOND / 4), err) ||
				(take_answers(m), stop_signal() != 0))
				return false;
		if (!resolver_ask(m->resolver, str_at(name, sizeof random + (size_t)n), PROBE_TAG, err))
			return false;
		m->probes++;
	}
	return true;
}

static void decide(struct mx *m)
{
	uint64_t asked = 0;

	m->temporary = 0;
	for (size_t i = m->cached; i < m->domains.used; i++, asked++)
		m->temporary += mx_verdict_of(m->domains.entries[i].value) == RESOLVER_TEMPORARY;
	if (m->wildcard) {
		m->stopped = true;
		snprintf(m->why, sizeof m->why, "the resolver finds names that do not exist");
	} else if (m->temporary * 2 > asked || (m->temporary >= FEW && m->temporary * ONE_IN > asked)) {
		m->stopped = true;
		snprintf(m->why, sizeof m->why, "no answer for %llu of %llu domains",
			(unsigned long long)m->temporary, (unsigned long long)asked);
	}
}

bool mx_finish(struct mx *m, struct err *err)
{
	struct err late;

	if (m->domains.used > m->cached && !probe(m, err))
		return false;
	while (m->asked < m->domains.used || resolver_in_flight(m->resolver) > 0) {
		if (stop_signal() != 0 || !work(m, true, err))
			return false;
	}
	decide(m);
	/* What a resolver says that is not believed is not kept either; a cache that cannot be written is no reason to
	 * throw the answers away. */
	if (m->cache != NULL && !m->stopped && !mx_cache_save(m, &late))
		say_error(&late);
	return true;
}

static const struct set_entry *known(const struct mx *m, struct str domain)
{
	const struct set_entry *e = m->stopped ? NULL : set_find(&m->domains, domain);

	return e != NULL && mx_state_of(e->value) == MX_KNOWN ? e : NULL;
}

bool mx_rejects(const struct mx *m, struct str domain, struct str *detail)
{
	const struct set_entry *e = known(m, domain);

	switch (e != NULL ? mx_verdict_of(e->value) : RESOLVER_TEMPORARY) {
	case RESOLVER_NULL_MX:
		*detail = STR_LIT("it says that it takes no mail (null MX)");
		return true;
	case RESOLVER_NXDOMAIN:
		*detail = STR_LIT("the domain does not exist");
		return true;
	case RESOLVER_NO_HOST:
		*detail = STR_LIT("neither MX nor address");
		return true;
	case RESOLVER_ACCEPTS:
	case RESOLVER_TEMPORARY:
		break;
	}
	return false;
}

bool mx_accepts(const struct mx *m, struct str domain)
{
	const struct set_entry *e = known(m, domain);

	return e != NULL && mx_verdict_of(e->value) == RESOLVER_ACCEPTS;
}
