#ifndef PIPEMAIL_PROTO_DNS_H
#define PIPEMAIL_PROTO_DNS_H

#include "base/str.h"

/*
 * What a DNS message (RFC 1035, 4.1) says about one question. The message is hostile input: only a well-formed
 * answer to exactly this question counts, and only what an authoritative "no" looks like is a "no", because on a
 * "no" listscrub drops a domain.
 */
enum dns_finding {
	/*
	 * No answer to this question, a malformed one, or one that decides nothing: another rcode, a referral (RFC
	 * 2308, 2.2), records of other names or types only, a truncated one.
	 */
	DNS_NOTHING,
	DNS_FOUND,   /* records of the type asked for, at the name or where its aliases lead */
	DNS_NULL_MX, /* the only MX is "." (RFC 7505): the domain accepts no mail */
	DNS_NOWHERE, /* every MX is the machine that asks (localhost, 127.0.0.1, 0.0.0.0) */
	DNS_NODATA,  /* the name exists without such records; or its aliases form a circle */
	DNS_NXDOMAIN,
	DNS_ALIAS, /* an alias that the server did not follow: ask about target */
};

/* Types of records (RFC 1035, 3.2.2; RFC 3596). */
enum { DNS_A = 1, DNS_MX = 15, DNS_AAAA = 28 };

struct dns_answer {
	enum dns_finding finding;
	uint32_t ttl;     /* seconds; of a "no" by RFC 2308, 5; UINT32_MAX if the message has none */
	char target[256]; /* for DNS_ALIAS, else empty */
	char mx[256];     /* DNS_FOUND of an MX: the host that is asked first, of several the first by name; or empty */
};

/*
 * Fill *answer from message. name is what was asked, without the final dot, ASCII case ignored; type is one of the
 * above.
 */
void dns_read(struct str message, struct str name, unsigned type, struct dns_answer *answer);
/* The TC bit: the answer did not fit into a datagram and has to be asked for again over TCP (RFC 7766). */
bool dns_truncated(struct str message);

#endif
