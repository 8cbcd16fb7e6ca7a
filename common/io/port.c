#include <config.h>

#include "io/port.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/stop.h"

/*
 * A ClientHello of TLS 1.2 (RFC 5246, 7.4.1.2) with two ciphers: a server that speaks TLS answers with a record, be
 * it an alert. Nothing is agreed on.
 */
static const unsigned char hello[] = { 0x16, 3, 1, 0, 49, 1, 0, 0, 45, 3, 3, 'p', 'i', 'p', 'e', 'm', 'a', 'i', 'l',
	' ', 'a', 's', 'k', 's', ' ', 'w', 'h', 'a', 't', ' ', 't', 'h', 'i', 's', ' ', 'p', 'o', 'r', 't', ' ', 'i',
	's', ' ', 0, 0, 4, 0xc0, 0x2f, 0, 0x9c, 1, 0, 0, 0 };

/* Poll what is given and the signal; false when the time is over or a signal came. */
static bool wait_for(struct pollfd *fds, size_t n, int64_t deadline)
{
	fds[n] = (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
	for (;;) {
		if (stop_signal() != 0 || clock_now() >= deadline)
			return false;
		int ready = poll(fds, n + 1, clock_left(deadline));

		if (ready > 0)
			return stop_signal() == 0;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

static int dial(const struct net_target *target, int64_t deadline)
{
	struct net_dial *d = net_dial_new(target, NULL);
	struct pollfd fds[NET_DIAL_FDS + 1];
	size_t n = 0;
	int fd = -1;
	int done = 0;

	while (d != NULL && (done = net_dial_next(d, fds, n, &fd, NULL)) == 0) {
		int64_t until = deadline;

		n = net_dial_poll(d, fds, NET_DIAL_FDS, &until);
		if (!wait_for(fds, n, until) && (stop_signal() != 0 || clock_now() >= deadline))
			break;
	}
	net_dial_free(d);
	return done > 0 ? fd : -1;
}

static enum port_speech judge(const unsigned char *p, ssize_t n)
{
	if (n > 1 && (p[0] == 0x15 || p[0] == 0x16) && p[1] == 3)
		return PORT_SPEAKS_TLS;
	if (n > 2 && ((p[0] >= '2' && p[0] <= '5' && p[1] >= '0' && p[1] <= '9') || p[0] == '+' || p[0] == '-'))
		return PORT_SPEAKS_PLAIN;
	return PORT_SILENT;
}

enum port_speech port_ask(const struct net_target *target, bool quiet, int64_t deadline)
{
	int fd = dial(target, deadline);
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN } };
	enum port_speech speech = PORT_SILENT;
	unsigned char first[16];

	if (fd < 0)
		return PORT_SILENT;
	if ((quiet || send(fd, hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello) &&
		wait_for(fds, 1, deadline))
		speech = judge(first, recv(fd, first, sizeof first, 0));
	close(fd);
	return speech;
}
