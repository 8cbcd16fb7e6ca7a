#ifndef PIPEMAIL_MAILSEND_SOURCE_H
#define PIPEMAIL_MAILSEND_SOURCE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Bytes that are read more than once: a file where it is, or what came through a pipe, kept in memory up to 1 MiB
 * and in a temporary file without a name beyond.
 */
struct source {
	char *name;     /* owned, for messages */
	int fd;         /* owned; -1: all is in memory */
	uint64_t start; /* offset in fd where it begins */
	uint64_t size;
	struct buf memory;
};

/*
 * path "-": standard input, from where it is. False with ERR_NOINPUT when it cannot be opened, ERR_IO when reading
 * fails, ERR_CANTCREAT for the temporary file. s must not own anything. A file that changes later is read as it is
 * then.
 */
bool source_open(struct source *s, const char *path, struct err *err);
/*
 * One that is written piece by piece: source_begin, source_append as often as needed, and source_end before it is
 * read. False with ERR_CANTCREAT or ERR_IO for the temporary file.
 */
void source_begin(struct source *s, const char *name);
bool source_append(struct source *s, struct str octets, struct err *err);
bool source_end(struct source *s, struct err *err);
/* A copy of text as a source. */
void source_of_text(struct source *s, const char *name, struct str text);
/* Does nothing with a zeroed one, or one that was freed. */
void source_free(struct source *s);
/*
 * For text: a byte order mark at its start is taken away, and UTF-16 that begins with one becomes UTF-8. False with
 * ERR_IO or ERR_CANTCREAT.
 */
bool source_as_text(struct source *s, struct err *err);
/*
 * Append at most n bytes from position at on: how many, 0 at the end, -1 with ERR_IO. The size is that of
 * source_open, whatever the file has become.
 */
long source_read(const struct source *s, uint64_t at, size_t n, struct buf *out, struct err *err);

#endif
