#include <config.h>

#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "base/mem.h"
#include "io/clock.h"

/*
 * Waits for a child without a handler for SIGCHLD: the end of its output and, where the kernel has them, a pidfd
 * wake the poll. That it has ended is asked before its output is read, so that everything it wrote is there when
 * CHILD_ENDED is reported, even if a grandchild still holds the pipe.
 */

#define BLOCK ((size_t)4096)
#define LOOK_AGAIN (CLOCK_SECOND / 50) /* where nothing tells that a process has ended */
#define KIND_MS 100                    /* between SIGTERM and SIGKILL */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Does a person sit at a terminal that is ours to ask on? */
static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ours = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return ours;
}

static bool set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* argv with in (or -1: /dev/null) and out (or -1: ours) as its standard input and output; signals get their default
 * meaning again. An error number, or 0. */
static int run_command(struct child *c, char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int flags = POSIX_SPAWN_SETSIGDEF | (c->group ? POSIX_SPAWN_SETPGROUP : 0);

	posix_spawn_file_actions_init(&actions);
	if (in < 0)
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawnattr_init(&attributes);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, (short)flags);
	int number = posix_spawnp(&c->pid, argv[0], &actions, &attributes, argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return number;
}

/* In the forked process: no descriptor of ours but the pipe, no handler of ours. */
static _Noreturn void do_work(const struct child_params *params, int out)
{
	struct buf answer = { 0 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
#ifdef HAVE_SYS_PRCTL_H
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(out, 1) < 0 || dup2(null, 0) < 0 || dup2(null, 2) < 0)
		_exit(71);
	if (!params->work(params->arg, &answer) || answer.full)
		_exit(71);
	for (struct str rest = buf_str(&answer); rest.n > 0;) {
		ssize_t n = write(1, rest.p, rest.n);

		if (n < 0 && errno != EINTR)
			_exit(71);
		rest = str_sub(rest, n > 0 ? (size_t)n : 0, rest.n);
	}
	_exit(0);
}

static int run_work(struct child *c, const struct child_params *params, int out)
{
	pid_t pid = fork();

	if (pid == 0)
		do_work(params, out);
	if (pid < 0)
		return errno;
	setpgid(pid, pid); /* whoever comes first: it must be done before anybody kills the group */
	c->pid = pid;
	return 0;
}

static void watch_end(struct child *c)
{
#ifdef SYS_pidfd_open
	c->end_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
#endif
}

bool child_start(struct child *c, const struct child_params *params, struct err *err)
{
	const char *name = params->argv != NULL ? params->argv[0] : "";
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	int number;

	*c = (struct child){ .in_fd = -1, .out_fd = -1, .end_fd = -1, .deadline = params->deadline };
	buf_init(&c->out, params->limit > 0 ? params->limit : BUF_DEFAULT_LIMIT);
	/* Whoever started us may have made it ignored, which makes waitpid forget the status. */
	signal(SIGCHLD, SIG_DFL);
	if ((!params->own_output && pipe2(out, O_CLOEXEC) < 0) || (params->input && pipe2(in, O_CLOEXEC) < 0)) {
		number = errno;
		close_fd(&out[0]);
		close_fd(&out[1]);
		return err_errno(err, ERR_OS, number, "pipe");
	}
	c->name = mem_copy(name, strlen(name));
	c->group = params->argv == NULL || !(params->terminal && has_terminal());
	c->in_fd = in[1];
	c->out_fd = out[0];
	if ((c->out_fd >= 0 && !set_nonblocking(c->out_fd)) || (c->in_fd >= 0 && !set_nonblocking(c->in_fd)))
		number = errno;
	else if (params->argv != NULL && params->input_fd > 2)
		number = lseek(params->input_fd, 0, SEEK_SET) < 0
			? errno
			: run_command(c, params->argv, params->input_fd, out[1]);
	else if (params->argv != NULL)
		number = run_command(c, params->argv, in[0], out[1]);
	else
		number = run_work(c, params, out[1]);
	close_fd(&in[0]);
	close_fd(&out[1]);
	if (number != 0) {
		enum err_kind kind = number == EAGAIN || number == ENOMEM || number == EMFILE ? ERR_OS : ERR_CONFIG;

		c->pid = 0;
		err_errno(err, kind, number, "%s", params->argv != NULL ? name : "fork");
		child_free(c);
		return false;
	}
	watch_end(c);
	return true;
}

size_t child_poll(const struct child *c, struct pollfd *fds, int64_t *deadline)
{
	int64_t until = c->deadline;
	size_t n = 0;

	if (c->pid == 0)
		return 0;
	if (c->in_fd >= 0 && (buf_len(&c->in) > 0 || c->in_end))
		fds[n++] = (struct pollfd){ .fd = c->in_fd, .events = POLLOUT };
	if (c->out_fd >= 0 && buf_len(&c->out) < c->out.limit)
		fds[n++] = (struct pollfd){ .fd = c->out_fd, .events = POLLIN };
	if (c->end_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = c->end_fd, .events = POLLIN };
	else if (clock_after(LOOK_AGAIN) < until)
		until = clock_after(LOOK_AGAIN);
	if (until < *deadline)
		*deadline = until;
	return n;
}

static void feed(struct child *c)
{
	while (c->in_fd >= 0 && buf_len(&c->in) > 0) {
		struct str octets = buf_str(&c->in);
		ssize_t n = write(c->in_fd, octets.p, octets.n);

		if (n > 0)
			buf_drop(&c->in, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			return;
		else if (n == 0 || errno != EINTR)
			close_fd(&c->in_fd); /* it does not want the rest: its status tells what it makes of that */
	}
	if (c->in_end)
		close_fd(&c->in_fd);
}

/* Read what is there: true when something was. */
static bool take(struct child *c)
{
	size_t room = c->out.limit - buf_len(&c->out);
	size_t want = room < BLOCK ? room : BLOCK;
	ssize_t n;

	if (c->out_fd < 0 || want == 0)
		return false;
	do
		n = read(c->out_fd, buf_room(&c->out, want), want);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		buf_added(&c->out, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		close_fd(&c->out_fd);
	return n > 0;
}

/* It has ended and is still there to be waited for; wait: so many milliseconds for it. */
static bool has_ended(const struct child *c, int wait)
{
	int64_t until = clock_after(wait * (CLOCK_SECOND / 1000));

	for (;;) {
		siginfo_t info = { 0 };

		if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0)
			return true;
		if (clock_now() >= until)
			return false;
		struct pollfd one = { .fd = c->end_fd, .events = POLLIN };

		poll(&one, 1, c->end_fd >= 0 ? clock_left(until) : 5);
	}
}

static void reap(struct child *c)
{
	c->status = 0;
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	close_fd(&c->in_fd);
	close_fd(&c->out_fd);
	close_fd(&c->end_fd);
}

/* A lock may have to be given back, a terminal's echo turned on: it gets a moment for that. The group is killed while
 * its leader is not yet waited for: until then nobody else can have its number. */
static void put_down(struct child *c)
{
	pid_t whom = c->group ? -c->pid : c->pid;

	kill(whom, SIGTERM);
	kill(whom, SIGCONT);
	has_ended(c, KIND_MS);
	kill(whom, SIGKILL);
	reap(c);
}

enum child_event child_next(struct child *c)
{
	if (c->pid == 0)
		return CHILD_WAIT;
	feed(c);
	/* Asked before it is read: what it wrote is all there then, whoever else may hold the pipe open. */
	bool ended = has_ended(c, 0);

	if (take(c))
		return CHILD_OUTPUT;
	if (ended && (c->out_fd < 0 || buf_len(&c->out) < c->out.limit)) {
		reap(c);
		return CHILD_ENDED;
	}
	if (clock_now() >= c->deadline) {
		put_down(c);
		return CHILD_LATE;
	}
	return CHILD_WAIT;
}

void child_mute(struct child *c)
{
	close_fd(&c->out_fd);
}

void child_free(struct child *c)
{
	if (c->pid != 0) {
		put_down(c);
	} else if (c->name != NULL) {
		close_fd(&c->in_fd);
		close_fd(&c->out_fd);
	}
	buf_wipe(&c->in);
	buf_wipe(&c->out);
	mem_free(c->name);
	*c = (struct child){ 0 };
}
