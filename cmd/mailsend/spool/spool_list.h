#ifndef PIPEMAIL_MAILSEND_SPOOL_LIST_H
#define PIPEMAIL_MAILSEND_SPOOL_LIST_H

#include "base/buf.h"
#include "base/err.h"

/* What is in the spool's directory. */

/* The paths of all entries without their ending, oldest first; NULL with ERR_IO. */
char **spool_names(const char *directory, size_t *n, struct err *err);
void spool_names_free(char **list, size_t n);
/*
 * What a process left that was ended while it wrote: temporary files that are older than an hour are removed, and of
 * messages without their envelope, which nobody was told to be safe, the path is appended to orphans, each on a line.
 */
void spool_tidy(const char *directory, struct buf *orphans);

#endif
