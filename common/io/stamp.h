#ifndef PIPEMAIL_IO_STAMP_H
#define PIPEMAIL_IO_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

struct err;

/* What tells a file that is read from one that somebody writes meanwhile. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

void stamp_set(struct stamp *s, const struct stat *st);
/* Is it still the same file with the same content, as far as its size and time tell? */
bool stamp_same(const struct stamp *s, const struct stat *st);
/* Is it the file still, octet for octet? 74: what was found out in a first pass does not hold for another one. */
bool stamp_check(const struct stamp *s, const struct stat *st, const char *name, struct err *err);
/* fd, which is at its end: may what was read stand? Not when rows went meanwhile, for they were cut anywhere (74). Rows
 * that came are rows like others, but not in a second pass. */
bool stamp_check_end(const struct stamp *s, int fd, bool second, const char *name, struct err *err);

#endif
