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

struct mailbox {
	const char *path;
	int fd;
	bool dotlock;
	off_t size;
};

static void close_locked(struct mailbox *m)
{
	if (m->fd >= 0)
		close(m->fd);
	if (m->dotlock)
		file_dotunlock(m->path);
}

/* One try: *again when another file has taken the name in the meantime. */
static bool open_once(struct mailbox *m, int64_t until, bool *again, struct err *err)
{
	struct stat opened;
	struct stat named;

	*again = false;
	m->fd = open(m->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (m->fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", m->path);
	if (!file_lock(m->fd, m->path, until, err))
		return false;
	if (fstat(m->fd, &opened) != 0 || !S_ISREG(opened.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: not a regular file", m->path);
	*again = stat(m->path, &named) != 0 || named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
	m->size = opened.st_size;
	return !*again;
}

/* Open and lock the mailbox by both ways that mail programs use, the dotlock where the directory allows one. A program
 * that rewrote it while we waited has put another file in its place: then that one is taken. */
static bool open_locked(struct mailbox *m, const char *path, struct err *err)
{
	int64_t until = clock_after(LOCK_WAIT);
	struct err no_lock = { 0 };
	bool again = true;
	bool ok = false;

	*m = (struct mailbox){ .path = path, .fd = -1 };
	m->dotlock = file_dotlock(path, until, &no_lock);
	if (!m->dotlock && no_lock.kind != ERR_CANTCREAT) {
		*err = no_lock;
		return false;
	}
	while (again) {
		if (m->fd >= 0)
			close(m->fd);
		ok = open_once(m, until, &again, err);
	}
	if (!ok)
		close_locked(m);
	return ok;
}

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

	drop_stale_lock(s->path);
	if (stat(s->path, &st) != 0)
		return errno == ENOENT ? is_writable_folder(s->path, err)
				       : err_errno(err, ERR_CANTCREAT, errno, "%s", s->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: not a regular file", s->path);
	fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", s->path);
	close(fd);
	return true;
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
	buf_printf(&place, "mbox\t%s\t%llu\t%u\t", s->path, (unsigned long long)offset, s->crc);
	buf_add(&place, buf_str(&s->from));
	ok = state_begin(s->state, buf_str(&place), err);
	buf_free(&place);
	return ok;
}

/* The batch behind what is there; on failure the file is as it was, as far as that can be had. */
static bool append(struct sink *s, const struct mailbox *m, off_t offset, struct err *err)
{
	if (write_batch(s, m->fd, err) && file_sync(m->fd, s->path, err) && (s->named || file_sync_dir(s->path, err))) {
		s->named = true;
		return true;
	}
	/* Before it is certain that nothing of it stays, the state must not say so: the next run will look. */
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

	if (!open_locked(&m, s->path, err))
		return false;
	missing = file_missing_ends(m.fd, m.size);
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
		ok = append(s, &m, offset, err) && (s->state == NULL || state_done(s->state, clock_wall(), true, err));
	else if (ftruncate(m.fd, m.size) != 0)
		err_prefix(err, "cannot take back what was written");
	close_locked(&m);
	return ok;
}

/* --- after a crash --- */

struct place {
	char path[4096];
	uint64_t offset;
	uint64_t length;
	uint32_t crc;
	struct str from; /* the first From_ line, without its end */
};

static bool read_place(const struct state *state, struct place *p)
{
	struct str rest = str_of(state->place);
	uint64_t crc;
	uint64_t n;

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
	p->from = rest;
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
		ssize_t n =
			pread(fd, block, want < sizeof block ? (size_t)want : sizeof block, (off_t)(p->offset + done));

		if (n <= 0)
			return false;
		crc = sink_crc(crc, str_at(block, (size_t)n));
		done += (uint64_t)n;
	}
	return crc == p->crc;
}

/*
 * Is what stands behind the offset nothing but the start of the batch? It has to begin with our From_ line (or its
 * start), and no other may stand there than at our messages' starts: that would be another program, which wrote behind
 * us. Zeros are what a power failure left of our octets.
 */
struct tail {
	const struct place *place;
	const struct state *state;
	size_t next;      /* of the tries */
	uint64_t next_at; /* where in the batch the next message begins */
	uint64_t line_at; /* where the line begins whose start is in line */
	struct buf line;  /* its first octets */
	bool ours;
};

static void look_at_line(struct tail *t)
{
	struct str line = buf_str(&t->line);
	uint64_t length = 0;

	while (t->next < t->state->n_tries && t->next_at < t->line_at &&
		str_number(str_of(t->state->tries[t->next].extra), INT64_MAX, &length)) {
		t->next_at += length;
		t->next++;
	}
	if (t->line_at == 0)
		t->ours = t->ours && str_starts(t->place->from, str_sub(line, 0, str_find(line, '\0')));
	else if (str_starts(line, STR_LIT("From ")) && t->line_at != t->next_at)
		t->ours = false;
}

static void look_at(struct tail *t, uint64_t at, struct str octets)
{
	while (octets.n > 0) {
		size_t n = str_find(octets, '\n');

		buf_add(&t->line, str_sub(octets, 0, n < 1024 - buf_len(&t->line) ? n : 1024 - buf_len(&t->line)));
		if (n == octets.n)
			return;
		look_at_line(t);
		buf_clear(&t->line);
		at += n + 1;
		t->line_at = at;
		octets = str_sub(octets, n + 1, octets.n);
	}
}

static bool only_ours(int fd, const struct place *p, const struct state *state, off_t size)
{
	struct tail t = { .place = p, .state = state, .ours = true };
	uint64_t length = (uint64_t)size - p->offset;
	char block[65536];
	ssize_t n;

	for (uint64_t at = 0; at < length; at += (uint64_t)n) {
		n = pread(fd, block, sizeof block, (off_t)(p->offset + at));
		if (n <= 0) {
			t.ours = false;
			break;
		}
		look_at(&t, at, str_at(block, (size_t)n));
	}
	if (buf_len(&t.line) > 0)
		look_at_line(&t);
	buf_free(&t.line);
	return t.ours;
}

static bool mend(struct sink *s, const struct place *p, int fd, off_t size, struct err *err)
{
	if ((uint64_t)size > p->offset && is_whole(fd, p))
		return file_sync(fd, p->path, err) && file_sync_dir(p->path, err) &&
			state_done(s->state, clock_wall(), true, err);
	if ((uint64_t)size > p->offset) {
		if ((uint64_t)size > p->offset + p->length || !only_ours(fd, p, s->state, size)) {
			say_note(
				"%s: a run that was killed left half a message at octet %llu, and another program wrote "
				"behind it: left as it is",
				p->path, (unsigned long long)p->offset);
		} else if (ftruncate(fd, (off_t)p->offset) != 0) {
			return err_errno(err, ERR_IO, errno, "%s: half a batch cannot be cut off", p->path);
		}
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
	if (!open_locked(&m, p.path, err))
		return false;
	ok = mend(s, &p, m.fd, m.size, err);
	close_locked(&m);
	return ok;
}
