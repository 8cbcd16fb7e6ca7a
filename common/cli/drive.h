#ifndef PIPEMAIL_CLI_DRIVE_H
#define PIPEMAIL_CLI_DRIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/connection.h"

struct account_server;

/*
 * One connection to its end: what waits for it waits here, in a poll of its own that signals end. The session stays the
 * caller's: it calls drive_turn whenever its session says WAIT.
 */
struct drive {
	struct connection connection;
	bool stop_seen; /* a signal ended a wait once; it does not end the next */
};

/* Connect (and through the proxy, and with implicit TLS): 68, 75 or 76 in err with the host. Sets d up; on failure it
 * is closed. A signal ends it with 75. deadline: of the whole run, monotonic. */
bool drive_connect(struct drive *d, struct account_server *server, int64_t deadline, struct err *err);
/* STARTTLS was agreed: shake hands within the timeout. in is the session's, to be empty. */
bool drive_start_tls(struct drive *d, const struct buf *in, struct err *err);
/* A whole reply came, or a block of content: the wait begins anew. To be called for every event of the session that is
 * no WAIT. */
void drive_progress(struct drive *d);
/* Bring the deadline of the whole run forward. */
void drive_set_deadline(struct drive *d, int64_t deadline);
/* Move octets until something was read, or out that was not empty is: WIRE_OK, or WIRE_EOF/WIRE_BROKEN
 * with err (75 for a timeout, which names waiting_for). WIRE_OK with nothing moved: a signal asks to stop
 * (drive_stop_signal); to go on waiting for a verdict, just call it again. */
enum wire_status drive_turn(struct drive *d, struct buf *in, struct buf *out, const char *waiting_for, struct err *err);
/* Says goodbye to TLS and closes; a closed or zeroed d is fine. */
void drive_close(struct drive *d);

/* The signal that asks to stop (SIGINT, SIGTERM, SIGHUP), or 0; a second one ends the process at once.
 * drive_signals installs it and ignores SIGPIPE. */
void drive_signals(void);
int drive_stop_signal(void);

#endif
