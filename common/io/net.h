#ifndef PIPEMAIL_IO_NET_H
#define PIPEMAIL_IO_NET_H

#include <poll.h>

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * A TCP or Unix connection being made, for any poll loop; nothing here waits. Names are looked up with c-ares
 * (hosts file, then DNS) and, if that finds nothing, by the other sources of nsswitch.conf(5), in a child.
 * Addresses are tried as in RFC 8305: families interleaved, 250 ms apart, the first to answer wins. It has no
 * overall deadline: that is the caller's.
 *
 *     d = net_dial_new(&target, err);
 *     while ((rc = net_dial_next(d, fds, n, &fd, err)) == 0) {
 *             n = net_dial_poll(d, fds, NET_DIAL_FDS, &deadline);
 *             poll(fds, n, clock_left(deadline));
 *     }
 *     net_dial_free(d);
 */
/* clang-format on */
struct net_target {
	const char *host; /* name or address; U-labels are looked up as A-labels */
	unsigned port;
	const char *path; /* a Unix socket instead, or NULL */
};

struct net_dial; /* opaque */

/*
 * Begin; the target need not live on. Addresses and localhost need no look-up. NULL with ERR_USAGE for a name that
 * cannot be one, ERR_OS when c-ares cannot start. Free it with net_dial_free, which closes attempts that are under
 * way; NULL does nothing.
 */
struct net_dial *net_dial_new(const struct net_target *target, struct err *err);
void net_dial_free(struct net_dial *d);
#define NET_DIAL_FDS 32
/*
 * Fill at most max entries (NET_DIAL_FDS is always enough) to poll for; returns how many. *deadline (monotonic) is
 * lowered to when net_dial_next has to be called again.
 */
size_t net_dial_poll(struct net_dial *d, struct pollfd *fds, size_t max, int64_t *deadline);
/*
 * After poll, with what net_dial_poll filled; the first call may have n 0. 1: *fd is a connected, non-blocking,
 * close-on-exec socket with TCP_NODELAY, which the caller owns; 0: poll; -1: ERR_NOHOST (unknown host), ERR_TEMP
 * (DNS fails, refused, unreachable), ERR_OS (no descriptors).
 */
int net_dial_next(struct net_dial *d, const struct pollfd *fds, size_t n, int *fd, struct err *err);

/* Is the target on this machine, judged by what is written: a Unix socket, localhost, or a loopback address? */
bool net_is_loopback(const struct net_target *target);
/* Append the peer's address as text, for reports; "unix" for a Unix socket. False when there is none. */
bool net_peer(int fd, struct buf *out);
/*
 * Append our name for EHLO: the host's name if it is fully qualified, else the one in /etc/hosts, else an address
 * literal of the socket (RFC 5321, 4.1.4), else localhost. DNS is not asked.
 */
bool net_own_name(int fd, struct buf *out);

#endif
