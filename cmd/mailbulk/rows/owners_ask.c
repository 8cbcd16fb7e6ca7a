#include <config.h>

#include "cmd/mailbulk/rows/owners.h"

#include "io/clock.h"
#include "io/resolver.h"
#include "io/stop.h"

#define ASK_MOST (300 * CLOCK_SECOND)
#define SILENT_MOST 30u /* questions without an answer, from the first on, after which nobody answers */

static struct str domain_at(const struct owners *o, uint64_t at)
{
	return str_at(o->domains.entries[at].p, o->domains.entries[at].n);
}

/* Answers that are there. False: it is clear by now that there will be none. */
static bool take_answers(struct owners *o, struct resolver *r, uint64_t *known, uint64_t *silent)
{
	enum resolver_verdict verdict;
	uint64_t tag;
	uint32_t ttl;

	while (resolver_answer(r, &tag, &verdict, &ttl)) {
		if (verdict == RESOLVER_TEMPORARY) {
			++*silent;
			continue;
		}
		++*known;
		owners_set(o, domain_at(o, tag), owners_organisation(str_of(resolver_answer_mx(r))));
	}
	return *known > 0 || *silent < SILENT_MOST;
}

bool owners_ask(struct owners *o, const char *resolver, uint64_t *unknown, struct err *err)
{
	const struct resolver_params params = { .servers = resolver, .timeout = CLOCK_SECOND, .tries = 3 };
	struct resolver *r = resolver_new(&params, err);
	int64_t end = clock_after(ASK_MOST);
	uint64_t known = 0;
	uint64_t silent = 0;
	size_t asked = 0;
	bool ok = r != NULL;

	*unknown = o->domains.used;
	while (ok && (asked < o->domains.used || resolver_in_flight(r) > 0) && clock_now() < end &&
		stop_signal() == 0) {
		while (ok && asked < o->domains.used && resolver_room(r)) {
			ok = resolver_ask(r, domain_at(o, asked), asked, err);
			asked += ok;
		}
		ok = ok && resolver_turn(r, clock_after(CLOCK_SECOND / 4), err) && take_answers(o, r, &known, &silent);
	}
	*unknown -= known;
	bool had = r != NULL;

	resolver_free(r);
	return had;
}
