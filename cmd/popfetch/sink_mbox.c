#include <config.h>

#include "cmd/popfetch/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"
#include "cmd/popfetch/state.h"
#include "cmd/popfetch/torn.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/mailbox.h"

#define LOCK_WAIT (10 * CLOCK_SECOND)

/* A dotlock of ours that a kill left would keep other programs out, though nothing may come that we need the mailbox
 * for. */
static void drop_stale_lock(const char *path)
{
	struct buf lock = { 0 };

	buf_printf(&lock, "%s.lock", path);
	if (access(buf_text(&lock), F_OK) == 0 && file_dotlock(path, clock_now(), NULL))
		file_dotunlock(path);
	buf_free(&lock);
}

static bool is_writable_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct buf dir = { 0 };
	bool ok;

	buf_add(&dir, str_at(path, (size_t)(slash - path) + 1));
	ok = access(buf_text(&dir), W_OK | X_OK) == 0 || err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	buf_free(&dir);
	return ok;
}

/* What would fail at the first message fails now. The file is not made yet: there may be nothing to put into it. */
bool sink_mbox_open(struct sink *s, struct err *err)
{
	struct stat st;
	int fd;

	if (!mailbox_check(s->path, err))
		return false;
	drop_stale_lock(s->path);
	if (stat(s->path, &st) != 0)
		return errno == ENOENT ? is_writable_folder(s->path, err)
				       : err_errno(err, ERR_CANTCREAT, errno, "%s", s->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: not a regular file", s->path);
	fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", s->path);
	close(fd);
	return true;
}

/* Say where the batch is about to come, so that a run after a crash knows whose half it finds there. */
static bool announce(struct sink *s, off_t offset, struct err *err)
{
	struct buf place = { 0 };
	bool ok;

	if (s->state == NULL)
		return true;
	buf_printf(&place, "mbox\t%s\t%llu\t%u", s->path, (unsigned long long)offset, s->crc);
	ok = state_begin(s->state, buf_str(&place), err);
	buf_free(&place);
	return ok;
}

/* The batch behind what is there; on failure the file is as it was, as far as that can be had. */
static bool append(struct sink *s, const struct mailbox *m, off_t offset, struct err *err)
{
	if (sink_write(s, m->fd, s->path, err) && file_sync(m->fd, s->path, err) &&
		(s->named || file_sync_dir(s->path, err))) {
		s->named = true;
		return true;
	}
	/* What could not be taken back, or may come back after a power failure, is left to the next run's recovery. */
	if (ftruncate(m->fd, offset) == 0 && file_sync(m->fd, s->path, NULL) && s->state != NULL)
		state_undone(s->state, NULL);
	return false;
}

bool sink_mbox_commit(struct sink *s, struct err *err)
{
	struct mailbox m;
	off_t offset;
	int missing;
	bool ok;

	if (!mailbox_open(&m, s->path, clock_after(LOCK_WAIT), err))
		return false;
	missing = mailbox_missing_ends(&m);
	ok = missing >= 0 || err_errno(err, ERR_IO, errno, "%s", s->path);
	if (ok && missing == 2)
		say_note("%s: did not end in a line end; one was added", s->path);
	if (ok && lseek(m.fd, 0, SEEK_END) < 0)
		ok = err_errno(err, ERR_IO, errno, "%s", s->path);
	/* What the file lacks at its end comes first, so that the batch begins where the state says. */
	ok = ok && file_write(m.fd, str_at("\n\n", (size_t)(missing > 0 ? missing : 0)), s->path, err);
	offset = m.size + (missing > 0 ? missing : 0);
	ok = ok && announce(s, offset, err);
	if (ok)
		ok = append(s, &m, offset, err) && (s->state == NULL || state_done(s->state, clock_true(), true, err));
	else if (ftruncate(m.fd, m.size) != 0)
		err_prefix(err, "cannot take back what was written");
	mailbox_close(&m);
	return ok;
}

/* --- after a crash --- */

struct place {
	char path[4096];
	uint64_t offset;
	uint32_t crc;
};

static bool read_place(const struct state *state, struct place *p)
{
	struct str rest = str_of(state->place);
	uint64_t crc;

	str_cut(&rest, '\t');
	struct str path = str_cut(&rest, '\t');
	struct str offset = str_cut(&rest, '\t');
	struct str sum = str_cut(&rest, '\t');

	if (path.n == 0 || path.n >= sizeof p->path || !str_number(offset, INT64_MAX, &p->offset) ||
		!str_number(sum, UINT32_MAX, &crc))
		return false;
	memcpy(p->path, path.p, path.n);
	p->path[path.n] = '\0';
	p->crc = (uint32_t)crc;
	return true;
}

static bool look(int fd, const struct place *p, const struct state *state, enum torn_verdict *verdict, struct err *err)
{
	struct torn t;
	char block[65536];

	if (!torn_begin(&t, state->tries, state->n_tries, p->crc))
		return err_set(err, ERR_DATA, "%s: a message of the last batch has no length", state->path);
	while (t.at < torn_wants(&t)) {
		uint64_t want = torn_wants(&t) - t.at;
		ssize_t n =
			pread(fd, block, want < sizeof block ? (size_t)want : sizeof block, (off_t)(p->offset + t.at));

		if (n < 0) {
			torn_end(&t);
			return err_errno(err, ERR_IO, errno, "%s", p->path);
		}
		if (n == 0)
			break;
		torn_add(&t, str_at(block, (size_t)n));
	}
	*verdict = torn_end(&t);
	return true;
}

static bool mend(struct sink *s, const struct place *p, int fd, off_t size, struct err *err)
{
	enum torn_verdict verdict = TORN_OURS;

	if (!look(fd, p, s->state, &verdict, err))
		return false;
	switch (verdict) {
	case TORN_WHOLE:
		/* The crash may have come before the file or its name were synced. */
		return file_sync(fd, p->path, err) && file_sync_dir(p->path, err) &&
			state_done(s->state, clock_true(), true, err);
	case TORN_FOREIGN:
		say_note("%s: a run that was killed left half a message at byte %llu, and another program wrote after "
			 "it: left as it is",
			p->path, (unsigned long long)p->offset);
		break;
	case TORN_OURS:
		if ((uint64_t)size > p->offset && ftruncate(fd, (off_t)p->offset) != 0)
			return err_errno(err, ERR_IO, errno, "%s: half a batch cannot be cut off", p->path);
		break;
	}
	/* Also where nothing is left: a run that cut it off may have died before that was on disk. */
	return file_sync(fd, p->path, err) && state_undone(s->state, err);
}

bool sink_mbox_recover(struct sink *s, struct err *err)
{
	struct mailbox m;
	struct place p;
	struct stat st;
	bool ok;

	if (!read_place(s->state, &p))
		return err_set(err, ERR_DATA, "%s: a batch whose place cannot be read", s->state->path);
	/* The mailbox may have been moved away since: then nothing of it is ours any more. */
	if (stat(p.path, &st) != 0)
		return state_undone(s->state, err);
	if (!mailbox_open(&m, p.path, clock_after(LOCK_WAIT), err))
		return false;
	ok = mend(s, &p, m.fd, m.size, err);
	mailbox_close(&m);
	return ok;
}
