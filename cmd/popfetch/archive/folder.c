#include <config.h>

#include "cmd/popfetch/archive/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

#define TEMPORARY ".new"

/* Has the directory a file named mark, or nothing that counts in it? */
static bool is_ours(struct folder *f, const char *mark)
{
	bool marked = false;
	bool empty = true;
	DIR *d = fdopendir(openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	for (struct dirent *e; d != NULL && !marked && (e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || strcmp(e->d_name, TEMPORARY) == 0)
			continue;
		empty = false;
		marked = strcmp(e->d_name, mark) == 0;
	}
	if (d != NULL)
		(void)closedir(d);
	f->fresh = !marked;
	return d != NULL && (marked || empty);
}

bool folder_open(struct folder *f, const char *path, const char *mark, struct err *err)
{
	*f = (struct folder){ .path = path, .fd = -1 };
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	if (!is_ours(f, mark))
		return err_set(err, ERR_CANTCREAT,
			"%s: is not empty and not an archive of popfetch; give another folder", path);
	return true;
}

/* Where the directory is missing it is made, and the one above it. */
static bool make_parents(const struct folder *f, const char *name)
{
	struct buf path = { .limit = 0 };
	bool ok = true;

	for (const char *p = strchr(name, '/'); p != NULL && ok; p = strchr(p + 1, '/')) {
		buf_clear(&path);
		buf_add(&path, str_at(name, (size_t)(p - name)));
		ok = mkdirat(f->fd, buf_text(&path), 0700) == 0 || errno == EEXIST;
	}
	buf_free(&path);
	return ok;
}

/* Write and close fd, which is the new file under the name `temporary`. */
static bool fill(const struct folder *f, int fd, const char *temporary, struct str content, struct err *err)
{
	bool ok = file_write(fd, content, temporary, err);

	if (!ok)
		(void)err_prefix(err, "%s", f->path);
	if (close(fd) != 0 && ok)
		ok = err_errno(err, ERR_IO, errno, "%s/%s", f->path, temporary);
	if (!ok)
		(void)unlinkat(f->fd, temporary, 0);
	return ok;
}

static bool put(const struct folder *f, const char *name, struct str content, struct err *err)
{
	int fd = openat(f->fd, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s/%s", f->path, TEMPORARY);
	if (!fill(f, fd, TEMPORARY, content, err))
		return false;
	if (renameat(f->fd, TEMPORARY, f->fd, name) == 0 ||
		(errno == ENOENT && make_parents(f, name) && renameat(f->fd, TEMPORARY, f->fd, name) == 0))
		return true;
	(void)err_errno(err, ERR_CANTCREAT, errno, "%s/%s", f->path, name);
	(void)unlinkat(f->fd, TEMPORARY, 0);
	return false;
}

bool folder_add(const struct folder *f, const char *name, struct str content, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(f->fd, name, flags, 0600);

	if (fd < 0 && errno == ENOENT && make_parents(f, name))
		fd = openat(f->fd, name, flags, 0600);
	if (fd >= 0)
		return fill(f, fd, name, content, err);
	if (errno == EEXIST)
		return put(f, name, content, err);
	return err_errno(err, ERR_CANTCREAT, errno, "%s/%s", f->path, name);
}

static bool has_content(const struct folder *f, const char *name, struct str content)
{
	char piece[16384];
	struct stat st;
	int fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	bool same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == content.n;

	while (same && content.n > 0) {
		ssize_t n = read(fd, piece, sizeof piece);

		same = n > 0 && (size_t)n <= content.n && memcmp(piece, content.p, (size_t)n) == 0;
		content = str_sub(content, same ? (size_t)n : 0, content.n);
	}
	if (fd >= 0)
		(void)close(fd);
	return same;
}

bool folder_update(const struct folder *f, const char *name, struct str content, struct err *err)
{
	return has_content(f, name, content) || put(f, name, content, err);
}

bool folder_sync(const struct folder *f, struct err *err)
{
	/* One call for thousands of files: fsync for each would take most of the time of a run. */
#ifdef __linux__
	int status = syncfs(f->fd);
#else
	int status = 0;

	sync();
#endif
	return status == 0 || err_errno(err, ERR_IO, errno, "%s: cannot be synced to disk", f->path);
}

void folder_close(struct folder *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	*f = (struct folder){ .fd = -1 };
}
