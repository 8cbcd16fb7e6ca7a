#ifndef PIPEMAIL_MAILSEND_SEND_H
#define PIPEMAIL_MAILSEND_SEND_H

#include "cmd/mailsend/settings.h"

/* Make the message, send it, say what became of it. The status of the run. */
int send_message(struct settings *s);

#endif
