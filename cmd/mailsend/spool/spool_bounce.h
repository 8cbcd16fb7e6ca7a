#ifndef PIPEMAIL_MAILSEND_SPOOL_BOUNCE_H
#define PIPEMAIL_MAILSEND_SPOOL_BOUNCE_H

#include "cmd/mailsend/spool/spool_entry.h"

struct account;

/*
 * A message waited too long: send it back to its sender through the same account, with a report (RFC 3464) of who did
 * not get it, from nobody. True: the server took the report. False, with what stopped it said: there is no sender, or
 * the server cannot be reached either; then the message goes on waiting.
 */
bool spool_bounce(const struct spool_entry *entry, const struct account *account, int64_t ends);

#endif
