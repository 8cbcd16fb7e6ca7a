#ifndef PIPEMAIL_PROTO_SOCKS_H
#define PIPEMAIL_PROTO_SOCKS_H

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * A SOCKS5 CONNECT (RFC 1928; user and password by RFC 1929) without a socket. Names are resolved by the proxy.
 *
 *     socks_init(&s, host, port, user, password);
 *     while ((rc = socks_next(&s, err)) == 0)
 *             write s.out, read into s.in
 *     what is left in s.in came from the server behind the proxy
 *     socks_free(&s);
 */
/* clang-format on */
struct socks {
	struct buf in;
	struct buf out;
	unsigned step;    /* private */
	const char *host; /* borrowed, as user and password are */
	unsigned port;
	struct str user;
	struct str password;
};
/*
 * user.p NULL: no login. user and password have at most 255 bytes each. All strings are borrowed until socks_free.
 * s must not own anything.
 */
void socks_init(struct socks *s, const char *host, unsigned port, struct str user, struct str password);
void socks_free(struct socks *s);
/*
 * 1: connected. 0: write s->out and read more. -1: refused, with ERR_NOHOST (host unknown), ERR_UNAVAILABLE (proxy
 * or server refuses), ERR_TEMP, ERR_PROTOCOL (the proxy broke the protocol), ERR_AUTH, ERR_CONFIG (login too long)
 * or ERR_USAGE (host name empty or too long). The text begins with "proxy: ".
 */
int socks_next(struct socks *s, struct err *err);

#endif
