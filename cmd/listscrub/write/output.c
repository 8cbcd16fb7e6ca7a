#include <config.h>

#include "cmd/listscrub/write/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

#define FIRST_ROOM ((size_t)512 << 10)

void output_init(struct output *o, int fd, const char *name)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	*o = (struct output){ .fd = fd, .name = name };
	o->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (o->regular)
		o->length = flags >= 0 && (flags & O_APPEND) != 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
}

bool output_create(struct output *o, const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	output_init(o, fd, path);
	return true;
}

bool output_close(struct output *o, struct err *err)
{
	int fd = o->fd;

	o->fd = -1;
	if (fd < 0 || close(fd) == 0 || errno == EINTR)
		return true;
	return err_errno(err, ERR_IO, errno, "%s", o->name);
}

void output_free(struct output *o)
{
	if (o->fd > STDERR_FILENO)
		(void)close(o->fd);
	mem_free(o->p);
	*o = (struct output){ .fd = -1 };
}

char *output_room(struct output *o, size_t n)
{
	if (o->cap - o->n < n) {
		size_t cap = o->cap > 0 ? o->cap : FIRST_ROOM;

		while (cap - o->n < n)
			cap *= 2;
		o->p = mem_resize(o->p, cap, 1);
		o->cap = cap;
	}
	return o->p + o->n;
}

/*
 * Back to the last commit. Only bytes that we wrote ourselves may be removed: if the file is longer than that,
 * another program has appended to it, and it is left alone.
 */
static void cut_back(struct output *o)
{
	struct stat st;

	if (o->fd < 0 || !o->regular || o->length < 0)
		return;
	if (fstat(o->fd, &st) == 0 && st.st_size > o->length && st.st_size <= o->length + (int64_t)o->n &&
		ftruncate(o->fd, o->length) == 0)
		(void)lseek(o->fd, o->length, SEEK_SET);
}

/* Is nobody left who could read it? Such as head(1), which has seen enough. */
static bool is_gone(const struct output *o)
{
	struct pollfd fd = { .fd = o->fd, .events = POLLOUT };

	return !o->regular && poll(&fd, 1, 0) > 0 && (fd.revents & (POLLERR | POLLHUP)) != 0;
}

static bool write_out(struct output *o, struct err *err)
{
	return o->fd < 0 || o->n == 0 || file_write(o->fd, str_at(o->p, o->n), o->name, err);
}

bool output_commit(struct output *outputs, size_t n, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		ok = write_out(&outputs[i], err);
		if (ok || i > 0 || !is_gone(&outputs[i]))
			continue;
		outputs[i].gone = ok = true;
		*err = (struct err){ .kind = ERR_NONE };
	}
	for (size_t i = 0; i < n; i++) {
		if (!ok)
			cut_back(&outputs[i]);
		else
			outputs[i].length += (int64_t)outputs[i].n;
		outputs[i].n = 0;
	}
	return ok && !outputs[0].gone;
}
