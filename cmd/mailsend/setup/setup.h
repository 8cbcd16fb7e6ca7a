#ifndef PIPEMAIL_MAILSEND_SETUP_H
#define PIPEMAIL_MAILSEND_SETUP_H

#include "cmd/mailsend/settings.h"

/*
 * --setup ADDRESS: find the servers, write a configuration that explains itself, probe it, and offer a mail to oneself
 * on a terminal. A configuration that is there is never changed: ERR_CANTCREAT, and what to add on standard output. The
 * status of the run.
 */
int setup(struct settings *s);

#endif
