#ifndef PIPEMAIL_IO_WIRE_H
#define PIPEMAIL_IO_WIRE_H

#include "base/buf.h"
#include "base/err.h"

struct tls;
struct tls_trust;
struct socks;

/*
 * A connected descriptor with what lies on it (a SOCKS greeting first, TLS later), seen as plain octets:
 * a session's `in` is filled from it and its `out` emptied into it. Never blocks; the caller polls.
 */
struct wire {
	int fd;              /* non-blocking, owned; -1: closed. A zeroed wire is not one: wire_init */
	struct socks *socks; /* while the proxy is still spoken to */
	struct buf early;    /* the server's words that came along with the proxy's last */
	struct tls *tls;
	bool handshake;    /* TLS is being set up */
	bool read_closed;  /* the peer ended its side */
	bool write_broken; /* nothing goes out any more; what came may still be read */
	struct err fault;  /* why, once it is broken */
	uint64_t sent;     /* octets that the kernel took, as they are on the wire */
};

enum wire_status {
	WIRE_OK,     /* moved what could be moved; input that came before an end is delivered first */
	WIRE_EOF,    /* orderly end (with TLS: close_notify came), and all input was delivered */
	WIRE_BROKEN, /* reset, truncated TLS, an error: err says which (75; TLS failures 76) */
};

void wire_init(struct wire *w, int fd);
/* The descriptor leads to a SOCKS5 proxy: let it connect to host first (an IPv6 literal without
 * brackets). user.p NULL: no login. All is borrowed until wire_ready. */
void wire_start_socks(struct wire *w, const char *host, unsigned port, struct str user, struct str password);
/* Begin TLS; the handshake goes on in wire_turn. False (76) when octets are left over in `in`: an
 * injected reply. trust is borrowed for the wire's life. in may be NULL. */
bool wire_start_tls(struct wire *w, struct tls_trust *trust, const char *host, const struct buf *in, struct err *err);
/* Neither proxy nor handshake is under way: the session's octets go through. */
bool wire_ready(const struct wire *w);
bool wire_tls_up(const struct wire *w); /* handshake over and verified */
/* Read what is there into in, write out of out what goes: one turn after poll. Without POLLIN (or POLLHUP,
 * POLLERR) in revents nothing is read; writing is tried always. in and out may be NULL. */
enum wire_status wire_turn(struct wire *w, struct buf *in, struct buf *out, short revents, struct err *err);
/* Input is here already, without any poll: right after a handshake, or behind a proxy. */
bool wire_has_input(const struct wire *w);
/* What to poll for: POLLIN, and POLLOUT when something waits to be written. */
short wire_events(const struct wire *w, const struct buf *out);
/* Everything given to it is in the kernel's hands. */
bool wire_flushed(const struct wire *w, const struct buf *out);
void wire_close(struct wire *w); /* close_notify where there is TLS, then close */

#endif
