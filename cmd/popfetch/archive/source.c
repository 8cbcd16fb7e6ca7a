#include <config.h>

#include "cmd/popfetch/archive/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/popfetch/archive/source_state.h"
#include "io/clock.h"
#include "io/file.h"

#define CHUNK ((size_t)256 << 10)
/* A longer line is cut in two: no header and no encoding has one, and a file of one line must not take all memory. */
#define LINE_MAX_BYTES ((size_t)4 << 20)

static const char *name_of(const struct source *s)
{
	return strcmp(s->path, "-") == 0 ? "standard input" : s->path;
}

static bool interrupted(struct err *err)
{
	return err_set(err, ERR_TEMP, "interrupted");
}

/* --- opening --- */

/* How far a file reaches now, while nobody appends to it. Where it cannot be locked it is taken as it is. */
static bool measure(struct source *s, struct err *err)
{
	struct stat st;
	struct err trouble = { .kind = ERR_NONE };
	int fd;

	s->left = UINT64_MAX;
	if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return true;
	fd = strcmp(s->path, "-") == 0 ? -1 : open(s->path, O_RDONLY | O_CLOEXEC);
	bool ok = fd < 0 || file_lock_shared(fd, s->path, clock_after(10 * CLOCK_SECOND), &trouble) ||
		trouble.kind != ERR_TEMP;

	if (!ok)
		*err = trouble;
	(void)fstat(s->fd, &st);
	off_t at = lseek(s->fd, 0, SEEK_CUR);

	s->left = s->total = (uint64_t)(st.st_size > at && at >= 0 ? st.st_size - at : 0);
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* Read on. False with err set. */
static bool more(struct source *s, struct err *err)
{
	size_t want = s->left < CHUNK ? (size_t)s->left : CHUNK;
	char *room;
	long n;

	if (buf_len(&s->octets) >= LINE_MAX_BYTES) {
		buf_add_char(&s->octets, '\n');
		s->size--; /* it will be counted with its line */
		return true;
	}
	room = buf_room(&s->octets, CHUNK);
	n = want > 0 ? file_read_some(s->fd, room, want, name_of(s), err) : 0;
	if (n < 0)
		return n == -2 ? interrupted(err) : false;
	buf_added(&s->octets, (size_t)n);
	s->eof = n == 0;
	s->done += (uint64_t)n;
	if (s->left != UINT64_MAX)
		s->left -= (uint64_t)n;
	if (s->eof && s->left > 0 && s->left != UINT64_MAX)
		return err_set(err, ERR_IO, "%s: became shorter while it was read", name_of(s));
	return true;
}

/* A name of a header field and its colon. */
static bool is_message(struct str head)
{
	size_t i = 0;

	while (i < head.n && head.p[i] > ' ' && head.p[i] < 0x7f && head.p[i] != ':')
		i++;
	return i > 0 && i < head.n && head.p[i] == ':';
}

static bool open_file(struct source *s, struct err *err)
{
	s->fd = file_open(s->path, err);
	if (s->fd < 0 || !measure(s, err))
		return false;
	while (!s->eof && buf_len(&s->octets) < 256)
		if (!more(s, err))
			return false;
	struct str head = buf_str(&s->octets);

	while (head.n > 0 && (head.p[0] == '\n' || head.p[0] == '\r'))
		head = str_sub(head, 1, head.n);
	s->single = head.n > 0 && !str_starts(head, STR_LIT("From ")) && is_message(head);
	if (head.n > 0 && !s->single && !str_starts(head, STR_LIT("From ")))
		return err_set(err, ERR_DATA, "%s: is not an mbox, a Maildir or a message", name_of(s));
	mbox_feed(&s->mbox, buf_str(&s->octets), s->eof);
	return true;
}

bool source_open(struct source *s, const char *path, struct err *err)
{
	*s = (struct source){ .path = path, .fd = -1 };
	s->octets.limit = LINE_MAX_BYTES + 2 * CHUNK;
	s->body.limit = SOURCE_MESSAGE_MAX;
	if (strcmp(path, "-") != 0 && file_is_directory(path))
		return source_open_maildir(s, err);
	return open_file(s, err);
}

/* --- an mbox --- */

static void add(struct source *s, struct str line)
{
	if (!s->body.full)
		buf_add(&s->body, str_sub(line, 0, SOURCE_MESSAGE_MAX - buf_len(&s->body)));
	s->size += line.n;
}

static bool next_of_mbox(struct source *s, struct err *err)
{
	struct str line;

	for (;;) {
		switch (mbox_next(&s->mbox, &line)) {
		case MBOX_MORE:
			buf_drop(&s->octets, buf_len(&s->octets) - s->mbox.pending.n);
			if (!more(s, err))
				return false;
			mbox_feed(&s->mbox, buf_str(&s->octets), s->eof);
			break;
		case MBOX_BEGIN:
			break;
		case MBOX_LINE:
			add(s, line);
			break;
		case MBOX_FINISH:
			s->message = buf_str(&s->body);
			return true;
		case MBOX_NOT: /* or an empty file */
			return s->mbox.failed && err_set(err, ERR_DATA, "%s: is not an mbox", name_of(s));
		case MBOX_END:
			return false;
		}
	}
}

static bool next_single(struct source *s, struct err *err)
{
	while (!s->eof || buf_len(&s->octets) > 0) {
		add(s, buf_str(&s->octets));
		buf_clear(&s->octets);
		if (!more(s, err))
			return false;
	}
	s->message = buf_str(&s->body);
	return s->size > 0;
}

bool source_next(struct source *s, struct err *err)
{
	buf_clear(&s->body);
	s->size = 0;
	if (s->names != NULL)
		return source_next_maildir(s, err);
	return s->single ? next_single(s, err) : next_of_mbox(s, err);
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	for (size_t i = 0; i < s->n; i++)
		mem_free(s->names[i]);
	mem_free(s->names);
	buf_free(&s->octets);
	buf_free(&s->body);
	*s = (struct source){ .fd = -1 };
}
