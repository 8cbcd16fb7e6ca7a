#ifndef PIPEMAIL_PROTO_SOCKS_H
#define PIPEMAIL_PROTO_SOCKS_H

#include "base/buf.h"
#include "base/err.h"

/* A SOCKS5 CONNECT (RFC 1928, user and password by RFC 1929) without a socket; names are resolved by the proxy. What is
 * left in `in` when it is connected came from the server behind the proxy. */
struct socks {
	struct buf in;
	struct buf out;
	unsigned step;
	const char *host; /* borrowed, as user and password are */
	unsigned port;
	struct str user;
	struct str password;
};
/* user.p NULL: no login. Up to 255 octets each. */
void socks_init(struct socks *s, const char *host, unsigned port, struct str user, struct str password);
void socks_free(struct socks *s);
/* 1 connected, 0 more octets are needed, -1 refused (err: 68 host, 69 proxy or server, 75, 76 the proxy broke the
 * protocol, 77). */
int socks_next(struct socks *s, struct err *err);

#endif
