#ifndef PIPEMAIL_IO_MIMETYPE_H
#define PIPEMAIL_IO_MIMETYPE_H

#include <stddef.h>

struct buf;
struct mimetype_glob;

/*
 * Media types by file name: the shared MIME database of the user and the system (globs2 in
 * $XDG_DATA_HOME/mime and $XDG_DATA_DIRS/mime), else a short list of ours, which is all that a zeroed
 * struct mimetypes knows.
 */
struct mimetypes {
	struct mimetype_glob *globs; /* the user's before the system's */
	size_t n;
	struct buf *files; /* what the globs point into */
	size_t n_files;
};

/* Read the database, once; what is not there or cannot be read is left out. */
void mimetype_load(struct mimetypes *m);
/* The type for a file name (without directories), or NULL when neither knows. Lives with m. */
const char *mimetype_find(const struct mimetypes *m, const char *name);
void mimetype_free(struct mimetypes *m);

#endif
