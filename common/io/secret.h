#ifndef PIPEMAIL_IO_SECRET_H
#define PIPEMAIL_IO_SECRET_H

#include "base/buf.h"
#include "base/err.h"

struct child;

/*
 * Where passwords come from: never the arguments, never the environment. The result goes into a buf that the
 * caller frees with buf_wipe. The first source that is set is used: command, file, fd, text, credential (if
 * $CREDENTIALS_DIRECTORY is set), netrc (if it has an entry), prompt. When that one fails the next is not tried.
 */
struct secret_source {
	/*
	 * Split without a shell (quotes and backslashes as in sh) and run without one; the first line of its
	 * output.
	 */
	const char *command;
	int64_t deadline;       /* of the command, monotonic nanoseconds; 0: none */
	const char *file;       /* the first line; refused when others may read it */
	bool for_group;         /* its group may read the file */
	int fd;                 /* the first line of an open descriptor; -1: none */
	const char *text;       /* from the configuration file, or NULL */
	const char *host;       /* for ~/.netrc (or $NETRC): machine HOST [login USER] password … */
	const char *user;       /* for netrc and for the prompt; NULL: any */
	const char *credential; /* name in $CREDENTIALS_DIRECTORY, or NULL */
	bool prompt;            /* ask on the terminal, last */
};
/*
 * Append the password of the first source that is set. False with ERR_AUTH when there is none, ERR_CONFIG when it
 * fails, with its name and never its content; for a command as secret_run. May wait for a person or a command.
 */
bool secret_get(const struct secret_source *source, struct buf *out, struct err *err);
/*
 * Run a command without a shell and append the first line of its output. It may ask on the terminal and gets no
 * standard input. False with ERR_USAGE for a command that cannot be split, ERR_CONFIG when it fails or prints
 * nothing, ERR_TEMP when it has not ended at the monotonic deadline or a signal asks to stop. Waits.
 */
bool secret_run(const char *command, int64_t deadline, struct buf *out, struct err *err);
/*
 * The same for a poll loop, which polls c (child_poll). secret_next: 1, the line was appended to out; 0, poll; -1,
 * err. c has to be freed with child_free in any case.
 */
bool secret_begin(struct child *c, const char *command, int64_t deadline, struct err *err);
int secret_next(struct child *c, struct buf *out, struct err *err);
/*
 * No core dumps, and no ptrace by other processes of the user: call it before the first secret is read. Best
 * effort.
 */
void secret_harden(void);
/*
 * Open a file with a secret. -1 with ERR_CONFIG when it cannot be opened or others may read it (for_group: others
 * than its group); *absent: it does not exist. The caller closes the descriptor.
 */
int secret_open_private(const char *path, bool for_group, bool *absent, struct err *err);

#endif
