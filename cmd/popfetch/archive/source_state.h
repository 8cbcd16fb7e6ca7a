#ifndef PIPEMAIL_POPFETCH_SOURCE_STATE_H
#define PIPEMAIL_POPFETCH_SOURCE_STATE_H

#include "cmd/popfetch/archive/source.h"

/* What the files of source share: the Maildir in s->path. */
bool source_open_maildir(struct source *s, struct err *err);
bool source_next_maildir(struct source *s, struct err *err);

#endif
