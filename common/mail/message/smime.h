#ifndef PIPEMAIL_MAIL_SMIME_H
#define PIPEMAIL_MAIL_SMIME_H

#include "base/buf.h"

struct err;

/*
 * S/MIME signatures (RFC 8551): detached, SHA-256, with the certificates and the time in them.
 *
 * Append the signature of an entity (CRLF lines, as it will stand in a multipart/signed) to der. cert_pem: the
 * signer's certificate first, then those that lead to its CA; key_pem: its key without a password. False with
 * ERR_CONFIG for a certificate or key that cannot be used or do not belong together, ERR_SOFTWARE.
 */
bool smime_sign(struct str entity, struct str cert_pem, struct str key_pem, struct buf *der, struct err *err);

#endif
