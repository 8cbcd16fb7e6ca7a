#ifndef PIPEMAIL_MAILBULK_PACE_H
#define PIPEMAIL_MAILBULK_PACE_H

#include "base/set.h"
#include "cmd/mailbulk/settings.h"

struct owners;

/*
 * When the next message may go: the rate of the whole run, those of recipient domains, and a warm-up's share of today.
 * Pure arithmetic on the nanoseconds that it is given; a limit is a row of slots, the next of which is handed out.
 */
struct pace {
	const struct settings *settings;
	const struct owners
		*owners;    /* that of each domain counts, of those that limits name, too; NULL: each is its own */
	int64_t next;       /* slot of the whole run */
	struct set domains; /* domain or owner to its next slot */
	struct set last;    /* the same to when a message to it last went */
	uint64_t left;      /* messages that today's warm-up still allows; UINT64_MAX: no warm-up */
};

void pace_init(struct pace *p, const struct settings *settings, uint64_t days, uint64_t sent_today);
void pace_free(struct pace *p);
/* When this run may send again; now or earlier: at once. */
int64_t pace_next(const struct pace *p);
/* n messages were admitted at now. */
void pace_took(struct pace *p, int64_t now, uint64_t n);
/* Reserve the next slot of a recipient's domain (A-labels): the time from which it may go; now when its domain has no
 * limit. */
int64_t pace_domain(struct pace *p, struct str domain, int64_t now);
/* A message to that domain goes now. False: too soon after the last one, as its slot passed while something else held
 * it up (or it goes a second time); then it needs another slot. */
bool pace_goes(struct pace *p, struct str domain, int64_t now);
/* An earlier run sent to that domain so many nanoseconds ago. */
void pace_went(struct pace *p, struct str domain, int64_t now, int64_t ago);
/* The longest interval of all domains' limits; 0: there is none. */
int64_t pace_longest(const struct settings *settings);

#endif
