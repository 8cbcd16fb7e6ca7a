#ifndef PIPEMAIL_MAILSEND_FCC_H
#define PIPEMAIL_MAILSEND_FCC_H

#include "cmd/mailsend/compose/outgoing.h"

/* Keep a copy of what was sent, synced: in a Maildir when path ends in a slash or is a directory,
 * else in an mbox (mboxrd, locked). */
bool fcc(struct outgoing *o, const char *path, const char *sender, struct err *err);

#endif
