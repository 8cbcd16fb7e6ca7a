#ifndef PIPEMAIL_IO_MAILDIR_H
#define PIPEMAIL_IO_MAILDIR_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* clang-format off */
/*
 * Delivery into a Maildir: a message is a file that is written and synced in tmp and then moved to new or cur, so
 * nobody ever sees an incomplete one. path may end in a slash.
 *
 *     name = maildir_name();
 *     fd = maildir_create(path, name, err);
 *     file_write(fd, ...);
 *     maildir_close(fd, path, name, err);                      the content is on disk
 *     maildir_move(path, name, "new", "", err);                 visible
 *     maildir_sync(path, "new", err);                           the name is on disk, too
 */
/* clang-format on */

/*
 * Make path and its folders tmp, new and cur (0700) if missing, and sync their names. False with ERR_CANTCREAT or
 * ERR_IO.
 */
bool maildir_make(const char *path, struct err *err);
/* A name that no other delivery on any host has; the caller frees it with mem_free. Not for several threads. */
char *maildir_name(void);
/* Create that file in tmp (0600, it must not exist): its descriptor, or -1 with ERR_CANTCREAT. */
int maildir_create(const char *path, const char *name, struct err *err);
/* The file is complete: fsync and close fd, closed in any case. False with ERR_IO. */
bool maildir_close(int fd, const char *path, const char *name, struct err *err);
/*
 * Move it from tmp to folder ("new" or "cur"), with flags (":2,S" or "") after its name. False with ERR_CANTCREAT.
 * It survives a power failure only after maildir_sync.
 */
bool maildir_move(const char *path, const char *name, const char *folder, const char *flags, struct err *err);
/* fsync the folder, once for any number of moves. False with ERR_IO. */
bool maildir_sync(const char *path, const char *folder, struct err *err);
/* Remove files of ours (maildir_name, of this host) from tmp that were not touched since then, in seconds since 1970:
 * deliveries that were killed left them. maildir(5) has 36 hours. */
void maildir_clean(const char *path, int64_t before);
/* Remove it from tmp. */
void maildir_drop(const char *path, const char *name);
/* Was it delivered? It is in new, or in cur with any flags, as a mail reader may have moved it. */
bool maildir_has(const char *path, const char *name);

#endif
