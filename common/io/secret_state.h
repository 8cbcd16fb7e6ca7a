#ifndef PIPEMAIL_IO_SECRET_STATE_H
#define PIPEMAIL_IO_SECRET_STATE_H

#include "io/secret.h"

/* What secret's files share. */

#define SECRET_MAX ((size_t)64 << 10) /* an OAuth token is a few KiB */

/* Append the first line of what was read to out, and wipe what was read. False with 78, which names what gave it, when
 * that is no password. */
bool secret_first_line(struct buf *read, struct buf *out, const char *what, struct err *err);

#endif
