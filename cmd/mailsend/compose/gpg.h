#ifndef PIPEMAIL_MAILSEND_GPG_H
#define PIPEMAIL_MAILSEND_GPG_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Append gpg's detached signature of text, armoured, by SHA-256. key names the secret key; "" is gpg's default. gpg may
 * ask a person for the passphrase. False with ERR_CONFIG when gpg is not installed or refuses (it says why itself),
 * ERR_TEMP at the monotonic deadline or when a signal asks to stop.
 */
bool gpg_sign(const char *key, struct str text, int64_t deadline, struct buf *out, struct err *err);

#endif
