#include <config.h>

#include "io/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "io/file.h"

/*
 * The name is looked at again after the lock was obtained: a mail program that rewrote the mbox meanwhile has put
 * another file in its place, and writing to the old one would lose the mail.
 */

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
	m->fd = open(m->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (m->fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", m->path);
	if (!file_lock(m->fd, m->path, deadline, err))
		return false;
	if (fstat(m->fd, &opened) != 0 || !S_ISREG(opened.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: not a regular file", m->path);
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
