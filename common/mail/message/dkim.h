#ifndef PIPEMAIL_MAIL_DKIM_H
#define PIPEMAIL_MAIL_DKIM_H

#include "base/buf.h"

struct err;

/*
 * DKIM signing (RFC 6376; Ed25519 by RFC 8463): relaxed/relaxed, SHA-256, From oversigned, never
 * l=. The body is hashed in any cuts first, then the header block is signed.
 */
struct dkim_key; /* a private key in memory, RSA (1024 bits or more) or Ed25519 */

/* From PEM octets (PKCS#1, PKCS#8); NULL with 78 and why. */
struct dkim_key *dkim_key_new(struct str pem, struct err *err);
void dkim_key_free(struct dkim_key *k);
/* The public key as the p= of its TXT record, and its bits. */
bool dkim_key_public(const struct dkim_key *k, struct buf *out, unsigned *bits, bool *ed25519);

struct dkim {
	void *hash;         /* gnutls_hash_hd_t */
	struct buf held;    /* canonical octets on their way to it */
	uint64_t line_ends; /* that may turn out to be at the end of the body */
	bool blank;         /* blanks that may turn out to be at the end of a line */
	bool cr;
	bool any;
};
bool dkim_init(struct dkim *d, struct err *err);
void dkim_free(struct dkim *d);
/* The body in CRLF form, any cuts. */
void dkim_body(struct dkim *d, struct str s);
/* The DKIM-Signature line with CRLF, folded, to be put before header (complete lines with CRLF).
 * seconds: t=. Fields signed: all of the recommended ones that are there, List-Unsubscribe,
 * List-Unsubscribe-Post, Feedback-ID, MIME ones, From twice. */
bool dkim_sign(struct dkim *d, const struct dkim_key *key, struct str domain, struct str selector, struct str header,
	int64_t seconds, struct buf *out, struct err *err);

#endif
