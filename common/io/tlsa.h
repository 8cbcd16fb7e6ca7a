#ifndef PIPEMAIL_IO_TLSA_H
#define PIPEMAIL_IO_TLSA_H

#include "base/buf.h"
#include "base/err.h"
#include "io/child.h"

/*
 * TLSA records (RFC 6698) of a server, for tls_trust_tlsa. libgnutls-dane asks the system's resolvers and proves the
 * answer itself by DNSSEC, from the root's trust anchor where it was built to find it. Its look-up knows no deadline,
 * so that it is made by a child.
 */
struct tlsa {
	struct child child; /* to be polled */
	unsigned port;
	char *host; /* as DNS has it */
};

/* Was this built with libgnutls-dane? */
bool tlsa_available(void);
/* Ask for the records of _port._tcp.host, until the monotonic deadline at most. 71, or 78 where this build cannot do
 * it. */
bool tlsa_begin(struct tlsa *t, const char *host, unsigned port, int64_t deadline, struct err *err);
/* 1: the records were appended to out; 0: go on polling; -1: err. No records, or records that nothing vouches for: 76;
 * 75 when DNS cannot be asked, or not in time. */
int tlsa_next(struct tlsa *t, struct buf *out, struct err *err);
/* A zeroed one is fine; it is zeroed again. */
void tlsa_free(struct tlsa *t);

#endif
