#include <config.h>

#include "io/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "proto/socks.h"
#include "proto/tls.h"

/*
 * The layers of a connection in one place. On the way in bytes pass the proxy, then TLS; on the way out the
 * reverse. What the peer said is reported before the end of the connection, since a server often says why it
 * closes; for the same reason a failed send is reported only after everything that can still be read was read.
 */

#define READ_MAX 65536 /* a turn, so that other connections get theirs */
#define SEAL_MAX 65536 /* plain octets sealed ahead of the kernel */

void wire_init(struct wire *w, int fd)
{
	*w = (struct wire){ .fd = fd };
}

static void end_socks(struct wire *w)
{
	if (w->socks == NULL)
		return;
	socks_free(w->socks);
	mem_free(w->socks);
	w->socks = NULL;
}

static void end(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	end_socks(w);
	buf_free(&w->early);
	tls_free(w->tls);
	wire_init(w, -1);
}

void wire_start_socks(struct wire *w, const char *host, unsigned port, struct str user, struct str password)
{
	w->socks = mem_alloc(sizeof *w->socks);
	socks_init(w->socks, host, port, user, password);
	socks_next(w->socks, &w->fault); /* so that its greeting is there to be sent */
}

bool wire_start_tls(struct wire *w, struct tls_trust *trust, const char *host, const struct buf *in, struct err *err)
{
	if ((in != NULL && buf_len(in) > 0) || buf_len(&w->early) > 0)
		return err_set(err, ERR_PROTOCOL, "the server spoke on before TLS stood: its words may be forged");
	w->tls = tls_new(trust, host, err);
	if (w->tls == NULL)
		return false;
	w->handshake = true;
	/* So that the ClientHello is there to be sent. */
	return tls_handshake(w->tls, err) != TLS_FAILED;
}

bool wire_ready(const struct wire *w)
{
	return w->socks == NULL && !w->handshake;
}

bool wire_tls_up(const struct wire *w)
{
	return w->tls != NULL && !w->handshake;
}

/* Note why nothing goes any more; the first reason stays. */
static void break_off(struct wire *w, int number)
{
	if (w->fault.kind == ERR_NONE)
		err_errno(&w->fault, ERR_TEMP, number, "the connection is lost");
}

static enum wire_status broken(struct wire *w, struct err *err)
{
	if (err != NULL)
		*err = w->fault;
	return WIRE_BROKEN;
}

/* At most what `to` may still take; its session has to eat before more comes. */
static size_t room_in(const struct buf *to)
{
	size_t limit = to->limit > 0 ? to->limit : BUF_DEFAULT_LIMIT;
	size_t room = buf_len(to) < limit ? limit - buf_len(to) : 0;

	return room < READ_MAX ? room : READ_MAX;
}

/* What the kernel has, appended to `to`. */
static void receive(struct wire *w, struct buf *to)
{
	size_t want = room_in(to);

	if (want == 0 || w->read_closed)
		return;
	ssize_t n = recv(w->fd, buf_room(to, want), want, 0);

	if (n > 0) {
		buf_added(to, (size_t)n);
	} else if (n == 0) {
		w->read_closed = true;
		if (w->tls != NULL)
			tls_wire_eof(w->tls);
	} else if (errno != EAGAIN && errno != EINTR) {
		break_off(w, errno);
		w->read_closed = true;
		w->write_broken = true;
		if (w->tls != NULL)
			tls_wire_eof(w->tls);
	}
}

/* As much of from as the kernel takes. A failure is not told yet: the server's last words, which may say
 * why, can still be waiting to be read. */
static void send_off(struct wire *w, struct buf *from)
{
	while (!w->write_broken && buf_len(from) > 0) {
		struct str octets = buf_str(from);
		ssize_t n = send(w->fd, octets.p, octets.n, MSG_NOSIGNAL);

		if (n > 0) {
			buf_drop(from, (size_t)n);
			w->sent += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			break;
		} else if (n == 0 || errno != EINTR) {
			break_off(w, n == 0 ? EPIPE : errno);
			w->write_broken = true;
		}
	}
}

/* The proxy's part of the way; false when it refused. */
static bool read_socks(struct wire *w, bool may_read)
{
	if (may_read)
		receive(w, &w->socks->in);
	int done = socks_next(w->socks, &w->fault);

	if (done > 0) {
		/* A server behind it may have greeted at once. */
		buf_add(&w->early, buf_str(&w->socks->in));
		end_socks(w);
	}
	return done >= 0;
}

static bool read_tls(struct wire *w, struct buf *in, bool may_read)
{
	if (may_read && (w->handshake || in != NULL))
		receive(w, tls_in(w->tls));
	if (w->handshake) {
		enum tls_status status = tls_handshake(w->tls, &w->fault);

		if (status != TLS_OK)
			return status == TLS_WANT;
		w->handshake = false;
	}
	if (in == NULL)
		return true;
	enum tls_status status = tls_read(w->tls, in, &w->fault);

	if (status == TLS_EOF)
		w->read_closed = true;
	return status != TLS_FAILED;
}

/* The octets' way up: proxy, handshake, records. False: broken, and w->fault says why. */
static bool read_up(struct wire *w, struct buf *in, bool may_read)
{
	if (w->fault.kind != ERR_NONE && !wire_ready(w))
		return false;
	if (w->socks != NULL)
		return read_socks(w, may_read);
	if (w->tls != NULL)
		return read_tls(w, in, may_read);
	if (in == NULL)
		return true;
	if (buf_len(&w->early) > 0) {
		buf_add(in, buf_str(&w->early));
		buf_free(&w->early);
	}
	if (may_read)
		receive(w, in);
	return true;
}

/* And down again. */
static void write_down(struct wire *w, struct buf *out)
{
	if (w->socks != NULL) {
		send_off(w, &w->socks->out);
		return;
	}
	if (w->tls == NULL) {
		if (out != NULL)
			send_off(w, out);
		return;
	}
	for (;;) {
		send_off(w, tls_out(w->tls));
		if (w->handshake || w->write_broken || out == NULL || buf_len(out) == 0 || buf_len(tls_out(w->tls)) > 0)
			return;
		struct str octets = str_sub(buf_str(out), 0, SEAL_MAX);

		if (tls_write(w->tls, octets, &w->fault) != TLS_OK) {
			w->write_broken = true;
			return;
		}
		buf_drop(out, octets.n);
	}
}

enum wire_status wire_turn(struct wire *w, struct buf *in, struct buf *out, short revents, struct err *err)
{
	bool may_read = (revents & (POLLIN | POLLHUP | POLLERR)) != 0;
	size_t before = in != NULL ? buf_len(in) : 0;
	bool was_broken = w->write_broken;
	bool ok = read_up(w, in, may_read);
	size_t got = in != NULL ? buf_len(in) - before : 0;

	/* What the peer said is looked at before it is told more: it may have been a refusal, or an answer that
	 * came before its question. What TLS itself has to say goes in any case. */
	write_down(w, got > 0 ? NULL : out);

	if (got > 0)
		return WIRE_OK;
	if (!ok)
		return broken(w, err);
	if (w->read_closed && w->fault.kind == ERR_NONE) {
		if (wire_ready(w))
			return WIRE_EOF;
		err_set(&w->fault, ERR_TEMP, "the connection was closed %s",
			w->socks != NULL ? "by the proxy" : "in the TLS handshake");
	}
	/* Broken for writing only, and since we last read: look once more whether there is something. */
	if (w->write_broken && !w->read_closed && !(may_read && was_broken))
		return WIRE_OK;
	return w->fault.kind != ERR_NONE ? broken(w, err) : WIRE_OK;
}

bool wire_has_input(const struct wire *w)
{
	return buf_len(&w->early) > 0 || (wire_tls_up(w) && buf_len(tls_in(w->tls)) > 0);
}

short wire_events(const struct wire *w, const struct buf *out)
{
	bool waits;

	if (w->socks != NULL)
		waits = buf_len(&w->socks->out) > 0;
	else if (w->tls != NULL && (w->handshake || buf_len(tls_out(w->tls)) > 0))
		waits = buf_len(tls_out(w->tls)) > 0;
	else
		waits = out != NULL && buf_len(out) > 0;
	return (short)(POLLIN | (waits && !w->write_broken ? POLLOUT : 0));
}

bool wire_flushed(const struct wire *w, const struct buf *out)
{
	return (out == NULL || buf_len(out) == 0) && w->socks == NULL &&
		(w->tls == NULL || buf_len(tls_out(w->tls)) == 0);
}

void wire_close(struct wire *w)
{
	if (w->fd >= 0 && wire_tls_up(w) && !w->write_broken) {
		tls_bye(w->tls);
		send_off(w, tls_out(w->tls));
	}
	end(w);
}
