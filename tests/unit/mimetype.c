#include <config.h>

#include "tests/tap.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "io/file.h"
#include "io/mimetype.h"

static char directory[] = "/tmp/pipemail-mimetype-XXXXXX";

static void put_globs(const char *name, const char *text)
{
	char path[200];
	struct file_new f = { .fd = -1 };

	snprintf(path, sizeof path, "%s/%s/mime/globs2", directory, name);
	if (!file_make_dirs(path, NULL) || !file_new_begin(&f, path, 0600, NULL) ||
		!file_write(f.fd, str_of(text), path, NULL) || !file_new_commit(&f, NULL))
		abort();
}

static void remove_globs(const char *name)
{
	static const char *const parts[] = { "/mime/globs2", "/mime", "" };
	char path[200];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s%s", directory, name, parts[i]);
		remove(path);
	}
}

static void check_types(const struct mimetypes *m, const char *const (*cases)[2], const char *who)
{
	for (size_t i = 0; cases[i][0] != NULL; i++) {
		const char *type = mimetype_find(m, cases[i][0]);

		check_same(str_of(type != NULL ? type : "none"), cases[i][1], who);
	}
}

static void test_table(void)
{
	static const char *const cases[][2] = { { "a.pdf", "application/pdf" }, { "A.PDF", "application/pdf" },
		{ "a.b.txt", "text/plain" }, { ".png", "image/png" }, { "txt", "none" }, { "a.", "none" },
		{ "", "none" }, { "a.pdf ", "none" }, { "a.unheard", "none" }, { NULL, NULL } };
	struct mimetypes m = { .n = 0 };

	check_types(&m, cases, "without a database");
	setenv("XDG_DATA_HOME", "/nonexistent", 1);
	setenv("XDG_DATA_DIRS", "/nonexistent::/dev/null", 1);
	mimetype_load(&m);
	check_types(&m, cases, "where none is to be had");
	mimetype_free(&m);
	mimetype_free(&m);
}

static void test_database(void)
{
	static const char *const cases[][2] = { { "a.pdf", "application/x-own" },
		{ "a.TAR.gz", "application/x-compressed-tar" }, { "a.gz", "application/gzip" },
		{ "README.gz", "text/x-readme" }, { "makefile", "text/x-makefile" }, { "a.C", "text/x-c++src" },
		{ "a.c", "text/x-csrc" }, { "x.heavy", "text/heavy" }, { "a.cr", "none" }, { "a.blank", "none" },
		{ "a.half", "none" }, { "a.big", "none" }, { "a.last", "text/last" }, { "x.png", "image/png" },
		{ NULL, NULL } };
	struct mimetypes m = { .n = 0 };
	char text[200];

	put_globs("own", "# mine\n50:application/x-own:*.pdf\n");
	put_globs("one",
		"50:application/pdf:*.pdf\n50:application/gzip:*.gz\n"
		"50:application/x-compressed-tar:*.tar.gz\n60:text/x-readme:README*\n"
		"50:text/x-makefile:[Mm]akefile\n50:text/x-c++src:*.C:cs\n50:text/x-csrc:*.c:cs\n"
		"40:text/light:*.heavy\n80:text/heavy:*.heavy\n70:text/middle:x.heavy\n"
		"50:text/x\r:*.cr\n50:text/x y:*.blank\n50:text:*.half\n5000:text/big:*.big\n"
		":::\n50\n\n50:text/none:\n");
	put_globs("two", "90:text/too-late:*.gz\n50:text/last:*.last");
	snprintf(text, sizeof text, "%s/own", directory);
	setenv("XDG_DATA_HOME", text, 1);
	snprintf(text, sizeof text, "%s/one::%s/none:%s/two", directory, directory, directory);
	setenv("XDG_DATA_DIRS", text, 1);
	mimetype_load(&m);
	check_types(&m, cases, "the user's, then the system's, then ours");
	mimetype_free(&m);
	remove_globs("own");
	remove_globs("one");
	remove_globs("two");
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		abort();
	test_table();
	test_database();
	check(rmdir(directory) == 0, "nothing is left behind");
	return tap_done();
}
