#include <config.h>

#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/file.h"
#include "io/stop.h"

static char directory[] = "/tmp/pipemail-file-XXXXXX";

static const char *in(const char *name)
{
	static char paths[4][200];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static bool holds(const char *path, const char *want)
{
	struct buf out = { 0 };
	bool same = file_read(path, 1000, &out, NULL) && str_eq(buf_str(&out), str_of(want));

	buf_free(&out);
	return same;
}

static void test_read(void)
{
	struct buf out = { 0 };
	struct err err = { 0 };

	put(in("r"), "0123456789");
	check(file_read(in("r"), 10, &out, &err) && buf_len(&out) == 10, "up to the limit");
	check(!file_read(in("r"), 9, &out, &err) && err.kind == ERR_DATA, "%s", err.text);
	check(!file_read(in("none"), 9, &out, &err) && err.kind == ERR_NOINPUT, "%s", err.text);
	check(!file_read(directory, 9, &out, &err) && err.kind == ERR_NOINPUT, "%s", err.text);
	put(in("r"), "");
	buf_clear(&out);
	check(file_read(in("r"), 0, &out, &err) && buf_len(&out) == 0, "an empty file");
	buf_free(&out);
}

static void test_write(void)
{
	struct err err = { 0 };
	char *big = malloc(1 << 20);
	struct buf got = { 0 };
	int ends[2];
	int full = open("/dev/full", O_WRONLY);

	memset(big, 'x', 1 << 20);
	check(!file_write(full, STR_LIT("x"), "out", &err) && err.kind == ERR_IO, "%s", err.text);
	close(full);
	if (pipe2(ends, O_NONBLOCK) < 0)
		abort();
	pid_t child = fork();

	if (child == 0) {
		close(ends[0]);
		_exit(!file_write(ends[1], str_at(big, 1 << 20), "pipe", NULL));
	}
	close(ends[1]);
	check(file_read_fd(ends[0], 2 << 20, &got, "pipe", &err) && buf_len(&got) == 1 << 20,
		"a non-blocking pipe takes and gives all");
	int status = 1;

	waitpid(child, &status, 0);
	check(status == 0, "the writer is content");
	close(ends[0]);
	check(!file_write(ends[1], STR_LIT("x"), "gone", &err), "%s", err.text);
	free(big);
	buf_free(&got);
}

static int entries(const char *path)
{
	char command[300];
	int n = -1;

	snprintf(command, sizeof command, "ls -A %s | wc -l", path);
	FILE *f = popen(command, "r");

	if (f != NULL && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f != NULL)
		pclose(f);
	return n;
}

/* What a run left that was killed. */
static void test_tidy(void)
{
	put(in("new/.a.0123456789abcdef"), "left");
	put(in("new/.a.0123456789abcdeg"), "not ours");
	put(in("new/.a.0123456789abcdef0"), "nor this");
	put(in("new/.ab.0123456789abcdef"), "of another");
	file_new_tidy(in("new/a"));
	check(entries(in("new")) == 4 && access(in("new/.a.0123456789abcdef"), F_OK) < 0,
		"what was left is gone, nothing else");
	file_new_tidy("no/directory");
	unlink(in("new/.a.0123456789abcdeg"));
	unlink(in("new/.a.0123456789abcdef0"));
	unlink(in("new/.ab.0123456789abcdef"));
}

static void test_new(void)
{
	struct file_new f = { 0 };
	struct err err = { 0 };
	struct stat st;

	file_new_abort(&f);
	check(fcntl(0, F_GETFD) >= 0, "abort of a zeroed one closes nothing");
	mkdir(in("new"), 0700);
	put(in("new/a"), "old");
	check(file_new_begin(&f, in("new/a"), 0600, &err), "begin");
	check(file_write(f.fd, STR_LIT("fresh"), "a", &err) && holds(in("new/a"), "old"), "the old stands");
	check(file_new_commit(&f, &err) && holds(in("new/a"), "fresh"), "commit");
	file_new_abort(&f);
	check(holds(in("new/a"), "fresh") && entries(in("new")) == 1, "abort after commit is nothing");
	check(file_new_begin(&f, in("new/a"), 0600, &err), "begin again");
	file_new_abort(&f);
	test_tidy();
	check(holds(in("new/a"), "fresh") && entries(in("new")) == 1, "abort leaves nothing");
	umask(077);
	check(file_new_begin(&f, in("new/b"), 0644, &err) && file_new_commit(&f, &err), "one that was not there");
	check(stat(in("new/b"), &st) == 0 && (st.st_mode & 0777) == 0600, "the umask holds");
	umask(022);
	if (symlink("a", in("new/link")) < 0)
		abort();
	check(!file_new_begin(&f, in("new/link"), 0600, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	check(!file_new_begin(&f, "/dev/null", 0600, &err), "%s", err.text);
	check(!file_new_begin(&f, in("no/dir"), 0600, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	file_new_abort(&f);
}

/* Hold the lock in a child until its standard input ends. */
static pid_t hold(const char *path, bool dot, int *release)
{
	int ready[2];
	int end[2];
	char c;

	if (pipe(ready) < 0 || pipe(end) < 0)
		abort();
	pid_t child = fork();

	if (child == 0) {
		close(end[1]);
		int fd = open(path, O_RDWR);
		bool ok = dot ? file_dotlock(path, 0, NULL) : file_lock(fd, path, 0, NULL);

		if (!ok || write(ready[1], "r", 1) < 0 || read(end[0], &c, 1) < 0)
			_exit(1);
		_exit(0); /* without unlocking */
	}
	close(ready[1]);
	close(end[0]);
	if (read(ready[0], &c, 1) != 1)
		abort();
	close(ready[0]);
	*release = end[1];
	return child;
}

static void test_lock(void)
{
	struct err err = { 0 };
	int release;
	const char *path = in("lock");

	put(path, "x");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	pid_t child = hold(path, false, &release);
	int64_t before = clock_now();

	check(!file_lock(fd, path, clock_after(CLOCK_SECOND / 20), &err) && err.kind == ERR_TEMP, "%s", err.text);
	check(clock_now() - before >= CLOCK_SECOND / 20, "it was waited for");
	close(release);
	waitpid(child, NULL, 0);
	check(file_lock(fd, path, 0, &err), "free again when the holder is gone");
	int other = open(path, O_RDWR | O_CLOEXEC);

	check(!file_lock(other, path, 0, &err), "a second opening in the same process is another");
	close(other);
	check(fcntl(fd, F_GETFD) >= 0, "and its close lets go of nothing");
	close(fd);
}

static void test_dotlock(void)
{
	struct err err = { 0 };
	int release;
	const char *path = in("mbox");
	const char *lock = in("mbox.lock");

	pid_t child = hold(path, true, &release);

	check(!file_dotlock(path, clock_after(CLOCK_SECOND / 20), &err) && err.kind == ERR_TEMP, "%s", err.text);
	close(release);
	waitpid(child, NULL, 0);
	check(access(lock, F_OK) == 0, "the dead one left its lock");
	check(file_dotlock(path, 0, &err), "which is taken over: %s", err.text);
	file_dotunlock(path);
	check(access(lock, F_OK) < 0, "unlocked");
	put(lock, "");
	const struct timespec before_start[2] = { { .tv_sec = clock_boot() - 61 }, { .tv_sec = clock_boot() - 61 } };
	const struct timespec young[2] = { { .tv_sec = clock_true() - 270 }, { .tv_sec = clock_true() - 270 } };
	const struct timespec stale[2] = { { .tv_sec = clock_true() - 301 }, { .tv_sec = clock_true() - 301 } };
	const struct timespec ahead[2] = { { .tv_sec = clock_true() + 999 }, { .tv_sec = clock_true() + 999 } };

	check(!file_dotlock(path, 0, &err), "an empty lock is respected");
	if (clock_boot() - 60 < clock_true() - 270) {
		utimensat(AT_FDCWD, lock, young, 0);
		check(!file_dotlock(path, 0, &err) && strstr(err.text, "which is empty and 27") != NULL,
			"its age is told: %s", err.text);
	}
	utimensat(AT_FDCWD, lock, ahead, 0);
	check(!file_dotlock(path, 0, &err), "one of the future is not old");
	utimensat(AT_FDCWD, lock, stale, 0);
	check(file_dotlock(path, 0, &err), "nobody has touched it for five minutes");
	put(lock, "");
	utimensat(AT_FDCWD, lock, before_start, 0);
	check(file_dotlock(path, 0, &err), "before that, a power failure took its text");
	put(lock, "123:loc");
	utimensat(AT_FDCWD, lock, before_start, 0);
	check(file_dotlock(path, 0, &err), "or a part of it");
	put(lock, "99999999:elsewhere.example\n");
	utimensat(AT_FDCWD, lock, before_start, 0);
	check(!file_dotlock(path, 0, &err), "a process of another host cannot be asked");
	put(lock, "99999999\n");
	check(file_dotlock(path, 0, &err), "a number of no process, as mutt writes it");
	file_dotunlock(path);
	check(!file_dotlock(in("no/mbox"), 0, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
}

static void test_paths(void)
{
	struct err err = { 0 };
	struct buf out = { 0 };
	struct stat st;

	check(file_make_dirs(in("a/b/c/file"), &err), "directories: %s", err.text);
	check(stat(in("a/b/c"), &st) == 0 && (st.st_mode & 0777) == 0700, "nobody else's");
	check(file_make_dirs(in("a/b/c/file"), &err), "again");
	check(file_make_dirs("plain", &err) && file_make_dirs("/root-file", &err), "nothing to make");
	put(in("a/file"), "");
	check(!file_make_dirs(in("a/file/x/y"), &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	setenv("XDG_STATE_HOME", "/s", 1);
	check(file_state_path(&out, "uids", &err), "state");
	check_same(buf_str(&out), "/s/pipemail/uids", "XDG_STATE_HOME");
	buf_clear(&out);
	setenv("XDG_STATE_HOME", "relative", 1);
	setenv("HOME", "/h", 1);
	file_state_path(&out, "uids", &err);
	check_same(buf_str(&out), "/h/.local/state/pipemail/uids", "a relative one is passed over");
	buf_free(&out);
	setenv("TMPDIR", directory, 1);
	int before = entries(directory);
	int fd = file_temp(&err);

	check(fd >= 0 && entries(directory) == before, "a temporary file has no name");
	check(file_write(fd, STR_LIT("x"), "t", &err) && file_sync(fd, "t", &err), "it can be written");
	close(fd);
	setenv("TMPDIR", "/no/such", 1);
	check(file_temp(&err) < 0 && err.kind == ERR_CANTCREAT, "%s", err.text);
}

/* What a process does whose standard descriptors were closed. */
static void test_guard(void)
{
	pid_t child = fork();

	if (child == 0) {
		close(0);
		close(1);
		close(2);
		file_guard_standard();
		char c;
		bool ok = open("/dev/null", O_RDWR) > 2;

		ok = ok && read(0, &c, 1) < 0 && write(1, "x", 1) < 0 && write(2, "x", 1) < 0;
		_exit(!ok);
	}
	int status = 1;

	waitpid(child, &status, 0);
	check(status == 0, "closed standard descriptors are taken, and fail");
}

static void test_stop(void)
{
	int status = 0;
	int ends[2];
	char c;

	if (pipe(ends) < 0)
		abort();
	pid_t child = fork();

	if (child == 0) {
		struct err err;
		bool ok = true;

		signal(SIGHUP, SIG_IGN);
		signal(SIGINT, SIG_DFL);
		stop_install();
		raise(SIGHUP);
		ok = ok && stop_signal() == 0;
		raise(SIGTERM);
		ok = ok && stop_signal() == SIGTERM;
		ok = ok && file_read_some(ends[0], &c, 1, "pipe", &err) == -2;
		if (ok)
			raise(SIGINT);
		_exit(1);
	}
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT,
		"the first signal ends a wait, the second the process: %d", WEXITSTATUS(status));
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		abort();
	signal(SIGPIPE, SIG_IGN);
	test_read();
	test_write();
	test_new();
	test_lock();
	test_dotlock();
	test_paths();
	test_guard();
	test_stop();
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
