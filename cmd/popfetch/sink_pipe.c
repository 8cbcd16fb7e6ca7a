#include <config.h>

#include "cmd/popfetch/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/popfetch/command.h"
#include "cmd/popfetch/state.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/stop.h"

/*
 * Mail that goes to somebody who has to say that he has it. A crash after that and before it is on record gives it
 * again: nobody can rule that out without his help, and the other way round it would be lost.
 */

#define FAILURES 10 /* of a command, one after the other: it is not about the messages any more */
#define LOOK_AGAIN (CLOCK_SECOND / 50)

bool sink_pipe_begin(struct sink *s, struct err *err)
{
	s->fd = file_temp(err);
	return s->fd >= 0;
}

void sink_pipe_end(struct sink *s, struct str key)
{
	bool known = s->state != NULL && key.n > 0;

	s->pieces = mem_grow(s->pieces, s->n, &s->cap_pieces, sizeof *s->pieces);
	s->pieces[s->n] = (struct sink_piece){
		.key = known ? mem_copy(key.p, key.n) : NULL,
		.size = s->note_size,
		.hash = s->note_hash,
		.fd = s->fd,
		.tag = s->tag,
	};
	s->fd = -1;
}

void sink_pipe_drop(struct sink *s, size_t from)
{
	for (size_t i = from; i < s->n && s->pieces != NULL; i++) {
		mem_free(s->pieces[i].key);
		if (s->pieces[i].fd >= 0)
			close(s->pieces[i].fd);
		s->pieces[i] = (struct sink_piece){ .fd = -1 };
	}
	if (from == 0) {
		s->held = 0;
		s->held_octets = 0;
		set_free(&s->holds);
	}
}

static bool remember(struct sink *s, size_t i, struct err *err)
{
	const struct sink_piece *p = &s->pieces[i];

	return p->key == NULL || state_store(s->state, str_of(p->key), clock_wall(), p->size, p->hash, err);
}

/* Each is on record before the next is handed over. */
static bool give_each(struct sink *s, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < s->n && ok; i++) {
		struct err why = { 0 };

		if (stop_signal() != 0)
			return err_set(err, ERR_TEMP, "interrupted");
		enum command_verdict verdict = command_run(s->command, s->pieces[i].fd, s->patience, &why);

		if (verdict == COMMAND_TAKEN) {
			s->failures = 0;
			ok = remember(s, i, err) && (s->state == NULL || journal_commit(&s->state->journal, err));
		} else if (verdict == COMMAND_BROKEN || ++s->failures >= FAILURES) {
			*err = why;
			ok = false;
		}
		if (s->judge != NULL)
			s->judge(s->judge_arg, s->pieces[i].tag, verdict == COMMAND_TAKEN ? NULL : &why);
	}
	return ok;
}

static void hold(struct sink *s)
{
	for (size_t i = s->held; i < s->n; i++)
		if (s->pieces[i].key != NULL)
			set_add(&s->holds, str_of(s->pieces[i].key), NULL);
	s->held = s->n;
	s->held_octets = s->message_at;
	s->octets = 0;
}

bool sink_pipe_commit(struct sink *s, struct err *err)
{
	bool ok = true;

	if (s->kind == SINK_PIPE) {
		ok = give_each(s, err);
		sink_drop_batch(s);
		return ok;
	}
	if (s->kind == SINK_STDOUT) {
		ok = sink_write(s, STDOUT_FILENO, "standard output", err);
		buf_clear(&s->text);
		s->spilled = s->message_at = 0;
		s->summed = 0;
	}
	if (ok)
		hold(s);
	return ok;
}

bool sink_holds(const struct sink *s, struct str key)
{
	return s->held > 0 && set_find(&s->holds, key) != NULL;
}

/* Octets that were written and that the reader has not read; -1: it cannot be told. */
static int unread(mode_t mode)
{
	int n = -1;

	return ioctl(STDOUT_FILENO, S_ISFIFO(mode) ? FIONREAD : TIOCOUTQ, &n) == 0 ? n : -1;
}

/* Has the reader of standard output taken everything? What it makes of it nobody can tell here. */
static bool is_taken(const struct sink *s, struct err *err)
{
	struct stat st;
	int64_t until = clock_after(s->patience);
	int last = -1;

	if (fstat(STDOUT_FILENO, &st) != 0 || (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return file_sync(STDOUT_FILENO, "standard output", err);
	for (;;) {
		struct pollfd fds[2] = { { .fd = STDOUT_FILENO }, { .fd = stop_fd(), .events = POLLIN } };
		int left = unread(st.st_mode);

		poll(fds, 1, 0);
		if ((fds[0].revents & (POLLERR | POLLHUP)) != 0 && left != 0)
			return err_set(err, ERR_IO,
				"standard output: its reader ended before it had read everything; nothing counts as fetched");
		if (left <= 0)
			return true;
		if (left != last)
			until = clock_after(s->patience);
		if (clock_now() >= until || stop_signal() != 0)
			return err_set(err, ERR_TEMP,
				"standard output: its reader has not read everything; nothing counts as fetched");
		last = left;
		poll(fds, 2, clock_left(clock_after(LOOK_AGAIN)));
	}
}

/* The batch as one file for the command. */
static bool give_all(struct sink *s, struct err *err)
{
	if (!sink_spill(s, err))
		return false;
	if (ftruncate(s->spill, (off_t)s->spilled) != 0)
		return err_errno(err, ERR_IO, errno, "temporary file");
	if (command_run(s->command, s->spill, s->patience, err) == COMMAND_TAKEN)
		return true;
	err_prefix(err, "--pipe-mbox: %zu messages do not count as fetched", s->held);
	return false;
}

bool sink_hand_over(struct sink *s, struct err *err)
{
	bool ok = true;

	if (s->kind != SINK_STDOUT && s->kind != SINK_PIPE_MBOX)
		return true;
	/* A command has to see that there is nothing, as it would in a pipe; but once. */
	if (s->held == 0 && (s->kind == SINK_STDOUT || s->given))
		return true;
	s->given = true;
	ok = s->kind == SINK_STDOUT ? is_taken(s, err) : give_all(s, err);
	for (size_t i = 0; i < s->held && ok; i++)
		ok = remember(s, i, err);
	ok = ok && (s->state == NULL || journal_commit(&s->state->journal, err));
	sink_drop_batch(s);
	return ok;
}
