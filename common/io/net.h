#ifndef PIPEMAIL_IO_NET_H
#define PIPEMAIL_IO_NET_H

#include <poll.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A connection being made: names looked up with c-ares (hosts file, then DNS) and, where that
 * finds nothing, from what else nsswitch.conf(5) names, by a child; never blocking; addresses
 * tried as RFC 8305 has it (families interleaved, 250 ms apart, the first to answer wins). An object that
 * anybody's poll loop can drive. It knows no overall deadline: that is the caller's.
 */
struct net_target {
	const char *host; /* name or address; U-labels are looked up as A-labels */
	unsigned port;
	const char *path; /* a Unix socket instead, or NULL */
};

struct net_dial; /* opaque */

/* Begin; the target is copied. Addresses and localhost need no look-up. NULL: 64 for a name that is
 * none, 71 when c-ares cannot start. */
struct net_dial *net_dial_new(const struct net_target *target, struct err *err);
void net_dial_free(struct net_dial *d);
#define NET_DIAL_FDS 32
/* Fill at most max entries (NET_DIAL_FDS is always enough) to poll for; returns how many. *deadline is
 * lowered to when net_dial_next wants to be called again. */
size_t net_dial_poll(struct net_dial *d, struct pollfd *fds, size_t max, int64_t *deadline);
/* After poll, with what net_dial_poll filled; the first call may come with n = 0. 1: *fd is a connected,
 * non-blocking, close-on-exec socket with TCP_NODELAY that is now the caller's; 0: go on polling; -1: err
 * (68 host unknown; 75 when DNS is in trouble, refused, unreachable; 71 for want of descriptors). */
int net_dial_next(struct net_dial *d, const struct pollfd *fds, size_t n, int *fd, struct err *err);

/* Is the target on this machine: a Unix socket, localhost or a loopback address as written? */
bool net_is_loopback(const struct net_target *target);
/* The peer's address as text, for reports; "unix" for a socket with a path. */
bool net_peer(int fd, struct buf *out);
/* The host's name for EHLO: fully qualified (hostname, else /etc/hosts), else an address literal of the
 * socket. Asks no DNS. */
bool net_own_name(int fd, struct buf *out);

#endif
