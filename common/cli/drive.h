#ifndef PIPEMAIL_CLI_DRIVE_H
#define PIPEMAIL_CLI_DRIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "io/wire.h"

struct account_server;

/*
 * One session to its end over one connection: dial, TLS, and the turn (write, poll, read) with a deadline a wait. The session stays the
 * caller's: it calls drive_turn whenever its session says WAIT.
 */
struct drive {
	const struct account_server *server;
	struct wire wire;
	int64_t deadline;   /* of the whole run, INT64_MAX: none */
	int64_t wait_until; /* of what is waited for now; a trickle of octets does not move it: drive_progress does */
	bool connected;
};

/* Connect (and through the proxy, and with implicit TLS) within the server's timeout: 68, 69, 75 or 76 in err with the host. */
bool drive_connect(struct drive *d, const struct account_server *server, int64_t deadline, struct err *err);
/* STARTTLS was agreed: shake hands. in is the session's, to be empty. */
bool drive_start_tls(struct drive *d, const struct buf *in, struct err *err);
/* A whole reply came, or a block of content went out: the wait begins anew. */
void drive_progress(struct drive *d);
/* Move octets until something was read or out is empty: WIRE_OK, or WIRE_EOF/WIRE_BROKEN with err (timeout is 75 and says waiting_for). */
enum wire_status drive_turn(struct drive *d, struct buf *in, struct buf *out, const char *waiting_for, struct err *err);
void drive_close(struct drive *d);

/* The signal that asks to stop (SIGINT, SIGTERM), or 0; a second one ends the process at once. drive_signals installs it and ignores SIGPIPE. */
void drive_signals(void);
int drive_stop_signal(void);

#endif
