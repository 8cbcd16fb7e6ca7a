#ifndef PIPEMAIL_IO_FILE_H
#define PIPEMAIL_IO_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Files read whole, written whole or not at all, locked and synced. A short write is gone on with, EINTR is not an error,
 * a failed fsync is never tried again. All descriptors are close-on-exec. */

/* The whole of path ("-": standard input) appended to out, at most limit octets: 66 when it cannot be opened, 74 when reading
 * fails, 65 over the limit. */
bool file_read(const char *path, size_t limit, struct buf *out, struct err *err);
/* All octets to fd, which may be non-blocking; 74 with name in the text. */
bool file_write(int fd, struct str octets, const char *name, struct err *err);
/* Read up to n octets: >0 count, 0 end, -1 error in err. Signals that ask to stop end it with 0 and *stopped. */
long file_read_some(int fd, char *p, size_t n, const char *name, struct err *err);
bool file_sync(int fd, const char *name, struct err *err);
/* fsync the directory that holds path. */
bool file_sync_dir(const char *path, struct err *err);

/* A new content for path: written to a temporary file beside it (0600 or mode), synced, renamed, directory synced. */
struct file_new {
	int fd;
	char *path;
	char *temp;
};
bool file_new_begin(struct file_new *f, const char *path, unsigned mode, struct err *err);
bool file_new_commit(struct file_new *f, struct err *err);
/* Leaves nothing behind; also right after commit. */
void file_new_abort(struct file_new *f);

/* Lock of fd (fcntl, whole file, exclusive), tried until the monotonic deadline; 75 with the holder's pid when another has it. */
bool file_lock(int fd, const char *name, int64_t deadline, struct err *err);
/* PATH.lock made with O_EXCL, our pid in it; one whose pid is gone (on this host) is taken over. */
bool file_dotlock(const char *path, int64_t deadline, struct err *err);
void file_dotunlock(const char *path);

/* Make the directories down to that of path (0700). */
bool file_make_dirs(const char *path, struct err *err);
/* An unlinked temporary file in $TMPDIR, for what does not fit into memory. */
int file_temp(struct err *err);
/* $XDG_STATE_HOME/pipemail/NAME or ~/.local/state/pipemail/NAME, appended to out. */
bool file_state_path(struct buf *out, const char *name, struct err *err);

#endif
