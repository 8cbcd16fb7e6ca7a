#include <config.h>

#include "cmd/popfetch/sink.h"

#include <errno.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/mem.h"
#include "cmd/popfetch/state.h"
#include "io/clock.h"
#include "io/file.h"
#include "mail/address/address.h"
#include "mail/header/header.h"

#define HEAD_MAX ((size_t)256 << 10)
#define MEMORY_MAX ((size_t)2 << 20)
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

bool sink_open(struct sink *s, const char *path, struct state *state, struct err *err)
{
	*s = (struct sink){ .state = state, .spill = -1, .fd = -1 };
	buf_init(&s->head, HEAD_MAX + 2 * 65536);
	buf_init(&s->text, SIZE_MAX);
	buf_init(&s->piece, SIZE_MAX);
	s->kind = strcmp(path, "-") == 0               ? SINK_STDOUT
		: str_ends(str_of(path), STR_LIT("/")) ? SINK_MAILDIR
						       : SINK_MBOX;
	if (s->kind == SINK_STDOUT)
		return true;
	return whole_path(path, &s->path, err) &&
		(s->kind == SINK_MAILDIR ? sink_maildir_open(s, err) : sink_mbox_open(s, err));
}

static void drop_batch(struct sink *s)
{
	buf_clear(&s->text);
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
	drop_batch(s);
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

/* Octets of the batch that memory does not hold go into a file nobody else can see. */
static bool spill(struct sink *s, struct err *err)
{
	if (s->spill < 0 && (s->spill = file_temp(err)) < 0)
		return false;
	if (!file_temp_write(s->spill, buf_str(&s->text), s->spilled, err))
		return false;
	s->spilled += buf_len(&s->text);
	buf_clear(&s->text);
	return true;
}

/* What was made of the message goes to where it is gathered. */
static bool gather(struct sink *s, struct err *err)
{
	bool ok;

	if (s->kind == SINK_MAILDIR) {
		ok = file_write(s->fd, buf_str(&s->piece), s->path, err);
	} else {
		s->crc_now = crc32_add(s->crc_now, buf_str(&s->piece));
		buf_add(&s->text, buf_str(&s->piece));
		ok = buf_len(&s->text) <= MEMORY_MAX || spill(s, err);
	}
	buf_clear(&s->piece);
	return ok;
}

/* CRLF becomes LF; a lone CR stays. */
static void add_local(struct sink *s, struct str octets)
{
	while (octets.n > 0) {
		if (s->cr && octets.p[0] != '\n')
			buf_add_char(&s->piece, '\r');
		s->cr = false;
		size_t n = str_find(octets, '\r');

		buf_add(&s->piece, str_sub(octets, 0, n));
		s->cr = n < octets.n;
		octets = str_sub(octets, n + 1, octets.n);
	}
}

static void shape(struct sink *s, struct str octets)
{
	if (s->kind == SINK_MAILDIR)
		add_local(s, octets);
	else
		mbox_add(&s->writer, &s->piece, octets);
}

/* The envelope sender that the last server noted, for the From_ line. */
static void sender_of(struct str header, struct buf *out)
{
	struct str field = header_find(header, "Return-Path");
	struct buf text = { 0 };
	struct str bare;

	if (field.p != NULL && header_unfold(&text, field) && address_unwrap(buf_str(&text), &bare, NULL))
		buf_add(out, bare);
	buf_free(&text);
}

/* A field by which mail programs steer themselves, or that they wrote into a mailbox of their own: from outside it
 * would make them lose, hide or purge messages. */
static bool is_steering(struct str line)
{
	static const char *const names[] = { "Content-Length", "Status", "X-Status", "X-Keywords", "X-UID", "X-IMAP",
		"X-IMAPbase", "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys", NULL };
	struct str name = str_cut(&line, ':');

	for (size_t i = 0; line.p != NULL && names[i] != NULL; i++)
		if (str_ieq(str_trim(name), str_of(names[i])) && !ascii_blank(name.p[0]))
			return true;
	return false;
}

/* Lines of a header, the last of which may be open. */
static void shape_fields(struct sink *s, struct str lines)
{
	while (lines.n > 0) {
		size_t n = str_find(lines, '\n');
		struct str line = str_sub(lines, 0, n < lines.n ? n + 1 : n);

		if (!s->mid_line && s->kind != SINK_MAILDIR && is_steering(line))
			shape(s, STR_LIT("X-Original-"));
		shape(s, line);
		s->mid_line = n == lines.n;
		lines = str_sub(lines, line.n, lines.n);
	}
}

/* The header is there, or as much of it as we keep: a From_ line by its Return-Path, then its fields. */
static void shape_head(struct sink *s, bool whole)
{
	struct str head = buf_str(&s->head);
	struct buf sender = { 0 };
	size_t n = head.n;

	if (!s->begun && s->kind != SINK_MAILDIR) {
		sender_of(head, &sender);
		mbox_begin(&s->writer, &s->piece, buf_str(&sender), clock_wall());
		buf_clear(&s->from);
		buf_add(&s->from, str_sub(buf_str(&s->piece), 0, buf_len(&s->piece) - 1));
		buf_free(&sender);
	}
	s->begun = true;
	s->in_head = !whole;
	/* The open line at the end is judged when more of it is there, but not when it is longer than any. */
	while (!whole && n > 0 && head.p[n - 1] != '\n')
		n--;
	n = n > 0 ? n : head.n;
	shape_fields(s, str_sub(head, 0, n));
	buf_drop(&s->head, n);
}

bool sink_begin(struct sink *s, struct err *err)
{
	if (s->n == 0)
		s->first_at = clock_now();
	s->open = s->in_head = true;
	s->begun = s->mid_line = false;
	s->cr = false;
	s->note_size = s->note_hash = 0;
	buf_clear(&s->head);
	return s->kind != SINK_MAILDIR || sink_maildir_begin(s, err);
}

/* Does the header end in what came now? Then the rest of octets is body. */
static size_t head_end(struct sink *s, struct str octets)
{
	size_t before = buf_len(&s->head);
	struct str all;
	size_t n;

	buf_add(&s->head, octets);
	all = buf_str(&s->head);
	if (!s->mid_line && str_starts(all, STR_LIT("\r\n")))
		return 2 - before;
	if (!s->mid_line && str_starts(all, STR_LIT("\n")))
		return 1 - before;
	for (size_t at = before > 3 ? before - 3 : 0; at < all.n; at += n + 1) {
		n = str_find(str_sub(all, at, all.n), '\n');
		struct str behind = str_sub(all, at + n + 1, all.n);

		if (str_starts(behind, STR_LIT("\n")))
			return at + n + 2 - before;
		if (str_starts(behind, STR_LIT("\r\n")))
			return at + n + 3 - before;
	}
	return SIZE_MAX;
}

bool sink_add(struct sink *s, struct str octets, struct err *err)
{
	while (s->in_head && octets.n > 0) {
		struct str part = str_sub(octets, 0, 65536);
		size_t n = head_end(s, part);

		if (n == SIZE_MAX) {
			while (buf_len(&s->head) >= HEAD_MAX)
				shape_head(s, false);
			octets = str_sub(octets, part.n, octets.n);
			continue;
		}
		/* What stands behind the empty line was taken along. */
		buf_cut(&s->head, buf_len(&s->head) - (part.n - n));
		octets = str_sub(octets, n, octets.n);
		shape_head(s, true);
	}
	if (!s->in_head)
		shape(s, octets);
	return gather(s, err);
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

bool sink_end(struct sink *s, struct str key, struct err *err)
{
	struct buf extra = { 0 };
	uint64_t size;
	bool ok;

	s->open = false;
	if (s->in_head)
		shape_head(s, true);
	if (s->kind == SINK_MAILDIR && s->cr)
		buf_add_char(&s->piece, '\r');
	if (s->kind != SINK_MAILDIR)
		mbox_end(&s->writer, &s->piece);
	ok = gather(s, err) && (s->kind != SINK_MAILDIR || sink_maildir_end(s, err));
	if (!ok)
		return false;
	size = s->spilled + buf_len(&s->text) - s->message_at;
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
	keep_name(s);
	s->n++;
	s->octets += size;
	s->message_at += size;
	s->crc = s->crc_now;
	buf_free(&extra);
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
}

bool sink_discard(struct sink *s, struct err *err)
{
	bool any = s->n > 0;

	sink_abandon(s);
	for (size_t i = 0; i < s->n && s->kind == SINK_MAILDIR; i++)
		sink_maildir_drop(s, s->names[i]);
	drop_batch(s);
	return !any || s->state == NULL || state_undone(s->state, err);
}

bool sink_due(const struct sink *s)
{
	return s->n > 0 &&
		(s->kind == SINK_STDOUT || s->n >= BATCH_MESSAGES || s->octets >= BATCH_OCTETS ||
			clock_now() - s->first_at >= CLOCK_SECOND);
}

/* Into a pipe nothing can be taken back: what was written is remembered at once. */
static bool stdout_commit(struct sink *s, struct err *err)
{
	return sink_write(s, STDOUT_FILENO, "standard output", err) &&
		(s->state == NULL || state_done(s->state, clock_wall(), false, err));
}

bool sink_commit(struct sink *s, struct err *err)
{
	bool ok = true;

	if (s->open)
		return err_set(err, ERR_SOFTWARE, "half a message was to be put into the mailbox");
	if (s->n == 0)
		return true;
	if (s->kind == SINK_MBOX)
		ok = sink_mbox_commit(s, err);
	else if (s->kind == SINK_MAILDIR)
		ok = sink_maildir_commit(s, err);
	else
		ok = stdout_commit(s, err);
	/* Those that were not moved are fetched again; on a full disk they would be in the way. */
	for (size_t i = 0; i < s->n && !ok && s->kind == SINK_MAILDIR; i++)
		sink_maildir_drop(s, s->names[i]);
	drop_batch(s);
	return ok;
}
