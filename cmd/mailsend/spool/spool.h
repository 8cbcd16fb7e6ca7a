#ifndef PIPEMAIL_MAILSEND_SPOOL_H
#define PIPEMAIL_MAILSEND_SPOOL_H

#include "cmd/mailsend/deliver/deliver.h"

/* Is the reason any other than the message itself: reaching the server, TLS, the login, the configuration, a
 * deferral? */
bool spool_applies(const struct result *r, const struct envelope *e);
/* Nobody was refused, and no outcome is unknown: that the message is kept is all there is to tell. */
bool spool_covers(const struct envelope *e);
/*
 * Keep the message for the recipients that can still get it, or with an unknown outcome for a person to look at.
 * Synced when it returns true. False with err; no entry exists then.
 */
bool spool_keep(struct outgoing *o, const struct envelope *e, const struct result *r,
	const struct delivery_wants *wants, const struct settings *s, struct err *err);
/* --flush: send what is due. Returns the status of the run. One run at a time has the spool's lock. */
int spool_flush(struct settings *s);
/* --list-spool: one line for each entry on standard output; as_mailq: and one that says so when there is none. Returns
 * the status. */
int spool_list(bool as_mailq);

#endif
