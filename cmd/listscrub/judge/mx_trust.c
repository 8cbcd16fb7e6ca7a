#include <config.h>

#include "cmd/listscrub/judge/mx.h"

#include <stdio.h>

#include "cmd/listscrub/judge/suggest.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/address/freemail.h"

/* More temporary failures than one in twenty, and not just some on a short list, speak of the resolver and not of the
 * domains. */
#define SOME 8
#define ONE_IN 20

#define FEW 5

/* So many times the same "no" in a row asks for a look at a domain that was known to take mail. */
#define LONG_RUN 20
/* A domain that is there for good: what a resolver is asked that has found nothing at all. */
#define SURE STR_LIT("example.com")
/* Questions that were given up in a row before nobody is waited for any more: as many as the first burst. */
#define MOST_SILENT 32

#define PROBE_TAG (UINT64_MAX - 1)
#define WITNESS_TAG (UINT64_MAX - 2)
#define SURE_TAG (UINT64_MAX - 3)

void mx_trust_note(struct mx *m, size_t entry, enum resolver_verdict verdict)
{
	struct mx_trust *t = &m->trust;

	if (verdict == RESOLVER_TEMPORARY) {
		if (t->silent++ == 0)
			t->silent_since = clock_now();
		return;
	}
	t->silent = 0;
	if (t->run == 0 && t->witness == 0)
		t->all_same = true;
	if (verdict == RESOLVER_ACCEPTS) {
		t->witness = entry + 1;
		t->all_same = false;
		t->run = 0;
		return;
	}
	if (t->run > 0 && t->run_of != verdict) {
		t->all_same = false;
		t->run = 0;
	}
	t->run++;
	t->run_of = verdict;
}

static bool is_no(enum resolver_verdict verdict)
{
	return verdict == RESOLVER_NXDOMAIN || verdict == RESOLVER_NO_HOST || verdict == RESOLVER_NOWHERE;
}

bool mx_trust_take(struct mx *m, uint64_t tag, enum resolver_verdict verdict)
{
	struct mx_trust *t = &m->trust;

	if (tag == PROBE_TAG)
		t->wildcard = t->wildcard || verdict == RESOLVER_ACCEPTS || verdict == RESOLVER_NULL_MX ||
			verdict == RESOLVER_NOWHERE;
	else if (tag == WITNESS_TAG)
		t->lies = t->lies || is_no(verdict) || verdict == RESOLVER_NULL_MX;
	else if (tag == SURE_TAG)
		t->lies = t->lies || is_no(verdict);
	else
		return false;
	t->open--;
	return true;
}

/* One of the large providers was asked about; it takes mail. */
static bool knows_no_provider(const struct mx *m)
{
	for (const char *const *p = freemail_large; *p != NULL; p++) {
		const struct set_entry *e = set_find(&m->domains, str_of(*p));

		if (e != NULL && (size_t)(e - m->domains.entries) >= m->cached)
			return true;
	}
	return false;
}

bool mx_trust_check(struct mx *m, bool at_end, struct err *err)
{
	struct mx_trust *t = &m->trust;
	bool sure = at_end && t->all_same && is_no(t->run_of) && (t->run >= FEW || knows_no_provider(m));

	err->kind = ERR_NONE;
	if (t->open > 0 || t->lies || (!sure && (t->run < LONG_RUN || t->witness == 0)))
		return false;
	const struct set_entry *e = sure ? NULL : &m->domains.entries[t->witness - 1];

	if (!resolver_ask(m->resolver, sure ? SURE : str_at(e->p, e->n), sure ? SURE_TAG : WITNESS_TAG, err))
		return false;
	t->run = 0;
	t->open++;
	return true;
}

bool mx_trust_probe(struct mx *m, unsigned which, struct err *err)
{
	static const char *const ends[MX_PROBES] = { "com", "invalid" };
	static const char letters[] = "bcdfghjklmnpqrstvwxz";
	unsigned char random[24];
	char name[64];

	random_bytes(random, sizeof random);
	for (size_t k = 0; k < sizeof random; k++)
		name[k] = letters[random[k] % (sizeof letters - 1)];
	int n = snprintf(name + sizeof random, sizeof name - sizeof random, ".%s", ends[which]);

	if (!resolver_ask(m->resolver, str_at(name, sizeof random + (size_t)n), PROBE_TAG, err))
		return false;
	m->trust.open++;
	return true;
}

static const char *cache_helps(const struct mx *m)
{
	return m->cached > 0 ? "; only the cache was believed" : "";
}

void mx_trust_silence(struct mx *m)
{
	const struct mx_trust *t = &m->trust;

	/* The first of them have waited long enough; so much again as half of that is for the others. */
	if (m->stopped || t->silent < MOST_SILENT || clock_now() - t->silent_since < resolver_patience(m->resolver) / 2)
		return;
	m->stopped = true;
	snprintf(m->why, sizeof m->why, "nobody answers, %llu questions in a row were given up%s",
		(unsigned long long)t->silent, cache_helps(m));
}

void mx_trust_decide(struct mx *m)
{
	uint64_t asked = 0;

	m->temporary = 0;
	for (size_t i = m->cached; i < m->domains.used; i++, asked++) {
		uint64_t value = m->domains.entries[i].value;

		m->temporary += mx_state_of(value) != MX_KNOWN || mx_verdict_of(value) == RESOLVER_TEMPORARY;
	}
	if (m->stopped)
		return;
	m->stopped = true;
	if (m->trust.wildcard)
		snprintf(m->why, sizeof m->why, "the resolver finds names that do not exist%s", cache_helps(m));
	else if (m->trust.lies)
		snprintf(m->why, sizeof m->why, "the resolver does not find names that do exist%s", cache_helps(m));
	else if (m->temporary * 2 > asked || (m->temporary >= SOME && m->temporary * ONE_IN > asked))
		snprintf(m->why, sizeof m->why, "no answer for %llu of %llu domains%s",
			(unsigned long long)m->temporary, (unsigned long long)asked, cache_helps(m));
	else
		m->stopped = false;
}
