#include <config.h>

#include "cmd/listscrub/write/output.h"

#include <errno.h>
#include <fcntl.h>
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

bool output_commit(struct output *outputs, size_t n, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++)
		if (outputs[i].fd >= 0 && outputs[i].n > 0)
			ok = file_write(outputs[i].fd, str_at(outputs[i].p, outputs[i].n), outputs[i].name, err);
	for (size_t i = 0; i < n; i++) {
		if (!ok)
			cut_back(&outputs[i]);
		else
			outputs[i].length += (int64_t)outputs[i].n;
		outputs[i].n = 0;
	}
	return ok;
}
