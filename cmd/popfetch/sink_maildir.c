#include <config.h>

#include "cmd/popfetch/sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/popfetch/state.h"
#include "io/clock.h"
#include "io/file.h"

/*
 * Maildir: each message is a file that is written and synced in tmp and then moved to new. Its name is in the state before it
 * moves, so that a run after a crash can tell by looking whether it did.
 */

static const char *joined(struct buf *out, const char *path, const char *folder, const char *name)
{
	buf_clear(out);
	buf_printf(out, "%s%s/%s", path, folder, name);
	return buf_text(out);
}

bool sink_maildir_open(struct sink *s, struct err *err)
{
	static const char *const folders[] = { "", "tmp", "new", "cur" };
	struct buf path = { 0 };
	bool ok = true;

	for (size_t i = 0; i < 4 && ok; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s%s", s->path, folders[i]);
		if (mkdir(buf_text(&path), 0700) != 0 && errno != EEXIST)
			ok = err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&path));
	}
	buf_free(&path);
	return ok;
}

/* seconds.MmicrosecondsPpidQnumberRrandom.host, as the Maildir page has it. */
static char *unique_name(struct sink *s)
{
	char host[256] = "localhost";
	char name[400];
	uint32_t random;

	if (gethostname(host, sizeof host - 1) != 0)
		snprintf(host, sizeof host, "localhost");
	for (char *p = host; *p != '\0'; p++)
		if (*p == '/' || *p == ':' || ascii_control(*p))
			*p = '_';
	random_bytes(&random, sizeof random);
	int n = snprintf(name, sizeof name, "%lld.P%ldQ%lluR%08x.%s", (long long)clock_wall(), (long)getpid(),
		(unsigned long long)++s->unique, random, host);

	return mem_copy(name, (size_t)n);
}

void sink_maildir_drop(struct sink *s, const char *name)
{
	struct buf path = { 0 };

	unlink(joined(&path, s->path, "tmp", name));
	buf_free(&path);
}

bool sink_maildir_begin(struct sink *s, struct err *err)
{
	struct buf path = { 0 };

	s->name = unique_name(s);
	s->fd = open(joined(&path, s->path, "tmp", s->name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0)
		err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&path));
	buf_free(&path);
	return s->fd >= 0;
}

bool sink_maildir_end(struct sink *s, struct err *err)
{
	bool ok = file_sync(s->fd, s->path, err);
	int fd = s->fd;

	if (!ok)
		return false;
	s->fd = -1;
	return close(fd) == 0 || err_errno(err, ERR_IO, errno, "%s", s->path);
}

static bool move_all(struct sink *s, struct err *err)
{
	struct buf from = { 0 };
	struct buf to = { 0 };
	bool ok = true;

	for (size_t i = 0; i < s->n && ok; i++) {
		joined(&from, s->path, "tmp", s->names[i]);
		joined(&to, s->path, "new", s->names[i]);
		if (rename(buf_text(&from), buf_text(&to)) != 0)
			ok = err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&to));
	}
	buf_clear(&to);
	buf_printf(&to, "%snew/.", s->path);
	ok = ok && file_sync_dir(buf_text(&to), err);
	buf_free(&from);
	buf_free(&to);
	return ok;
}

bool sink_maildir_commit(struct sink *s, struct err *err)
{
	struct buf place = { 0 };
	bool ok = true;

	if (s->state != NULL) {
		buf_printf(&place, "maildir\t%s", s->path);
		ok = state_begin(s->state, buf_str(&place), err);
		buf_free(&place);
	}
	return ok && move_all(s, err) && (s->state == NULL || state_done(s->state, clock_wall(), true, err));
}

/* In new, or in cur with flags behind its name: a mail reader may have been faster than we. */
static bool has_moved(const char *path, const char *name)
{
	struct buf file = { 0 };
	bool found = access(joined(&file, path, "new", name), F_OK) == 0;
	DIR *d = NULL;

	if (!found) {
		buf_clear(&file);
		buf_printf(&file, "%scur", path);
		d = opendir(buf_text(&file));
	}
	for (struct dirent *e; d != NULL && !found && (e = readdir(d)) != NULL;)
		found = str_starts(str_of(e->d_name), str_of(name));
	if (d != NULL)
		closedir(d);
	buf_free(&file);
	return found;
}

/* Those that were not moved are moved now where they are still in tmp: they were whole and synced when the state named them. */
bool sink_maildir_recover(struct sink *s, struct err *err)
{
	struct str rest = str_of(s->state->place);
	struct buf from = { 0 };
	struct buf to = { 0 };
	bool ok = true;

	str_cut(&rest, '\t');
	char *path = mem_copy(rest.p, rest.n);
	size_t kept = 0;

	for (size_t i = 0; i < s->state->n_tries; i++) {
		struct state_try t = s->state->tries[i];
		const char *source = joined(&from, path, "tmp", t.extra);

		if (has_moved(path, t.extra) || rename(source, joined(&to, path, "new", t.extra)) == 0) {
			s->state->tries[kept++] = t;
			continue;
		}
		mem_free(t.key);
		mem_free(t.extra);
	}
	s->state->n_tries = kept;
	buf_clear(&to);
	buf_printf(&to, "%snew/.", path);
	if (kept > 0)
		ok = file_sync_dir(buf_text(&to), err) && state_done(s->state, clock_wall(), true, err);
	else
		ok = state_undone(s->state, err);
	mem_free(path);
	buf_free(&from);
	buf_free(&to);
	return ok;
}
