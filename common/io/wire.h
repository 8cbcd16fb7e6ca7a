#ifndef PIPEMAIL_IO_WIRE_H
#define PIPEMAIL_IO_WIRE_H

#include "base/buf.h"
#include "base/err.h"

struct tls;
struct tls_trust;
struct socks;

/*
 * A connected descriptor with what lies on it (a SOCKS greeting first, TLS later), seen as plain octets: a session's `in` is
 * filled from it and its `out` emptied into it. Never blocks; the caller polls.
 */
struct wire {
	int fd;
	struct tls *tls;
	bool handshake;   /* TLS is being set up */
	bool read_closed; /* the peer ended its side */
	struct buf cipher_out; /* records not yet written */
	uint64_t octets_in;  /* plain octets moved, for reports */
	uint64_t octets_out;
};

enum wire_status {
	WIRE_OK,     /* moved what could be moved */
	WIRE_EOF,    /* orderly end (with TLS: close_notify came) */
	WIRE_BROKEN, /* reset, truncated TLS, an error: err says which (75; TLS failures 76) */
};

void wire_init(struct wire *w, int fd);
void wire_free(struct wire *w); /* closes */
/* Begin TLS; the handshake goes on in wire_turn. False (76) when octets are left over in `in`: an injected reply. */
bool wire_start_tls(struct wire *w, struct tls_trust *trust, const char *host, const struct buf *in, struct err *err);
bool wire_tls_up(const struct wire *w); /* handshake over and verified */
/* Read what is there into in, write out of out what goes: one turn after poll. in may be NULL to only write. */
enum wire_status wire_turn(struct wire *w, struct buf *in, struct buf *out, short revents, struct err *err);
/* What to poll for: POLLIN, and POLLOUT when something waits to be written. */
short wire_events(const struct wire *w, const struct buf *out);
/* Everything given to it is in the kernel's hands. */
bool wire_flushed(const struct wire *w, const struct buf *out);
void wire_close(struct wire *w); /* close_notify where there is TLS, then close */

#endif
