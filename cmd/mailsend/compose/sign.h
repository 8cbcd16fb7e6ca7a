#ifndef PIPEMAIL_MAILSEND_SIGN_H
#define PIPEMAIL_MAILSEND_SIGN_H

#include "cmd/mailsend/compose/outgoing.h"
#include "cmd/mailsend/settings.h"

/*
 * --smime-cert, --pgp-sign: make the composed message in o a multipart/signed (RFC 1847, RFC 8551, RFC 3156). All of it
 * is in memory for that. False with ERR_CONFIG for certificate and key or what gpg says, ERR_DATA for a message that is
 * too large, or the errors of reading.
 */
bool sign_message(struct outgoing *o, const struct settings *s, const char *boundary, struct err *err);

#endif
