#ifndef PIPEMAIL_CLI_TOKENKEY_H
#define PIPEMAIL_CLI_TOKENKEY_H

#include "base/buf.h"
#include "base/err.h"

/*
 * The secret of --token-key, as every tool reads it: the first line of a file, at least 16 characters. Says it when
 * others can read the file. False: ERR_NOINPUT, ERR_IO, ERR_CONFIG. For buf_wipe.
 */
bool tokenkey_read(struct buf *key, const char *path, struct err *err);

#endif
