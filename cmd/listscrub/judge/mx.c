#include <config.h>

#include "cmd/listscrub/judge/mx.h"

#include "cli/say.h"
#include "cmd/listscrub/settings.h"
#include "io/clock.h"
#include "io/random.h"
#include "io/stop.h"

/* Answers are believed for their TTL, but never longer than this: a domain that is gone may come back. */
#define LONGEST_YES ((uint64_t)7 * 86400)
#define LONGEST_NO ((uint64_t)86400)

bool mx_init(struct mx *m, const struct settings *set, struct err *err)
{
	struct resolver_params params = { .servers = set->resolver, .timeout = set->dns_timeout };

	random_seed(&m->domains);
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
		if (mx_trust_take(m, tag, verdict))
			continue;
		mx_trust_note(m, (size_t)tag, verdict);
		uint64_t most = verdict == RESOLVER_ACCEPTS ? LONGEST_YES : LONGEST_NO;
		uint64_t holds = ttl < most ? ttl : most;

		m->domains.entries[tag].value = mx_pack(MX_KNOWN, verdict, (uint64_t)clock_wall() + holds);
	}
}

/* Wait for answers a moment at the most, and take those that are there. */
static bool turn(struct mx *m, bool wait, struct err *err)
{
	if (!resolver_turn(m->resolver, wait ? clock_after(CLOCK_SECOND / 4) : 0, err))
		return false;
	take_answers(m);
	mx_trust_silence(m);
	return true;
}

/* Ask as many as there is room for, and take what has been answered. Waits only when told to. */
static bool work(struct mx *m, bool wait, struct err *err)
{
	while (m->asked < m->domains.used && resolver_room(m->resolver)) {
		struct set_entry *e = &m->domains.entries[m->asked];

		if (mx_trust_check(m, false, err))
			continue;
		if (err->kind != ERR_NONE)
			return false;
		e->value = mx_pack(MX_ASKED, RESOLVER_TEMPORARY, 0);
		if (!resolver_ask(m->resolver, str_at(e->p, e->n), m->asked, err))
			return false;
		m->asked++;
	}
	return turn(m, wait, err);
}

bool mx_note(struct mx *m, struct str domain, struct err *err)
{
	bool added;

	/* A literal is no name. */
	if (domain.n == 0 || domain.p[0] == '[')
		return true;
	(void)set_add(&m->domains, domain, &added);
	/* A turn costs some system calls: one for a handful of new domains. */
	return !added || m->stopped || m->domains.used % 16 != 0 || work(m, false, err);
}

/* Until all that was asked is answered, nobody answers, or a signal comes: then false. */
static bool wait_for_answers(struct mx *m, struct err *err)
{
	while (!m->stopped && (m->asked < m->domains.used || resolver_in_flight(m->resolver) > 0))
		if (stop_signal() != 0 || !work(m, true, err))
			return false;
	return true;
}

/* All that may still speak against the resolver; by now there is room for it. */
static bool ask_about_resolver(struct mx *m, struct err *err)
{
	for (unsigned i = 0; i < MX_PROBES; i++)
		if (!mx_trust_probe(m, i, err))
			return false;
	if (!wait_for_answers(m, err))
		return false;
	return mx_trust_check(m, true, err) ? wait_for_answers(m, err) : err->kind == ERR_NONE;
}

bool mx_finish(struct mx *m, struct err *err)
{
	struct err late;

	err->kind = ERR_NONE;
	if (!wait_for_answers(m, err))
		return false;
	mx_trust_decide(m);
	if (!m->stopped && m->domains.used > m->cached) {
		if (!ask_about_resolver(m, err))
			return false;
		mx_trust_decide(m);
	}
	m->finished = true;
	/* What a resolver says that is not believed is not kept either; a cache that cannot be written is no reason to
	 * throw the answers away. */
	if (m->cache != NULL && !m->stopped && !mx_cache_save(m, &late))
		say_error(&late);
	return true;
}

static enum resolver_verdict verdict_of(const struct mx *m, const struct set_entry *e)
{
	bool cached = e != NULL && (size_t)(e - m->domains.entries) < m->cached;
	bool known = e != NULL && (cached || !m->stopped) && mx_state_of(e->value) == MX_KNOWN;

	return known ? mx_verdict_of(e->value) : RESOLVER_TEMPORARY;
}

bool mx_rejects(const struct mx *m, struct str domain, struct str *detail)
{
	const struct set_entry *e = set_find(&m->domains, domain);

	switch (verdict_of(m, e)) {
	case RESOLVER_NULL_MX:
		*detail = STR_LIT("it says that it takes no mail (null MX)");
		return true;
	case RESOLVER_NXDOMAIN:
		*detail = STR_LIT("the domain does not exist");
		return true;
	case RESOLVER_NO_HOST:
		*detail = STR_LIT("neither MX nor address");
		return true;
	case RESOLVER_NOWHERE:
		*detail = STR_LIT("its MX is localhost: nobody can send there");
		return true;
	case RESOLVER_TEMPORARY:
		if (e != NULL)
			*detail = m->stopped ? STR_LIT("the domain was not judged")
					     : STR_LIT("no answer for now about the domain");
		break;
	case RESOLVER_ACCEPTS:
		break;
	}
	return false;
}

bool mx_doubts(const struct mx *m, struct str domain)
{
	const struct set_entry *e = set_find(&m->domains, domain);

	return e != NULL ? verdict_of(m, e) != RESOLVER_ACCEPTS : m->stopped;
}
