#ifndef PIPEMAIL_MAILSEND_SERVE_H
#define PIPEMAIL_MAILSEND_SERVE_H

#include "cmd/mailsend/settings.h"

/*
 * sendmail -bs: SMTP on standard input and output (RFC 5321), as Symfony and Alpine use it. Each message is sent at
 * once, and the reply to its end tells what became of it. SMTP has one reply for all recipients, so a message goes
 * to all of them or to nobody. The status of the run: 0, or 65 when the input ended in the middle of a message.
 */
int serve(struct settings *s);

#endif
