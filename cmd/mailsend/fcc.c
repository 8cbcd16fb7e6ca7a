#include <config.h>

#include "cmd/mailsend/fcc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/file.h"
#include "mail/mbox.h"

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
static bool copy(
	struct outgoing *o, int fd, struct mbox_writer *mbox, const char *path, struct err *err)
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

static bool to_mbox(struct outgoing *o, const char *path, const char *sender, struct err *err)
{
	struct mbox_writer w = { 0 };
	struct buf line = { 0 };
	int64_t until = clock_after(LOCK_SECONDS * CLOCK_SECOND);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	struct stat st;
	bool ok;

	if (fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	if (!file_lock(fd, path, until, err)) {
		close(fd);
		return false;
	}
	ok = file_dotlock(path, until, err);
	if (ok) {
		ok = fstat(fd, &st) == 0 || err_errno(err, ERR_IO, errno, "%s", path);
		mbox_begin(&w, &line, str_of(sender), clock_wall());
		ok = ok && file_write(fd, buf_str(&line), path, err) && copy(o, fd, &w, path, err);
		buf_clear(&line);
		mbox_end(&w, &line);
		ok = ok && file_write(fd, buf_str(&line), path, err) && file_sync(fd, path, err);
		/* Half a copy is none. */
		if (!ok && fstat(fd, &(struct stat){ 0 }) == 0 && ftruncate(fd, st.st_size) != 0)
			err_prefix(err, "%s: now ends in half a message", path);
		file_dotunlock(path);
	}
	buf_free(&line);
	close(fd);
	return ok;
}

static bool to_maildir(struct outgoing *o, const char *path, struct err *err)
{
	static const char *const folders[] = { "cur", "new", "tmp" };
	struct buf name = { 0 };
	struct buf temp = { 0 };
	struct buf final = { 0 };
	char host[256] = "localhost";
	uint64_t random;
	bool ok = false;
	int fd = -1;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	for (size_t i = 0; i < 3; i++) {
		buf_clear(&name);
		buf_printf(&name, "%s/%s", path, folders[i]);
		if (mkdir(buf_text(&name), 0700) != 0 && errno != EEXIST) {
			err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&name));
			goto out;
		}
	}
	if (gethostname(host, sizeof host - 1) != 0 || strchr(host, '/') != NULL ||
		strchr(host, ':') != NULL)
		snprintf(host, sizeof host, "localhost");
	random_bytes(&random, sizeof random);
	buf_clear(&name);
	buf_printf(&name, "%lld.R%016llxP%ld.%s", (long long)clock_wall(),
		(unsigned long long)random, (long)getpid(), host);
	buf_printf(&temp, "%s/tmp/%s", path, buf_text(&name));
	buf_printf(&final, "%s/cur/%s:2,S", path, buf_text(&name));
	fd = open(buf_text(&temp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&temp));
		goto out;
	}
	ok = copy(o, fd, NULL, buf_text(&temp), err) && file_sync(fd, buf_text(&temp), err);
	if (ok && rename(buf_text(&temp), buf_text(&final)) != 0)
		ok = err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&final));
	ok = ok && file_sync_dir(buf_text(&final), err);
	if (!ok)
		unlink(buf_text(&temp));
out:
	if (fd >= 0)
		close(fd);
	buf_free(&name);
	buf_free(&temp);
	buf_free(&final);
	return ok;
}

bool fcc(struct outgoing *o, const char *path, const char *sender, struct err *err)
{
	struct stat st;
	bool directory = str_ends(str_of(path), STR_LIT("/")) ||
			 (stat(path, &st) == 0 && S_ISDIR(st.st_mode));

	return directory ? to_maildir(o, path, err) : to_mbox(o, path, sender, err);
}
