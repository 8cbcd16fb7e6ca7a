#include <config.h>

#include "cmd/popfetch/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"
#include "cmd/popfetch/state.h"
#include "io/clock.h"
#include "io/file.h"

#define LOCK_WAIT (10 * CLOCK_SECOND)

/* The mailbox, open and locked by both ways that mail programs use. A program that rewrote it while we waited has put another
 * file in its place: then that one is taken. */
static int open_locked(const char *path, struct stat *st, bool *made, struct err *err)
{
	int64_t until = clock_now() + LOCK_WAIT;
	struct stat now;

	if (!file_dotlock(path, until, err))
		return -1;
	for (;;) {
		*made = access(path, F_OK) != 0;
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

		if (fd < 0) {
			err_errno(err, ERR_CANTCREAT, errno, "%s", path);
			break;
		}
		if (!file_lock(fd, path, until, err) || fstat(fd, st) != 0) {
			close(fd);
			break;
		}
		if (!S_ISREG(st->st_mode)) {
			close(fd);
			err_set(err, ERR_CANTCREAT, "%s: not a regular file", path);
			break;
		}
		if (stat(path, &now) == 0 && now.st_ino == st->st_ino && now.st_dev == st->st_dev)
			return fd;
		close(fd);
	}
	file_dotunlock(path);
	return -1;
}

static void close_locked(int fd, const char *path)
{
	close(fd);
	file_dotunlock(path);
}

/* How many line ends are missing in front of a From_ line at the end of the file: 0, 1 or 2. -1: it cannot be read. */
static int missing_ends(int fd, off_t size)
{
	char last[2] = { '\n', '\n' };
	off_t n = size < 2 ? size : 2;

	if (size == 0)
		return 0;
	if (pread(fd, last + 2 - n, (size_t)n, size - n) != n)
		return -1;
	return last[1] != '\n' ? 2 : last[0] != '\n' && size > 1 ? 1 : 0;
}

static bool write_batch(struct sink *s, int fd, struct err *err)
{
	char block[65536];
	ssize_t n;

	for (uint64_t at = 0; at < s->spilled; at += (uint64_t)n) {
		n = pread(s->spill, block, sizeof block, (off_t)at);
		if (n <= 0)
			return err_errno(err, ERR_IO, n < 0 ? errno : EIO, "temporary file");
		if (!file_write(fd, str_at(block, (size_t)n), s->path, err))
			return false;
	}
	return file_write(fd, buf_str(&s->text), s->path, err);
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

bool sink_mbox_commit(struct sink *s, struct err *err)
{
	static const char ends[] = "\n\n";
	struct stat st;
	bool made;
	int fd = open_locked(s->path, &st, &made, err);
	int missing;
	bool ok;

	if (fd < 0)
		return false;
	missing = missing_ends(fd, st.st_size);
	ok = missing >= 0 || err_errno(err, ERR_IO, errno, "%s", s->path);
	if (ok && missing == 2)
		say_note("%s: did not end in a line end; one was added", s->path);
	if (ok && lseek(fd, 0, SEEK_END) < 0)
		ok = err_errno(err, ERR_IO, errno, "%s", s->path);
	/* What the file lacks at its end comes first, so that the batch begins where the state says. */
	ok = ok && file_write(fd, str_at(ends, (size_t)(missing > 0 ? missing : 0)), s->path, err);
	off_t offset = st.st_size + (missing > 0 ? missing : 0);

	ok = ok && announce(s, offset, err);
	if (ok) {
		ok = write_batch(s, fd, err) && file_sync(fd, s->path, err) && (!made || file_sync_dir(s->path, err));
		if (!ok && ftruncate(fd, st.st_size) == 0 && s->state != NULL)
			state_undone(s->state, NULL);
	} else if (ftruncate(fd, st.st_size) != 0) {
		err_prefix(err, "cannot take back what was written");
	}
	ok = ok && (s->state == NULL || state_done(s->state, clock_wall(), true, err));
	close_locked(fd, s->path);
	return ok;
}

/* --- after a crash --- */

struct place {
	char path[4096];
	uint64_t offset;
	uint64_t length;
	uint32_t crc;
};

static bool read_place(const struct state *state, struct place *p)
{
	struct str rest = str_of(state->place);
	uint64_t crc;
	uint64_t n;

	str_cut(&rest, '\t');
	struct str path = str_cut(&rest, '\t');
	struct str offset = str_cut(&rest, '\t');

	if (path.n == 0 || path.n >= sizeof p->path || !str_number(offset, INT64_MAX, &p->offset) ||
		!str_number(rest, UINT32_MAX, &crc))
		return false;
	memcpy(p->path, path.p, path.n);
	p->path[path.n] = '\0';
	p->crc = (uint32_t)crc;
	p->length = 0;
	for (size_t i = 0; i < state->n_tries; i++) {
		if (!str_number(str_of(state->tries[i].extra), INT64_MAX, &n))
			return false;
		p->length += n;
	}
	return true;
}

/* Is the batch in the file as it was meant? */
static bool is_whole(int fd, const struct place *p)
{
	char block[65536];
	uint32_t crc = 0;

	for (uint64_t done = 0; done < p->length;) {
		uint64_t want = p->length - done;
		ssize_t n = pread(fd, block, want < sizeof block ? (size_t)want : sizeof block, (off_t)(p->offset + done));

		if (n <= 0)
			return false;
		crc = sink_crc(crc, str_at(block, (size_t)n));
		done += (uint64_t)n;
	}
	return crc == p->crc;
}

/*
 * Does everything from offset on belong to our half batch? A From_ line where none of our messages begins is another program's,
 * which wrote behind us.
 */
static bool only_ours(int fd, const struct place *p, const struct state *state, off_t size)
{
	uint64_t next = p->offset;
	size_t i = 0;
	struct buf text = { .limit = SIZE_MAX };
	bool ours = true;
	char *room = buf_room(&text, (size_t)((uint64_t)size - p->offset));
	ssize_t n = pread(fd, room, (size_t)((uint64_t)size - p->offset), (off_t)p->offset);

	if (n < 0 || (uint64_t)n != (uint64_t)size - p->offset)
		ours = false;
	else
		buf_added(&text, (size_t)n);
	for (struct str rest = buf_str(&text); ours && rest.n > 0;) {
		uint64_t at = p->offset + (buf_len(&text) - rest.n);
		uint64_t length;

		while (i < state->n_tries && next < at && str_number(str_of(state->tries[i].extra), INT64_MAX, &length)) {
			next += length;
			i++;
		}
		if (str_starts(rest, STR_LIT("From ")) && at != next)
			ours = false;
		str_cut(&rest, '\n');
	}
	buf_free(&text);
	return ours;
}

static bool mend(struct sink *s, const struct place *p, int fd, off_t size, struct err *err)
{
	if ((uint64_t)size > p->offset && is_whole(fd, p))
		return file_sync(fd, p->path, err) && state_done(s->state, clock_wall(), true, err);
	if ((uint64_t)size > p->offset) {
		if ((uint64_t)size > p->offset + p->length || !only_ours(fd, p, s->state, size)) {
			say_note("%s: a run that was killed left half a message at octet %llu, and another program wrote "
				 "behind it: left as it is", p->path, (unsigned long long)p->offset);
		} else if (ftruncate(fd, (off_t)p->offset) != 0 || !file_sync(fd, p->path, err)) {
			return err_errno(err, ERR_IO, errno, "%s: half a batch cannot be cut off", p->path);
		}
	}
	return state_undone(s->state, err);
}

bool sink_mbox_recover(struct sink *s, struct err *err)
{
	struct place p;
	struct stat st;
	bool made;
	int fd;
	bool ok;

	if (!read_place(s->state, &p))
		return err_set(err, ERR_DATA, "%s: a batch whose place cannot be read", s->state->path);
	/* The mailbox may have been moved away since: then nothing of it is ours any more. */
	if (stat(p.path, &st) != 0)
		return state_undone(s->state, err);
	fd = open_locked(p.path, &st, &made, err);
	if (fd < 0)
		return false;
	ok = mend(s, &p, fd, st.st_size, err);
	close_locked(fd, p.path);
	return ok;
}
