#ifndef PIPEMAIL_IO_NETRC_H
#define PIPEMAIL_IO_NETRC_H

#include "base/buf.h"
#include "base/err.h"

/*
 * ~/.netrc (or $NETRC): words, of which "machine HOST" begins an entry that extends to the next machine, and
 * "default" one for every host. Comments and macros are skipped.
 */
enum netrc_part { NETRC_LOGIN, NETRC_PASSWORD };

/*
 * Append that part of the first entry for host whose login is user (NULL: any). 1: found; 0: no such entry, or no
 * file; -1 with ERR_CONFIG: the file may not be used, as others can read it or it cannot be opened. out may hold a
 * secret: buf_wipe.
 */
int netrc_get(const char *host, const char *user, enum netrc_part part, struct buf *out, struct err *err);

#endif
