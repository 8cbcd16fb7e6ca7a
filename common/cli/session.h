#ifndef PIPEMAIL_CLI_SESSION_H
#define PIPEMAIL_CLI_SESSION_H

#include "cli/account.h"
#include "cli/drive.h"
#include "proto/smtp.h"

/* clang-format off */
/*
 * One SMTP session over one connection, driven to its end: to deliver messages, or to see what a server offers
 * (--probe).
 *
 *     session_open(&s, &server, deadline, false, err);
 *     for (;;) switch (session_next(&s, &news)) { case SMTP_READY: smtp_mail(&s.smtp, &mail); ... }
 *     session_close(&s);
 */
/* clang-format on */
struct session {
	struct account_server *server;
	struct drive drive;
	struct smtp smtp;
	struct buf ehlo;  /* owned: our name */
	bool committed;   /* the message is handed over: even a signal waits for the verdict */
	bool asked_again; /* a new token was asked for already */
};

/*
 * The parameters of a session with the server. fd is the connected socket, which our name may depend on. ehlo is
 * filled, and is borrowed by the session, as sasl is.
 */
struct smtp_params session_params(const struct account_server *server, int fd, struct sasl *sasl, struct buf *ehlo);
/* Connect and begin; ends is the monotonic deadline of the whole. False with the errors of drive_connect. */
bool session_open(struct session *s, struct account_server *server, int64_t ends, bool probe, struct err *err);
/*
 * Move bytes until something happens that is the caller's business: any event except SMTP_WAIT, SMTP_STARTTLS and
 * SMTP_AUTH_AGAIN (a new token is asked for once). A signal ends the session unless `committed` is set.
 */
enum smtp_event session_next(struct session *s, struct smtp_news *news);
/* Close and free; does nothing with a zeroed one. */
void session_close(struct session *s);

#endif
