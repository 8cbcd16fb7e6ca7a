#ifndef PIPEMAIL_IO_MAILBOX_H
#define PIPEMAIL_IO_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/*
 * An mbox that is open for reading and writing and locked by both ways that mail programs use: an fcntl lock, and a
 * dotlock where the directory allows one.
 */
struct mailbox {
	const char *path; /* borrowed */
	int fd;
	bool dotlock;
	off_t size; /* when it was locked */
};

/* Open or make path (0600) and lock it until the monotonic deadline. A program that rewrote it while we waited has put
 * another file in its place: then that one is taken. 73, 75 when another has it, 71; on failure nothing is left open or
 * locked. */
bool mailbox_open(struct mailbox *m, const char *path, int64_t deadline, struct err *err);
void mailbox_close(struct mailbox *m);
/* How many line ends are missing before a From_ line at its end: 0, 1 or 2. -1 with errno: it cannot be read. */
int mailbox_missing_ends(const struct mailbox *m);

#endif
