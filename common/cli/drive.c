#include <config.h>

#include "cli/drive.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/account.h"
#include "io/clock.h"
#include "io/stop.h"
#include "proto/sasl.h"
#include "proto/tls.h"

#define BLOCK 16384 /* octets out that count as progress */

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
	d->wait_until = clock_after(d->server->timeout);
	d->written = d->wire.octets_out;
}

/* Did a signal come that no wait was ended for yet? */
static bool stops_now(struct drive *d)
{
	if (d->stop_seen || stop_signal() == 0)
		return false;
	d->stop_seen = true;
	return true;
}

/* What did not come in time: "no greeting within 60 s". */
static bool timed_out(const struct drive *d, const char *waiting_for, struct err *err)
{
	int64_t timeout = d->server->timeout;

	if (clock_now() >= d->deadline)
		return err_set(err, ERR_TEMP, "%s: the deadline passed before the %s", d->server->label, waiting_for);
	/* Tenths by hand: printf's point follows the locale. */
	int64_t tenths = timeout / (CLOCK_SECOND / 10);
	char part[4] = "";

	if (tenths % 10 != 0)
		snprintf(part, sizeof part, ".%d", (int)(tenths % 10));
	return err_set(err, ERR_TEMP, "%s: no %s within %lld%s s", d->server->label, waiting_for,
		(long long)(tenths / 10), part);
}

enum waited { WAITED_READY, WAITED_TIME, WAITED_STOP };

/* Poll until one is ready, `until` is past, a deadline is, or a signal asks to stop. */
static enum waited wait_for(struct drive *d, struct pollfd *fds, size_t n, int64_t until)
{
	int64_t last = d->deadline < d->wait_until ? d->deadline : d->wait_until;

	fds[n] = (struct pollfd){ .fd = d->stop_seen ? -1 : stop_fd(), .events = POLLIN };
	for (;;) {
		if (stops_now(d))
			return WAITED_STOP;
		int ready = poll(fds, n + 1, clock_left(until < last ? until : last));

		if (ready < 0 && errno == EINTR)
			continue;
		if (stops_now(d))
			return WAITED_STOP;
		/* The whole run's deadline holds even when there is always something to do. */
		if (clock_now() >= (ready > 0 ? d->deadline : last))
			return WAITED_TIME;
		return WAITED_READY; /* or it is time for what `until` stands for */
	}
}

static bool interrupted(const struct drive *d, struct err *err)
{
	return err_set(err, ERR_TEMP, "%s: interrupted", d->server->label);
}

static bool dial(struct drive *d, const struct net_target *target, struct err *err)
{
	struct net_dial *dial = net_dial_new(target, err);
	struct pollfd fds[NET_DIAL_FDS + 1];
	enum waited waited = WAITED_READY;
	size_t n = 0;
	int fd = -1;
	int done = dial != NULL ? 0 : -1;

	while (done == 0 && (done = net_dial_next(dial, fds, n, &fd, err)) == 0) {
		int64_t until = INT64_MAX;

		n = net_dial_poll(dial, fds, NET_DIAL_FDS, &until);
		waited = wait_for(d, fds, n, until);
		if (waited != WAITED_READY)
			break;
	}
	net_dial_free(dial);
	if (done > 0)
		wire_init(&d->wire, fd);
	else if (waited == WAITED_TIME)
		timed_out(d, "connection", err);
	else if (waited == WAITED_STOP)
		interrupted(d, err);
	else
		err_prefix(err, "%s", d->server->label);
	return done > 0;
}

/* Turn the wire until proxy or handshake are done. */
static bool until_ready(struct drive *d, const char *what, struct err *err)
{
	struct pollfd fds[2] = { { .fd = d->wire.fd } };

	while (!wire_ready(&d->wire)) {
		fds[0].events = wire_events(&d->wire, NULL);
		enum waited waited = wait_for(d, fds, 1, INT64_MAX);

		if (waited == WAITED_TIME)
			return timed_out(d, what, err);
		if (waited == WAITED_STOP)
			return interrupted(d, err);
		if (wire_turn(&d->wire, NULL, NULL, fds[0].revents, err) != WIRE_OK)
			return err_prefix(err, "%s", d->server->label);
	}
	return true;
}

/* What a login may be bound to, and what the trace says of it. */
static void learn_channel(struct drive *d)
{
	struct buf channel = { 0 };
	struct tls_facts facts;

	if (d->server->sasl != NULL) {
		const char *type = tls_channel(d->wire.tls, &channel);

		if (type != NULL)
			sasl_set_channel(d->server->sasl, type, buf_str(&channel));
		buf_wipe(&channel);
	}
	if (say_tracing()) {
		tls_facts(d->wire.tls, &facts);
		say_trace_note(&d->talk, "%s, %s, certificate of %s", facts.version, facts.cipher, facts.subject);
	}
}

bool drive_start_tls(struct drive *d, const struct buf *in, struct err *err)
{
	struct account_server *s = d->server;
	struct tls_trust *trust = account_handshake(s, err);

	drive_progress(d);
	if (trust == NULL)
		return false;
	/* Over a Unix socket there is no name but this to hold a certificate against. */
	if (!wire_start_tls(&d->wire, trust, s->url.host != NULL ? s->url.host : "localhost", in, err))
		return err_prefix(err, "%s", s->label);
	if (!until_ready(d, "TLS handshake", err))
		return false;
	learn_channel(d);
	drive_progress(d);
	return true;
}

static bool through_proxy(struct drive *d, struct err *err)
{
	struct account_server *s = d->server;

	if (s->proxy_host == NULL)
		return true;
	wire_start_socks(&d->wire, s->url.host, s->url.port,
		buf_len(&s->proxy_user) > 0 ? buf_str(&s->proxy_user) : STR_NONE, buf_str(&s->proxy_password));
	return until_ready(d, "answer of the proxy", err);
}

bool drive_connect(struct drive *d, struct account_server *server, int64_t deadline, struct err *err)
{
	const struct net_target proxy = { .host = server->proxy_host, .port = server->proxy_port };

	*d = (struct drive){ .server = server, .deadline = deadline };
	wire_init(&d->wire, -1);
	drive_progress(d);
	bool ok = dial(d, server->proxy_host != NULL ? &proxy : &server->target, err) && through_proxy(d, err);

	if (ok && say_tracing()) {
		struct buf peer = { 0 };

		net_peer(d->wire.fd, &peer);
		say_trace_note(&d->talk, "connected to %s (%s)", server->label, buf_text(&peer));
		buf_free(&peer);
	}
	if (ok && server->tls == TLS_IMPLICIT)
		ok = drive_start_tls(d, NULL, err);
	if (!ok) {
		drive_close(d);
		return false;
	}
	d->connected = true;
	drive_progress(d);
	return true;
}

/* What is about to go out, as far as the trace has not seen it. */
static void trace_out(struct drive *d, const struct buf *out)
{
	if (say_tracing())
		say_trace(&d->talk, '>', str_sub(buf_str(out), d->traced, buf_len(out)));
}

enum wire_status drive_turn(struct drive *d, struct buf *in, struct buf *out, const char *waiting_for, struct err *err)
{
	struct pollfd fds[2] = { { .fd = d->wire.fd } };
	bool writing = !wire_flushed(&d->wire, out);
	size_t before = buf_len(in);
	/* What waits to go is tried at once; so is what has come already. */
	bool at_once = writing || wire_has_input(&d->wire);

	trace_out(d, out);
	for (;; at_once = false) {
		enum waited waited = WAITED_READY;

		fds[0].events = wire_events(&d->wire, out);
		fds[0].revents = at_once ? POLLIN : 0; /* what is there already is read before anything is said */
		if (!at_once)
			waited = wait_for(d, fds, 1, INT64_MAX);
		else if (clock_now() >= d->deadline)
			waited = WAITED_TIME;
		if (waited == WAITED_STOP)
			return WIRE_OK;
		if (waited == WAITED_TIME) {
			timed_out(d, waiting_for, err);
			return WIRE_BROKEN;
		}
		enum wire_status status = wire_turn(&d->wire, in, out, fds[0].revents, err);

		d->traced = buf_len(out);
		if (d->wire.octets_out - d->written >= BLOCK)
			drive_progress(d);
		if (buf_len(in) > before && say_tracing())
			say_trace(&d->talk, '<', str_sub(buf_str(in), before, buf_len(in)));
		if (status == WIRE_EOF)
			err_set(err, ERR_TEMP, "the server closed the connection");
		if (status != WIRE_OK)
			err_prefix(err, "%s", d->server->label);
		if (status != WIRE_OK || buf_len(in) > before || (writing && wire_flushed(&d->wire, out)))
			return status;
	}
}

void drive_close(struct drive *d)
{
	/* A zeroed one has descriptor 0, which is not ours. */
	if (d->server != NULL)
		wire_close(&d->wire);
	say_talk_free(&d->talk);
	*d = (struct drive){ 0 };
}
