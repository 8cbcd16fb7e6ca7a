#ifndef PIPEMAIL_IO_SECRET_H
#define PIPEMAIL_IO_SECRET_H

#include "base/buf.h"
#include "base/err.h"

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
/* Run a command without a shell and take the first line of its output. */
bool secret_run(const char *command, struct buf *out, struct err *err);
/* No core dumps, no ptrace by others: call before the first secret is there. */
void secret_harden(void);
/* Open a file that holds a secret: -1 with 78 in err when it cannot be opened or others may read it; *absent tells that
 * it is not there. The descriptor is the caller's. */
int secret_open_private(const char *path, bool *absent, struct err *err);

#endif
