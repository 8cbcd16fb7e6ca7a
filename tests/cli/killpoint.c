/*
 * Preloaded by the crash tests: every call that changes what others can see, or that learns something from them, is a
 * point. KILL_AT=N ends the process with SIGKILL at the Nth, before it, after it, or (a write) with half of it done, as KILL_HOW
 * says. KILL_COUNT=FILE writes how many points there were.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long point;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

/* 0 go on, 1 this is the point. */
static int here(void)
{
	const char *at = getenv("KILL_AT");

	return ++point == (at != NULL ? atol(at) : -1);
}

static int how(const char *what)
{
	const char *given = getenv("KILL_HOW");

	return given != NULL && strcmp(given, what) == 0;
}

__attribute__((destructor)) static void count(void)
{
	const char *file = getenv("KILL_COUNT");
	FILE *f = file != NULL ? fopen(file, "w") : NULL;

	if (f != NULL) {
		fprintf(f, "%ld\n", point);
		fclose(f);
	}
}

#define WRITES(name, parameters, arguments)                                         \
	ssize_t name parameters                                                     \
	{                                                                           \
		ssize_t(*real) parameters = (ssize_t(*) parameters)next(#name);     \
		int now = here();                                                   \
		if (now && how("before"))                                           \
			die();                                                      \
		if (now && how("half"))                                             \
			n = (n + 1) / 2;                                            \
		ssize_t result = real arguments;                                    \
		if (now)                                                            \
			die();                                                      \
		return result;                                                      \
	}

WRITES(write, (int fd, const void *p, size_t n), (fd, p, n))
WRITES(send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
WRITES(recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))

ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags)
{
	(void)size;
	return recv(fd, p, n, flags);
}

#define SYNCS(name)                                                  \
	int name(int fd)                                             \
	{                                                            \
		int (*real)(int) = (int (*)(int))next(#name);        \
		int now = here();                                    \
		if (now && !how("after"))                            \
			die();                                       \
		int result = real(fd);                               \
		if (now)                                             \
			die();                                       \
		return result;                                       \
	}

SYNCS(fdatasync)
SYNCS(fsync)
