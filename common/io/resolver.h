#ifndef PIPEMAIL_IO_RESOLVER_H
#define PIPEMAIL_IO_RESOLVER_H

#include <poll.h>

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * Answers "does this domain accept mail?" for thousands of domains, with c-ares: MX, then A and AAAA if there is
 * no MX (RFC 5321, 5.1), null MX (RFC 7505), following aliases that the server did not follow. A limited number of
 * look-ups in flight, a slow start (a burst overflows socket buffers, and each lost packet costs a time-out),
 * retries over all servers, TCP for truncated answers. A server that repeatedly times out is no longer asked
 * first.
 *
 *     while (resolver_room(r) && there is a domain)
 *             resolver_ask(r, domain, tag, err);
 *     resolver_turn(r, deadline, err);
 *     while (resolver_answer(r, &tag, &verdict, &ttl))
 *             ...
 *
 * One thread at a time for one resolver.
 */
/* clang-format on */
enum resolver_verdict {
	RESOLVER_ACCEPTS, /* MX, or an address */
	RESOLVER_NULL_MX,
	RESOLVER_NXDOMAIN,
	RESOLVER_NO_HOST,   /* the domain exists, without MX and without an address */
	RESOLVER_NOWHERE,   /* all its MXs are localhost: whoever sends there sends to himself */
	RESOLVER_TEMPORARY, /* SERVFAIL, time-out, refused...: not known, never a reason to reject */
};

struct resolver;

struct resolver_params {
	const char *servers; /* "host[:port],..." or NULL: the system's; borrowed for resolver_new */
	unsigned window;     /* most look-ups in flight; 0: 256, which is also the maximum */
	int64_t timeout;     /* nanoseconds for the first try, doubled for each one after it; 0: 1.5 s */
	/* 0: 4. A line that loses one packet in ten then loses one question in ten thousand. */
	unsigned tries;
};

/*
 * NULL with ERR_OS, or the error for malformed servers. Free it with resolver_free, which gives up what is in
 * flight; NULL does nothing.
 */
struct resolver *resolver_new(const struct resolver_params *params, struct err *err);
void resolver_free(struct resolver *r);
/* May another domain be asked now? Answers that were not fetched count as in flight. */
bool resolver_room(const struct resolver *r);
/*
 * Ask about a domain in A-label form (copied); tag comes back with the answer. False with ERR_SOFTWARE without
 * room.
 */
bool resolver_ask(struct resolver *r, struct str domain, uint64_t tag, struct err *err);
/* The next answer, in order of arrival; false when there is none. *ttl in seconds: how long it may be kept. */
bool resolver_answer(struct resolver *r, uint64_t *tag, enum resolver_verdict *verdict, uint32_t *ttl);
/* The mail host that the last answer fetched would be sent to first, in lower case; "" when it has no MX, or none is
 * known. Lives until the next resolver_ask or resolver_turn. */
const char *resolver_answer_mx(const struct resolver *r);
size_t resolver_in_flight(const struct resolver *r);
/* Nanoseconds after which a question that no server answers is given up. */
int64_t resolver_patience(const struct resolver *r);
/*
 * Wait for traffic until the monotonic deadline (a minute at most) and process it; returns at once when answers
 * are waiting or nothing is in flight. False with ERR_OS when poll fails. Returns early for a signal.
 */
bool resolver_turn(struct resolver *r, int64_t deadline, struct err *err);

/*
 * The TXT records of a name, one a line appended to out, waited for: only while nothing else is asked of r. False with
 * ERR_OS when poll fails. A signal that asks to stop ends it as unknown.
 */
enum resolver_texts {
	RESOLVER_TEXTS,
	RESOLVER_NO_TEXTS,      /* the name has none, or does not exist */
	RESOLVER_TEXTS_UNKNOWN, /* SERVFAIL, time-out, refused... */
};
bool resolver_text(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err);
/*
 * The same for servers, the one to be tried first in the first line: "PORT HOST" of SRV records (RFC 2782; among equals the
 * heaviest), or "0 HOST" of MX records. The host "." means that the domain has no such service.
 */
bool resolver_srv(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err);
bool resolver_mx(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err);

#endif
