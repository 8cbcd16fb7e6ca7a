#ifndef PIPEMAIL_IO_MAILBOX_H
#define PIPEMAIL_IO_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/*
 * An mbox that is open for reading and writing and locked in both ways that mail programs use: an fcntl lock, and
 * a dotlock where the directory permits one.
 */
struct mailbox {
	const char *path; /* borrowed */
	int fd;           /* owned */
	bool dotlock;     /* PATH.lock was made */
	off_t size;       /* bytes, when it was locked */
};

/*
 * Open or make path (0600) and lock it until the monotonic deadline. If another program put another file in its
 * place while we waited, that file is taken. False, with nothing left open or locked: ERR_CANTCREAT (see
 * mailbox_check), ERR_TEMP when another has it, ERR_OS. err must not be NULL; path is borrowed until mailbox_close.
 */
bool mailbox_open(struct mailbox *m, const char *path, int64_t deadline, struct err *err);
/* Close and unlock; to be called once after mailbox_open returned true. Nothing is synced. */
void mailbox_close(struct mailbox *m);
/*
 * May the name be followed and the file be written? By the rule that Linux has for directories that everybody may write
 * to and that have the sticky bit (fs.protected_symlinks, fs.protected_regular), whether the system holds to it or not:
 * a symbolic link there, or a file, has to be ours or belong to the directory's owner. root follows no symbolic link of
 * another user anywhere, but writes another's file that is named. A name that does not exist may be made. False with
 * ERR_CANTCREAT.
 */
bool mailbox_check(const char *path, struct err *err);
/*
 * How many line ends are missing at the end before a From_ line can follow: 0, 1 or 2. -1 with errno when it
 * cannot be read.
 */
int mailbox_missing_ends(const struct mailbox *m);

#endif
