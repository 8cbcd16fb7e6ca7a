#include <config.h>

#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/stop.h"

/*
 * Waits are in poll(2) together with stop_fd, since a signal that comes between a look at a flag and a read(2)
 * would otherwise be noticed only after the read.
 */

#define CHUNK 65536

void file_guard_standard(void)
{
	for (int fd = 0; fd <= 2; fd++)
		/* The wrong direction on purpose: output that goes nowhere must be seen to fail. */
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
				return;
}

static bool is_standard_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

bool file_is_directory(const char *path)
{
	struct stat st;
	int status = is_standard_input(path) ? fstat(STDIN_FILENO, &st) : stat(path, &st);

	return status == 0 && S_ISDIR(st.st_mode);
}

int file_open(const char *path, struct err *err)
{
	struct stat st;
	int fd = is_standard_input(path) ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EISDIR;
	}
	if (fd < 0)
		err_errno(err, ERR_NOINPUT, errno, "%s", is_standard_input(path) ? "standard input" : path);
	return fd;
}

bool file_read(const char *path, size_t limit, struct buf *out, struct err *err)
{
	int fd = file_open(path, err);

	if (fd < 0)
		return false;
	bool ok = file_read_fd(fd, limit, out, is_standard_input(path) ? "standard input" : path, err);

	close(fd);
	return ok;
}

bool file_read_fd(int fd, size_t limit, struct buf *out, const char *name, struct err *err)
{
	char one_more;
	size_t total = 0;

	for (;;) {
		size_t want = limit - total < CHUNK ? limit - total : CHUNK;
		char *room = want > 0 ? buf_room(out, want) : &one_more;

		if (room == NULL)
			break;
		long n = file_read_some(fd, room, want > 0 ? want : 1, name, err);

		if (n == 0)
			return true;
		if (n == -2)
			return err_set(err, ERR_TEMP, "%s: interrupted", name);
		if (n < 0)
			return false;
		if (want == 0)
			break;
		buf_added(out, (size_t)n);
		total += (size_t)n;
	}
	return err_set(err, ERR_DATA, "%s: longer than the %zu octets that are taken", name, limit);
}

/* Wait until fd can be read or written. False when a signal asks to stop (heed) or poll fails. */
static bool wait_for(int fd, short events, bool heed)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events }, { .fd = heed ? stop_fd() : -1, .events = POLLIN } };

	for (;;) {
		if (heed && stop_signal() != 0)
			return false;
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return true; /* the call itself will say what is wrong */
			continue;
		}
		if (fds[0].revents != 0)
			return true;
	}
}

long file_read_some(int fd, char *p, size_t n, const char *name, struct err *err)
{
	for (;;) {
		/* The poll closes the gap between looking at the flag and a read that blocks. */
		if (stop_fd() >= 0 && !wait_for(fd, POLLIN, true))
			return -2;
		ssize_t got = read(fd, p, n);

		if (got >= 0)
			return got;
		if (errno == EAGAIN && wait_for(fd, POLLIN, stop_fd() >= 0))
			continue;
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			return -2;
		err_errno(err, ERR_IO, errno, "%s", name);
		return -1;
	}
}

bool file_write(int fd, struct str octets, const char *name, struct err *err)
{
	while (octets.n > 0) {
		ssize_t n = write(fd, octets.p, octets.n);

		if (n > 0)
			octets = str_sub(octets, (size_t)n, octets.n);
		else if (n < 0 && errno == EAGAIN)
			wait_for(fd, POLLOUT, false);
		else if (n == 0 || errno != EINTR)
			return err_errno(err, ERR_IO, n == 0 ? ENOSPC : errno, "%s", name);
	}
	return true;
}

bool file_sync(int fd, const char *name, struct err *err)
{
	/* Never again after a failure: the kernel may have dropped the pages and then say yes. */
	if (fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP)
		return true;
	return err_errno(err, ERR_IO, errno, "%s: cannot be synced to disk", name);
}

bool file_sync_dir(const char *path, struct err *err)
{
	struct buf dir = { 0 };
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		buf_add_char(&dir, '.');
	else
		buf_add(&dir, str_at(path, slash == path ? 1 : (size_t)(slash - path)));
	int fd = open(buf_text(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A directory that may be written but not read (a drop box) cannot be opened: then not. */
	bool ok = fd >= 0 ? file_sync(fd, buf_text(&dir), err)
			  : errno == EACCES || err_errno(err, ERR_IO, errno, "%s", buf_text(&dir));

	if (fd >= 0)
		close(fd);
	buf_free(&dir);
	return ok;
}
