#include <config.h>

#include "cmd/mailsend/compose/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "text/utf16.h"

#define MEMORY_LIMIT ((size_t)1 << 20)
#define BLOCK ((size_t)64 << 10)

void source_of_text(struct source *s, const char *name, struct str text)
{
	*s = (struct source){ .name = mem_copy(name, strlen(name)), .fd = -1, .size = text.n };
	buf_init(&s->memory, text.n + 1);
	buf_add(&s->memory, text);
}

void source_free(struct source *s)
{
	if (s->name != NULL && s->fd > 0)
		close(s->fd);
	mem_free(s->name);
	buf_free(&s->memory);
	*s = (struct source){ .fd = -1 };
}

void source_begin(struct source *s, const char *name)
{
	*s = (struct source){ .name = mem_copy(name, strlen(name)), .fd = -1 };
	buf_init(&s->memory, MEMORY_LIMIT + 2 * BLOCK);
}

/* What is in memory goes to the end of the file. */
static bool spill(struct source *s, struct err *err)
{
	if (s->fd < 0 && (s->fd = file_temp(err)) < 0)
		return false;
	bool ok = file_write(s->fd, buf_str(&s->memory), "temporary file", err);

	buf_clear(&s->memory);
	return ok;
}

bool source_append(struct source *s, struct str octets, struct err *err)
{
	while (octets.n > 0) {
		struct str piece = str_sub(octets, 0, BLOCK);

		buf_add(&s->memory, piece);
		s->size += piece.n;
		octets = str_sub(octets, piece.n, octets.n);
		if (buf_len(&s->memory) > MEMORY_LIMIT && !spill(s, err))
			return false;
	}
	return true;
}

bool source_end(struct source *s, struct err *err)
{
	return s->fd < 0 || spill(s, err);
}

/* A pipe to its end. */
static bool take_pipe(struct source *s, int in, struct err *err)
{
	struct buf block = { 0 };
	long n;
	bool ok = true;

	do {
		buf_clear(&block);
		n = file_read_some(in, buf_room(&block, BLOCK), BLOCK, s->name, err);
		buf_added(&block, n > 0 ? (size_t)n : 0);
		ok = source_append(s, buf_str(&block), err);
	} while (ok && n > 0);
	buf_free(&block);
	if (ok && n == -2)
		return err_set(err, ERR_IO, "%s: interrupted", s->name);
	return ok && n == 0 && source_end(s, err);
}

bool source_open(struct source *s, const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	source_begin(s, standard ? "standard input" : path);
	if (fd < 0)
		return err_errno(err, ERR_NOINPUT, errno, "%s", path);
	if (fstat(fd, &st) != 0) {
		err_errno(err, ERR_NOINPUT, errno, "%s", s->name);
	} else if (S_ISDIR(st.st_mode)) {
		err_set(err, ERR_NOINPUT, "%s: is a directory", s->name);
	} else if (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_blocks > 0) {
		off_t at = standard ? lseek(fd, 0, SEEK_CUR) : 0;

		s->fd = fd;
		s->start = at > 0 ? (uint64_t)at : 0;
		s->size = (uint64_t)st.st_size > s->start ? (uint64_t)st.st_size - s->start : 0;
		return true;
	} else if (take_pipe(s, fd, err)) { /* also files of /proc and /sys, which do not know their size */
		if (!standard)
			close(fd);
		return true;
	}
	if (!standard)
		close(fd);
	return false;
}

long source_read(const struct source *s, uint64_t at, size_t n, struct buf *out, struct err *err)
{
	if (at >= s->size)
		return 0;
	if (n > s->size - at)
		n = (size_t)(s->size - at);
	if (s->fd < 0) {
		buf_add(out, str_sub(buf_str(&s->memory), (size_t)at, n));
		return (long)n;
	}
	char *room = buf_room(out, n);

	if (room == NULL)
		return err_set(err, ERR_SOFTWARE, "%s: no room", s->name), -1;
	for (;;) {
		ssize_t got = pread(s->fd, room, n, (off_t)(s->start + at));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, ERR_IO, errno, "%s", s->name), -1;
		buf_added(out, (size_t)got);
		return (long)got;
	}
}

/* All of it from UTF-16 into a source of its own, which takes its place. */
static bool convert(struct source *s, bool little, struct err *err)
{
	struct source to;
	struct buf in = { 0 };
	struct buf out = { 0 };
	long n;
	bool ok = true;

	source_begin(&to, s->name);
	for (uint64_t at = 2; ok; at += (uint64_t)n) {
		n = source_read(s, at, BLOCK, &in, err);
		if (n < 0)
			break;
		buf_clear(&out);
		utf16_convert(&in, little, n == 0, &out);
		ok = source_append(&to, buf_str(&out), err);
		if (n == 0)
			break;
	}
	ok = ok && n == 0 && source_end(&to, err);
	buf_free(&in);
	buf_free(&out);
	source_free(ok ? s : &to);
	if (ok)
		*s = to;
	return ok;
}

bool source_as_text(struct source *s, struct err *err)
{
	struct buf head = { 0 };
	bool ok = source_read(s, 0, 3, &head, err) >= 0;
	struct str mark = buf_str(&head);

	if (ok && str_starts(mark, STR_LIT("\xef\xbb\xbf"))) {
		buf_drop(&s->memory, s->fd < 0 ? 3 : 0);
		s->start += 3;
		s->size -= 3;
	} else if (ok && (str_starts(mark, STR_LIT("\xff\xfe")) || str_starts(mark, STR_LIT("\xfe\xff")))) {
		ok = convert(s, mark.p[0] == '\xff', err);
	}
	buf_free(&head);
	return ok;
}
