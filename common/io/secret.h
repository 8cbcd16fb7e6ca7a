#ifndef PIPEMAIL_IO_SECRET_H
#define PIPEMAIL_IO_SECRET_H

#include "base/buf.h"
#include "base/err.h"

struct child;

/*
 * Where passwords come from: never argv, never the environment. What is read goes into a buf that the caller ends with
 * buf_wipe.
 */
struct secret_source {
	const char *command; /* split without a shell (quotes and backslashes as in sh), run without one; first line of
				its output */
	const char *file;    /* first line; refused (78) when others may read it */
	int fd;              /* -1: none; first line */
	const char *text;    /* from the configuration file, or NULL */
	const char *host;    /* for ~/.netrc (or $NETRC): machine HOST [login USER] password … */
	const char *user;
	const char *credential; /* name in $CREDENTIALS_DIRECTORY, or NULL */
	bool prompt;            /* ask on the terminal as the last resort */
};
/* The first source that is given. 77 when there is none, 78 when one fails, with its name and never its content. */
bool secret_get(const struct secret_source *source, struct buf *out, struct err *err);
/* Run a command without a shell and take the first line of its output. It may ask on the terminal, and gets no standard
 * input. 64 for a command that cannot be split, 78 when it fails or says nothing, 75 when it has not ended at the
 * monotonic deadline, or a signal asks to stop. */
bool secret_run(const char *command, int64_t deadline, struct buf *out, struct err *err);
/* The same for a poll loop, which polls c (child_poll). secret_next: 1, the line was appended to out; 0, go on polling;
 * -1, err. c has to be freed in any case. */
bool secret_begin(struct child *c, const char *command, int64_t deadline, struct err *err);
int secret_next(struct child *c, struct buf *out, struct err *err);
/* No core dumps, no ptrace by others: call before the first secret is there. */
void secret_harden(void);
/* Open a file that holds a secret: -1 with 78 in err when it cannot be opened or others may read it; *absent tells that
 * it is not there. The descriptor is the caller's. */
int secret_open_private(const char *path, bool *absent, struct err *err);

#endif
