#ifndef PIPEMAIL_IO_MIMETYPE_H
#define PIPEMAIL_IO_MIMETYPE_H

#include <stddef.h>

struct buf;
struct mimetype_glob;

/*
 * Media types by file name: the shared MIME database of the user and the system (globs2 in $XDG_DATA_HOME/mime and
 * $XDG_DATA_DIRS/mime), and a short list of our own, which is all that a zeroed struct mimetypes knows.
 */
struct mimetypes {
	struct mimetype_glob *globs; /* owned; the user's before the system's */
	size_t n;
	struct buf *files; /* owned: the content of the files, which the globs point into */
	size_t n_files;
};

/* Read the database, once; files that are missing or cannot be read are left out. Free it with mimetype_free. */
void mimetype_load(struct mimetypes *m);
/* The type for a file name (without directories), such as "image/png", or NULL. Lives as long as m. */
const char *mimetype_find(const struct mimetypes *m, const char *name);
void mimetype_free(struct mimetypes *m);

#endif
