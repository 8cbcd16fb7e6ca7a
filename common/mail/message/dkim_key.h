#ifndef PIPEMAIL_MAIL_DKIM_KEY_H
#define PIPEMAIL_MAIL_DKIM_KEY_H

#include <gnutls/abstract.h>

/* What dkim.c and dkim_key.c share; no other file includes this. */
struct dkim_key {
	gnutls_privkey_t key;
	unsigned bits;
	bool ed25519;
};

/* Append the signature of a SHA-256 digest in base64. False with ERR_CONFIG and GnuTLS's reason. */
bool dkim_key_sign(const struct dkim_key *k, const unsigned char digest[32], struct buf *out, struct err *err);

#endif
