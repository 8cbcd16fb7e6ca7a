#include <config.h>

#include "tests/calls.h"

#include "io/clock.h"
#include "io/file.h"
#include "io/journal.h"
#include "io/maildir.h"

/* What reaches the disk, in which order, and what is said when it does not: files, the journal, a Maildir, locks. */

static char directory[] = "/tmp/pipemail-sync-XXXXXX";

static const char *in(const char *name)
{
	static char paths[8][200];
	static int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, str_of(text), path, NULL))
		abort();
	close(fd);
}

static bool holds(const char *path, const char *want)
{
	struct buf out = { 0 };
	bool same = file_read(path, 1 << 20, &out, NULL) && str_eq(buf_str(&out), str_of(want));

	buf_free(&out);
	return same;
}

static void test_write(void)
{
	int fd = open(in("w"), O_RDWR | O_CREAT, 0600);
	struct err err = { 0 };

	calls_begin(directory);
	calls.few = 3;
	check(file_write(fd, STR_LIT("0123456789"), "w", &err) && holds(in("w"), "0123456789"), "short writes go on");
	calls_begin(directory);
	calls_fail("write w", EINTR, 0, 2);
	check(file_write(fd, STR_LIT("ab"), "w", &err) && holds(in("w"), "0123456789ab"), "so does an interrupted one");
	calls_fail("write w", ENOSPC, 0, 1);
	check(!file_write(fd, STR_LIT("cd"), "w", &err) && err.kind == ERR_IO, "%s", err.text);
	buf_clear(&calls.notes);
	check(file_temp_write(fd, STR_LIT("xy"), 10, &err) && holds(in("w"), "0123456789xy"), "at an offset");
	calls_begin(directory);
	calls.few = 1;
	check(file_temp_write(fd, STR_LIT("uvw"), 9, &err) && holds(in("w"), "012345678uvw"), "by short writes too");
	close(fd);
	calls_begin(NULL);
}

static void test_sync(void)
{
	int fd = open(in("w"), O_RDWR | O_CREAT, 0600);
	struct err err = { 0 };

	calls_begin(directory);
	check(file_sync(fd, "w", &err), "a sync");
	calls_same("sync w", "is one");
	calls_fail("sync w", EIO, 0, 1);
	check(!file_sync(fd, "w", &err) && err.kind == ERR_IO, "%s", err.text);
	calls_same("sync w", "one that fails is not tried again");
	static const int nothing[] = { EINVAL, EROFS, ENOTSUP };

	for (size_t i = 0; i < 3; i++) {
		calls_fail("sync w", nothing[i], 0, 1);
		check(file_sync(fd, "w", &err), "what cannot be synced needs none: %s", strerror(nothing[i]));
	}
	buf_clear(&calls.notes);
	char dir[64];

	check(file_sync_dir(in("w"), &err), "of the directory");
	snprintf(dir, sizeof dir, "sync %s/", directory + 5);
	calls_same(dir, "is of the directory");
	calls_fail(dir, EIO, 0, 1);
	check(!file_sync_dir(in("w"), &err) && err.kind == ERR_IO, "%s", err.text);
	check(!file_sync_dir(in("no/such"), &err) && err.kind == ERR_IO, "%s", err.text);
	buf_clear(&calls.notes);
	if (chdir(directory) < 0)
		abort();
	check(file_sync_dir("w", &err), "of a name without a directory");
	calls_same(dir, "is of the current one");
	check(chdir("/") == 0 && file_sync_dir("/w", &err), "the root");
	close(fd);
	calls_begin(NULL);
}

/* Begin, write and commit; what is in the file then. */
static bool replace(const char *text, struct err *err)
{
	struct file_new f = { 0 };
	bool ok = file_new_begin(&f, in("n/a"), 0600, err) && file_write(f.fd, str_of(text), "a", err) &&
		file_new_commit(&f, err);

	file_new_abort(&f);
	return ok;
}

static bool is_alone(const char *name)
{
	return rmdir(in(name)) < 0 && errno == ENOTEMPTY && unlink(in("n/a")) == 0 && rmdir(in(name)) == 0 &&
		mkdir(in(name), 0700) == 0;
}

static void test_new(void)
{
	struct err err = { 0 };

	mkdir(in("n"), 0700);
	put(in("n/a"), "old");
	calls_begin(directory);
	check(replace("new", &err), "a file is replaced");
	calls_same("make a~; write a~; sync a~; rename a~ a; sync n/", "written, synced, named, and the name synced");
	calls_fail("sync a~", EIO, 0, 1);
	check(!replace("newer", &err) && err.kind == ERR_IO && holds(in("n/a"), "new"), "%s: the old content stays",
		err.text);
	calls_same("make a~; write a~; sync a~; unlink a~", "and no name is given to what is not on disk");
	calls_fail("rename a~ a", EACCES, 0, 1);
	check(!replace("newer", &err) && err.kind == ERR_CANTCREAT && holds(in("n/a"), "new"), "%s", err.text);
	calls_same("make a~; write a~; sync a~; rename a~ a; unlink a~", "nothing is left");
	calls_fail("sync n/", EIO, 0, 1);
	check(!replace("newer", &err) && err.kind == ERR_IO, "%s", err.text);
	calls_begin(NULL);
	check(is_alone("n"), "no temporary file is left");
}

static void test_directories(void)
{
	struct err err = { 0 };
	char want[200];

	calls_begin(directory);
	check(file_make_dirs(in("d1/d2/file"), &err), "directories");
	snprintf(want, sizeof want, "mkdir d1; sync %s/; mkdir d2; sync d1/", directory + 5);
	calls_same(want, "each name is synced");
	check(file_make_dirs(in("d1/d2/other"), &err), "again");
	calls_same("sync d1/", "an empty one may be of a run that was killed before its sync");
	check(file_make_dirs(in("d1/d2"), &err), "one with something in it");
	calls_same("", "costs nothing");
	calls_fail("sync d2/", EIO, 0, 1);
	check(!file_make_dirs(in("d1/d2/d3/other"), &err) && err.kind == ERR_IO, "%s", err.text);
	calls_begin(NULL);
}

static bool count(void *arg, struct str record, struct err *err)
{
	(void)err;
	(void)record;
	++*(int *)arg;
	return true;
}

static bool open_journal(struct journal *j, struct err *err)
{
	int n = 0;

	buf_clear(&calls.notes);
	return journal_open(j, in("j"), count, &n, err);
}

static void test_journal_names(void)
{
	struct err err = { 0 };
	struct journal j;
	char want[200];

	calls_begin(directory);
	check(open_journal(&j, &err), "a new journal");
	snprintf(want, sizeof want, "make j; sync %s/; lock j", directory + 5);
	calls_same(want, "its name is synced before anything depends on it");
	journal_close(&j);
	/* A run that was killed right after making the file may not have come to the sync. */
	check(open_journal(&j, &err), "an empty one that is there");
	snprintf(want, sizeof want, "make j; sync %s/; lock j", directory + 5);
	calls_same(want, "as well");
	check(journal_add(&j, STR_LIT("one"), &err) && journal_commit(&j, &err), "a record");
	calls_same("write j; sync j", "is written, then synced");
	journal_close(&j);
	check(open_journal(&j, &err), "one with records");
	calls_same("make j; lock j; sync j", "has its name, and what a killed run left unsynced becomes certain");
	journal_close(&j);
	unlink(in("j"));
	snprintf(want, sizeof want, "sync %s/", directory + 5);
	calls_fail(want, EIO, 0, 1);
	check(!open_journal(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	calls_begin(NULL);
}

static void test_journal_commit(void)
{
	struct err err = { 0 };
	struct journal j;

	calls_begin(directory);
	check(open_journal(&j, &err), "open");
	buf_clear(&calls.notes);
	check(journal_commit(&j, &err), "nothing to do");
	calls_same("", "is nothing");
	check(journal_add(&j, STR_LIT("one"), &err) && journal_flush(&j, &err), "a record that is flushed");
	calls_same("write j", "is not synced");
	check(journal_commit(&j, &err), "the next commit");
	calls_same("sync j", "syncs it");
	check(journal_flush(&j, &err) && journal_commit(&j, &err), "and then");
	calls_same("", "there is nothing to do");
	calls_fail("sync j", EIO, 0, 1);
	check(journal_add(&j, STR_LIT("two"), &err) && !journal_commit(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	calls_same("write j; sync j", "a sync that fails");
	check(!journal_commit(&j, &err) && !journal_flush(&j, &err) && err.kind == ERR_IO, "is never said to be done");
	check(!journal_add(&j, STR_LIT("three"), &err) || !journal_commit(&j, &err), "nor is what comes later");
	calls_same("", "nothing more is written");
	journal_close(&j);
	calls_begin(NULL);
	unlink(in("j"));
}

static void test_journal_full(void)
{
	struct err err = { 0 };
	struct journal j;

	calls_begin(directory);
	check(open_journal(&j, &err) && journal_add(&j, STR_LIT("one"), &err) && journal_commit(&j, &err), "a record");
	buf_clear(&calls.notes);
	calls.few = 5;
	calls_fail("write j", ENOSPC, 1, 1);
	check(journal_add(&j, STR_LIT("two"), &err) && !journal_commit(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	calls_same("write j; truncate j", "half a record is taken back");
	check(!journal_commit(&j, &err) && !journal_flush(&j, &err), "a write that failed is never said to be done");
	calls_same("", "nothing more is written");
	journal_close(&j);
	calls_begin(NULL);
	check(holds(in("j"), "one\t7a6c86f1\n"), "the journal ends after its last whole record");
	unlink(in("j"));
}

static void test_journal_tail(void)
{
	struct err err = { 0 };
	struct journal j;

	/* Of the last record only the line end is missing: it gets one, or the next record would be part of it. */
	put(in("j"), "one\t7a6c86f1");
	calls_begin(directory);
	calls_fail("write j", ENOSPC, 0, 1);
	check(!open_journal(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	check(holds(in("j"), "one\t7a6c86f1"), "nothing was added");
	check(open_journal(&j, &err), "with room");
	calls_same("make j; lock j; sync j; write j; sync j", "it is written, and synced, after what was found");
	check(holds(in("j"), "one\t7a6c86f1\n") && j.size == 13 && j.cut == 0, "and counts");
	journal_close(&j);
	put(in("j"), "one\t7a6c86f1\ntw");
	calls_begin(directory);
	calls_fail("truncate j", EIO, 0, 1);
	check(!open_journal(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	calls_fail("sync j", EIO, 0, 1);
	check(!open_journal(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	put(in("j"), "one\t7a6c86f1\ntw");
	check(open_journal(&j, &err) && j.cut == 2 && j.size == 13, "a torn tail");
	calls_same("make j; lock j; sync j; truncate j; sync j", "is cut off, synced");
	journal_close(&j);
	put(in("j"), "one\t7a6c86f1");
	check(open_journal(&j, &err) && j.cut == 0 && j.size == 13, "a record without its line end");
	calls_same("make j; lock j; sync j; write j; sync j", "gets it, synced");
	journal_close(&j);
	check(holds(in("j"), "one\t7a6c86f1\n"), "and is whole");
	calls_fail("read j", EIO, 0, 1);
	check(!open_journal(&j, &err) && err.kind == ERR_IO, "%s", err.text);
	check(holds(in("j"), "one\t7a6c86f1\n"), "what could not be read is not cut off");
	calls_begin(NULL);
	unlink(in("j"));
}

static void test_maildir(void)
{
	struct err err = { 0 };
	char want[200];

	calls_begin(directory);
	check(maildir_make(in("m"), &err), "a Maildir");
	snprintf(want, sizeof want, "mkdir m; sync %s/; mkdir tmp; mkdir new; mkdir cur; sync m/", directory + 5);
	calls_same(want, "its folders are synced");
	check(maildir_make(in("m"), &err), "again");
	calls_same("sync m/", "empty folders may be of a run that was killed before their sync");
	int fd = maildir_create(in("m"), "x", &err);

	check(fd >= 0 && file_write(fd, STR_LIT("text"), "x", &err) && maildir_close(fd, in("m"), "x", &err) &&
			maildir_move(in("m"), "x", "new", "", &err) && maildir_sync(in("m"), "new", &err),
		"a message");
	calls_same("make x; write x; sync x; rename x x; sync new/", "synced, moved, and the move synced");
	fd = maildir_create(in("m"), "y", &err);
	calls_fail("sync y", EIO, 0, 1);
	check(!maildir_close(fd, in("m"), "y", &err) && err.kind == ERR_IO, "%s", err.text);
	calls_fail("sync new/", EIO, 0, 1);
	check(!maildir_sync(in("m"), "new", &err) && err.kind == ERR_IO, "%s", err.text);
	check(maildir_create(in("m"), "y", &err) < 0 && err.kind == ERR_CANTCREAT, "a name that is taken: %s",
		err.text);
	calls_fail("rename y y", EIO, 0, 1);
	check(!maildir_move(in("m"), "y", "new", "", &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	calls_begin(NULL);
}

/* The same with and without files that have no name. */
static void test_dotlock(bool no_tmpfile)
{
	const char *way = no_tmpfile ? "by O_EXCL" : "by a link";
	struct err err = { 0 };

	calls_begin(directory);
	calls.no_tmpfile = no_tmpfile;
	check(file_dotlock(in("box"), 0, &err), "a dotlock %s", way);
	calls_same(no_tmpfile ? "make box.lock; write box.lock" : "write #; link box.lock", "is made whole");
	check(!file_dotlock(in("box"), 0, &err) && err.kind == ERR_TEMP, "only once, %s: %s", way, err.text);
	calls_begin(directory);
	calls.no_tmpfile = no_tmpfile;
	calls_fail("unlink box.lock", EIO, 0, 1);
	file_dotunlock(in("box"));
	check(access(in("box.lock"), F_OK) != 0, "a call that fails once leaves none, %s", way);
	calls_begin(directory);
	calls.no_tmpfile = no_tmpfile;
	file_dotunlock(in("box"));
	calls_same("unlink box.lock", "one that is not there is not there");
	check(file_dotlock(in("box"), 0, &err), "and another can be had, %s", way);
	file_dotunlock(in("box"));
	put(in("box.lock"), "99999999\n");
	check(file_dotlock(in("box"), 0, &err), "one of a process that is gone is replaced, %s", way);
	file_dotunlock(in("box"));
	buf_clear(&calls.notes);
	calls_fail(no_tmpfile ? "write box.lock" : "write #", ENOSPC, 0, -1);
	if (!no_tmpfile)
		calls.before = NULL;
	bool made = file_dotlock(in("box"), 0, &err);

	check(made == !no_tmpfile, "a full disk, %s: %s", way, made ? "the other way is tried" : err.text);
	if (made)
		file_dotunlock(in("box"));
	calls_begin(NULL);
	check(access(in("box.lock"), F_OK) < 0, "none is left");
}

static bool has_pid(const char *path)
{
	struct buf out = { 0 };
	char pid[30];

	snprintf(pid, sizeof pid, "%ld:", (long)getpid());
	bool ok = file_read(path, 1000, &out, NULL) && str_starts(buf_str(&out), str_of(pid));

	buf_free(&out);
	return ok;
}

/* Another process that found the same stale lock is faster: it has the old file locked, or has replaced it already. */
static void be_faster(const char *note)
{
	char fresh[200];

	if (strcmp(note, "lock box.lock") != 0 || calls.spare-- <= 0)
		return;
	snprintf(fresh, sizeof fresh, "%s/fresh", directory);
	put(fresh, "1\n");
	if (rename(fresh, in("box.lock")) < 0)
		abort();
}

static void test_stale(void)
{
	struct err err = { 0 };

	put(in("box.lock"), "99999999\n");
	calls_begin(directory);
	calls.before = be_faster;
	calls.spare = 1;
	check(!file_dotlock(in("box"), 0, &err) && err.kind == ERR_TEMP, "another replaced the stale lock: %s",
		err.text);
	calls_begin(NULL);
	check(holds(in("box.lock"), "1\n"), "its lock is not removed");
	put(in("box.lock"), "99999999\n");
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(in("box.lock"), O_RDWR);

	check(fcntl(fd, F_OFD_SETLK, &l) == 0 && !file_dotlock(in("box"), 0, &err), "another is about to: %s",
		err.text);
	close(fd);
	/* A process that exists but is another's: not gone. Zero and one are none that could be. */
	static const char *const kept[] = { "1\n", "0\n", "-5\n", "x\n", "\n" };

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		put(in("box.lock"), kept[i]);
		check(!file_dotlock(in("box"), 0, &err) && holds(in("box.lock"), kept[i]),
			"a lock that says %.*s stays", (int)strlen(kept[i]) - 1, kept[i]);
	}
	put(in("box.lock"), "99999999\n");
	check(file_dotlock(in("box"), 0, &err) && has_pid(in("box.lock")), "a stale one is taken over, by name");
	file_dotunlock(in("box"));
}

static void test_temp(void)
{
	struct err err = { 0 };
	struct stat st;

	mkdir(in("t"), 0700);
	setenv("TMPDIR", in("t"), 1);
	calls_begin(directory);
	calls.no_tmpfile = true;
	int fd = file_temp(&err);

	check(fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0600, "a temporary file without O_TMPFILE");
	check(st.st_nlink == 0 && rmdir(in("t")) == 0, "has no name");
	check(fcntl(fd, F_GETFD) == FD_CLOEXEC, "and is not inherited");
	check(file_write(fd, STR_LIT("x"), "t", &err), "it can be written");
	close(fd);
	calls_begin(NULL);
}

int main(void)
{
	char command[100];

	if (mkdtemp(directory) == NULL)
		abort();
	test_write();
	test_sync();
	test_new();
	test_directories();
	test_journal_names();
	test_journal_commit();
	test_journal_full();
	test_journal_tail();
	test_maildir();
	test_dotlock(false);
	test_dotlock(true);
	test_stale();
	test_temp();
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
