/*
 * Preloaded by the crash tests: every call that changes what others can see, or that learns something from them, is a
 * point. KILL_AT=N ends the process with SIGKILL at the Nth, before it, after it, or (a write) with half of it done, as
 * KILL_HOW says. KILL_COUNT=FILE writes how many points there were. KILL_HOW=full kills nothing: from that point on the
 * disk is full. KILL_HOW=io: that one call fails with EIO. KILL_WHAT=file, wire or sync: only those calls are
 * points; else all are.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../disk/boot.h"

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
static int here(const char *what)
{
	const char *at = getenv("KILL_AT");
	const char *only = getenv("KILL_WHAT");

	if (only != NULL ? strcmp(only, what) != 0 : strcmp(what, "sync") == 0)
		return 0;
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

static int disk_is_full;

static int is_broken(int now)
{
	if (!now || !how("io"))
		return 0;
	errno = EIO;
	return 1;
}

static int is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Does the write fail for want of room? The one that fills the disk gets half of its octets in. */
static int has_no_room(int fd, int now, size_t *n)
{
	if (!how("full") || !is_file(fd)) {
		disk_is_full = disk_is_full || (now && how("full"));
		return 0;
	}
	if (disk_is_full) {
		errno = ENOSPC;
		return 1;
	}
	if (now) {
		disk_is_full = 1;
		*n = (*n + 1) / 2;
	}
	return 0;
}

#define WRITES(name, what, parameters, arguments)                               \
	ssize_t name parameters                                                 \
	{                                                                       \
		ssize_t(*real) parameters = (ssize_t(*) parameters)next(#name); \
		int now = here(what);                                           \
		if (now && how("before"))                                       \
			die();                                                  \
		if (now && how("half"))                                         \
			n = (n + 1) / 2;                                        \
		if (has_no_room(fd, now, &n) || is_broken(now && is_file(fd)))  \
			return -1;                                              \
		ssize_t result = real arguments;                                \
		if (now && !how("full") && !how("io"))                          \
			die();                                                  \
		return result;                                                  \
	}

WRITES(write, "file", (int fd, const void *p, size_t n), (fd, p, n))
WRITES(send, "wire", (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
WRITES(recv, "wire", (int fd, void *p, size_t n, int flags), (fd, p, n, flags))

ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags)
{
	(void)size;
	return recv(fd, p, n, flags);
}

#define SYNCS(name)                                           \
	int name(int fd)                                      \
	{                                                     \
		int (*real)(int) = (int (*)(int))next(#name); \
		int now = here("file") || here("sync");       \
		if (is_broken(now))                           \
			return -1;                            \
		if (now && how("full"))                       \
			disk_is_full = 1;                     \
		else if (now && !how("after"))                \
			die();                                \
		int result = real(fd);                        \
		if (now && !how("full"))                      \
			die();                                \
		return result;                                \
	}

SYNCS(fdatasync)
SYNCS(fsync)
SYNCS(syncfs)

/* What changes names and lengths. */
#define CHANGES(name, parameters, arguments)                            \
	int name parameters                                             \
	{                                                               \
		int(*real) parameters = (int(*) parameters)next(#name); \
		int now = here("file");                                 \
		if (is_broken(now))                                     \
			return -1;                                      \
		if (now && how("full"))                                 \
			disk_is_full = 1;                               \
		else if (now && !how("after"))                          \
			die();                                          \
		int result = real arguments;                            \
		if (now && !how("full"))                                \
			die();                                          \
		return result;                                          \
	}

CHANGES(ftruncate, (int fd, off_t size), (fd, size))
CHANGES(rename, (const char *from, const char *to), (from, to))
CHANGES(renameat, (int from, const char *name, int to, const char *other), (from, name, to, other))
CHANGES(mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
CHANGES(unlink, (const char *path), (path))

/* Opening is no point; it may lead elsewhere (boot.h). */
#define OPENS(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                  \
	{                                                                                           \
		int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next(#name); \
		va_list more;                                                                       \
		va_start(more, flags);                                                              \
		mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(more, int) : 0; \
		va_end(more);                                                                       \
		return real(boot_path(path), flags, mode);                                          \
	}

OPENS(open)
OPENS(open64)
