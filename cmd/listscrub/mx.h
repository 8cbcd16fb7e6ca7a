#ifndef PIPEMAIL_LISTSCRUB_MX_H
#define PIPEMAIL_LISTSCRUB_MX_H

#include "base/err.h"
#include "base/set.h"
#include "io/resolver.h"

struct settings;

/*
 * Which domains take mail. Each is asked once, while the list is read; verdicts are used only when all are in: with too
 * many temporary failures, or a resolver that finds names that cannot exist, nothing is judged at all.
 */
enum mx_state { MX_OPEN, MX_ASKED, MX_KNOWN };

struct mx {
	struct resolver *resolver;
	const char *cache;     /* file, or NULL */
	struct set domains;    /* value: verdict, state and expiry in one word */
	size_t asked;          /* of the entries, in order */
	size_t cached;         /* the first entries, whose verdicts are from the cache */
	uint64_t temporary;    /* domains that are not known for now */
	bool stopped;          /* nothing is judged */
	char why[200];         /* for people, when stopped */
	unsigned probes;       /* on their way */
	bool wildcard;
};

bool mx_init(struct mx *m, const struct settings *set, struct err *err);
void mx_free(struct mx *m);

/* A domain (A-labels, lower case) of a row that would be kept. Works on the look-ups meanwhile. */
bool mx_note(struct mx *m, struct str domain, struct err *err);
/* Wait for all answers, decide whether they are to be believed, save the cache (and say it where that fails). False with ERR_NONE for a signal. */
bool mx_finish(struct mx *m, struct err *err);
/* After mx_finish: does the domain surely take no mail? detail is a fixed text. */
bool mx_rejects(const struct mx *m, struct str domain, struct str *detail);
/* After mx_finish: it surely does. */
bool mx_accepts(const struct mx *m, struct str domain);

/* --- the cache file: "domain verdict expiry" a line (mx_cache.c) --- */

/* An entry's value: when the verdict ends, what it is, how far it is. */
static inline uint64_t mx_pack(enum mx_state state, enum resolver_verdict verdict, uint64_t expiry)
{
	return expiry << 8 | (uint64_t)verdict << 4 | (uint64_t)state;
}

static inline enum mx_state mx_state_of(uint64_t value)
{
	return (enum mx_state)(value & 15);
}

static inline enum resolver_verdict mx_verdict_of(uint64_t value)
{
	return (enum resolver_verdict)(value >> 4 & 15);
}

static inline uint64_t mx_expiry_of(uint64_t value)
{
	return value >> 8;
}

bool mx_cache_load(struct mx *m, struct err *err);
bool mx_cache_save(const struct mx *m, struct err *err);

#endif
