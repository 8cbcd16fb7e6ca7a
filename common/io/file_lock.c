#include <config.h>

#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/stop.h"

/*
 * Two kinds of lock, because mail programs use one or the other: fcntl locks of the open file, and PATH.lock
 * files. The second kind can be left behind by a process that was killed; it is taken over only when that process
 * is certainly gone.
 */

/* Wait a little, less than until the deadline; false when that is past or a signal asks to stop. */
static bool pause_until(int64_t deadline, int64_t *span)
{
	int64_t left = deadline == INT64_MAX ? INT64_MAX : deadline - clock_now();
	int64_t wait = *span < left ? *span : left;

	if (left <= 0 || stop_signal() != 0)
		return false;
	struct timespec t = { .tv_sec = (time_t)(wait / CLOCK_SECOND), .tv_nsec = (long)(wait % CLOCK_SECOND) };

	nanosleep(&t, NULL);
	*span = *span * 2 < CLOCK_SECOND / 4 ? *span * 2 : CLOCK_SECOND / 4;
	return stop_signal() == 0;
}

static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

bool file_lock(int fd, const char *name, int64_t deadline, struct err *err)
{
	int64_t span = CLOCK_SECOND / 200;
	struct flock lock = whole_file(F_WRLCK);

	while (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EACCES)
			return err_errno(err, ERR_OS, errno, "%s: cannot be locked", name);
		if (pause_until(deadline, &span))
			continue;
		/* The holder of an OFD lock is an open file, and has no pid: then it is -1. */
		if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
			return err_set(err, ERR_TEMP, "%s: locked by process %ld", name, (long)lock.l_pid);
		return err_set(err, ERR_TEMP, "%s: locked by another process", name);
	}
	return true;
}

static const char *own_host(char host[65])
{
	if (gethostname(host, 65) < 0)
		host[0] = '\0';
	host[64] = '\0';
	return host;
}

/* What the dotlock says of its maker: the pid, 0 when it is one that cannot be checked here, or -1 when the text is not
 * whole. */
static long holder_of(int fd)
{
	char text[128];
	char host[65];
	uint64_t pid;
	ssize_t n = pread(fd, text, sizeof text, 0);
	struct str all = str_at(text, n > 0 ? (size_t)n : 0);
	struct str rest = str_trim(all);
	struct str number = str_cut(&rest, ':');

	if (!str_ends(all, STR_LIT("\n")))
		return -1;
	if (!str_number(str_trim(number), INT32_MAX, &pid))
		return 0;
	if (rest.p != NULL && !str_eq(rest, str_of(own_host(host))))
		return 0;
	return (long)pid;
}

/* Is the maker of the lock gone? A power failure may keep the lock's name and lose its text; then nobody can be asked,
 * but whoever made it before this machine started is not running any more. A margin, as clocks are set. */
static bool is_stale(long holder, const struct stat *lock)
{
	if (holder > 1)
		return kill((pid_t)holder, 0) < 0 && errno == ESRCH;
	return holder < 0 && (int64_t)lock->st_mtime < clock_boot() - 60;
}

/* Remove the lock of a process that is gone. The lock on the file makes sure that of two who find
 * it, the second does not remove the first one's fresh lock. */
static bool remove_stale(const char *lock, long *holder)
{
	struct stat opened;
	struct stat named;
	struct flock whole = whole_file(F_WRLCK);
	bool gone = false;
	int fd = open(lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT;
	*holder = holder_of(fd);
	if (fstat(fd, &opened) == 0 && is_stale(*holder, &opened) && fcntl(fd, F_OFD_SETLK, &whole) == 0 &&
		lstat(lock, &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
		gone = unlink(lock) == 0;
	close(fd);
	return gone;
}

/* An unnamed file in the folder of path, or -1 where there are none. */
static int open_unnamed(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buf folder = { 0 };

	buf_add(&folder, slash == NULL ? STR_LIT(".") : str_at(path, (size_t)(slash - path) + 1));
#ifdef O_TMPFILE
	int fd = open(buf_text(&folder), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
#else
	int fd = -1;
#endif

	buf_free(&folder);
	return fd;
}

/* Fill fd with who we are, and give it its name if it has none. False with errno. */
static bool name_lock(int fd, bool unnamed, const char *lock, struct err *err)
{
	char host[65];
	char from[64];
	struct buf text = { 0 };

	buf_printf(&text, "%ld:%s\n", (long)getpid(), own_host(host));
	bool ok = file_write(fd, buf_str(&text), lock, err);

	buf_free(&text);
	if (!ok || !unnamed)
		return ok;
	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, from, AT_FDCWD, lock, AT_SYMLINK_FOLLOW) == 0 ||
		err_errno(err, ERR_CANTCREAT, errno, "%s", lock);
}

/* The lock comes into being with its maker's pid in it where the system can do that: of one left empty
 * by a process that was killed before it had written nobody could tell whether it is stale. */
static bool make_lock(const char *lock, struct err *err)
{
	bool unnamed = true;
	int fd = open_unnamed(lock);
	bool ok = fd >= 0 && name_lock(fd, true, lock, err);

	if (!ok && (fd < 0 || errno != EEXIST)) {
		if (fd >= 0)
			close(fd);
		unnamed = false;
		fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return err_errno(err, ERR_CANTCREAT, errno, "%s", lock);
		ok = name_lock(fd, false, lock, err);
	}
	int why = errno;

	close(fd);
	if (!ok && !unnamed)
		unlink(lock);
	errno = why;
	return ok;
}

bool file_dotlock(const char *path, int64_t deadline, struct err *err)
{
	struct buf name = { 0 };
	int64_t span = CLOCK_SECOND / 200;
	long holder = 0;
	bool ok;

	buf_printf(&name, "%s.lock", path);
	const char *lock = buf_text(&name);

	for (;;) {
		errno = 0;
		ok = make_lock(lock, err);
		if (ok || errno != EEXIST)
			break;
		if (remove_stale(lock, &holder))
			continue;
		if (pause_until(deadline, &span))
			continue;
		if (holder > 0)
			err_set(err, ERR_TEMP, "%s: locked by process %ld (%s)", path, holder, lock);
		else
			err_set(err, ERR_TEMP, "%s: locked by another process (%s)", path, lock);
		break;
	}
	buf_free(&name);
	return ok;
}

void file_dotunlock(const char *path)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s.lock", path);
	/* One that stays keeps everybody out, this process too. */
	if (unlink(buf_text(&name)) < 0 && errno != ENOENT)
		unlink(buf_text(&name));
	buf_free(&name);
}
