#ifndef PIPEMAIL_IO_FILE_H
#define PIPEMAIL_IO_FILE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Files read whole, written whole or not at all, locked and synced. A short write is gone on with,
 * EINTR is no error, a failed fsync is never tried again. All descriptors are close-on-exec.
 */

/* Put something on descriptors 0 to 2 that were closed when we were started, on which reading and
 * writing fail: else the next file opened would become standard output. Once, before all else. */
void file_guard_standard(void);

/* Open for reading ("-" is standard input, duplicated): a descriptor, or -1 with 66 in err. A
 * directory is refused. */
int file_open(const char *path, struct err *err);
/* The whole of path (or "-") appended to out, at most limit octets: 66 when it cannot be opened, 74
 * when reading fails, 65 over the limit. */
bool file_read(const char *path, size_t limit, struct buf *out, struct err *err);
/* The same for a descriptor that is open already. */
bool file_read_fd(int fd, size_t limit, struct buf *out, const char *name, struct err *err);
/* Read up to n octets, waiting for the first: >0 count, 0 end, -1 error in err, -2 a signal asks to
 * stop (io/stop.h). */
long file_read_some(int fd, char *p, size_t n, const char *name, struct err *err);
/* All octets to fd, which may be non-blocking; 74 with name in the text. */
bool file_write(int fd, struct str octets, const char *name, struct err *err);
/* fsync; 74. A pipe or a device that has nothing to sync is no error. */
bool file_sync(int fd, const char *name, struct err *err);
/* fsync the directory that holds path. */
bool file_sync_dir(const char *path, struct err *err);

/* A new content for path: written to a temporary file beside it, synced, renamed over it, directory
 * synced. Until commit the old content stands. */
struct file_new {
	int fd;
	char *path;
	char *temp;
};
/* mode: of the new file, less the umask. What is there and no regular file is refused (73). */
bool file_new_begin(struct file_new *f, const char *path, unsigned mode, struct err *err);
bool file_new_commit(struct file_new *f, struct err *err);
/* Leaves nothing behind; also right after commit, or on a zeroed f. */
void file_new_abort(struct file_new *f);

/* Lock of the open file (OFD, whole file, exclusive), tried until the monotonic deadline; 75 when
 * another has it, with its pid where the kernel tells. Conflicts with other programs' fcntl locks. */
bool file_lock(int fd, const char *name, int64_t deadline, struct err *err);
/* PATH.lock made with O_EXCL, our pid and host in it; one whose process is gone from this host is taken over, and
 * so is one without a whole text that is older than this machine's start. 75 when another has it at the deadline,
 * 73 when the directory lets us make none. */
bool file_dotlock(const char *path, int64_t deadline, struct err *err);
void file_dotunlock(const char *path);

/* Make a directory where it is missing (0700); 73. What is put into one whose name is lost is lost, so *unsure is
 * set when file_sync_dir has to come first: it was made now, or is empty, perhaps of a run that was killed right
 * here. */
bool file_make_dir(const char *path, bool *unsure, struct err *err);
/* The same for all directories above path, their names synced; 73, 74. */
bool file_make_dirs(const char *path, struct err *err);
/* An unlinked temporary file in $TMPDIR (else /tmp), for what does not fit into memory; -1 and 73. */
int file_temp(struct err *err);
/* Write into one at that offset; 74. */
bool file_temp_write(int fd, struct str octets, uint64_t at, struct err *err);
/* That directory, for what is said when such a file fails. */
const char *file_temp_dir(void);
/* $XDG_STATE_HOME/pipemail/NAME or ~/.local/state/pipemail/NAME, appended to out; 71 without a home. */
bool file_state_path(struct buf *out, const char *name, struct err *err);
/* The home directory ($HOME, else the password file), or NULL. Lives with the process. */
const char *file_home(void);

#endif
