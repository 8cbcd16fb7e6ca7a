#ifndef PIPEMAIL_IO_RESOLVER_STATE_H
#define PIPEMAIL_IO_RESOLVER_STATE_H

#include <ares.h>

#include "io/resolver.h"

/* What the files of the resolver share; no other module includes this. */

/* Name servers; more are not asked. */
#define RESOLVER_SERVERS 8u

/* One domain being looked up: MX first, then A and AAAA if there is no MX. */
struct question {
	struct resolver *resolver;
	struct question *next; /* in the list of free ones */
	char *domain;
	char *origin; /* owned: what was asked about, if domain is where its aliases lead */
	uint64_t tag;
	uint32_t ttl;
	unsigned type;   /* that is asked for now */
	unsigned again;  /* how often it was asked again after a failure that was not its own */
	unsigned hops;   /* aliases followed */
	unsigned first;  /* the server that is asked first */
	unsigned others; /* servers asked after one whose answer was of no use */
	bool tcp;
};

struct answer {
	uint64_t tag;
	enum resolver_verdict verdict;
	uint32_t ttl;
	char mx[256];
};

/*
 * c-ares asks its servers in order, always from the first, and another one when that is silent or refuses. So that
 * any of them may be the first there is a channel for each. TCP has channels of its own, because the end of a
 * connection counts against all questions of its channel.
 */
struct resolver {
	struct ares_addr_port_node servers[RESOLVER_SERVERS];
	unsigned servers_n;
	ares_channel channels[2][RESOLVER_SERVERS]; /* [over TCP][who comes first]: made when needed */
	unsigned preferred;                         /* index of the server that new questions ask first */
	unsigned late; /* answers in a row for which the preferred server timed out first */
	int timeout;   /* milliseconds */
	int tries;
	struct question *all; /* owned: `window` of them; unused ones are in a list */
	struct question *unused;
	size_t window;
	size_t limit; /* of in_flight; begins small and grows to window with each answer */
	size_t in_flight;
	struct answer *answers; /* a ring as large as the window: each question has at most one */
	size_t answers_first;
	size_t answers_n;
};

/* Fill r->servers; servers as in resolver_params. */
bool resolver_servers(struct resolver *r, const char *servers, struct err *err);
/* The channel that asks this server first, or NULL. */
ares_channel resolver_channel(struct resolver *r, unsigned first, bool tcp);
/* Give up what is in flight: no callback comes after it. */
void resolver_forget(struct resolver *r);

#endif
