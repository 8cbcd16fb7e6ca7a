#ifndef PIPEMAIL_IO_TLSA_H
#define PIPEMAIL_IO_TLSA_H

#include "base/buf.h"
#include "base/err.h"
#include "io/child.h"

/*
 * The TLSA records (RFC 6698) of a server, for tls_trust_tlsa. libgnutls-dane asks the system's resolvers and
 * validates the answer itself by DNSSEC, from the root's trust anchor. Its look-up has no deadline, so a child
 * makes it.
 */
struct tlsa {
	struct child child; /* poll it with child_poll */
	unsigned port;
	char *host; /* owned, in A-label form */
};

/* Was this built with libgnutls-dane? */
bool tlsa_available(void);
/*
 * Ask for the records of _port._tcp.host, until the monotonic deadline at most. False with ERR_OS, or ERR_CONFIG
 * when this build cannot do it. t must not own anything; free it with tlsa_free in any case.
 */
bool tlsa_begin(struct tlsa *t, const char *host, unsigned port, int64_t deadline, struct err *err);
/*
 * 1: the records were appended to out; 0: poll; -1: err. No records, or records that DNSSEC does not validate:
 * ERR_PROTOCOL; ERR_TEMP when DNS cannot be asked, or not in time.
 */
int tlsa_next(struct tlsa *t, struct buf *out, struct err *err);
/* Ends a look-up in progress; does nothing with a zeroed one. */
void tlsa_free(struct tlsa *t);

#endif
