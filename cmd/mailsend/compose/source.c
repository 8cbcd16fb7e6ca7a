#include <config.h>

#include "cmd/mailsend/compose/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

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

/* A pipe to its end: in memory first, then all of it in a file. */
static bool take_pipe(struct source *s, int in, struct err *err)
{
	int temp = -1;
	bool stopped = false;

	buf_init(&s->memory, MEMORY_LIMIT + 2 * BLOCK);
	for (;;) {
		char *room = buf_room(&s->memory, BLOCK);
		long n = file_read_some(in, room, BLOCK, s->name, err);

		if (n < 0)
			goto fail;
		if (stopped) {
			err_set(err, ERR_IO, "%s: interrupted", s->name);
			goto fail;
		}
		buf_added(&s->memory, (size_t)n);
		s->size += (uint64_t)n;
		if (n == 0 && temp < 0)
			return true;
		if (n > 0 && buf_len(&s->memory) <= MEMORY_LIMIT)
			continue;
		if (temp < 0 && (temp = file_temp(err)) < 0)
			goto fail;
		if (!file_write(temp, buf_str(&s->memory), "temporary file", err))
			goto fail;
		buf_clear(&s->memory);
		if (n == 0) {
			buf_free(&s->memory);
			s->fd = temp;
			return true;
		}
	}
fail:
	if (temp >= 0)
		close(temp);
	return false;
}

bool source_open(struct source *s, const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	*s = (struct source){ .name = standard ? mem_copy("standard input", 14) : mem_copy(path, strlen(path)),
		.fd = -1 };
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
