#ifndef PIPEMAIL_MAILSEND_SEND_H
#define PIPEMAIL_MAILSEND_SEND_H

#include "cmd/mailsend/deliver/deliver.h"

/*
 * Prepare and send what s describes, whatever a spool and a copy take with it: the status. A finished message may
 * be in o->input already; o, e and result are the caller's, zeroed before.
 */
int send_given(struct settings *s, struct outgoing *o, struct envelope *e, struct result *result, bool *spooled);
/* Make the message, send it, say what became of it. The status of the run. */
int send_message(struct settings *s);

#endif
