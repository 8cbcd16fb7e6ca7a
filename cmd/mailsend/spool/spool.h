#ifndef PIPEMAIL_MAILSEND_SPOOL_H
#define PIPEMAIL_MAILSEND_SPOOL_H

#include "cmd/mailsend/deliver/deliver.h"

/* Is the reason any other than the message itself: reaching the server, TLS, the login, the configuration, "later"? */
bool spool_applies(const struct result *r, const struct envelope *e);
/* Nobody was refused, and no outcome is unknown: what was kept is all that is to be told. */
bool spool_covers(const struct envelope *e);
/* Keep the message for those who can still get it (or with an unknown outcome, for a person). */
bool spool_keep(struct outgoing *o, const struct envelope *e, const struct result *r,
	const struct delivery_wants *wants, const struct settings *s, struct err *err);
/* --flush: send what is due. The status of the run. */
int spool_flush(struct settings *s);
/* --list-spool: one line an entry on standard output. */
int spool_list(void);

#endif
