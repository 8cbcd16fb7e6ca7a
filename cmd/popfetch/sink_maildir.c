#include <config.h>

#include "cmd/popfetch/sink.h"

#include "base/mem.h"
#include "cmd/popfetch/state.h"
#include "io/clock.h"
#include "io/mailbox.h"
#include "io/maildir.h"

#define LEFT_AGE (INT64_C(36) * 3600) /* seconds */

/*
 * Maildir: each message is a file that is written and synced in tmp and then moved to new. Its name is in the state
 * before it moves, so that a run after a crash can tell by looking whether it did.
 */

bool sink_maildir_open(struct sink *s, struct err *err)
{
	struct buf name = { 0 };
	bool ok;

	/* With the final slash it would be what a symbolic link leads to. */
	buf_add_text(&name, s->path);
	while (buf_len(&name) > 1 && str_ends(buf_str(&name), STR_LIT("/")))
		buf_cut(&name, buf_len(&name) - 1);
	ok = mailbox_check(buf_text(&name), err) && maildir_make(s->path, err);
	buf_free(&name);
	return ok;
}

void sink_maildir_drop(struct sink *s, const char *name)
{
	maildir_drop(s->path, name);
}

bool sink_maildir_begin(struct sink *s, struct err *err)
{
	s->name = maildir_name();
	s->fd = maildir_create(s->path, s->name, err);
	return s->fd >= 0;
}

bool sink_maildir_end(struct sink *s, struct err *err)
{
	int fd = s->fd;

	s->fd = -1;
	return maildir_close(fd, s->path, s->name, err);
}

static bool move_all(struct sink *s, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < s->n && ok; i++)
		ok = maildir_move(s->path, s->names[i], "new", "", err);
	return ok && maildir_sync(s->path, "new", err);
}

bool sink_maildir_commit(struct sink *s, struct err *err)
{
	struct buf place = { 0 };
	bool ok = true;

	if (s->state != NULL) {
		buf_printf(&place, "maildir\t%s", s->path);
		ok = state_begin(s->state, buf_str(&place), err);
		buf_free(&place);
	}
	return ok && move_all(s, err) && (s->state == NULL || state_done(s->state, clock_true(), true, err));
}

/* What runs that were killed left in tmp, when nothing of it is needed any more. */
void sink_maildir_clean(const struct sink *s)
{
	maildir_clean(s->path, clock_true() - LEFT_AGE);
}

/* Those that were not moved are moved now where they are still in tmp: they were whole and synced when the state named
 * them. */
bool sink_maildir_recover(struct sink *s, struct err *err)
{
	struct str rest = str_of(s->state->place);
	bool ok = true;

	str_cut(&rest, '\t');
	char *path = mem_copy(rest.p, rest.n);
	size_t kept = 0;

	for (size_t i = 0; i < s->state->n_tries; i++) {
		struct state_try t = s->state->tries[i];

		if (maildir_has(path, t.extra) || maildir_move(path, t.extra, "new", "", NULL)) {
			s->state->tries[kept++] = t;
			continue;
		}
		mem_free(t.key);
		mem_free(t.extra);
	}
	s->state->n_tries = kept;
	if (kept > 0)
		ok = maildir_sync(path, "new", err) && state_done(s->state, clock_true(), true, err);
	else
		ok = state_undone(s->state, err);
	mem_free(path);
	return ok;
}
