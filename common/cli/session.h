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
	bool committed;   /* the message is handed over: even a signal waits for the verdict */
	bool asked_again; /* a new token was asked for already */
};

/* What a session with the server is begun with; fd is the connected socket. ehlo is filled; it and sasl are
 * borrowed. */
struct smtp_params session_params(const struct account_server *server, int fd, struct sasl *sasl, struct buf *ehlo);
/* Connect and begin. False with err (68, 69, 75, 76) when there is no connection. */
bool session_open(struct session *s, struct account_server *server, int64_t ends, bool probe, struct err *err);
/* Move octets until something happens that is the caller's: any event but SMTP_WAIT, SMTP_STARTTLS
 * and SMTP_AUTH_AGAIN. */
enum smtp_event session_next(struct session *s, struct smtp_news *news);
void session_close(struct session *s);

#endif
