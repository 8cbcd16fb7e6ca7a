#ifndef PIPEMAIL_MAILSEND_PREPARE_H
#define PIPEMAIL_MAILSEND_PREPARE_H

#include "cmd/mailsend/deliver/deliver.h"

/* The message and its envelope, from the options, the configuration and standard input. */
bool prepare(struct settings *s, struct outgoing *o, struct envelope *e, struct err *err);
/* --dsn, --dsn-return and --envid as they go onto the wire; they live in text. */
bool prepare_wants(const struct settings *s, struct delivery_wants *wants, struct buf *text, struct err *err);

#endif
