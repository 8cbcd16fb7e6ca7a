#include <config.h>

#include "tests/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/child.h"
#include "io/clock.h"

/* Poll until it is over: the last event. What it wrote is gathered in out. */
static enum child_event until_over(struct child *c, struct buf *out)
{
	for (;;) {
		struct pollfd fds[CHILD_FDS];
		int64_t deadline = INT64_MAX;
		size_t n = child_poll(c, fds, &deadline);
		enum child_event event;

		poll(fds, n, clock_left(deadline));
		while ((event = child_next(c)) == CHILD_OUTPUT) {
			buf_add(out, buf_str(&c->out));
			buf_drop(&c->out, buf_len(&c->out));
		}
		if (event != CHILD_WAIT)
			return event;
	}
}

static bool nothing_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

#define SH(text)                                            \
	{                                                   \
		"sh", "-c", (char *)(uintptr_t)(text), NULL \
	}

static void test_command(void)
{
	char *const both[] = SH("echo one; sleep 0.05; echo two; exit 3");
	char *const silent[] = SH("exit 0");
	char *const input[] = SH("cat; echo end");
	char *const absent[] = { (char *)(uintptr_t) "/no/such/command", NULL };
	char *const much[] = SH("head -c 300000 /dev/zero");
	struct child_params params = { .argv = both, .deadline = INT64_MAX };
	struct child c = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };

	child_free(&c);
	check(child_next(&c) == CHILD_WAIT, "nothing happens in a zeroed one");
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED, "it ends: %s", err.text);
	check(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 3, "with its status");
	check_same(buf_str(&out), "one\ntwo\n", "all that it wrote");
	check(child_next(&c) == CHILD_WAIT && nothing_left(), "no zombie");
	child_free(&c);

	buf_clear(&out);
	params.argv = silent;
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED && c.status == 0 &&
			buf_len(&out) == 0,
		"one that says nothing");
	child_free(&c);

	params.argv = absent;
	check(!child_start(&c, &params, &err) && err.kind == ERR_CONFIG, "%s", err.text);
	child_free(&c);

	params.argv = input;
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED, "standard input is empty");
	check_same(buf_str(&out), "end\n", "and not ours");
	child_free(&c);

	buf_clear(&out);
	params.input = true;
	check(child_start(&c, &params, &err), "one with input");
	for (int i = 0; i < 20000; i++)
		buf_add_text(&c.in, "0123456789");
	c.in_end = true;
	check(until_over(&c, &out) == CHILD_ENDED && buf_len(&out) == 200004, "it gets all of it and its end: %zu",
		buf_len(&out));
	child_free(&c);

	buf_clear(&out);
	params.argv = silent;
	check(child_start(&c, &params, &err), "one that does not read");
	for (int i = 0; i < 20000; i++)
		buf_add_text(&c.in, "0123456789");
	check(until_over(&c, &out) == CHILD_ENDED && c.status == 0, "ends all the same");
	child_free(&c);

	params = (struct child_params){ .argv = much, .deadline = INT64_MAX, .limit = 1000 };
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED && buf_len(&out) == 300000,
		"much, through a small buffer");
	child_free(&c);
	buf_free(&out);
	check(nothing_left(), "nothing is left of any");
}

/* The pid that the command printed. */
static pid_t pid_in(const struct buf *out)
{
	return (pid_t)strtol(buf_str(out).p, NULL, 10);
}

/* Is it there, other than as a zombie that its new parent has yet to see? */
static bool lives(pid_t pid)
{
	char path[64];
	char stat[200] = "";

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return false;
	bool read = fgets(stat, sizeof stat, f) != NULL;

	fclose(f);
	return read && strstr(stat, ") Z") == NULL;
}

/* It was killed, which takes effect when the kernel comes to it. */
static bool dies(pid_t pid)
{
	int64_t until = clock_after(10 * CLOCK_SECOND);

	while (lives(pid) && clock_now() < until)
		poll(NULL, 0, 5);
	return !lives(pid);
}

static void test_late(void)
{
	char *const stubborn[] = SH("trap '' TERM; sh -c 'trap \"\" TERM; echo $$; exec sleep 100' & wait");
	char *const kind[] = SH("trap 'exit 0' TERM; echo ready; sleep 100 & wait");
	struct child_params params = { .argv = stubborn, .deadline = INT64_MAX };
	struct child c = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };
	struct pollfd fds[CHILD_FDS];
	int64_t deadline = INT64_MAX;
	int64_t start;

	check(child_start(&c, &params, &err), "one that does not want to end");
	while (memchr(buf_str(&out).p, '\n', buf_len(&out)) == NULL) {
		poll(fds, child_poll(&c, fds, &deadline), clock_left(deadline));
		if (child_next(&c) == CHILD_OUTPUT)
			buf_add(&out, buf_str(&c.out));
	}
	start = clock_now();
	c.deadline = clock_after(CLOCK_SECOND / 5);
	check(until_over(&c, &out) == CHILD_LATE, "the deadline passes");
	int took = (int)((clock_now() - start) / 1000000);

	check(took >= 200 && took < 3000, "and is kept: %d ms", took);
	check(pid_in(&out) > 1 && dies(pid_in(&out)), "what it started is gone too, though it minds no SIGTERM");
	check(child_next(&c) == CHILD_WAIT && nothing_left(), "no zombie");
	child_free(&c);

	buf_clear(&out);
	params = (struct child_params){ .argv = kind, .deadline = INT64_MAX };
	start = clock_now();
	check(child_start(&c, &params, &err), "one that is given up");
	poll(fds, child_poll(&c, fds, &deadline), clock_left(deadline));
	child_free(&c);
	took = (int)((clock_now() - start) / 1000000);
	check(took < 3000 && nothing_left(), "is gone at once: %d ms", took);
	buf_free(&out);
}

/* The output ends with the process, not with whoever still holds the pipe. */
static void test_held(void)
{
	char *const held[] = SH("sleep 20 & echo $!; exit 0");
	char *const closed[] = SH("exec >&-; sleep 0.1; exit 4");
	char *const yes[] = { (char *)(uintptr_t) "yes", NULL };
	struct child_params params = { .argv = held, .deadline = clock_after(10 * CLOCK_SECOND) };
	struct child c = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };

	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED && c.status == 0,
		"it ended, though the pipe is held open");
	check(lives(pid_in(&out)), "and what it left behind goes on");
	kill(pid_in(&out), SIGKILL);
	child_free(&c);
	params.argv = closed;
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED && WIFEXITED(c.status) &&
			WEXITSTATUS(c.status) == 4,
		"it closed its output and ended later");
	child_free(&c);
	params.argv = yes;
	params.limit = 1000;
	check(child_start(&c, &params, &err), "one that never stops");
	while (child_next(&c) != CHILD_OUTPUT)
		;
	child_mute(&c);
	check(until_over(&c, &out) == CHILD_ENDED && WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGPIPE,
		"ends when nobody listens");
	child_free(&c);
	buf_free(&out);
}

static bool say_it(const void *arg, struct buf *out)
{
	return buf_add_text(out, arg);
}

static bool fail(const void *arg, struct buf *out)
{
	(void)arg;
	(void)out;
	return false;
}

static bool hang(const void *arg, struct buf *out)
{
	(void)arg;
	(void)out;
	while (pause() < 0)
		;
	return true;
}

static void test_work(void)
{
	struct child_params params = { .work = say_it, .arg = "done", .deadline = INT64_MAX };
	struct child c = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };

	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED && c.status == 0, "a function");
	check_same(buf_str(&out), "done", "its output");
	child_free(&c);
	params.work = fail;
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_ENDED && WIFEXITED(c.status) &&
			WEXITSTATUS(c.status) == 71,
		"one that fails");
	child_free(&c);
	params.work = hang;
	params.deadline = clock_after(CLOCK_SECOND / 10);
	check(child_start(&c, &params, &err) && until_over(&c, &out) == CHILD_LATE, "one that hangs");
	child_free(&c);
	check(nothing_left(), "nothing is left");
	buf_free(&out);
}

/* A session with a terminal of its own, on which the command asks. */
static _Noreturn void ask(const char *terminal)
{
	char *const asks[] = SH("read x </dev/tty && echo \"$x\"");
	struct child_params params = { .argv = asks, .terminal = true, .deadline = clock_after(5 * CLOCK_SECOND) };
	struct child c = { 0 };
	struct buf out = { 0 };

	setsid();
	signal(SIGHUP, SIG_IGN);
	if (open(terminal, O_RDWR) < 0 || !child_start(&c, &params, NULL))
		_exit(1);
	enum child_event event = until_over(&c, &out);

	_exit(event == CHILD_ENDED && str_eq(buf_str(&out), STR_LIT("secret\n")) ? 42 : 2);
}

static void test_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int status = 0;

	if (!check(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "a terminal"))
		return;
	/* Held open here, so that what is typed ahead is not lost. */
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);

	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0)
		ask(ptsname(master));
	check(write(master, "secret\n", 7) == 7, "a person types");
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 42, "a command may ask on the terminal: %d", status);
	close(slave);
	close(master);
}

int main(void)
{
	size_t before;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* as some that start us have it */
	before = descriptors();
	test_command();
	test_late();
	test_held();
	test_work();
	test_terminal();
	check(descriptors() == before, "no descriptor is left open");
	return tap_done();
}
