#ifndef PIPEMAIL_IO_CHILD_H
#define PIPEMAIL_IO_CHILD_H

#include <poll.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A command (or a function of ours in a process of its own) with pipes and a deadline, for anybody's poll loop: nothing
 * here waits, but child_free, for a tenth of a second at most, for a process that has to be killed. Its standard error
 * is ours. Its standard input is never ours, which may be the message.
 */
struct child_params {
	char *const *argv; /* looked up in PATH, no shell; or NULL, and */
	/* work is done in a forked process with standard error closed; what it puts into out is the output. False: the
	 * process ends with status 71. */
	bool (*work)(const void *arg, struct buf *out);
	const void *arg;
	bool input;       /* child.in goes to its standard input; else that is /dev/null */
	bool terminal;    /* it may ask a person on the terminal */
	int64_t deadline; /* monotonic; then it is killed */
	size_t limit;     /* of child.out, 0: BUF_DEFAULT_LIMIT */
};

/* A zeroed one runs nothing. Free it with child_free in any case. */
struct child {
	pid_t pid;     /* 0: nothing runs */
	struct buf in; /* for it; the caller adds, and sets in_end behind the last of it */
	bool in_end;
	struct buf out; /* from it; the caller drops what it has seen: when it is full, nothing more is read */
	int status;     /* as of waitpid, after CHILD_ENDED */
	char *name;     /* argv[0], for messages */
	/* The rest is the module's own. */
	bool group; /* it leads a process group */
	int in_fd;  /* our ends, or -1 */
	int out_fd;
	int end_fd; /* readable when it has ended; -1: the kernel has no such thing */
	int64_t deadline;
};

enum child_event {
	CHILD_WAIT,   /* poll */
	CHILD_OUTPUT, /* there is more in out */
	CHILD_ENDED,  /* all that it wrote was told; status says how */
	CHILD_LATE,   /* the deadline passed; it was killed */
};

/*
 * Start it. 71 for want of descriptors or processes, 78 for a command that cannot be run. It leads a process group, so
 * that what it starts is killed with it; but where it may ask on a terminal, and there is one, it stays in ours: a
 * background group would be stopped by its first read.
 */
bool child_start(struct child *c, const struct child_params *params, struct err *err);
#define CHILD_FDS 3
/* Fill at most CHILD_FDS entries to poll for; returns how many. *deadline is lowered to when child_next wants to be
 * called again. */
size_t child_poll(const struct child *c, struct pollfd *fds, int64_t *deadline);
/* What happened, one thing a call: call again until it says CHILD_WAIT, or the child is over. */
enum child_event child_next(struct child *c);
/* Its output is not wanted any more: it gets SIGPIPE when it writes on. */
void child_mute(struct child *c);
/* Ends it (SIGTERM, soon SIGKILL) if it still runs, and leaves nothing of it, no zombie either. What it was given and
 * what it wrote is overwritten: it may be a secret. A zeroed one is fine. */
void child_free(struct child *c);

#endif
