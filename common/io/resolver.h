#ifndef PIPEMAIL_IO_RESOLVER_H
#define PIPEMAIL_IO_RESOLVER_H

#include <poll.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * "Does this domain take mail?" by the thousand, over c-ares: MX, then A and AAAA where there is no MX (RFC 5321, 5.1),
 * null MX (RFC 7505), aliases followed where the server did not. At most window look-ups in flight, a paced start,
 * retries over all resolvers (one that lets wait is no longer asked first), TCP when truncated.
 */
enum resolver_verdict {
	RESOLVER_ACCEPTS, /* MX, or an address */
	RESOLVER_NULL_MX,
	RESOLVER_NXDOMAIN,
	RESOLVER_NO_HOST,   /* the domain is there, but no MX and no address */
	RESOLVER_TEMPORARY, /* SERVFAIL, timeout, refused…: not known, never a reason to reject */
};

struct resolver;

struct resolver_params {
	const char *servers; /* "host[:port],…" or NULL: the system's */
	unsigned window;     /* 0: 256 */
	int64_t timeout;     /* nanoseconds for the first try, doubled for each after it; 0: 1.5 s */
	unsigned tries;      /* 0: 4, so that a line that loses one packet in ten loses one question in ten thousand */
};

struct resolver *resolver_new(const struct resolver_params *params, struct err *err);
void resolver_free(struct resolver *r);
/* Room for another look-up now? */
bool resolver_room(const struct resolver *r);
/* Ask about an A-label domain; tag comes back with the answer. */
bool resolver_ask(struct resolver *r, struct str domain, uint64_t tag, struct err *err);
/* Answers that are there: false when none. ttl in seconds. */
bool resolver_answer(struct resolver *r, uint64_t *tag, enum resolver_verdict *verdict, uint32_t *ttl);
size_t resolver_in_flight(const struct resolver *r);
/* Nanoseconds after which a question that nobody answers is given up. */
int64_t resolver_patience(const struct resolver *r);
/* Wait for traffic until the monotonic deadline and work it off. */
bool resolver_turn(struct resolver *r, int64_t deadline, struct err *err);

#endif
