#ifndef PIPEMAIL_IO_RESOLVER_STATE_H
#define PIPEMAIL_IO_RESOLVER_STATE_H

#include <ares.h>

#include "io/resolver.h"

/* What the files of the resolver share. */

#define RESOLVER_SERVERS 8u

/* One domain on its way: MX first, then A and AAAA where there is no MX. */
struct question {
	struct resolver *resolver;
	struct question *next; /* in the list of free ones */
	char *domain;
	char *origin; /* what was asked about, where domain is what its aliases lead to */
	uint64_t tag;
	uint32_t ttl;
	unsigned type;   /* asked for now */
	unsigned again;  /* asked anew after a failure that was none of its own */
	unsigned hops;   /* aliases followed */
	unsigned first;  /* the server that is asked first */
	unsigned others; /* servers asked after one whose answer was of no use */
	bool tcp;
};

struct answer {
	uint64_t tag;
	enum resolver_verdict verdict;
	uint32_t ttl;
};

/*
 * c-ares goes through its servers when one is silent or refuses, always from the first on. That any of them may come
 * first there is a channel for each order; and TCP has channels of its own, since a connection that ends
 * counts against all questions of its channel.
 */
struct resolver {
	struct ares_addr_port_node servers[RESOLVER_SERVERS];
	unsigned servers_n;
	ares_channel channels[2][RESOLVER_SERVERS]; /* [over TCP][who comes first]: made when needed */
	unsigned preferred;
	unsigned late; /* answers in a row for which the preferred server let wait */
	int timeout;   /* milliseconds */
	int tries;
	struct question *all;
	struct question *unused;
	size_t window;
	size_t limit; /* grows to window with each answer: the paced start */
	size_t in_flight;
	struct answer *answers; /* a ring as large as the window: each question has at most one */
	size_t answers_first;
	size_t answers_n;
};

/* Find out whom to ask; servers as in resolver_params. */
bool resolver_servers(struct resolver *r, const char *servers, struct err *err);
/* The channel that asks this server first, or NULL. */
ares_channel resolver_channel(struct resolver *r, unsigned first, bool tcp);

#endif
