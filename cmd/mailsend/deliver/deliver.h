#ifndef PIPEMAIL_MAILSEND_DELIVER_H
#define PIPEMAIL_MAILSEND_DELIVER_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"
#include "cmd/mailsend/settings.h"
#include "proto/tls.h"

/* What a delivery came to, beside what the envelope says of each recipient. Owns nothing; complete after deliver. */
struct result {
	struct err err;         /* what stopped it; ERR_NONE: nothing did */
	struct outcome stopped; /* what the server's last reply means, if it ended the session */
	bool message_refused;   /* the message as a whole was refused, not its recipients */
	char server[200];       /* "host:port" */
	char queue_id[80];      /* as the server reported it, or "" */
	char mechanism[40];     /* of the login, or "" */
	bool tls;
	struct tls_facts facts;
	uint64_t bytes;                    /* of the message */
	unsigned used;                     /* enum smtp_cap, extensions that were used */
	unsigned flights;                  /* round trips, see smtp_flights */
	int64_t started, connected, ended; /* monotonic nanoseconds, 0: not reached */
};

/* How to send the message. All is borrowed for the call of deliver. */
struct delivery_wants {
	const char *notify; /* NOTIFY= (RFC 3461) as it goes onto the wire, or NULL */
	const char *ret;    /* RET=, FULL or HDRS, or NULL */
	const char *envid;  /* ENVID= in xtext, or NULL */
	bool dsn_required;  /* without DSN there is no delivery; otherwise it is said that there are no reports */
	bool require_tls;
	bool all_or_nothing;
	int64_t ends; /* monotonic deadline of the run, INT64_MAX: none */
	bool progress;
	/*
	 * Called once, before the last bytes of the message leave, so that the caller can write down that it may
	 * have been delivered; false (with err) stops the delivery. NULL: not called.
	 */
	bool (*before)(void *arg, struct err *err);
	void *arg;
};

/*
 * Send to all recipients of the envelope that have no verdict yet, in as many transactions as it takes. Waits.
 * Afterwards each recipient has a verdict; what happened besides is in result, which is overwritten.
 */
void deliver(struct outgoing *o, struct envelope *e, struct account_server *server, const struct delivery_wants *wants,
	struct result *result);

/*
 * The exit status of a run with this result (report.c): ERR_OUTCOME if anything is unknown; 0 if all recipients
 * got it; ERR_PART if some did; ERR_TEMP if one was deferred; else what stopped the delivery, or what the refusals
 * mean.
 */
int report_status(const struct result *r, const struct envelope *e);

#endif
