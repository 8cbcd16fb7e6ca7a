#ifndef PIPEMAIL_MAILSEND_PLAN_H
#define PIPEMAIL_MAILSEND_PLAN_H

#include "cmd/mailsend/deliver/deliver.h"

/*
 * Which form does a server with these extensions (enum smtp_cap) get? Without SMTPUTF8 the recipients that need it are
 * refused here, and only those. *utf8_all: the header or the sender needs it, so every transaction does. False with
 * result->err: ERR_UNAVAILABLE for what the message needs and the server does not offer, or the errors of
 * outgoing_plan.
 */
bool plan_for(struct outgoing *o, struct envelope *e, const struct delivery_wants *wants,
	const struct account_server *server, unsigned caps, struct result *result, bool *utf8_all);

#endif
