#ifndef PIPEMAIL_CLI_DRIVE_H
#define PIPEMAIL_CLI_DRIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/connection.h"

struct account_server;

/*
 * One connection, driven to its end: the wait for it is here, in a poll of its own that signals interrupt. The
 * session belongs to the caller, who calls drive_turn whenever his session returns WAIT.
 */
struct drive {
	struct connection connection;
	/* monotonic: nothing came until then, so the port may be the wrong one; INT64_MAX: no doubt */
	int64_t doubt_at;
	bool stop_seen; /* a signal ended one wait already; it does not end the next */
	int64_t alarm;  /* monotonic, of the caller: drive_turn returns WIRE_OK with nothing moved then; 0: none */
};

/*
 * Connect, through the proxy and with implicit TLS if the server says so. deadline is of the whole run, monotonic
 * nanoseconds. False with the errors of LINK_FAILED and the host in the text, or ERR_TEMP when a signal asks to
 * stop; d is closed then.
 */
bool drive_connect(struct drive *d, struct account_server *server, int64_t deadline, struct err *err);
/*
 * STARTTLS was agreed on: do the handshake within the timeout. in is the session's and must be empty. False with
 * err.
 */
bool drive_start_tls(struct drive *d, const struct buf *in, struct err *err);
/*
 * A complete reply came, or a block of content was sent: the time-out begins anew. To be called for every event of
 * the session other than WAIT.
 */
void drive_progress(struct drive *d);
/* Bring the deadline of the whole run forward. */
void drive_set_deadline(struct drive *d, int64_t deadline);
/*
 * Move bytes until something was read, or out, which was not empty, is: WIRE_OK; or WIRE_EOF or WIRE_BROKEN with
 * err (ERR_TEMP for a time-out, which names waiting_for). WIRE_OK with nothing moved: a signal asks to stop
 * (drive_stop_signal); to wait on for a verdict, call it again. waiting_for is static text.
 */
enum wire_status drive_turn(struct drive *d, struct buf *in, struct buf *out, const char *waiting_for, struct err *err);
/* Send close_notify if there is TLS, and close; does nothing with a closed or zeroed d. */
void drive_close(struct drive *d);

/* stop_install and stop_signal of io/stop.h, for tools. */
void drive_signals(void);
int drive_stop_signal(void);

#endif
