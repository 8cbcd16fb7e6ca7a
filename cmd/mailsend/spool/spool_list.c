#include <config.h>

#include "cmd/mailsend/spool/spool_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/mailsend/spool/spool.h"
#include "cmd/mailsend/spool/spool_entry.h"
#include "io/clock.h"
#include "io/file.h"
#include "text/date.h"
#include "text/utf8.h"

#define STALE_SECONDS 3600

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **spool_names(const char *directory, size_t *n, struct err *err)
{
	DIR *dir = opendir(directory);
	char **list = NULL;
	struct dirent *d;

	*n = 0;
	if (dir == NULL)
		return err_errno(err, ERR_IO, errno, "%s", directory), NULL;
	while ((d = readdir(dir)) != NULL) {
		struct str name = str_of(d->d_name);
		struct buf path = { 0 };

		if (!str_ends(name, STR_LIT(".env")) || name.p[0] == '.')
			continue;
		buf_add_text(&path, directory);
		buf_add(&path, str_sub(name, 0, name.n - 4));
		list = mem_resize(list, *n + 1, sizeof *list);
		list[(*n)++] = mem_copy(buf_text(&path), buf_len(&path));
		buf_free(&path);
	}
	closedir(dir);
	if (*n > 0)
		qsort(list, *n, sizeof *list, by_name);
	return list != NULL ? list : mem_alloc(1);
}

void spool_names_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mem_free(list[i]);
	mem_free(list);
}

/* Is there a file of that name with another ending? */
static bool has_twin(const char *directory, struct str name, const char *ending)
{
	struct buf path = { 0 };

	buf_add_text(&path, directory);
	buf_add(&path, name);
	buf_add_text(&path, ending);
	bool has = access(buf_text(&path), F_OK) == 0;

	buf_free(&path);
	return has;
}

/* A file that is still being written is young. */
static bool is_stale(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime + STALE_SECONDS < clock_wall();
}

void spool_tidy(const char *directory, struct buf *orphans)
{
	DIR *dir = opendir(directory);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		struct str name = str_of(d->d_name);
		struct buf path = { 0 };

		buf_add_text(&path, directory);
		buf_add(&path, name);
		bool ours = str_search(name, STR_LIT(".msg.")) < name.n || str_search(name, STR_LIT(".env.")) < name.n;

		if (name.p[0] == '.' && ours && is_stale(buf_text(&path)))
			(void)unlink(buf_text(&path));
		if (name.p[0] != '.' && str_ends(name, STR_LIT(".msg")) && is_stale(buf_text(&path)) &&
			!has_twin(directory, str_sub(name, 0, name.n - 4), ".env"))
			buf_printf(orphans, "%s\n", buf_text(&path));
		buf_free(&path);
	}
	if (dir != NULL)
		closedir(dir);
}

static void put_entry(struct buf *out, const struct spool_entry *entry)
{
	buf_printf(out, "%s.msg %s attempts=%llu next=", entry->base, spool_state_name(entry->state),
		(unsigned long long)entry->attempts);
	if (entry->next > 0)
		date_add_iso(out, entry->next);
	else
		buf_add_text(out, "now");
	buf_printf(out, " from=<%s>", entry->envelope.from);
	for (size_t i = 0; i < entry->envelope.n; i++)
		buf_printf(out, "%s%s", i > 0 ? "," : " to=", entry->envelope.rcpts[i].shown);
	buf_add_text(out, entry->why != NULL ? " why=" : "");
	utf8_show(out, str_of(entry->why), 1000);
	buf_add_char(out, '\n');
}

int spool_list(bool as_mailq)
{
	struct buf directory = { 0 };
	struct buf out = { 0 };
	struct buf orphans = { 0 };
	struct err err = { 0 };
	size_t n = 0;
	char **list = NULL;
	int status = 0;

	if (!spool_directory(&directory, &err) || (list = spool_names(buf_text(&directory), &n, &err)) == NULL)
		status = say_fail(&err);
	else
		spool_tidy(buf_text(&directory), &orphans);
	for (size_t i = 0; list != NULL && i < n; i++) {
		struct spool_entry entry;

		if (!spool_entry_read(&entry, list[i], &err)) {
			status = say_fail(&err);
			spool_entry_free(&entry);
			continue;
		}
		put_entry(&out, &entry);
		spool_entry_free(&entry);
	}
	struct str rest = buf_str(&orphans);

	while (rest.n > 0) {
		struct str path = str_cut(&rest, '\n');

		buf_printf(&out, "%.*s orphan: its envelope was never written, nobody was told that it is safe\n",
			STR_ARGS(path));
	}
	/* What programs that call mailq look for. */
	if (as_mailq && list != NULL && n == 0 && buf_len(&orphans) == 0)
		buf_add_text(&out, "Mail queue is empty\n");
	if (!file_write(STDOUT_FILENO, buf_str(&out), "standard output", &err))
		status = say_fail(&err);
	spool_names_free(list, n);
	buf_free(&directory);
	buf_free(&out);
	buf_free(&orphans);
	return status;
}
