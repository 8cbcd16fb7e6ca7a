#ifndef PIPEMAIL_MAILSEND_SOURCE_H
#define PIPEMAIL_MAILSEND_SOURCE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Octets that are read more than once: a file where it lies, or what came through a pipe, in memory
 * up to 1 MiB and in an unlinked temporary file beyond.
 */
struct source {
	char *name;     /* for messages */
	int fd;         /* -1: all in memory */
	uint64_t start; /* where it begins in fd */
	uint64_t size;
	struct buf memory;
};

/* path "-": standard input. 66 when it cannot be opened, 74 when reading fails. */
bool source_open(struct source *s, const char *path, struct err *err);
void source_of_text(struct source *s, const char *name, struct str text);
void source_free(struct source *s);
/* Append at most n octets from position at on to out: how many, 0 at the end, -1 with 74. */
long source_read(const struct source *s, uint64_t at, size_t n, struct buf *out, struct err *err);

#endif
