#ifndef PIPEMAIL_IO_MAILDIR_H
#define PIPEMAIL_IO_MAILDIR_H

#include <stdbool.h>

struct err;

/*
 * Delivery into a Maildir: a message is a file that is written and synced in tmp and then moved to
 * new or cur, so that nobody ever sees half of one. A path may end in a slash or not.
 */

/* Make path and its folders tmp, new and cur (0700) where they are missing, their names synced; 73, 74. */
bool maildir_make(const char *path, struct err *err);
/* A name that no other delivery has, on any host: for mem_free. */
char *maildir_name(void);
/* Create that file in tmp (0600, it may not be there): its descriptor, or -1 with 73. */
int maildir_create(const char *path, const char *name, struct err *err);
/* It is whole: fsync and close, in any case; 74. */
bool maildir_close(int fd, const char *path, const char *name, struct err *err);
/* Move it from tmp to folder ("new", "cur"), with flags (":2,S", "") behind its name; 73. It is safe
 * there after maildir_sync. */
bool maildir_move(const char *path, const char *name, const char *folder, const char *flags, struct err *err);
/* fsync the folder, once for any number of moves; 74. */
bool maildir_sync(const char *path, const char *folder, struct err *err);
/* Take it out of tmp again. */
void maildir_drop(const char *path, const char *name);
/* Has it been moved? It is in new, or in cur with any flags: a mail reader may have been there. */
bool maildir_has(const char *path, const char *name);

#endif
