#ifndef PIPEMAIL_MAILBULK_PROVIDER_H
#define PIPEMAIL_MAILBULK_PROVIDER_H

#include "base/set.h"
#include "base/str.h"
#include "cmd/mailbulk/send/queue.h"

struct owners;

/*
 * Recipient domains that pushed back, or the owners of their MX: each pauses and is sent to more slowly on its own,
 * while the others go on. One that never pushed back is not kept. Pure arithmetic on the nanoseconds that it is given.
 */
struct provider {
	int64_t next;      /* when it may be tried again */
	int64_t interval;  /* between two messages to it; 0: no limit */
	int64_t fell;      /* when it last pushed back */
	unsigned refusals; /* in a row, a wave of them counts once */
	unsigned stops;    /* in a row: refusals that would be the same for every message */
	bool closed;       /* not tried any more in this run */
	struct queue rows; /* that wait for it */
};

struct providers {
	const struct owners *owners; /* that of each domain counts; NULL: each is its own */
	struct set domains;          /* domain or owner (A-labels) to index + 1 */
	struct provider *all;
	size_t n;
	size_t cap;
	size_t held; /* rows that wait, in all */
};

void provider_free(struct providers *ps);
/* That of the domain behind the last @ of an address, made known. Lives until the next call. */
struct provider *provider_of(struct providers *ps, struct str address);
/* The same when it is known, else NULL. */
struct provider *provider_find(const struct providers *ps, struct str address);
/* May a row of it go now? Then its next slot is taken. */
bool provider_go(struct provider *p, int64_t now);
/* Has it pushed back since then, so that a row that was to go now waits after all? */
bool provider_stopped(const struct provider *p, int64_t since, int64_t now);
/* A row that waits for it. */
void provider_hold(struct providers *ps, struct provider *p, const struct waiting *w);
/* It refused for a while. stop: for a reason that the next message would meet too. */
void provider_pushed_back(struct provider *p, int64_t now, bool stop);
void provider_accepted(struct provider *p);
/* A row whose provider may be tried now; its slot is taken. */
bool provider_take(struct providers *ps, int64_t now, struct waiting *w);
/* A row of any, whenever it may go: for those that are left at the end. */
bool provider_drain(struct providers *ps, struct waiting *w);
/* When the first that has rows may be tried; INT64_MAX: none. */
int64_t provider_due(const struct providers *ps);

#endif
