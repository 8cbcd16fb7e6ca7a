#ifndef PIPEMAIL_CLI_SESSION_H
#define PIPEMAIL_CLI_SESSION_H

#include "cli/account.h"
#include "cli/drive.h"
#include "proto/smtp.h"

/* One SMTP session over one connection, driven to its end: for deliveries, and to see what a server offers. */
struct session {
	struct account_server *server;
	struct drive drive;
	struct smtp smtp;
	struct buf ehlo;
	const char *waiting_for; /* at the last turn */
	bool committed;          /* the message is handed over: even a signal waits for the verdict */
	bool asked_again;        /* a new token was asked for already */
};

/* Connect and begin. False with err (68, 69, 75, 76) when there is no connection. */
bool session_open(struct session *s, struct account_server *server, int64_t ends, bool probe, struct err *err);
/* Move octets until something happens that is the caller's: any event but SMTP_WAIT, SMTP_STARTTLS
 * and SMTP_AUTH_AGAIN. */
enum smtp_event session_next(struct session *s, struct smtp_news *news);
void session_close(struct session *s);

#endif
