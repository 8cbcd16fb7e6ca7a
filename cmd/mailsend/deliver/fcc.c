#include <config.h>

#include "cmd/mailsend/deliver/fcc.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/mailbox.h"
#include "io/maildir.h"
#include "mail/message/mbox.h"

#define BLOCK ((size_t)64 << 10)
#define LOCK_SECONDS 30

/* Line ends of the message as the local system has them; in any cuts. */
static void add_local(struct buf *out, struct str s, bool *cr)
{
	for (size_t i = 0; i < s.n; i++) {
		if (*cr && s.p[i] != '\n')
			buf_add_char(out, '\r');
		*cr = s.p[i] == '\r';
		if (!*cr)
			buf_add_char(out, s.p[i]);
	}
}

/* The whole message into fd, through the mbox writer or as it is but for line ends. */
static bool copy(struct outgoing *o, int fd, struct mbox_writer *mbox, const char *path, struct err *err)
{
	struct buf in = { 0 };
	struct buf out = { 0 };
	bool cr = false;
	int more = 1;
	bool ok = true;

	outgoing_rewind(o);
	while (ok && more > 0) {
		buf_clear(&in);
		buf_clear(&out);
		more = outgoing_read(o, BLOCK, &in, err);
		ok = more >= 0;
		if (mbox != NULL)
			mbox_add(mbox, &out, buf_str(&in));
		else
			add_local(&out, buf_str(&in), &cr);
		ok = ok && file_write(fd, buf_str(&out), path, err);
	}
	buf_free(&in);
	buf_free(&out);
	return ok;
}

/* Behind what the mailbox has; on failure it is as before. */
static bool append(struct outgoing *o, const struct mailbox *m, const char *sender, struct err *err)
{
	struct mbox_writer w = { 0 };
	struct buf line = { 0 };
	int missing = mailbox_missing_ends(m);
	bool ok = missing >= 0 && lseek(m->fd, 0, SEEK_END) >= 0;

	if (!ok)
		return err_errno(err, ERR_IO, errno, "%s", m->path);
	buf_add(&line, str_at("\n\n", (size_t)missing));
	mbox_begin(&w, &line, str_of(sender), clock_wall());
	ok = file_write(m->fd, buf_str(&line), m->path, err) && copy(o, m->fd, &w, m->path, err);
	buf_clear(&line);
	mbox_end(&w, &line);
	/* A file that was empty may be new: then its name has to last too. */
	ok = ok && file_write(m->fd, buf_str(&line), m->path, err) && file_sync(m->fd, m->path, err) &&
		(m->size > 0 || file_sync_dir(m->path, err));
	/* Half a copy is none. */
	if (!ok && ftruncate(m->fd, m->size) != 0)
		err_prefix(err, "%s: now ends in half a message", m->path);
	buf_free(&line);
	return ok;
}

static bool to_mbox(struct outgoing *o, const char *path, const char *sender, struct err *err)
{
	struct mailbox m;
	bool ok = mailbox_open(&m, path, clock_after(LOCK_SECONDS * CLOCK_SECOND), err);

	if (ok) {
		ok = append(o, &m, sender, err);
		mailbox_close(&m);
	}
	return ok;
}

/* Where what was read already belongs: in cur, seen. */
static bool to_maildir(struct outgoing *o, const char *path, struct err *err)
{
	char *name = maildir_name();
	int fd = maildir_make(path, err) ? maildir_create(path, name, err) : -1;
	bool ok = fd >= 0;

	if (ok) {
		ok = copy(o, fd, NULL, path, err);
		ok = maildir_close(fd, path, name, ok ? err : NULL) && ok;
		ok = ok && maildir_move(path, name, "cur", ":2,S", err);
		if (!ok)
			maildir_drop(path, name);
	}
	mem_free(name);
	return ok && maildir_sync(path, "cur", err);
}

bool fcc(struct outgoing *o, const char *path, const char *sender, struct err *err)
{
	struct stat st;
	bool directory = str_ends(str_of(path), STR_LIT("/")) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));

	return directory ? to_maildir(o, path, err) : to_mbox(o, path, sender, err);
}
