#include <config.h>

#include "io/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"

/*
 * The order is the promise: content synced in tmp, then the move, then the sync of the folder. One sync of a
 * folder covers all moves before it.
 */

static const char *join(struct buf *out, const char *path, const char *folder, const char *name, const char *flags)
{
	buf_clear(out);
	buf_add_text(out, path);
	if (!str_ends(buf_str(out), STR_LIT("/")))
		buf_add_char(out, '/');
	buf_printf(out, "%s/%s%s", folder, name, flags);
	return buf_text(out);
}

bool maildir_make(const char *path, struct err *err)
{
	static const char *const folders[] = { "tmp", "new", "cur" };
	struct buf folder = { 0 };
	bool unsure = false;
	bool ok;

	/* The final slash is not part of the name that is synced. */
	buf_add_text(&folder, path);
	while (buf_len(&folder) > 1 && str_ends(buf_str(&folder), STR_LIT("/")))
		buf_cut(&folder, buf_len(&folder) - 1);
	ok = file_make_dir(buf_text(&folder), &unsure, err) && (!unsure || file_sync_dir(buf_text(&folder), err));
	unsure = false;
	for (size_t i = 0; i < 3 && ok; i++)
		ok = file_make_dir(join(&folder, path, folders[i], "", ""), &unsure, err);
	ok = ok && (!unsure || maildir_sync(path, ".", err));
	buf_free(&folder);
	return ok;
}

/* seconds.PpidQnumberRrandom.host: the number keeps what one run delivers in its order. */
char *maildir_name(void)
{
	static unsigned long number;
	char host[256] = "localhost";
	char name[400];
	uint64_t random;

	if (gethostname(host, sizeof host - 1) != 0)
		snprintf(host, sizeof host, "localhost");
	for (char *p = host; *p != '\0'; p++)
		if (*p == '/' || *p == ':' || ascii_control(*p))
			*p = '_';
	random_bytes(&random, sizeof random);
	int n = snprintf(name, sizeof name, "%lld.P%ldQ%luR%016llx.%.200s", (long long)clock_wall(), (long)getpid(),
		++number, (unsigned long long)random, host);

	return mem_copy(name, (size_t)n);
}

int maildir_create(const char *path, const char *name, struct err *err)
{
	struct buf file = { 0 };
	int fd = open(join(&file, path, "tmp", name, ""), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&file));
	buf_free(&file);
	return fd;
}

bool maildir_close(int fd, const char *path, const char *name, struct err *err)
{
	struct buf file = { 0 };
	const char *text = join(&file, path, "tmp", name, "");
	bool ok = file_sync(fd, text, err);

	if (close(fd) != 0 && ok)
		ok = err_errno(err, ERR_IO, errno, "%s", text);
	buf_free(&file);
	return ok;
}

bool maildir_move(const char *path, const char *name, const char *folder, const char *flags, struct err *err)
{
	struct buf from = { 0 };
	struct buf to = { 0 };
	bool ok = rename(join(&from, path, "tmp", name, ""), join(&to, path, folder, name, flags)) == 0;

	if (!ok)
		err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&to));
	buf_free(&from);
	buf_free(&to);
	return ok;
}

bool maildir_sync(const char *path, const char *folder, struct err *err)
{
	struct buf any = { 0 };
	bool ok = file_sync_dir(join(&any, path, folder, ".", ""), err);

	buf_free(&any);
	return ok;
}

void maildir_drop(const char *path, const char *name)
{
	struct buf file = { 0 };

	unlink(join(&file, path, "tmp", name, ""));
	buf_free(&file);
}

/* "seconds.PpidQnumberRrandom.host" as maildir_name makes it here? */
static bool is_ours(struct str name, struct str host)
{
	struct str seconds = str_cut(&name, '.');
	struct str unique = str_cut(&name, '.');
	uint64_t n;

	return str_number(seconds, INT64_MAX, &n) && unique.n > 20 && unique.p[0] == 'P' &&
		str_find(unique, 'Q') < unique.n && unique.p[unique.n - 17] == 'R' && name.p != NULL &&
		str_eq(name, host);
}

void maildir_clean(const char *path, int64_t before)
{
	char *own = maildir_name();
	struct str host = str_of(own);
	struct buf file = { 0 };
	DIR *d = opendir(join(&file, path, "tmp", "", ""));

	str_cut(&host, '.');
	str_cut(&host, '.');
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		struct stat st;

		if (is_ours(str_of(e->d_name), host) && lstat(join(&file, path, "tmp", e->d_name, ""), &st) == 0 &&
			S_ISREG(st.st_mode) && (int64_t)st.st_mtime < before && (int64_t)st.st_atime < before)
			unlink(buf_text(&file));
	}
	if (d != NULL)
		closedir(d);
	buf_free(&file);
	mem_free(own);
}

/* The name itself, or the name and flags. */
static bool is_named(struct str entry, struct str name)
{
	return str_starts(entry, name) && (entry.n == name.n || entry.p[name.n] == ':');
}

bool maildir_has(const char *path, const char *name)
{
	struct buf file = { 0 };
	bool found = access(join(&file, path, "new", name, ""), F_OK) == 0;
	DIR *d = found ? NULL : opendir(join(&file, path, "cur", "", ""));

	for (struct dirent *e; d != NULL && !found && (e = readdir(d)) != NULL;)
		found = is_named(str_of(e->d_name), str_of(name));
	if (d != NULL)
		closedir(d);
	buf_free(&file);
	return found;
}
