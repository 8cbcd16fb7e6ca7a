#ifndef PIPEMAIL_MAILSEND_DRAFT_H
#define PIPEMAIL_MAILSEND_DRAFT_H

#include "cmd/mailsend/settings.h"
#include "cmd/mailsend/setup/servers.h"

/*
 * Append the text of the configuration for s->setup: what was found, and what the command line says about the login.
 * False with ERR_USAGE when a value of the command line cannot be written into a file.
 */
bool draft_write(struct buf *out, const struct settings *s, struct servers *found, struct err *err);

#endif
