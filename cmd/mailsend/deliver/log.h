#ifndef PIPEMAIL_MAILSEND_LOG_H
#define PIPEMAIL_MAILSEND_LOG_H

#include "cmd/mailsend/deliver/deliver.h"

/*
 * --log: one line for a message, "key=value" for programs and people, appended to the file `to` in one write, or given
 * to syslog(3) when to is "syslog". status and spooled: as for report_json. False with ERR_CANTCREAT or ERR_IO.
 */
bool log_message(const char *to, const struct result *r, const struct envelope *e, const struct outgoing *o, int status,
	bool spooled, struct err *err);

#endif
