#include <config.h>

#include "tests/calls.h"

#include <sys/wait.h>

#include "base/err.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/mailbox.h"

/* An mbox that is open and locked: by both ways, the file that has the name, and nothing left behind on failure. */

static char directory[] = "/tmp/pipemail-mailbox-XXXXXX";
static char box[100];
static char lock[110];

static void put(const char *path, struct str octets)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, octets, path, NULL))
		abort();
	close(fd);
}

static bool is_locked(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(box, O_RDWR);
	bool locked = fcntl(fd, F_OFD_SETLK, &l) < 0;

	close(fd);
	return locked;
}

static void test_both(void)
{
	struct mailbox m;
	struct err err = { 0 };
	struct stat st;

	check(mailbox_open(&m, box, 0, &err), "a new one: %s", err.text);
	check(fstat(m.fd, &st) == 0 && (st.st_mode & 0777) == 0600 && m.size == 0, "for nobody else");
	check(access(lock, F_OK) == 0 && is_locked(), "both locks are there");
	mailbox_close(&m);
	check(access(lock, F_OK) < 0 && !is_locked(), "and gone");
	put(box, STR_LIT("12345"));
	check(mailbox_open(&m, box, 0, &err) && m.size == 5, "its size");
	mailbox_close(&m);
}

static void test_others(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct mailbox m;
	struct err err = { 0 };
	char text[40];

	/* Process 1 is always there. */
	snprintf(text, sizeof text, "1\n");
	put(lock, str_of(text));
	check(!mailbox_open(&m, box, clock_now(), &err) && err.kind == ERR_TEMP, "another's dotlock: %s", err.text);
	check(access(lock, F_OK) == 0, "stays");
	unlink(lock);
	int fd = open(box, O_RDWR);

	check(fcntl(fd, F_OFD_SETLK, &l) == 0, "another's fcntl lock");
	check(!mailbox_open(&m, box, clock_now(), &err) && err.kind == ERR_TEMP, "%s", err.text);
	check(access(lock, F_OK) < 0, "leaves no dotlock of ours");
	close(fd);
	calls_begin(directory);
	calls.no_tmpfile = true;
	calls_fail("make in.mbox.lock", EACCES, 0, 1);
	check(mailbox_open(&m, box, clock_now(), &err) && !m.dotlock && is_locked(), "no dotlock can be made: %s",
		err.text);
	mailbox_close(&m);
	calls_begin(NULL);
}

static void test_kinds(void)
{
	struct mailbox m;
	struct err err = { 0 };
	char path[120];

	snprintf(path, sizeof path, "%s/fifo", directory);
	mkfifo(path, 0600);
	check(!mailbox_open(&m, path, 0, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	check(!mailbox_open(&m, directory, 0, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	snprintf(path, sizeof path, "%s/no/such", directory);
	check(!mailbox_open(&m, path, 0, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	snprintf(path, sizeof path, "%s/fifo.lock", directory);
	check(access(path, F_OK) < 0, "no dotlock is left");
}

static int swaps;

static void swap(const char *note)
{
	char fresh[120];

	if (strcmp(note, "lock in.mbox") != 0 || swaps-- <= 0)
		return;
	snprintf(fresh, sizeof fresh, "%s/fresh", directory);
	put(fresh, STR_LIT("rewritten"));
	if (rename(fresh, box) < 0)
		abort();
}

static void drop(const char *note)
{
	if (strcmp(note, "lock in.mbox") == 0 && swaps-- > 0)
		unlink(box);
}

static void test_replaced(void)
{
	void (*const ways[])(const char *) = { swap, drop };

	for (size_t way = 0; way < 2; way++)
		for (int times = 1; times < 4; times++) {
			struct mailbox m;
			struct err err = { 0 };
			struct stat opened, named;

			put(box, STR_LIT("old"));
			calls_begin(directory);
			calls.before = ways[way];
			swaps = times;
			check(mailbox_open(&m, box, clock_now(), &err), "replaced or removed %d times: %s", times,
				err.text);
			calls_begin(NULL);
			check(fstat(m.fd, &opened) == 0 && stat(box, &named) == 0 && opened.st_ino == named.st_ino &&
					is_locked(),
				"the one that has the name is open and locked");
			check(m.size == (way == 0 ? 9 : 0), "and its size is known");
			mailbox_close(&m);
		}
}

static void test_ends(void)
{
	static const struct {
		const char *text;
		int missing;
	} ends[] = { { "", 0 }, { "\n", 0 }, { "x", 2 }, { "x\n", 1 }, { "x\n\n", 0 }, { "\n\n", 0 }, { "\nx", 2 },
		{ "xx\n", 1 } };
	struct mailbox m;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		put(box, str_of(ends[i].text));
		check(mailbox_open(&m, box, 0, NULL) && mailbox_missing_ends(&m) == ends[i].missing,
			"missing ends %zu: %d", i, ends[i].missing);
		mailbox_close(&m);
	}
	m = (struct mailbox){ .fd = -1, .size = 5 };
	check(mailbox_missing_ends(&m) == -1, "one that cannot be read");
}

/* As seen by a user without rights, where we are root. */
static bool may_as(uid_t user, const char *path)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(user == 0 || (setgid(user) == 0 && setuid(user) == 0) ? !mailbox_check(path, NULL) : 2);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_rule(void)
{
	char sticky[60], mine[80], file[80], link[80], plain[80];

	snprintf(sticky, sizeof sticky, "%s/sticky", directory);
	snprintf(mine, sizeof mine, "%s/mine", sticky);
	snprintf(file, sizeof file, "%s/file", sticky);
	snprintf(link, sizeof link, "%s/link", sticky);
	snprintf(plain, sizeof plain, "%s/plain", directory);
	if (mkdir(sticky, 0700) < 0 || symlink("/nowhere", mine) < 0 || symlink("/nowhere", link) < 0 ||
		symlink(box, plain) < 0)
		abort();
	put(file, STR_LIT(""));
	check(mailbox_check(mine, NULL) && mailbox_check(file, NULL) && mailbox_check(plain, NULL), "our own");
	check(mailbox_check("/no/such/folder/x", NULL), "what is not there");
	if (geteuid() == 0) {
		if (chmod(sticky, 01777) < 0 || chmod(directory, 0755) < 0 || lchown(link, 1234, 1234) < 0 ||
			lchown(file, 1234, 1234) < 0 || lchown(plain, 1234, 1234) < 0)
			abort();
		check(!may_as(0, link) && !may_as(0, file),
			"root follows no other's link in a sticky directory, nor writes a file");
		check(may_as(0, mine), "but its own");
		check(may_as(1234, link) && may_as(1234, file) && may_as(1234, mine),
			"its owner does, and what is the directory's owner's");
		check(!may_as(4321, link) && !may_as(4321, file) && may_as(4321, mine), "a third one does not");
		check(!may_as(0, plain), "root follows no other's link anywhere");
		check(may_as(4321, plain), "others do where it is not sticky");
		if (chown(sticky, 1234, 1234) < 0)
			abort();
		check(!may_as(0, link) && may_as(0, file),
			"of the directory's owner root writes the file, and follows no link");
		chmod(sticky, 0755);
		check(may_as(0, file), "a file that root was asked to write by name");
	}
	unlink(mine);
	unlink(file);
	unlink(link);
	unlink(plain);
	rmdir(sticky);
}

int main(void)
{
	char command[100];

	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(box, sizeof box, "%s/in.mbox", directory);
	snprintf(lock, sizeof lock, "%s.lock", box);
	test_both();
	test_rule();
	test_others();
	test_kinds();
	test_replaced();
	test_ends();
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
