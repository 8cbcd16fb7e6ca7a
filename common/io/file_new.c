#include <config.h>

#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/random.h"

/*
 * Temporary file, fsync, rename, fsync of the directory, in this order: a power failure at any moment leaves
 * either the old content or the new. Without the first fsync the new name may come to an empty file; without the
 * second the old content may come back.
 */

#define NAME_MOST 200
#define TAG_DIGITS 16

/* The length of what is before the last part of path. */
static size_t dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* ".NAME.0123456789abcdef" beside path. */
static char *temp_name(const char *path)
{
	struct buf name = { 0 };
	size_t dir = dir_of(path);
	uint64_t tag;

	random_bytes(&tag, sizeof tag);
	buf_add(&name, str_at(path, dir));
	/* A name of 255 octets has no room for what is put around it. */
	buf_printf(&name, ".%.*s.%016llx", NAME_MOST, path + dir, (unsigned long long)tag);
	char *text = mem_copy(buf_text(&name), buf_len(&name));

	buf_free(&name);
	return text;
}

bool file_new_begin(struct file_new *f, const char *path, unsigned mode, struct err *err)
{
	struct stat st;

	*f = (struct file_new){ .fd = -1 };
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: is there and no regular file", path);
	f->temp = temp_name(path);
	f->fd = open(f->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
	if (f->fd < 0) {
		err_errno(err, ERR_CANTCREAT, errno, "%s", path);
		mem_free(f->temp);
		f->temp = NULL;
		return false;
	}
	f->path = mem_copy(path, strlen(path));
	return true;
}

bool file_new_commit(struct file_new *f, struct err *err)
{
	bool ok = file_sync(f->fd, f->path, err);

	if (close(f->fd) < 0 && ok)
		ok = err_errno(err, ERR_IO, errno, "%s", f->path);
	f->fd = -1;
	if (ok && rename(f->temp, f->path) < 0)
		ok = err_errno(err, ERR_CANTCREAT, errno, "%s", f->path);
	if (ok) {
		mem_free(f->temp);
		f->temp = NULL;
		ok = file_sync_dir(f->path, err);
	}
	file_new_abort(f);
	return ok;
}

void file_new_abort(struct file_new *f)
{
	/* A zeroed one has descriptor 0, which is not ours. */
	if (f->temp != NULL) {
		if (f->fd >= 0)
			close(f->fd);
		unlink(f->temp);
	}
	mem_free(f->temp);
	mem_free(f->path);
	*f = (struct file_new){ .fd = -1 };
}

bool file_create(const char *path, unsigned mode, struct str content, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);

	if (fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	bool ok = file_write(fd, content, path, err) && file_sync(fd, path, err);

	if (close(fd) < 0 && ok)
		ok = err_errno(err, ERR_IO, errno, "%s", path);
	if (!ok)
		unlink(path);
	return ok && file_sync_dir(path, err);
}

/* Is it a name that temp_name gives for that one? */
static bool is_temp(const char *name, const char *base)
{
	size_t n = strnlen(base, NAME_MOST);

	return strlen(name) == n + 2 + TAG_DIGITS && name[0] == '.' && strncmp(name + 1, base, n) == 0 &&
		name[n + 1] == '.' && strspn(name + n + 2, "0123456789abcdef") == TAG_DIGITS;
}

void file_new_tidy(const char *path)
{
	size_t n = dir_of(path);
	char *dir = n > 0 ? mem_copy(path, n) : mem_copy(".", 1);
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_temp(e->d_name, path + n))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
	mem_free(dir);
}

const char *file_temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

int file_temp(struct err *err)
{
	const char *dir = file_temp_dir();
	struct buf name = { 0 };

#ifdef O_TMPFILE
	int fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
#else
	int fd = -1;
#endif

	if (fd < 0) { /* not every file system has it */
		buf_printf(&name, "%s/pipemail.XXXXXX", dir);
		char *path = mem_copy(buf_text(&name), buf_len(&name));

		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
		else
			err_errno(err, ERR_CANTCREAT, errno, "%s", path);
		mem_free(path);
	}
	buf_free(&name);
	return fd;
}

bool file_temp_write(int fd, struct str octets, uint64_t at, struct err *err)
{
	while (octets.n > 0) {
		ssize_t n = pwrite(fd, octets.p, octets.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "temporary file in %s", file_temp_dir());
		octets = str_sub(octets, (size_t)n, octets.n);
		at += (uint64_t)n;
	}
	return true;
}
