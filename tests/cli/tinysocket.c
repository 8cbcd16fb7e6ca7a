/* Preloaded by tests of large messages: every socket has the smallest buffers that the kernel grants, so that a message
 * leaves in hundreds of pieces. */
#include <config.h>

#include <dlfcn.h>
#include <stddef.h>
#include <sys/socket.h>

int socket(int domain, int type, int protocol)
{
	static int (*next)(int, int, int);
	int least = 1;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "socket");
	int fd = next(domain, type, protocol);

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
	}
	return fd;
}
