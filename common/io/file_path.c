#include <config.h>

#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Directories that a run makes are synced before something is put into them that must not be lost: a file in a
 * directory whose name was lost is lost as well.
 */

static bool is_empty(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d != NULL && n <= 2 && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return d != NULL && n <= 2; /* "." and ".." */
}

bool file_make_dir(const char *path, bool *unsure, struct err *err)
{
	bool made = mkdir(path, 0700) == 0;

	/* EEXIST of a file is found by whoever opens something in it, with its own words. */
	if (!made && errno != EEXIST && errno != EROFS && (errno != EACCES || access(path, F_OK) < 0))
		return err_errno(err, ERR_CANTCREAT, errno, "%s", path);
	*unsure = *unsure || made || is_empty(path);
	return true;
}

bool file_make_dirs(const char *path, struct err *err)
{
	struct buf dir = { 0 };
	bool ok = true;

	for (const char *p = path; ok && (p = strchr(p, '/')) != NULL; p++) {
		bool unsure = false;

		if (p == path)
			continue;
		buf_clear(&dir);
		buf_add(&dir, str_at(path, (size_t)(p - path)));
		ok = file_make_dir(buf_text(&dir), &unsure, err) && (!unsure || file_sync_dir(buf_text(&dir), err));
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
