#ifndef PIPEMAIL_IO_SECRET_STATE_H
#define PIPEMAIL_IO_SECRET_STATE_H

#include "io/secret.h"

/* What the files of secret share; no other module includes this. */

/* Most bytes that are read of a source; an OAuth token is a few KiB. */
#define SECRET_MAX ((size_t)64 << 10)

/*
 * Append the first line of `read` to out, and wipe `read`. False with ERR_CONFIG, which names `what`, when the
 * line is empty, has a NUL in it or is too long.
 */
bool secret_first_line(struct buf *read, struct buf *out, const char *what, struct err *err);

#endif
