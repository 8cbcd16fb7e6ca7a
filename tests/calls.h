#ifndef PIPEMAIL_TESTS_CALLS_H
#define PIPEMAIL_TESTS_CALLS_H

/*
 * The calls by which a program changes files, noted in order, and made to fail where a test wants it. This program's
 * definitions come before the C library's, so the code under test needs no change. Include it right after config.h.
 *
 * A note is a verb and the last part of a path: "write a; sync a~; rename a~ a; sync dir/". "a~" is the temporary file
 * of a, "#" a file without a name, a final slash a directory.
 */
#undef _FORTIFY_SOURCE

#include "tests/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct calls {
	const char *directory; /* calls on what is below it are noted; NULL: none */
	struct buf notes;
	const char *fail; /* the call with this note fails with error; NULL: none */
	const char *kind; /* or those whose note begins so */
	int error;
	int spare;  /* that many of them succeed first */
	int times;  /* that many fail then; less than 0: all */
	size_t few; /* a write takes so many octets at most; 0: all */
	bool no_tmpfile;
	void (*before)(const char *note); /* is called before the call is made, and may set fail_now to an errno */
	int fail_now;
};

static struct calls calls;

/* Start to note what happens below the directory, and let nothing fail. */
__attribute__((unused)) static void calls_begin(const char *directory)
{
	buf_free(&calls.notes);
	calls = (struct calls){ .directory = directory };
}

/* The first call with this note fails; where count is less than 0 all that follow fail as well. */
__attribute__((unused)) static void calls_fail(const char *note, int error, int spare, int count)
{
	calls.fail = note;
	calls.error = error;
	calls.spare = spare;
	calls.times = count;
}

static void calls_add_name(struct buf *out, const char *path)
{
	struct str name = str_of(path);
	struct stat st;

	while (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	for (size_t n = str_find(name, '/'); n < name.n; n = str_find(name, '/'))
		name = str_sub(name, n + 1, name.n);

	if (str_search(name, STR_LIT(" (deleted)")) < name.n || name.p[0] == '#')
		name = STR_LIT("#");
	if (name.n > 18 && name.p[0] == '.' && name.p[name.n - 17] == '.') {
		buf_add(out, str_sub(name, 1, name.n - 18));
		buf_add_char(out, '~');
		return;
	}
	buf_add(out, name);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		buf_add_char(out, '/');
}

/* The path of a descriptor; an empty one where it is not below the directory. */
static const char *calls_path(int fd, char path[512])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, 511);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

/* Note a call; true when it has to fail, with errno set. */
static bool calls_note(const char *verb, const char *path, const char *to)
{
	static bool inside;
	struct buf note = { 0 };
	bool fails = false;

	if (calls.directory == NULL || inside || strstr(path, calls.directory) == NULL)
		return false;
	inside = true;
	buf_printf(&note, "%s ", verb);
	calls_add_name(&note, path);
	if (to != NULL) {
		buf_add_char(&note, ' ');
		calls_add_name(&note, to);
	}
	/* Several writes in a row are one. */
	if (strcmp(verb, "write") != 0 || !str_ends(buf_str(&calls.notes), buf_str(&note)))
		buf_printf(&calls.notes, "%s%s", buf_len(&calls.notes) > 0 ? "; " : "", buf_text(&note));
	bool meant = (calls.fail != NULL && strcmp(calls.fail, buf_text(&note)) == 0) ||
		(calls.kind != NULL && str_starts(buf_str(&note), str_of(calls.kind)));

	if (meant && calls.spare-- <= 0 && calls.times != 0) {
		calls.times--;
		fails = true;
	}
	if (calls.before != NULL)
		calls.before(buf_text(&note));
	if (calls.fail_now != 0) {
		calls.error = calls.fail_now;
		calls.fail_now = 0;
		fails = true;
	}
	buf_free(&note);
	inside = false;
	if (fails)
		errno = calls.error;
	return fails;
}

__attribute__((unused)) static void calls_same(const char *want, const char *name)
{
	check_same(buf_str(&calls.notes), want, name);
	buf_clear(&calls.notes);
}

#define CALLS_REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

ssize_t calls_write(int fd, const void *p, size_t n) __asm__("write");
ssize_t calls_write(int fd, const void *p, size_t n)
{
	char path[512];

	if (calls_note("write", calls_path(fd, path), NULL))
		return -1;
	if (calls.few > 0 && n > calls.few && calls.directory != NULL && strstr(path, calls.directory) != NULL)
		n = calls.few;
	return CALLS_REAL(ssize_t(*)(int, const void *, size_t), "write")(fd, p, n);
}

ssize_t calls_pwrite(int fd, const void *p, size_t n, off_t at) __asm__("pwrite");
ssize_t calls_pwrite(int fd, const void *p, size_t n, off_t at)
{
	char path[512];

	if (calls_note("write", calls_path(fd, path), NULL))
		return -1;
	if (calls.few > 0 && n > calls.few && calls.directory != NULL && strstr(path, calls.directory) != NULL)
		n = calls.few;
	return CALLS_REAL(ssize_t(*)(int, const void *, size_t, off_t), "pwrite")(fd, p, n, at);
}

ssize_t calls_read(int fd, void *p, size_t n) __asm__("read");
ssize_t calls_read(int fd, void *p, size_t n)
{
	char path[512];

	/* Reading changes nothing, so that it is noted only where it has to fail. */
	if (calls.fail != NULL && str_starts(str_of(calls.fail), STR_LIT("read ")) &&
		calls_note("read", calls_path(fd, path), NULL))
		return -1;
	return CALLS_REAL(ssize_t(*)(int, void *, size_t), "read")(fd, p, n);
}

ssize_t calls_pread(int fd, void *p, size_t n, off_t at) __asm__("pread");
ssize_t calls_pread(int fd, void *p, size_t n, off_t at)
{
	char path[512];

	if (calls.fail != NULL && str_starts(str_of(calls.fail), STR_LIT("read ")) &&
		calls_note("read", calls_path(fd, path), NULL))
		return -1;
	return CALLS_REAL(ssize_t(*)(int, void *, size_t, off_t), "pread")(fd, p, n, at);
}

int calls_fsync(int fd) __asm__("fsync");
int calls_fsync(int fd)
{
	char path[512];

	return calls_note("sync", calls_path(fd, path), NULL) ? -1 : CALLS_REAL(int (*)(int), "fsync")(fd);
}

int calls_fdatasync(int fd) __asm__("fdatasync");
int calls_fdatasync(int fd)
{
	char path[512];

	return calls_note("sync", calls_path(fd, path), NULL) ? -1 : CALLS_REAL(int (*)(int), "fdatasync")(fd);
}

int calls_ftruncate(int fd, off_t size) __asm__("ftruncate");
int calls_ftruncate(int fd, off_t size)
{
	char path[512];

	return calls_note("truncate", calls_path(fd, path), NULL)
		? -1
		: CALLS_REAL(int (*)(int, off_t), "ftruncate")(fd, size);
}

int calls_rename(const char *from, const char *to) __asm__("rename");
int calls_rename(const char *from, const char *to)
{
	return calls_note("rename", from, to) ? -1
					      : CALLS_REAL(int (*)(const char *, const char *), "rename")(from, to);
}

int calls_unlink(const char *path) __asm__("unlink");
int calls_unlink(const char *path)
{
	return calls_note("unlink", path, NULL) ? -1 : CALLS_REAL(int (*)(const char *), "unlink")(path);
}

int calls_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) __asm__("linkat");
int calls_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (calls_note("link", to, NULL))
		return -1;
	return CALLS_REAL(int (*)(int, const char *, int, const char *, int), "linkat")(from_fd, from, to_fd, to,
		flags);
}

int calls_mkdir(const char *path, mode_t mode) __asm__("mkdir");
int calls_mkdir(const char *path, mode_t mode)
{
	struct stat st;

	if (stat(path, &st) != 0 && calls_note("mkdir", path, NULL))
		return -1;
	return CALLS_REAL(int (*)(const char *, mode_t), "mkdir")(path, mode);
}

int calls_open(const char *path, int flags, mode_t mode) __asm__("open");
int calls_open(const char *path, int flags, mode_t mode)
{
	if (calls.no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if ((flags & O_EXCL) != 0 && (flags & O_TMPFILE) != O_TMPFILE && calls_note("make", path, NULL))
		return -1;
	return CALLS_REAL(int (*)(const char *, int, ...), "open")(path, flags, mode);
}

/* A lock is noted when it is tried. */
int calls_fcntl(int fd, int command, void *argument) __asm__("fcntl");
int calls_fcntl(int fd, int command, void *argument)
{
	char path[512];

	if (command == F_OFD_SETLK && calls_note("lock", calls_path(fd, path), NULL))
		return -1;
	return CALLS_REAL(int (*)(int, int, ...), "fcntl")(fd, command, argument);
}

#endif
