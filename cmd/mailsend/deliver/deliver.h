#ifndef PIPEMAIL_MAILSEND_DELIVER_H
#define PIPEMAIL_MAILSEND_DELIVER_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"
#include "cmd/mailsend/settings.h"
#include "proto/tls.h"

/* What a delivery came to, beside what the envelope says of each recipient. Owns nothing. */
struct result {
	struct err err;         /* what stopped it, kind ERR_NONE: nothing did */
	struct outcome stopped; /* what the server's last words mean, when they ended the session */
	bool message_refused;   /* the message as a whole, not its recipients */
	char server[200];
	char queue_id[80];  /* as the server told it, or "" */
	char mechanism[40]; /* of the login, or "" */
	bool tls;
	struct tls_facts facts;
	uint64_t bytes; /* of the message */
	unsigned used;  /* enum smtp_cap */
	unsigned flights;
	int64_t started, connected, ended; /* monotonic, 0: not come to that */
};

/* How the message is to be treated, and who wants to know before the point of no return. */
struct delivery_wants {
	const char *notify; /* NOTIFY= or NULL */
	const char *ret;
	const char *envid;
	bool require_tls;
	bool all_or_nothing;
	int64_t ends; /* monotonic */
	bool progress;
	/* Called before the last octets of a message leave; false (err) stops it. NULL: nobody. */
	bool (*before)(void *arg, struct err *err);
	void *arg;
};

/* Send to all recipients of the envelope that have no verdict yet. What happened is in result and
 * in the envelope. */
void deliver(struct outgoing *o, struct envelope *e, struct account_server *server, const struct delivery_wants *wants,
	struct result *result);

/* The exit status that it comes to. */
int report_status(const struct result *r, const struct envelope *e);

#endif
