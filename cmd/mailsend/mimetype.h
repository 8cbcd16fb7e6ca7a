#ifndef PIPEMAIL_MAILSEND_MIMETYPE_H
#define PIPEMAIL_MAILSEND_MIMETYPE_H

#include "base/str.h"

struct buf;

/* The media type for a file name: the shared MIME database of the user and the system (globs2 in
 * $XDG_DATA_HOME/mime and $XDG_DATA_DIRS/mime), else a short list of ours; false when neither
 * knows. */
bool mimetype_of_name(const char *name, struct buf *out);

#endif
