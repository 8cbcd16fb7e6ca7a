#ifndef PIPEMAIL_IO_NETRC_H
#define PIPEMAIL_IO_NETRC_H

#include "base/buf.h"
#include "base/err.h"

/*
 * ~/.netrc (or $NETRC): words, of which "machine HOST" opens an entry that lasts to the next machine and
 * "default" one that stands for every host. Comments and macros are passed over.
 */
enum netrc_part { NETRC_LOGIN, NETRC_PASSWORD };

/* That part of the first entry for host whose login is user (NULL: any), appended to out: 1 found, 0 no such
 * entry or no file, -1 the file may not be used (78 in err: others can read it). */
int netrc_get(const char *host, const char *user, enum netrc_part part, struct buf *out, struct err *err);

#endif
