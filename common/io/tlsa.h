#ifndef PIPEMAIL_IO_TLSA_H
#define PIPEMAIL_IO_TLSA_H

#include "base/buf.h"
#include "base/err.h"

/*
 * TLSA records (RFC 6698) of a server, for tls_trust_tlsa. libgnutls-dane asks the system's resolvers and proves the
 * answer itself by DNSSEC, from the root's trust anchor where it was built to find it. Its look-up knows no deadline,
 * so that it is made by a child.
 */

/* Was this built with libgnutls-dane? */
bool tlsa_available(void);
/* The records of _port._tcp.host, appended to out. Waits until the monotonic deadline at most, or until a signal asks
 * to stop: 75. No records, or records that nothing vouches for: 76. 78 where this build cannot do it. host: a name, an
 * A-label where it has letters outside ASCII. */
bool tlsa_find(const char *host, unsigned port, int64_t deadline, struct buf *out, struct err *err);

#endif
