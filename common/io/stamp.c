#include <config.h>

#include "io/stamp.h"

#include <unistd.h>

#include "base/err.h"

void stamp_set(struct stamp *s, const struct stat *st)
{
	*s = (struct stamp){ st->st_dev, st->st_ino, st->st_size, st->st_mtim };
}

bool stamp_same(const struct stamp *s, const struct stat *st)
{
	return s->device == st->st_dev && s->inode == st->st_ino && s->size == st->st_size &&
		s->changed.tv_sec == st->st_mtim.tv_sec && s->changed.tv_nsec == st->st_mtim.tv_nsec;
}

bool stamp_check(const struct stamp *s, const struct stat *st, const char *name, struct err *err)
{
	if (stamp_same(s, st))
		return true;
	return err_set(err, ERR_IO,
		"%s was changed while it was read, which takes two passes: run this again, or give "
		"the list through a pipe",
		name);
}

bool stamp_check_end(const struct stamp *s, int fd, bool second, const char *name, struct err *err)
{
	struct stat st;

	if (second && fstat(fd, &st) == 0 && !stamp_check(s, &st, name, err))
		return false;
	return lseek(fd, 0, SEEK_CUR) >= s->size || err_set(err, ERR_IO, "%s became shorter while it was read", name);
}
