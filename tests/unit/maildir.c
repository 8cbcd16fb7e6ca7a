#include <config.h>

#include "tests/tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/maildir.h"

static char directory[] = "/tmp/pipemail-maildir-XXXXXX";

static const char *in(const char *path, const char *folder, const char *name, const char *flags)
{
	static char text[1000];

	snprintf(text, sizeof text, "%s/%s/%s%s", path, folder, name, flags);
	return text;
}

static bool holds(const char *path, const char *want)
{
	struct buf out = { 0 };
	bool same = file_read(path, 1000, &out, NULL) && str_eq(buf_str(&out), str_of(want));

	buf_free(&out);
	return same;
}

static void test_names(void)
{
	char *one = maildir_name();
	char *two = maildir_name();

	check(strcmp(one, two) != 0, "%s and %s", one, two);
	check(strpbrk(one, "/: \n") == NULL && one[0] != '.', "nothing in it that means something");
	check(strlen(one) < 240, "room for flags");
	mem_free(one);
	mem_free(two);
}

static void test_delivery(const char *path)
{
	struct err err = { 0 };
	struct stat st;
	char *name = maildir_name();
	int fd;

	check(maildir_make(path, &err) && maildir_make(path, &err), "made, or there: %s", err.text);
	check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700, "for nobody else");
	fd = maildir_create(path, name, &err);
	check(fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0600, "a file %s", err.text);
	check(maildir_create(path, name, &err) < 0 && err.kind == ERR_CANTCREAT, "%s", err.text);
	check(file_write(fd, STR_LIT("a\n"), name, &err) && maildir_close(fd, path, name, &err), "written");
	check(!maildir_has(path, name), "not delivered yet");
	check(maildir_move(path, name, "new", "", &err) && maildir_sync(path, "new", &err), "moved");
	check(maildir_has(path, name) && holds(in(path, "new", name, ""), "a\n"), "in new");
	check(!maildir_move(path, name, "new", "", &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	char *from = mem_copy(in(path, "new", name, ""), strlen(in(path, "new", name, "")));

	check(rename(from, in(path, "cur", name, ":2,RS")) == 0, "a mail reader takes it");
	check(maildir_has(path, name), "in cur with flags");
	char *start = mem_copy(name, strlen(name) - 1);

	check(!maildir_has(path, start), "another of which this is the start is not it");
	check(unlink(in(path, "cur", name, ":2,RS")) == 0, "with its flags");
	mem_free(start);
	mem_free(from);
	mem_free(name);
}

static void test_seen_and_dropped(const char *path)
{
	struct err err = { 0 };
	char *name = maildir_name();

	check(maildir_close(maildir_create(path, name, &err), path, name, &err) &&
			maildir_move(path, name, "cur", ":2,S", &err) && maildir_has(path, name),
		"right into cur");
	check(unlink(in(path, "cur", name, ":2,S")) == 0, "with its flags");
	check(maildir_close(maildir_create(path, name, &err), path, name, &err), "once more");
	maildir_drop(path, name);
	check(access(in(path, "tmp", name, ""), F_OK) != 0 && !maildir_has(path, name), "dropped");
	mem_free(name);
}

/* What was left in tmp. */
static void test_clean(const char *path)
{
	char *young = maildir_name();
	char *old = maildir_name();
	char other[200];
	const struct timespec then[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	snprintf(other, sizeof other, "%selsewhere", old);
	close(maildir_create(path, young, NULL));
	close(maildir_create(path, old, NULL));
	close(maildir_create(path, other, NULL));
	close(maildir_create(path, "1.2_3.host", NULL));
	utimensat(AT_FDCWD, in(path, "tmp", old, ""), then, 0);
	utimensat(AT_FDCWD, in(path, "tmp", other, ""), then, 0);
	utimensat(AT_FDCWD, in(path, "tmp", "1.2_3.host", ""), then, 0);
	maildir_clean(path, 999);
	check(access(in(path, "tmp", old, ""), F_OK) == 0, "not old enough");
	maildir_clean(path, 1001);
	check(access(in(path, "tmp", old, ""), F_OK) != 0, "what is old and ours is removed");
	check(access(in(path, "tmp", young, ""), F_OK) == 0, "what is young is not");
	check(access(in(path, "tmp", other, ""), F_OK) == 0 && access(in(path, "tmp", "1.2_3.host", ""), F_OK) == 0,
		"nor what others made");
	maildir_drop(path, young);
	maildir_drop(path, other);
	maildir_drop(path, "1.2_3.host");
	mem_free(young);
	mem_free(old);
}

static void test_refused(void)
{
	struct err err = { 0 };
	char path[200];

	snprintf(path, sizeof path, "%s/file", directory);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	check(!maildir_make(path, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	check(!maildir_sync(path, "new", &err), "%s", err.text);
	check(maildir_create(path, "x", &err) < 0, "%s", err.text);
	check(!maildir_has(path, "x"), "nothing is there");
	check(!maildir_make("/nonexistent/a", &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	unlink(path);
}

static void clean(const char *path)
{
	static const char *const folders[] = { "tmp", "new", "cur", "" };

	for (size_t i = 0; i < 4; i++)
		check(rmdir(in(path, folders[i], "", "")) == 0, "%s is empty", folders[i]);
}

int main(void)
{
	char path[200];

	if (mkdtemp(directory) == NULL)
		abort();
	test_names();
	snprintf(path, sizeof path, "%s/box", directory);
	test_delivery(path);
	test_seen_and_dropped(path);
	test_clean(path);
	snprintf(path, sizeof path, "%s/box/", directory);
	test_delivery(path);
	clean(path);
	test_refused();
	rmdir(directory);
	return tap_done();
}
