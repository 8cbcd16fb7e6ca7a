#include <config.h>

#include "io/file.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_make_dirs(const char *path, struct err *err)
{
	struct buf dir = { 0 };
	bool ok = true;

	for (const char *p = path; ok && (p = strchr(p, '/')) != NULL; p++) {
		if (p == path)
			continue;
		buf_clear(&dir);
		buf_add(&dir, str_at(path, (size_t)(p - path)));
		/* What is to be kept in a new directory is lost with its name. */
		if (mkdir(buf_text(&dir), 0700) == 0)
			ok = file_sync_dir(buf_text(&dir), err);
		/* EEXIST of a file is found by the next step, with its own words. */
		else if (errno != EEXIST && errno != EROFS && (errno != EACCES || access(buf_text(&dir), F_OK) < 0))
			ok = err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&dir));
	}
	buf_free(&dir);
	return ok;
}

const char *file_home(void)
{
	const char *home = getenv("HOME");

	if (home != NULL && *home == '/')
		return home;
	struct passwd *user = getpwuid(getuid());

	return user != NULL && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

bool file_state_path(struct buf *out, const char *name, struct err *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = file_home();

	/* The XDG specification: a path that is not absolute is to be ignored. */
	if (state != NULL && *state == '/')
		buf_printf(out, "%s/pipemail/%s", state, name);
	else if (home != NULL)
		buf_printf(out, "%s/.local/state/pipemail/%s", home, name);
	else
		return err_set(err, ERR_OS, "no home directory: set HOME or XDG_STATE_HOME");
	return true;
}
