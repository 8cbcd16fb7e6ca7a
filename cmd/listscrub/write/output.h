#ifndef PIPEMAIL_LISTSCRUB_OUTPUT_H
#define PIPEMAIL_LISTSCRUB_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * Standard output and the rejects, written together. What was collected is committed to both, and when one of them
 * fails (a full disk) both are cut back to the previous commit, as far as they are files. So they contain complete
 * rows, and exactly those of a beginning of the input.
 *
 *     memcpy(output_room(&o, n), p, n);  o.n += n;      or output_add
 *     output_commit(outputs, 2, err);
 *     output_close(&o, err);  output_free(&o);
 */
/* clang-format on */
struct output {
	int fd;           /* -1: not wanted */
	const char *name; /* borrowed, for messages */
	bool regular;     /* a file that can be cut back */
	bool gone;        /* whoever read it closed it: nothing more can be written */
	int64_t length;   /* bytes in the file at the last commit */
	char *p;          /* owned: collected since then */
	size_t n;
	size_t cap;
};

/* Take an open descriptor; o must not own anything. A file that was opened for appending is written at its end. */
void output_init(struct output *o, int fd, const char *name);
/* Create path, or empty it, 0666 less the umask. False with ERR_CANTCREAT. */
bool output_create(struct output *o, const char *path, struct err *err);
/* Close it: a network file system may report a failed write only now. False with ERR_IO. */
bool output_close(struct output *o, struct err *err);
/* Free the buffer, and close the descriptor if it is still open and not a standard one. Nothing is written. */
void output_free(struct output *o);

/* Room for n more bytes; then add to o->n how many were written. The pointer is valid until the next call. */
char *output_room(struct output *o, size_t n);

static inline void output_add(struct output *o, struct str s)
{
	if (s.n > 0)
		memcpy(output_room(o, s.n), s.p, s.n);
	o->n += s.n;
}

/*
 * Write what was collected to each of them. False with ERR_IO; all are cut back then. A pipe cannot be cut back. False
 * with ERR_NONE: the reader of the first one is gone (o->gone), and the others were written.
 */
bool output_commit(struct output *outputs, size_t n, struct err *err);

#endif
