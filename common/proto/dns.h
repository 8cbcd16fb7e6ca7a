#ifndef PIPEMAIL_PROTO_DNS_H
#define PIPEMAIL_PROTO_DNS_H

#include "base/str.h"

/*
 * What a DNS message (RFC 1035, 4.1) says about one question. Read with suspicion: only a well-formed answer to that
 * very question counts, and only what a server that knows would write is a "no".
 */
enum dns_finding {
	/* No answer to this question, one that cannot be read, one that says nothing: another rcode, a referral
	 * (RFC 2308, 2.2), records of other names or types. */
	DNS_NOTHING,
	DNS_FOUND,   /* records of the type asked for, at the name or where its aliases lead */
	DNS_NULL_MX, /* as the only one, "." (RFC 7505) */
	DNS_NODATA,  /* the name is there, without such records; or its aliases go round in a circle */
	DNS_NXDOMAIN,
	DNS_ALIAS, /* an alias that the server did not follow: ask about target */
};

enum { DNS_A = 1, DNS_MX = 15, DNS_AAAA = 28 };

struct dns_answer {
	enum dns_finding finding;
	uint32_t ttl;     /* seconds; of a "no" RFC 2308's; UINT32_MAX where the message tells none */
	char target[256]; /* for DNS_ALIAS */
};

/* name without final dot; type is one of the above. */
void dns_read(struct str message, struct str name, unsigned type, struct dns_answer *answer);
/* Cut to fit a datagram: to be asked again over TCP. */
bool dns_truncated(struct str message);

#endif
