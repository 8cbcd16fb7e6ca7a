#ifndef PIPEMAIL_MAILSEND_FCC_H
#define PIPEMAIL_MAILSEND_FCC_H

#include "cmd/mailsend/compose/outgoing.h"

/*
 * Keep a copy of what was sent, synced: in a Maildir (in cur, seen) if path ends in a slash or is a directory,
 * else in an mbox (mboxrd, both locks, waiting 30 s for them). sender is the envelope sender. False with err; an
 * mbox then ends where it did before, and a Maildir has no copy. outgoing_plan must have been called.
 */
bool fcc(struct outgoing *o, const char *path, const char *sender, struct err *err);

#endif
