/*
 * Preloaded by tests of large messages: every socket has the smallest buffers that the kernel grants, so that a message
 * leaves in hundreds of pieces. With TINY_SEND=N a socket takes at most N octets at once, and is full after each piece
 * until somebody polls it: a wake-up that is lost is a run that hangs.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FDS 4096

static bool full[FDS];

int socket(int domain, int type, int protocol)
{
	static int (*next)(int, int, int);
	int least = 1;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "socket");
	int fd = next(domain, type, protocol);

	if (fd >= 0 && getenv("TINY_SEND") == NULL) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
	}
	if (fd >= 0 && fd < FDS)
		full[fd] = false;
	return fd;
}

ssize_t send(int fd, const void *octets, size_t n, int flags)
{
	static ssize_t (*next)(int, const void *, size_t, int);
	const char *most = getenv("TINY_SEND");

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "send");
	if (most == NULL || fd < 0 || fd >= FDS)
		return next(fd, octets, n, flags);
	if (full[fd]) {
		errno = EAGAIN;
		return -1;
	}
	full[fd] = true;
	return next(fd, octets, n > strtoul(most, NULL, 10) ? strtoul(most, NULL, 10) : n, flags);
}

int poll(struct pollfd *fds, nfds_t n, int left)
{
	static int (*next)(struct pollfd *, nfds_t, int);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "poll");
	int ready = next(fds, n, left);

	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd >= 0 && fds[i].fd < FDS && (fds[i].revents & POLLOUT) != 0)
			full[fds[i].fd] = false;
	return ready;
}
