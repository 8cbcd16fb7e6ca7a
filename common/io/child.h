#ifndef PIPEMAIL_IO_CHILD_H
#define PIPEMAIL_IO_CHILD_H

#include <poll.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * A command, or a function of ours in a process of its own, with pipes and a deadline, for any poll loop. Nothing
 * here waits, except child_free, for a tenth of a second at most, for a process that has to be killed. The child's
 * standard error is ours. Its standard input is never ours, which may be the message.
 *
 *     child_start(&c, &params, err);
 *     for (;;) {
 *             while ((event = child_next(&c)) == CHILD_OUTPUT)
 *                     ... c.out ...
 *             if (event != CHILD_WAIT)
 *                     break;
 *             n = child_poll(&c, fds, &deadline);  poll(fds, n, clock_left(deadline));
 *     }
 *     child_free(&c);
 *
 * All is borrowed for the call of child_start; arg only until the fork.
 */
/* clang-format on */
struct child_params {
	char *const *argv; /* looked up in PATH, no shell; NULL: run `work` instead */
	/*
	 * Run in a forked process, with standard input and standard error on /dev/null; what it appends to out is
	 * the output. False: the process ends with status 71. The process is single-threaded: it must not rely on
	 * locks that other threads hold.
	 */
	bool (*work)(const void *arg, struct buf *out);
	const void *arg;
	bool input;       /* child.in goes to its standard input; else that is /dev/null */
	int input_fd;     /* or, over 2: a file that is its standard input, from the start; borrowed */
	bool own_output;  /* its standard output is ours, and child.out stays empty */
	bool terminal;    /* it may ask a person on the terminal */
	int64_t deadline; /* monotonic nanoseconds; it is killed then */
	size_t limit;     /* most bytes of child.out, 0: BUF_DEFAULT_LIMIT */
};

/* A zeroed one runs nothing. child_free has to be called in any case after child_start. */
struct child {
	pid_t pid; /* 0: nothing runs */
	/* For its standard input; the caller appends, and sets in_end after the last byte. */
	struct buf in;
	bool in_end;
	/* From its standard output; the caller drops what it has used. Nothing is read while it is full. */
	struct buf out;
	int status; /* as of waitpid(2), after CHILD_ENDED */
	char *name; /* argv[0], for messages */
	/* The rest is the module's own. */
	bool group; /* it leads a process group */
	int in_fd;  /* our ends, or -1 */
	int out_fd;
	int end_fd; /* a pidfd, readable when it has ended; -1: the kernel has none */
	int64_t deadline;
};

enum child_event {
	CHILD_WAIT,   /* poll */
	CHILD_OUTPUT, /* more bytes are in out */
	CHILD_ENDED,  /* all that it wrote was reported; status says how it ended */
	CHILD_LATE,   /* the deadline passed; it was killed */
};

/*
 * Start it. False with ERR_OS when descriptors, processes or memory are missing, ERR_CONFIG for a command that
 * cannot be run; nothing is left then. It leads a process group, so that what it starts is killed with it. But if
 * it may ask on a terminal and there is one it stays in our group, because a background group would be stopped by
 * its first read. Sets SIGCHLD to its default for the process, as waitpid(2) needs.
 */
bool child_start(struct child *c, const struct child_params *params, struct err *err);
#define CHILD_FDS 3
/*
 * Split a command line into words as sh does, with quotes and backslashes but without expansions. NULL-terminated;
 * one mem_free for all. NULL with ERR_USAGE: a quote is open, or there is no word.
 */
char **child_split(const char *command, struct err *err);
/*
 * Fill at most CHILD_FDS entries to poll for; returns how many. *deadline (monotonic) is lowered to when
 * child_next has to be called again.
 */
size_t child_poll(const struct child *c, struct pollfd *fds, int64_t *deadline);
/* What happened, one thing a call: call again until it returns CHILD_WAIT, or the child is over. */
enum child_event child_next(struct child *c);
/* Its output is not wanted any more: it gets SIGPIPE when it writes. */
void child_mute(struct child *c);
/*
 * End it if it still runs (SIGTERM, after 0.1 s SIGKILL) and wait for it, so that no zombie is left. Overwrites
 * what it was given and what it wrote, which may be a secret. Does nothing with a zeroed one.
 */
void child_free(struct child *c);

#endif
