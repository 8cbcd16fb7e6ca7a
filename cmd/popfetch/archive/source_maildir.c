#include <config.h>

#include "cmd/popfetch/archive/source_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "io/file.h"

/*
 * Names begin with the time of delivery, so that their order is that of the mailbox: digits are compared as
 * numbers, and the folder does not count.
 */
static int compare(const void *a, const void *b)
{
	const char *x = *(char *const *)a + 4;
	const char *y = *(char *const *)b + 4;

	while (*x != '\0' && *y != '\0') {
		size_t n = strspn(x, "0123456789");
		size_t m = strspn(y, "0123456789");

		if (n > 0 && n == m && strncmp(x, y, n) != 0)
			return strncmp(x, y, n);
		if (n > 0 && m > 0 && n != m)
			return n < m ? -1 : 1;
		if (n == 0 && *x != *y)
			return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
		x += n > 0 ? n : 1;
		y += n > 0 ? n : 1;
	}
	return *x != '\0' ? 1 : *y != '\0' ? -1 : strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_folder(struct source *s, const char *folder, size_t *cap, struct err *err)
{
	struct buf path = { .limit = 0 };
	bool ok = true;

	buf_printf(&path, "%s/%s", s->path, folder);
	DIR *d = opendir(buf_text(&path));

	if (d == NULL)
		ok = err_errno(err, ERR_NOINPUT, errno, "%s", buf_text(&path));
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		buf_clear(&path);
		buf_printf(&path, "%s/%s", folder, e->d_name);
		s->names = mem_grow(s->names, s->n, cap, sizeof *s->names);
		s->names[s->n++] = mem_copy(buf_text(&path), buf_len(&path));
	}
	if (d != NULL)
		(void)closedir(d);
	buf_free(&path);
	return ok;
}

bool source_open_maildir(struct source *s, struct err *err)
{
	size_t cap = 0;
	struct err why = { .kind = ERR_NONE };

	s->names = mem_grow(NULL, 0, &cap, sizeof *s->names);
	if (!list_folder(s, "new", &cap, &why) || !list_folder(s, "cur", &cap, &why))
		return err_set(err, why.kind, "%s: is not a Maildir: %s", s->path, why.text);
	qsort(s->names, s->n, sizeof *s->names, compare);
	s->total = s->n;
	return true;
}

/* Only a regular file: a FIFO would wait for ever. */
static int open_one(const char *path, struct stat *st, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		(void)err_errno(err, ERR_NOINPUT, errno, "%s", path);
	} else if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		(void)close(fd);
		fd = -1;
		(void)err_set(err, ERR_NOINPUT, "%s: is not a regular file", path);
	}
	return fd;
}

static bool read_one(struct source *s, const char *path, struct err *err)
{
	struct stat st;
	struct err why = { .kind = ERR_NONE };
	int fd = open_one(path, &st, err);
	bool ok;

	if (fd < 0)
		return false;
	ok = file_read_fd(fd, SOURCE_MESSAGE_MAX, &s->body, path, &why) || why.kind == ERR_DATA;
	if (!ok)
		*err = why;
	(void)close(fd);
	s->message = buf_str(&s->body);
	s->size = (uint64_t)st.st_size;
	return ok;
}

/* A mail program moves messages from new to cur and changes their flags while we read: the name is looked up again. */
static bool find_moved(const struct source *s, const char *name, struct buf *path)
{
	struct str unique = str_of(name + 4);
	bool found = false;

	unique.n = str_find(unique, ':');
	buf_clear(path);
	buf_printf(path, "%s/cur", s->path);
	DIR *d = opendir(buf_text(path));

	for (struct dirent *e; d != NULL && !found && (e = readdir(d)) != NULL;) {
		struct str now = str_of(e->d_name);

		now.n = str_find(now, ':');
		if (!str_eq(now, unique))
			continue;
		found = true;
		buf_printf(path, "/%s", e->d_name);
	}
	if (d != NULL)
		(void)closedir(d);
	return found;
}

bool source_next_maildir(struct source *s, struct err *err)
{
	struct buf path = { .limit = 0 };
	bool done = false;

	while (!done && s->at < s->n && err->kind == ERR_NONE) {
		const char *name = s->names[s->at++];
		struct err why = { .kind = ERR_NONE };

		s->done = s->at;
		buf_clear(&path);
		buf_clear(&s->body);
		buf_printf(&path, "%s/%s", s->path, name);
		done = read_one(s, buf_text(&path), &why);
		if (!done && why.kind == ERR_NOINPUT && access(buf_text(&path), F_OK) != 0 &&
			find_moved(s, name, &path)) {
			why = (struct err){ .kind = ERR_NONE };
			done = read_one(s, buf_text(&path), &why);
		}
		if (!done && why.kind == ERR_TEMP)
			*err = why;
		else if (!done) {
			say_error(&why);
			s->failed++;
		}
	}
	buf_free(&path);
	return done;
}
