#include <config.h>

#include "cmd/popfetch/sink.h"

#include <errno.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/mem.h"
#include "cmd/popfetch/command.h"
#include "cmd/popfetch/state.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"

#define MEMORY_MAX ((size_t)2 << 20)
#define PIECE ((size_t)64 << 10)
#define BATCH_MESSAGES 25
#define BATCH_OCTETS ((uint64_t)1 << 20)

/* From the root: the state names the mailbox, and the next run may begin elsewhere. */
static bool whole_path(const char *path, char **whole, struct err *err)
{
	struct buf out = { .limit = 8192 };
	char *room = buf_room(&out, 4096);
	bool ok = true;

	if (path[0] != '/' && getcwd(room, 4096) == NULL)
		ok = err_errno(err, ERR_OS, errno, "the current directory");
	if (ok && path[0] != '/') {
		buf_added(&out, strlen(room));
		buf_add_char(&out, '/');
	}
	buf_add_text(&out, path);
	if (ok && !str_clean(buf_str(&out)))
		ok = err_set(err, ERR_USAGE, "%s: a control character in the mailbox's name", buf_text(&out));
	if (ok)
		*whole = mem_copy(buf_text(&out), buf_len(&out));
	buf_free(&out);
	return ok;
}

static void init(struct sink *s, enum sink_kind kind, struct state *state)
{
	*s = (struct sink){ .kind = kind, .state = state, .spill = -1, .fd = -1, .patience = INT64_MAX };
	buf_init(&s->head, SINK_HEAD_MAX + 2 * 65536);
	buf_init(&s->text, SIZE_MAX);
	buf_init(&s->piece, SIZE_MAX);
	s->into = sink_is_mbox(s) ? &s->text : &s->piece;
	random_seed(&s->holds);
}

bool sink_open(struct sink *s, const char *path, struct state *state, struct err *err)
{
	init(s,
		strcmp(path, "-") == 0                         ? SINK_STDOUT
			: str_ends(str_of(path), STR_LIT("/")) ? SINK_MAILDIR
							       : SINK_MBOX,
		state);
	if (s->kind == SINK_STDOUT)
		return true;
	return whole_path(path, &s->path, err) &&
		(s->kind == SINK_MAILDIR ? sink_maildir_open(s, err) : sink_mbox_open(s, err));
}

bool sink_open_pipe(struct sink *s, enum sink_kind kind, const char *command, struct state *state, struct err *err)
{
	init(s, kind, state);
	s->command = command;
	return command_check(command, err);
}

void sink_drop_batch(struct sink *s)
{
	sink_pipe_drop(s, 0);
	buf_clear(&s->text);
	s->summed = 0;
	if (s->spill >= 0)
		close(s->spill);
	s->spill = -1;
	for (size_t i = 0; i < s->n && s->names != NULL; i++)
		mem_free(s->names[i]);
	s->n = 0;
	buf_clear(&s->from);
	s->spilled = s->message_at = s->octets = 0;
	s->crc = s->crc_now = 0;
}

void sink_close(struct sink *s)
{
	sink_abandon(s);
	sink_drop_batch(s);
	set_free(&s->holds);
	mem_free(s->pieces);
	buf_free(&s->text);
	buf_free(&s->head);
	buf_free(&s->piece);
	buf_free(&s->from);
	mem_free(s->names);
	mem_free(s->path);
	*s = (struct sink){ .spill = -1, .fd = -1 };
}

bool sink_recover(struct sink *s, struct err *err)
{
	struct str rest = str_of(s->state != NULL && s->state->place != NULL ? s->state->place : "");
	struct str kind = str_cut(&rest, '\t');

	if (kind.n == 0)
		return true;
	if (str_eq(kind, STR_LIT("mbox")))
		return sink_mbox_recover(s, err);
	return sink_maildir_recover(s, err);
}

bool sink_spill(struct sink *s, struct err *err)
{
	if (s->spill < 0 && (s->spill = file_temp(err)) < 0)
		return false;
	if (!file_temp_write(s->spill, buf_str(&s->text), s->spilled, err))
		return false;
	s->spilled += buf_len(&s->text);
	buf_clear(&s->text);
	s->summed = 0;
	return true;
}

bool sink_gather(struct sink *s, struct err *err)
{
	bool ok;

	if (sink_is_mbox(s)) {
		s->crc_now = crc32_add(s->crc_now, str_sub(buf_str(&s->text), s->summed, buf_len(&s->text)));
		s->summed = buf_len(&s->text);
		return s->summed <= MEMORY_MAX || sink_spill(s, err);
	}
	if (s->open && buf_len(&s->piece) < PIECE)
		return true;
	ok = file_write(s->fd, buf_str(&s->piece), s->path != NULL ? s->path : file_temp_dir(), err);
	buf_clear(&s->piece);
	return ok;
}

bool sink_begin(struct sink *s, struct err *err)
{
	if (sink_pending(s) == 0)
		s->first_at = clock_now();
	s->open = s->in_head = true;
	s->begun = s->mid_line = false;
	s->cr = false;
	s->note_size = s->note_hash = 0;
	buf_clear(&s->head);
	return s->kind == SINK_MAILDIR ? sink_maildir_begin(s, err) : s->kind != SINK_PIPE || sink_pipe_begin(s, err);
}

static void keep_name(struct sink *s)
{
	s->names = mem_grow(s->names, s->n, &s->cap, sizeof *s->names);
	s->names[s->n] = s->name;
	s->name = NULL;
}

void sink_note(struct sink *s, uint64_t size, uint64_t hash)
{
	s->note_size = size;
	s->note_hash = hash;
}

/* What the state is told of the message before the batch is put away. */
static bool try_message(struct sink *s, struct str key, uint64_t size, struct err *err)
{
	struct buf extra = { 0 };
	bool ok = true;

	if (s->kind == SINK_MAILDIR) {
		buf_add_text(&extra, s->name);
	} else {
		buf_add_number(&extra, size);
		buf_add_char(&extra, '\t');
		buf_add(&extra, buf_str(&s->from));
	}
	if (s->state != NULL && key.n > 0)
		ok = s->note_size > 0 ? state_try_noted(s->state, key, buf_str(&extra), s->note_size, s->note_hash, err)
				      : state_try(s->state, key, buf_str(&extra), err);
	buf_free(&extra);
	return ok;
}

bool sink_end(struct sink *s, struct str key, struct err *err)
{
	uint64_t size;
	bool ok = true;

	s->open = false;
	if (s->in_head)
		sink_shape_head(s, true);
	if (!sink_is_mbox(s) && s->cr)
		buf_add_char(&s->piece, '\r');
	if (sink_is_mbox(s))
		mbox_end(&s->writer, &s->text);
	if (!sink_gather(s, err) || (s->kind == SINK_MAILDIR && !sink_maildir_end(s, err)))
		return false;
	size = s->spilled + buf_len(&s->text) - s->message_at;
	if (sink_has_receipt(s))
		sink_pipe_end(s, key);
	else
		ok = try_message(s, key, size, err);
	keep_name(s);
	s->n++;
	s->octets += size;
	s->message_at += size;
	s->crc = s->crc_now;
	return ok;
}

void sink_abandon(struct sink *s)
{
	buf_clear(&s->head);
	buf_clear(&s->piece);
	s->open = s->in_head = false;
	s->crc_now = s->crc;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	if (s->name != NULL)
		sink_maildir_drop(s, s->name);
	mem_free(s->name);
	s->name = NULL;
	/* Back to where the message began; what was spilled of it is written over. */
	if (s->message_at < s->spilled) {
		s->spilled = s->message_at;
		buf_clear(&s->text);
	} else {
		buf_cut(&s->text, (size_t)(s->message_at - s->spilled));
	}
	s->summed = buf_len(&s->text);
}

bool sink_discard(struct sink *s, struct err *err)
{
	bool any = s->n > 0;

	if (sink_has_receipt(s)) {
		sink_pipe_drop(s, s->held);
		s->n = s->held;
		s->message_at = s->held_octets;
		s->octets = 0;
		sink_abandon(s);
		return true;
	}
	sink_abandon(s);
	for (size_t i = 0; i < s->n && s->kind == SINK_MAILDIR; i++)
		sink_maildir_drop(s, s->names[i]);
	sink_drop_batch(s);
	return !any || s->state == NULL || state_undone(s->state, err);
}

size_t sink_pending(const struct sink *s)
{
	return s->n - s->held;
}

bool sink_due(const struct sink *s)
{
	return sink_pending(s) > 0 &&
		(s->kind == SINK_STDOUT || sink_pending(s) >= BATCH_MESSAGES || s->octets >= BATCH_OCTETS ||
			clock_now() - s->first_at >= CLOCK_SECOND);
}

bool sink_commit(struct sink *s, struct err *err)
{
	bool ok = true;

	if (s->open)
		return err_set(err, ERR_SOFTWARE, "half a message was to be put into the mailbox");
	if (sink_pending(s) == 0)
		return true;
	if (sink_has_receipt(s))
		return sink_pipe_commit(s, err);
	ok = s->kind == SINK_MBOX ? sink_mbox_commit(s, err) : sink_maildir_commit(s, err);
	/* Those that were not moved are fetched again; on a full disk they would be in the way. */
	for (size_t i = 0; i < s->n && !ok && s->kind == SINK_MAILDIR; i++)
		sink_maildir_drop(s, s->names[i]);
	sink_drop_batch(s);
	return ok;
}
