#ifndef PIPEMAIL_IO_WIRE_H
#define PIPEMAIL_IO_WIRE_H

#include "base/buf.h"
#include "base/err.h"

struct tls;
struct tls_trust;
struct socks;

/*
 * A connected descriptor with what is layered on it (a SOCKS5 greeting first, TLS later), as plain bytes:
 * wire_turn fills a session's `in` from it and empties its `out` into it. It never waits; the caller polls.
 * io/link.h is the layer above, with names, deadlines and time-outs.
 */
struct wire {
	int fd;              /* non-blocking, owned; -1: closed. A zeroed wire is not one: wire_init */
	struct socks *socks; /* owned, until the proxy has connected */
	struct buf early;    /* bytes of the server that came together with the proxy's last ones */
	struct tls *tls;     /* owned, or NULL */
	bool handshake;      /* TLS is being set up */
	bool read_closed;    /* the peer ended its side */
	bool write_broken;   /* nothing can be sent any more; what came may still be read */
	struct err fault;    /* why, when it is broken; the first reason stays */
	uint64_t sent;       /* bytes that the kernel accepted, as they are on the wire */
};

/* What wire_turn did. */
enum wire_status {
	WIRE_OK,  /* moved what could be moved */
	WIRE_EOF, /* orderly end (with TLS: close_notify came), and all input was delivered */
	/*
	 * Reset, truncated TLS, another error: err says which (ERR_TEMP; TLS failures ERR_PROTOCOL; what the proxy
	 * said).
	 */
	WIRE_BROKEN,
};

/* Take over fd (-1: none), which wire_close closes. A zeroed wire is not valid, as its descriptor would be 0. */
void wire_init(struct wire *w, int fd);
/*
 * fd leads to a SOCKS5 proxy: let that connect to host first (an IPv6 literal without brackets). user.p NULL: no
 * login. All is borrowed until wire_ready.
 */
void wire_start_socks(struct wire *w, const char *host, unsigned port, struct str user, struct str password);
/*
 * Begin TLS; the handshake continues in wire_turn. False with ERR_PROTOCOL when bytes are left in `in` (may be
 * NULL), which may be an injected reply, or with the errors of tls_new. trust is borrowed for the wire's life.
 */
bool wire_start_tls(struct wire *w, struct tls_trust *trust, const char *host, const struct buf *in, struct err *err);
/* Neither proxy nor handshake is in progress: the session's bytes pass. */
bool wire_ready(const struct wire *w);
bool wire_tls_up(const struct wire *w); /* handshake over and verified */
/*
 * One turn after poll: read what is there into in, write from out what the kernel accepts. Without POLLIN, POLLHUP
 * or POLLERR in revents nothing is read; writing is always tried, except after something was read, since that may
 * be a refusal. in and out may be NULL. Input that came before an end is delivered before the end is reported.
 */
enum wire_status wire_turn(struct wire *w, struct buf *in, struct buf *out, short revents, struct err *err);
/* Input is here already, so do not poll for it: right after a handshake, or from a proxy. */
bool wire_has_input(const struct wire *w);
/* What to poll for: POLLIN, and POLLOUT when something waits to be written. */
short wire_events(const struct wire *w, const struct buf *out);
/* Everything was given to the kernel. */
bool wire_flushed(const struct wire *w, const struct buf *out);
void wire_close(struct wire *w); /* close_notify where there is TLS, then close */

#endif
