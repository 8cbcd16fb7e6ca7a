#ifndef PIPEMAIL_POPFETCH_FOLDER_H
#define PIPEMAIL_POPFETCH_FOLDER_H

#include "base/buf.h"
#include "base/err.h"

/*
 * The folder of an archive. A file that others lead to is written under another name (".new") and renamed, so
 * that a kill leaves it whole, old or new. Nothing is synced one by one: folder_sync does that for all of them,
 * before the catalog says that they exist. Everything is private to the user (0700, 0600), as mailboxes are.
 */
struct folder {
	const char *path; /* borrowed */
	int fd;           /* of the directory */
	bool fresh;       /* there was nothing in it */
};

/*
 * Open the folder and make it if it is missing (not those above it). False with ERR_CANTCREAT: it cannot be
 * made, or has files in it and none named `mark`, so that it is not ours.
 */
bool folder_open(struct folder *f, const char *path, const char *mark, struct err *err);
/*
 * Put a file that others lead to in place; one that has this content already is left alone. Its directory, one or two
 * levels below the folder, is made if it is missing. ERR_CANTCREAT, ERR_IO.
 */
bool folder_update(const struct folder *f, const char *name, struct str content, struct err *err);
/*
 * The same for a file that nothing leads to yet: written under its own name, which takes half the time. Where there
 * is one, which a run that was killed has left, it is replaced as folder_update does.
 */
bool folder_add(const struct folder *f, const char *name, struct str content, struct err *err);
/* Sync everything that was put in. ERR_IO. */
bool folder_sync(const struct folder *f, struct err *err);
void folder_close(struct folder *f);

#endif
