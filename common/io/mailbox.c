#include <config.h>

#include "io/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/file.h"

/*
 * The name is looked at again after the lock was obtained: a mail program that rewrote the mbox meanwhile has put
 * another file in its place, and writing to the old one would lose the mail.
 */

/* Does the rule let us have what somebody else put there? dir: the directory that it is in. */
static bool is_foreign(const struct stat *st, const struct stat *dir)
{
	return st->st_uid != geteuid() && st->st_uid != dir->st_uid;
}

bool mailbox_check(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct buf folder = { 0 };
	struct stat dir;
	struct stat st;
	bool link;
	bool shared;

	buf_add(&folder, slash == NULL ? STR_LIT(".") : str_at(path, (size_t)(slash - path) + 1));
	bool known = stat(buf_text(&folder), &dir) == 0 && lstat(path, &st) == 0;

	buf_free(&folder);
	if (!known)
		return true; /* whoever opens it says why it cannot be had */
	link = S_ISLNK(st.st_mode);
	shared = (dir.st_mode & S_ISVTX) != 0 && (dir.st_mode & S_IWOTH) != 0;
	if (shared && is_foreign(&st, &dir))
		return err_set(err, ERR_CANTCREAT, "%s: a %s of another user in a directory that others may write to",
			path, link ? "symbolic link" : "file");
	if (link && geteuid() == 0 && st.st_uid != 0)
		return err_set(err, ERR_CANTCREAT, "%s: a symbolic link of another user, which root does not follow",
			path);
	return true;
}

void mailbox_close(struct mailbox *m)
{
	if (m->fd >= 0)
		close(m->fd);
	if (m->dotlock)
		file_dotunlock(m->path);
}

/* One try: *again when another file has taken the name in the meantime. */
static bool open_once(struct mailbox *m, int64_t deadline, bool *again, struct err *err)
{
	struct stat opened;
	struct stat named;

	*again = false;
	if (!mailbox_check(m->path, err))
		return false;
	m->fd = open(m->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (m->fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", m->path);
	if (!file_lock(m->fd, m->path, deadline, err))
		return false;
	if (fstat(m->fd, &opened) != 0 || !S_ISREG(opened.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: not a regular file", m->path);
	/* Another one may have come there since it was looked at. */
	if (!mailbox_check(m->path, err))
		return false;
	*again = stat(m->path, &named) != 0 || named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
	m->size = opened.st_size;
	return !*again;
}

bool mailbox_open(struct mailbox *m, const char *path, int64_t deadline, struct err *err)
{
	struct err no_lock = { 0 };
	bool again = true;
	bool ok = false;

	*m = (struct mailbox){ .path = path, .fd = -1 };
	m->dotlock = file_dotlock(path, deadline, &no_lock);
	if (!m->dotlock && no_lock.kind != ERR_CANTCREAT) {
		*err = no_lock;
		return false;
	}
	while (again) {
		if (m->fd >= 0)
			close(m->fd);
		m->fd = -1;
		ok = open_once(m, deadline, &again, err);
	}
	if (!ok)
		mailbox_close(m);
	return ok;
}

int mailbox_missing_ends(const struct mailbox *m)
{
	char last[2] = { '\n', '\n' };
	off_t n = m->size < 2 ? m->size : 2;

	if (m->size == 0)
		return 0;
	if (pread(m->fd, last + 2 - n, (size_t)n, m->size - n) != n)
		return -1;
	return last[1] != '\n' ? 2 : last[0] != '\n' && m->size > 1 ? 1 : 0;
}
