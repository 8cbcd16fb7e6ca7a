#include <config.h>

#include "cli/drive.h"

#include <errno.h>
#include <poll.h>

#include "cli/account.h"
#include "io/clock.h"
#include "io/port.h"
#include "io/stop.h"

/*
 * A blocking loop over one link. A signal ends a wait once; the caller decides whether to stop or, with a message
 * handed over, to wait for the verdict.
 */

#define DOUBT (3 * CLOCK_SECOND) /* so long a server may take for its first word without being asked */
#define ASK (7 * CLOCK_SECOND)   /* Postfix's postscreen lets a client wait for six */

void drive_signals(void)
{
	stop_install();
}

int drive_stop_signal(void)
{
	return stop_signal();
}

void drive_progress(struct drive *d)
{
	link_progress(&d->connection.link);
}

void drive_set_deadline(struct drive *d, int64_t deadline)
{
	d->connection.link.params.deadline = deadline;
}

/* Did a signal come that no wait was ended for yet? */
static bool stops_now(struct drive *d)
{
	if (d->stop_seen || stop_signal() == 0)
		return false;
	d->stop_seen = true;
	return true;
}

/* Poll until one is ready or it is time; false: a signal asks to stop. fds has room for one more. */
static bool wait_for(struct drive *d, struct pollfd *fds, size_t n, int64_t until)
{
	int ready;

	fds[n] = (struct pollfd){ .fd = d->stop_seen ? -1 : stop_fd(), .events = POLLIN };
	do {
		if (stops_now(d))
			return false;
		ready = poll(fds, n + 1, clock_left(until));
	} while (ready < 0 && errno == EINTR);
	return !stops_now(d);
}

/* The server lets wait. Ask it once, by a connection of its own, whether it speaks what the URL says. */
static bool port_fits(struct drive *d, struct err *err)
{
	const struct account_server *s = d->connection.server;
	bool tls = s->tls == TLS_IMPLICIT;
	bool pop = s->url.scheme == SCHEME_POP3 || s->url.scheme == SCHEME_POP3S;
	enum port_speech speech;

	d->doubt_at = INT64_MAX;
	speech = port_ask(&s->target, tls, clock_after(ASK));
	if (speech == PORT_SPEAKS_TLS && !tls)
		return err_set(err, ERR_PROTOCOL, "%s: this port speaks TLS from the start: use %s://%s", s->label,
			pop ? "pop3s" : "smtps", s->label);
	if (speech == PORT_SPEAKS_PLAIN && tls)
		return err_set(err, ERR_PROTOCOL, "%s: this port does not speak TLS from the start: use %s://%s",
			s->label, pop ? "pop3" : "smtp", s->label);
	return true;
}

/* Until the link has come so far. */
static bool until_event(struct drive *d, enum link_event wanted, struct err *err)
{
	struct link *l = &d->connection.link;

	for (;;) {
		struct pollfd fds[LINK_FDS + 1];
		int64_t until = INT64_MAX;
		size_t n = link_poll(l, NULL, fds, &until);

		bool doubt = l->state == LINK_HANDSHAKE && wanted == LINK_UP;

		if (!wait_for(d, fds, n, doubt && d->doubt_at < until ? d->doubt_at : until))
			return err_set(err, ERR_TEMP, "%s: interrupted", l->params.label);
		if (doubt && clock_now() >= d->doubt_at && !port_fits(d, err))
			return false;
		enum link_event event = connection_next(&d->connection, NULL, err);

		if (event != LINK_WAIT)
			return event == wanted;
	}
}

bool drive_start_tls(struct drive *d, const struct buf *in, struct err *err)
{
	return connection_start_tls(&d->connection, in, err) && until_event(d, LINK_TLS, err);
}

bool drive_connect(struct drive *d, struct account_server *server, int64_t deadline, struct err *err)
{
	*d = (struct drive){ .doubt_at = INT64_MAX };
	/* Through a proxy, or on a socket with a path, there are no ports to be mistaken. */
	if (server->proxy_host == NULL && server->url.path == NULL)
		d->doubt_at = clock_after(server->timeout / 4 < DOUBT ? server->timeout / 4 : DOUBT);
	if (connection_open(&d->connection, server, server->sasl, deadline, err) && until_event(d, LINK_UP, err))
		return true;
	drive_close(d);
	return false;
}

enum wire_status drive_turn(struct drive *d, struct buf *in, struct buf *out, const char *waiting_for, struct err *err)
{
	struct link *l = &d->connection.link;
	bool writing = !wire_flushed(&l->wire, out);
	/* What waits to go is tried at once, but what is there already is read before anything is said. */
	bool at_once = writing;

	if (l->state == LINK_OVER) {
		err_set(err, ERR_TEMP, "%s: the connection is over", l->params.label);
		return WIRE_BROKEN;
	}
	link_expect(l, waiting_for);
	for (;; at_once = false) {
		struct pollfd fds[LINK_FDS + 1];
		int64_t until = INT64_MAX;
		size_t n = link_poll(l, out, fds, &until);

		if (d->alarm != 0 && d->alarm < until)
			until = d->alarm;
		if (at_once)
			fds[0].revents = POLLIN;
		else if (!wait_for(d, fds, n, d->doubt_at < until ? d->doubt_at : until))
			return WIRE_OK;
		if (clock_now() >= d->doubt_at && fds[0].revents == 0 && !port_fits(d, err))
			return WIRE_BROKEN;
		enum link_event event = connection_next(&d->connection, in, err);

		if (event == LINK_WAIT)
			event = connection_write(&d->connection, out, err);
		if (event == LINK_INPUT)
			d->doubt_at = INT64_MAX;
		if (event == LINK_EOF || event == LINK_FAILED)
			return event == LINK_EOF ? WIRE_EOF : WIRE_BROKEN;
		if (event == LINK_INPUT || (writing && wire_flushed(&l->wire, out)))
			return WIRE_OK;
		if (d->alarm != 0 && clock_now() >= d->alarm)
			return WIRE_OK;
	}
}

void drive_close(struct drive *d)
{
	connection_close(&d->connection);
	*d = (struct drive){ .stop_seen = false };
}
