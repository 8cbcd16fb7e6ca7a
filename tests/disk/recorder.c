/*
 * Preloaded by the tests of tests/disk: notes every call that changes files below the folders of DISK_TREES (separated
 * by colons), every sync of them, and what leaves by sockets, in the order in which it happens, in the file DISK_LOG.
 * disk.py lays from it what a power failure at any moment may leave.
 *
 * DISK_FAIL=N: the Nth of these calls on files fails (DISK_STAY=1: and each later one that needs room), with the error
 * number DISK_ERRNO (5 EIO, 28 ENOSPC). The write that fills the disk gets half of its octets in. A call that failed is
 * noted too: what a failed sync did not bring to the disk no later one brings. DISK_COUNT=FILE: how many such calls
 * there were. DISK_NO_TMPFILE=1: the file system has no O_TMPFILE.
 *
 * A record: "KIND NUMBER OFFSET N M\n", N octets of a path, M octets of another path or of data. NUMBER is the inode, or
 * of a socket the descriptor.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "boot.h"

static int log_fd = -1;
static long calls;
static int disk_is_full;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("DISK_LOG");

	if (path == NULL)
		return;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 500);
	syscall(SYS_close, fd);
}

__attribute__((destructor)) static void end(void)
{
	const char *file = getenv("DISK_COUNT");
	char text[32];

	if (file == NULL)
		return;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	syscall(SYS_write, fd, text, (size_t)snprintf(text, sizeof text, "%ld\n", calls));
	syscall(SYS_close, fd);
}

static void note(const char *kind, unsigned long long number, long long offset, const char *path, const void *data,
	size_t n)
{
	char head[120];
	size_t length = path != NULL ? strlen(path) : 0;
	int why = errno;
	int h = snprintf(head, sizeof head, "%s %llu %lld %zu %zu\n", kind, number, offset, length, n);
	struct iovec v[3] = { { head, (size_t)h }, { (void *)(size_t)path, length }, { (void *)(size_t)data, n } };

	if (log_fd >= 0 && syscall(SYS_writev, log_fd, v, 3) != (long)((size_t)h + length + n))
		abort();
	errno = why;
}

/* --- which files are meant --- */

static int is_below(const char *path)
{
	const char *tree = getenv("DISK_TREES");

	while (log_fd >= 0 && tree != NULL && *tree != '\0') {
		size_t n = strcspn(tree, ":");

		if (strncmp(path, tree, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return 1;
		tree += tree[n] == ':' ? n + 1 : n;
	}
	return 0;
}

static void path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	int why = errno;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, PATH_MAX - 1);

	path[n > 0 ? n : 0] = '\0';
	errno = why;
}

static void absolute(int dir, const char *path, char out[PATH_MAX])
{
	char base[PATH_MAX] = "";

	if (path[0] == '/') {
		snprintf(out, PATH_MAX, "%s", path);
		return;
	}
	if (dir != AT_FDCWD)
		path_of(dir, base);
	else if (getcwd(base, sizeof base) == NULL)
		abort();
	if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX)
		abort();
}

static int is_watched(int fd)
{
	char path[PATH_MAX];

	path_of(fd, path);
	return is_below(path);
}

static int is_socket(int fd)
{
	struct stat st;
	int why = errno;
	int is = fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);

	errno = why;
	return is;
}

static unsigned long long inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* --- calls that fail --- */

static long number_of(const char *name, long other)
{
	const char *text = getenv(name);

	return text != NULL ? atol(text) : other;
}

/* Is this the call that is to fail? grows: it needs room. */
static int fails(const char *what, int grows)
{
	int now = ++calls == number_of("DISK_FAIL", -1);

	if (!now && !(disk_is_full && grows))
		return 0;
	disk_is_full = disk_is_full || number_of("DISK_STAY", 0) != 0;
	if (!now || grows || !disk_is_full) {
		note("failed", (unsigned long long)calls, 0, what, NULL, 0);
		errno = (int)number_of("DISK_ERRNO", EIO);
		return 1;
	}
	return 0; /* a call that needs no room succeeds on a full disk */
}

/* --- octets --- */

/* What was written, as it now stands in the file. */
static void note_written(int fd, off_t at, const void *p, size_t n)
{
	note("write", inode_of(fd), (long long)at, NULL, p, n);
}

static off_t place_after(int fd, ssize_t n)
{
	return (off_t)syscall(SYS_lseek, fd, (off_t)0, SEEK_CUR) - (off_t)n;
}

ssize_t write(int fd, const void *p, size_t n)
{
	int watched = is_watched(fd);
	int was_full = disk_is_full;

	if (watched && fails("write", 1)) {
		/* What fills the disk is cut short first. */
		if (was_full || !disk_is_full || n < 2)
			return -1;
		n /= 2;
	}
	ssize_t done = (ssize_t)syscall(SYS_write, fd, p, n);

	if (done > 0 && watched)
		note_written(fd, place_after(fd, done), p, (size_t)done);
	else if (done > 0 && is_socket(fd))
		note("send", (unsigned long long)fd, 0, NULL, p, (size_t)done);
	return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	int watched = is_watched(fd);

	if (watched && fails("pwrite", 1))
		return -1;
	ssize_t done = (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);

	if (done > 0 && watched)
		note_written(fd, at, p, (size_t)done);
	return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

/* The rest is read back from the file: rarer, and the same for all of them. */
static void note_range(int fd, off_t at, ssize_t n)
{
	char link[64];
	char *data = malloc((size_t)n);

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	int in = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);

	if (data == NULL || syscall(SYS_pread64, in, data, (size_t)n, at) != n)
		abort();
	syscall(SYS_close, in);
	note_written(fd, at, data, (size_t)n);
	free(data);
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	int watched = is_watched(fd);

	if (watched && fails("writev", 1))
		return -1;
	ssize_t done = (ssize_t)syscall(SYS_writev, fd, v, count);

	if (done > 0 && watched)
		note_range(fd, place_after(fd, done), done);
	else if (done > 0 && is_socket(fd))
		abort(); /* no tool does that; then the record would lack what left */
	return done;
}

ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	int watched = is_watched(fd);

	if (watched && fails("pwritev", 1))
		return -1;
	ssize_t done = REAL(pwritev)(fd, v, count, at);

	if (done > 0 && watched)
		note_range(fd, at, done);
	return done;
}

ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
	int watched = is_watched(out);

	if (watched && fails("sendfile", 1))
		return -1;
	ssize_t done = REAL(sendfile)(out, in, offset, n);

	if (done > 0 && watched)
		note_range(out, place_after(out, done), done);
	else if (done > 0 && is_socket(out))
		abort();
	return done;
}

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags)
{
	int watched = is_watched(out);

	if (watched && fails("copy_file_range", 1))
		return -1;
	ssize_t done = REAL(copy_file_range)(in, from, out, to, n, flags);

	if (done > 0 && watched)
		note_range(out, to != NULL ? *to - done : place_after(out, done), done);
	return done;
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	/* Stores into memory cannot be noted. */
	if (fd >= 0 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0 && is_watched(fd))
		note("unknown", 0, 0, "mmap", NULL, 0);
	return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

/* --- what leaves --- */

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	ssize_t done = REAL(send)(fd, p, n, flags);

	if (done > 0)
		note("send", (unsigned long long)fd, 0, NULL, p, (size_t)done);
	return done;
}

int connect(int fd, const struct sockaddr *address, socklen_t n)
{
	if (address->sa_family == AF_INET || address->sa_family == AF_INET6)
		note("connect", (unsigned long long)fd, 0, NULL, NULL, 0);
	return REAL(connect)(fd, address, n);
}

/* --- lengths and syncs --- */

static int set_size(int fd, off_t size)
{
	int watched = is_watched(fd);

	if (watched && fails("ftruncate", 0))
		return -1;
	int done = (int)syscall(SYS_ftruncate, fd, size);

	if (done == 0 && watched)
		note("size", inode_of(fd), (long long)size, NULL, NULL, 0);
	return done;
}

int ftruncate(int fd, off_t size)
{
	return set_size(fd, size);
}

int ftruncate64(int fd, off_t size)
{
	return set_size(fd, size);
}

/* What is reserved reads as zeros. */
static void note_growth(int fd, off_t before)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_size > before)
		note("size", st.st_ino, (long long)st.st_size, NULL, NULL, 0);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	struct stat st = { 0 };
	int watched = is_watched(fd) && fstat(fd, &st) == 0;

	if (watched && fails("fallocate", 1))
		return errno;
	int why = REAL(posix_fallocate)(fd, at, n);

	if (watched)
		note_growth(fd, st.st_size);
	return why;
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	struct stat st = { 0 };
	int watched = is_watched(fd) && fstat(fd, &st) == 0;

	if (watched && (mode & ~FALLOC_FL_KEEP_SIZE) != 0)
		note("unknown", 0, 0, "fallocate", NULL, 0);
	if (watched && fails("fallocate", 1))
		return -1;
	int done = REAL(fallocate)(fd, mode, at, n);

	if (watched)
		note_growth(fd, st.st_size);
	return done;
}

static int sync_one(int fd, long call, const char *name)
{
	int watched = is_watched(fd);

	if (watched && fails(name, 0)) {
		note("unsynced", inode_of(fd), 0, NULL, NULL, 0);
		return -1;
	}
	int done = (int)syscall(call, fd);

	if (done == 0 && watched)
		note("sync", inode_of(fd), 0, NULL, NULL, 0);
	return done;
}

int fsync(int fd)
{
	return sync_one(fd, SYS_fsync, "fsync");
}

int fdatasync(int fd)
{
	return sync_one(fd, SYS_fdatasync, "fdatasync");
}

/* Starts writing, and says neither that the length nor that the drive's cache got there: it promises nothing. */
int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
	return REAL(sync_file_range)(fd, at, n, flags);
}

int syncfs(int fd)
{
	int done = REAL(syncfs)(fd);

	note("syncall", 0, 0, NULL, NULL, 0);
	return done;
}

void sync(void)
{
	REAL(sync)();
	note("syncall", 0, 0, NULL, NULL, 0);
}

/* --- names --- */

static int open_any(int dir, const char *name, int flags, mode_t mode)
{
	char path[PATH_MAX];
	struct stat st;

	name = boot_path(name);
	absolute(dir, name, path);
	int watched = is_below(path);
	int unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	int was = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;

	if (unnamed && getenv("DISK_NO_TMPFILE") != NULL) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (watched && (unnamed || ((flags & O_CREAT) != 0 && !was)) && fails("open", 1))
		return -1;
	int fd = (int)syscall(SYS_openat, dir, name, flags, mode);

	if (fd < 0 || !watched)
		return fd;
	if (unnamed)
		note("unnamed", inode_of(fd), 0, NULL, NULL, 0);
	else if ((flags & O_CREAT) != 0 && !was)
		note("create", inode_of(fd), 0, path, NULL, 0);
	else if ((flags & O_TRUNC) != 0)
		note("size", inode_of(fd), 0, NULL, NULL, 0);
	return fd;
}

static mode_t mode_of(int flags, va_list more)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(more, int) : 0;
}

#define OPENS(name)                                                             \
	int name(const char *path, int flags, ...)                              \
	{                                                                       \
		va_list more;                                                   \
		va_start(more, flags);                                          \
		int fd = open_any(AT_FDCWD, path, flags, mode_of(flags, more)); \
		va_end(more);                                                   \
		return fd;                                                      \
	}

#define OPENS_AT(name)                                                     \
	int name(int dir, const char *path, int flags, ...)                \
	{                                                                  \
		va_list more;                                              \
		va_start(more, flags);                                     \
		int fd = open_any(dir, path, flags, mode_of(flags, more)); \
		va_end(more);                                              \
		return fd;                                                 \
	}

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

int creat(const char *path, mode_t mode)
{
	return open_any(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int mkostemp(char *path, int flags)
{
	char whole[PATH_MAX];
	int fd = REAL(mkostemp)(path, flags);

	absolute(AT_FDCWD, path, whole);
	if (fd >= 0 && is_below(whole))
		note("create", inode_of(fd), 0, whole, NULL, 0);
	return fd;
}

static int rename_any(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	char old[PATH_MAX];
	char new[PATH_MAX];

	absolute(from_dir, from, old);
	absolute(to_dir, to, new);
	int watched = is_below(old) || is_below(new);

	if (watched && fails("rename", 0))
		return -1;
	int done = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);

	if (done == 0 && watched)
		note((flags & RENAME_EXCHANGE) != 0 ? "unknown" : "rename", 0, 0, old, new, strlen(new));
	return done;
}

int rename(const char *from, const char *to)
{
	return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return rename_any(from_dir, from, to_dir, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return rename_any(from_dir, from, to_dir, to, flags);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	char new[PATH_MAX];
	struct stat st;

	absolute(to_dir, to, new);
	int watched = is_below(new);

	if (watched && fails("link", 1))
		return -1;
	int done = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);

	if (done == 0 && watched && lstat(new, &st) == 0)
		note("link", st.st_ino, 0, new, NULL, 0);
	return done;
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int dir, const char *name, int flags)
{
	char path[PATH_MAX];

	absolute(dir, name, path);
	int watched = is_below(path);

	if (watched && fails("unlink", 0))
		return -1;
	int done = (int)syscall(SYS_unlinkat, dir, name, flags);

	if (done == 0 && watched)
		note("unlink", 0, 0, path, NULL, 0);
	return done;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	struct stat st;

	absolute(dir, name, path);
	int watched = is_below(path) && lstat(path, &st) != 0;

	if (watched && fails("mkdir", 1))
		return -1;
	int done = (int)syscall(SYS_mkdirat, dir, name, mode);

	if (done == 0 && watched && lstat(path, &st) == 0)
		note("mkdir", st.st_ino, 0, path, NULL, 0);
	return done;
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}
