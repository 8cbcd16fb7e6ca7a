#ifndef PIPEMAIL_LISTSCRUB_MX_H
#define PIPEMAIL_LISTSCRUB_MX_H

#include "base/err.h"
#include "base/set.h"
#include "io/resolver.h"

struct settings;

/*
 * Which domains take mail. Each is asked once, while the list is read; verdicts are used only when all are in: with too
 * many temporary failures, or a resolver that finds names that cannot exist, nothing is judged but by the cache.
 */
enum mx_state { MX_OPEN, MX_ASKED, MX_KNOWN };

/* What speaks against the resolver, while its answers come in (mx_trust.c). */
struct mx_trust {
	bool wildcard;  /* it found a name that does not exist */
	bool lies;      /* it does not know any more what it knew, or knows nothing */
	size_t witness; /* 1 + the last entry that takes mail, or 0 */
	uint64_t run;   /* the same "no" so many times in a row */
	enum resolver_verdict run_of;
	bool all_same;        /* no other answer came yet */
	uint64_t silent;      /* questions given up since the last answer */
	int64_t silent_since; /* monotonic time of the first of these */
	unsigned open;        /* questions of our own on their way */
};

struct mx {
	struct resolver *resolver;
	const char *cache;  /* file, or NULL */
	uint64_t damaged;   /* lines of it that could not be read */
	struct set domains; /* value: verdict, state and expiry in one word */
	size_t asked;       /* of the entries, in order */
	size_t cached;      /* the first entries, whose verdicts are from the cache */
	uint64_t temporary; /* domains that are not known for now */
	bool finished;      /* all was asked, and it is decided whether it is believed */
	bool stopped;       /* nothing is judged that the cache does not know */
	char why[200];      /* for people, when stopped */
	struct mx_trust trust;
};

bool mx_init(struct mx *m, const struct settings *set, struct err *err);
void mx_free(struct mx *m);

/* A domain (A-labels, lower case) of a row that would be kept. Works on the look-ups meanwhile. */
bool mx_note(struct mx *m, struct str domain, struct err *err);
/* Wait for all answers, decide whether they are to be believed, save the cache (and say it where that fails). False
 * with ERR_NONE for a signal. */
bool mx_finish(struct mx *m, struct err *err);
/* After mx_finish: does the domain surely take no mail? detail is a fixed text; also one that is not known for now has
 * it. */
bool mx_rejects(const struct mx *m, struct str domain, struct str *detail);
/* After mx_finish: may it be a slip for another one? Not when it takes mail, nor when nobody asked. */
bool mx_doubts(const struct mx *m, struct str domain);

/* --- is the resolver to be believed? (mx_trust.c) --- */

/* An answer about an entry. */
void mx_trust_note(struct mx *m, size_t entry, enum resolver_verdict verdict);
/* True for an answer to a question of our own: taken. */
bool mx_trust_take(struct mx *m, uint64_t tag, enum resolver_verdict verdict);
/* Ask what it should know when it says nothing but no. False: not asked, or an error (with a kind) in err. */
bool mx_trust_check(struct mx *m, bool at_end, struct err *err);
/* Ask about names that nobody has; there must be room. */
bool mx_trust_probe(struct mx *m, unsigned which, struct err *err);
#define MX_PROBES 2u
/* Nobody answers any more: stops. */
void mx_trust_silence(struct mx *m);
/* All answers are in: are they believed? */
void mx_trust_decide(struct mx *m);

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

/* A file that is damaged gives what can be read of it; one that cannot be read at all is said, and done without
 * (m->cache is NULL then); one that is none is an error. */
bool mx_cache_load(struct mx *m, struct err *err);
/* What others wrote there meanwhile is kept. */
bool mx_cache_save(struct mx *m, struct err *err);

#endif
