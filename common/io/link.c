#include <config.h>

#include "io/link.h"

#include <stdio.h>

#include "io/clock.h"
#include "proto/sasl.h"

/*
 * One step of whatever is under way in each call of link_next; states follow each other in the order of enum
 * link_state. A time-out is only reported after what has arrived was read once more (last_call), so a slow machine
 * does not blame the server.
 */

#define PROGRESS 1024                  /* octets that the kernel took: the server reads */
#define TLSA_GOOD (600 * CLOCK_SECOND) /* a key may change while a long run goes on */

void link_progress(struct link *l)
{
	l->wait_until = clock_after(l->params.timeout);
	l->last_call = false;
	l->sent = l->wire.sent;
}

void link_expect(struct link *l, const char *what)
{
	if (what != l->awaited && l->state == LINK_OPEN)
		link_progress(l);
	l->awaited = what;
}

static void enter(struct link *l, enum link_state state)
{
	l->state = state;
	link_progress(l);
}

/* Over a Unix socket there is no name but this to hold a certificate against. */
static const char *tls_host(const struct link *l)
{
	return l->params.target.host != NULL ? l->params.target.host : "localhost";
}

static bool shake_hands(struct link *l, struct err *err)
{
	enter(l, LINK_HANDSHAKE);
	return wire_start_tls(&l->wire, l->trust, tls_host(l), l->clear, err);
}

static bool begin_tls(struct link *l, struct err *err)
{
	const struct link_params *p = &l->params;

	if (p->tlsa_until == NULL || clock_now() < *p->tlsa_until)
		return shake_hands(l, err);
	enter(l, LINK_TLSA);
	return tlsa_begin(&l->tlsa, tls_host(l), p->target.port,
		l->wait_until < p->deadline ? l->wait_until : p->deadline, err);
}

static void session_due(struct link *l)
{
	enter(l, LINK_OPEN);
	l->untold = true;
}

/* The way to the server is there. */
static bool reached(struct link *l, struct err *err)
{
	if (l->params.trust == NULL) {
		session_due(l);
		return true;
	}
	l->trust = l->params.trust;
	return begin_tls(l, err);
}

static bool dial_on(struct link *l, struct err *err)
{
	const struct link_params *p = &l->params;
	int fd = -1;
	int done = net_dial_next(l->dial, l->fds, l->n_fds, &fd, err);

	if (done <= 0)
		return done == 0;
	net_dial_free(l->dial);
	l->dial = NULL;
	wire_init(&l->wire, fd);
	if (p->proxy_host == NULL)
		return reached(l, err);
	enter(l, LINK_PROXY);
	wire_start_socks(&l->wire, p->target.host, p->target.port, p->proxy_user, p->proxy_password);
	return true;
}

bool link_open(struct link *l, const struct link_params *params, struct err *err)
{
	const struct net_target proxy = { .host = params->proxy_host, .port = params->proxy_port };

	*l = (struct link){ .params = *params };
	wire_init(&l->wire, -1);
	enter(l, LINK_DIALLING);
	l->dial = net_dial_new(params->proxy_host != NULL ? &proxy : &params->target, err);
	/* On this machine it is over at once. */
	if (l->dial != NULL && dial_on(l, err))
		return true;
	err_prefix(err, "%s", params->label);
	link_close(l);
	return false;
}

bool link_start_tls(struct link *l, struct tls_trust *trust, const struct buf *in, struct err *err)
{
	l->trust = trust;
	l->clear = in;
	l->starttls = true;
	if (begin_tls(l, err))
		return true;
	l->state = LINK_OVER;
	return err_prefix(err, "%s", l->params.label);
}

static void take_deadline(int64_t *deadline, int64_t at)
{
	if (at < *deadline)
		*deadline = at;
}

size_t link_poll(struct link *l, const struct buf *out, struct pollfd *fds, int64_t *deadline)
{
	bool open = l->state == LINK_OPEN;

	l->fds = fds;
	l->n_fds = 0;
	if (l->state == LINK_CLOSED || l->state == LINK_OVER)
		return 0;
	take_deadline(deadline, l->params.deadline);
	if (!open || l->awaited != NULL)
		take_deadline(deadline, l->wait_until);
	if (l->untold || (open && wire_has_input(&l->wire)))
		*deadline = 0;
	if (l->state == LINK_DIALLING) {
		l->n_fds = net_dial_poll(l->dial, fds, LINK_FDS, deadline);
	} else if (l->state == LINK_TLSA) {
		l->n_fds = child_poll(&l->tlsa.child, fds, deadline);
	} else {
		*fds = (struct pollfd){ .fd = l->wire.fd, .events = wire_events(&l->wire, open ? out : NULL) };
		l->n_fds = 1;
	}
	return l->n_fds;
}

/* Proxy or handshake. */
static bool wire_on(struct link *l, struct err *err)
{
	short revents = l->n_fds > 0 ? l->fds[0].revents : 0;

	if (revents == 0 && !wire_has_input(&l->wire))
		return true;
	if (wire_turn(&l->wire, NULL, NULL, revents, err) != WIRE_OK)
		return false;
	if (!wire_ready(&l->wire))
		return true;
	if (l->state == LINK_PROXY)
		return reached(l, err);
	if (l->params.sasl != NULL) {
		struct buf channel = { 0 };
		const char *type = tls_channel(l->wire.tls, &channel);

		if (type != NULL)
			sasl_set_channel(l->params.sasl, type, buf_str(&channel));
		buf_wipe(&channel);
	}
	session_due(l);
	return true;
}

static bool look_up_on(struct link *l, struct err *err)
{
	struct buf records = { 0 };
	int done = tlsa_next(&l->tlsa, &records, err);
	bool ok = done >= 0;

	if (done > 0) {
		ok = tls_trust_tlsa(l->trust, buf_str(&records), err);
		if (ok)
			*l->params.tlsa_until = clock_after(TLSA_GOOD);
		ok = ok && shake_hands(l, err);
	}
	if (done != 0)
		tlsa_free(&l->tlsa);
	buf_free(&records);
	return ok;
}

/* What did not come in time: "no greeting within 60 s". */
static bool timed_out(const struct link *l, struct err *err)
{
	static const char *const names[] = {
		[LINK_DIALLING] = "connection",
		[LINK_PROXY] = "answer of the proxy",
		[LINK_TLSA] = "TLSA records",
		[LINK_HANDSHAKE] = "TLS handshake",
		[LINK_OPEN] = "end",
		[LINK_OVER] = NULL,
	};
	const char *what = l->state == LINK_OPEN && l->awaited != NULL ? l->awaited : names[l->state];
	/* Tenths by hand: printf's point follows the locale. */
	int64_t tenths = l->params.timeout / (CLOCK_SECOND / 10);
	char part[4] = "";

	if (clock_now() >= l->params.deadline)
		return err_set(err, ERR_TEMP, "the deadline passed before the %s", what);
	if (tenths % 10 != 0)
		snprintf(part, sizeof part, ".%d", (int)(tenths % 10));
	return err_set(err, ERR_TEMP, "no %s within %lld%s s", what, (long long)(tenths / 10), part);
}

/* Is the patience at its end? A look-up of TLSA records minds its own. */
static bool is_late(const struct link *l, int64_t now)
{
	return now >= l->wait_until && l->state != LINK_TLSA && (l->state != LINK_OPEN || l->awaited != NULL);
}

/* What the kernel has for the session. */
static enum link_event read_on(struct link *l, struct buf *in, struct err *err)
{
	short revents = l->n_fds > 0 ? l->fds[0].revents : 0;
	size_t before = in != NULL ? buf_len(in) : 0;

	if (wire_has_input(&l->wire))
		revents |= POLLIN;
	if (revents == 0)
		return LINK_WAIT;
	enum wire_status status = wire_turn(&l->wire, in, NULL, revents, err);

	if (l->wire.sent - l->sent >= PROGRESS)
		link_progress(l);
	if (status == WIRE_EOF)
		err_set(err, ERR_TEMP, "the server closed the connection");
	if (status != WIRE_OK)
		return status == WIRE_EOF ? LINK_EOF : LINK_FAILED;
	return in != NULL && buf_len(in) > before ? LINK_INPUT : LINK_WAIT;
}

/* One step of whatever is under way. */
static enum link_event step(struct link *l, struct buf *in, struct err *err)
{
	int64_t now = clock_now();
	bool ok = true;

	if (now >= l->params.deadline || (l->last_call && is_late(l, now))) {
		timed_out(l, err);
		return LINK_FAILED;
	}
	/* What came together with the end of the time is still looked at, once. */
	l->last_call = is_late(l, now);
	switch (l->state) {
	case LINK_DIALLING:
		ok = dial_on(l, err);
		break;
	case LINK_PROXY:
	case LINK_HANDSHAKE:
		ok = wire_on(l, err);
		break;
	case LINK_TLSA:
		ok = look_up_on(l, err);
		break;
	case LINK_OPEN:
		return read_on(l, in, err);
	default:
		return LINK_WAIT;
	}
	return ok ? LINK_WAIT : LINK_FAILED;
}

enum link_event link_next(struct link *l, struct buf *in, struct err *err)
{
	enum link_event event = LINK_WAIT;

	if (l->state == LINK_CLOSED || l->state == LINK_OVER)
		return LINK_WAIT;
	if (!l->untold)
		event = step(l, in, err);
	l->n_fds = 0; /* what poll said is used up */
	if (event == LINK_WAIT && l->untold) {
		l->untold = false;
		return l->starttls ? LINK_TLS : LINK_UP;
	}
	if (event == LINK_WAIT && l->last_call) {
		timed_out(l, err);
		event = LINK_FAILED;
	}
	if (event == LINK_EOF || event == LINK_FAILED) {
		err_prefix(err, "%s", l->params.label);
		l->state = LINK_OVER;
	}
	return event;
}

enum link_event link_write(struct link *l, struct buf *out, struct err *err)
{
	if (l->state != LINK_OPEN || wire_flushed(&l->wire, out))
		return LINK_WAIT;
	enum wire_status status = wire_turn(&l->wire, NULL, out, 0, err);

	if (l->wire.sent - l->sent >= PROGRESS || wire_flushed(&l->wire, out))
		link_progress(l);
	if (status == WIRE_OK)
		return LINK_WAIT;
	err_prefix(err, "%s", l->params.label);
	l->state = LINK_OVER;
	return LINK_FAILED;
}

int link_fd(const struct link *l)
{
	return l->state == LINK_CLOSED ? -1 : l->wire.fd;
}

bool link_facts(const struct link *l, struct tls_facts *facts)
{
	if (l->state == LINK_CLOSED || !wire_tls_up(&l->wire))
		return false;
	tls_facts(l->wire.tls, facts);
	return true;
}

void link_close(struct link *l)
{
	net_dial_free(l->dial);
	tlsa_free(&l->tlsa);
	/* A zeroed one has descriptor 0, which is not ours. */
	if (l->state != LINK_CLOSED)
		wire_close(&l->wire);
	*l = (struct link){ .state = LINK_CLOSED };
}
