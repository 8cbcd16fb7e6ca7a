#ifndef PIPEMAIL_IO_FILE_H
#define PIPEMAIL_IO_FILE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Files: read whole; written whole or not at all; locked; synced. Short writes are continued, EINTR is not an
 * error, and a failed fsync is never repeated, because the kernel may have dropped the data and then report
 * success. All descriptors are close-on-exec. A path "-" is standard input where a function says so.
 */

/*
 * Opens /dev/null, in the wrong direction so that using it fails, on those of the descriptors 0 to 2 that were
 * closed when we were started: the next file opened would otherwise become standard output. Once, before anything
 * is opened.
 */
void file_guard_standard(void);

/* Is there a directory at path ("-": standard input)? A list has to say more about one than that it cannot be
 * opened. */
bool file_is_directory(const char *path);
/*
 * Open for reading; "-" is standard input, duplicated. A descriptor, which the caller closes, or -1 with
 * ERR_NOINPUT. A directory is refused.
 */
int file_open(const char *path, struct err *err);
/*
 * Append all of path (or "-") to out, at most limit bytes. False with ERR_NOINPUT when it cannot be opened, ERR_IO
 * when reading fails, ERR_DATA when it is longer than the limit (out then has a part of it), ERR_TEMP when a
 * signal asks to stop.
 */
bool file_read(const char *path, size_t limit, struct buf *out, struct err *err);
/* The same for an open descriptor, from its current position; name is for messages. */
bool file_read_fd(int fd, size_t limit, struct buf *out, const char *name, struct err *err);
/*
 * Read up to n bytes, waiting for the first. > 0: how many; 0: end of file; -1: ERR_IO; -2: a signal asks to stop
 * (io/stop.h), err is not set.
 */
long file_read_some(int fd, char *p, size_t n, const char *name, struct err *err);
/*
 * Write all bytes to fd, waiting if it is non-blocking. False with ERR_IO and name in the text; a part may be
 * written. Signals do not end it.
 */
bool file_write(int fd, struct str octets, const char *name, struct err *err);
/*
 * fsync(2); false with ERR_IO. A pipe or a device that has nothing to sync is not an error. Do not call it again
 * after it failed.
 */
bool file_sync(int fd, const char *name, struct err *err);
/*
 * fsync the directory that path is in, after path was made, renamed or removed. False with ERR_IO; a directory
 * that may not be opened for reading is not synced, and that is not an error.
 */
bool file_sync_dir(const char *path, struct err *err);

/* clang-format off */
/*
 * New content for path: written to a temporary file beside it, synced, renamed over it, and the directory synced.
 * Until file_new_commit the old content is there, afterwards the new, also after a power failure.
 *
 *     file_new_begin(&f, path, 0644, err);
 *     file_write(f.fd, bytes, path, err);
 *     file_new_commit(&f, err);      or file_new_abort(&f)
 */
/* clang-format on */
struct file_new {
	int fd;
	char *path;
	char *temp;
};
/*
 * mode: of the new file, less the umask. False with ERR_CANTCREAT, also when path exists and is not a regular
 * file; nothing is left then.
 */
bool file_new_begin(struct file_new *f, const char *path, unsigned mode, struct err *err);
/*
 * False with ERR_IO or ERR_CANTCREAT. The temporary file is gone and f is freed either way; after a failed sync of
 * the directory the new content is in place but may not survive a power failure.
 */
bool file_new_commit(struct file_new *f, struct err *err);
/* Remove the temporary file and free f; does nothing after commit and with a zeroed f. */
void file_new_abort(struct file_new *f);
/*
 * A file that must not be there yet, with that content, synced; mode less the umask. False with ERR_CANTCREAT, also
 * when there is anything at path, or ERR_IO; what there was is left as it is, and nothing of ours stays.
 */
bool file_create(const char *path, unsigned mode, struct str content, struct err *err);
/*
 * Remove the temporary files that killed runs left beside path. Only for one who holds the lock under which all of path
 * are written: nobody writes another one now. Looks through the whole directory.
 */
void file_new_tidy(const char *path);

/*
 * An exclusive lock of the whole file, held by the open file (OFD lock, fcntl(2)): closing fd releases it, and
 * threads and forks share it. It conflicts with other programs' fcntl locks. Tried until the monotonic deadline
 * (0: once). False with ERR_TEMP when another has it, with its pid if the kernel tells, or a signal asks to stop;
 * ERR_OS when fd cannot be locked.
 */
bool file_lock(int fd, const char *name, int64_t deadline, struct err *err);
/* The same for a reader, which may have opened it for reading only: no writer has the lock, other readers may. */
bool file_lock_shared(int fd, const char *name, int64_t deadline, struct err *err);
/*
 * Make PATH.lock (O_EXCL) with our pid and host in it. A lock whose process no longer runs on this host is taken
 * over, and so is one without complete text that is older than the start of this machine or was not touched for five
 * minutes. False with ERR_TEMP when
 * another has it at the monotonic deadline, ERR_CANTCREAT when the directory does not permit one.
 */
bool file_dotlock(const char *path, int64_t deadline, struct err *err);
/* Remove PATH.lock, at the second try if the first fails. Only after file_dotlock returned true. */
void file_dotunlock(const char *path);

/*
 * Make a directory (0700) if it is missing. False with ERR_CANTCREAT. *unsure is set, and never cleared, when the
 * caller has to call file_sync_dir before it relies on the directory: it was made now, or it is empty, perhaps
 * from a run that was killed at this point.
 */
bool file_make_dir(const char *path, bool *unsure, struct err *err);
/* The same for all directories above path, and sync their names. False with ERR_CANTCREAT or ERR_IO. */
bool file_make_dirs(const char *path, struct err *err);
/*
 * A temporary file without a name in $TMPDIR (else /tmp), for what does not fit into memory; closing it frees it.
 * -1 with ERR_CANTCREAT.
 */
int file_temp(struct err *err);
/* Write all bytes at that offset of such a file. False with ERR_IO. */
bool file_temp_write(int fd, struct str octets, uint64_t at, struct err *err);
/* The directory of file_temp, for messages. Lives with the environment. */
const char *file_temp_dir(void);
/*
 * Append $XDG_STATE_HOME/pipemail/NAME, else ~/.local/state/pipemail/NAME. False with ERR_OS without a home
 * directory.
 */
bool file_state_path(struct buf *out, const char *name, struct err *err);
/*
 * The home directory ($HOME if it is absolute, else the password file's), or NULL. Lives until the next call of
 * getpwuid(3).
 */
const char *file_home(void);

#endif
