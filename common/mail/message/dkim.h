#ifndef PIPEMAIL_MAIL_DKIM_H
#define PIPEMAIL_MAIL_DKIM_H

#include "base/buf.h"

struct err;

/* clang-format off */
/*
 * DKIM signing (RFC 6376; Ed25519 by RFC 8463): relaxed/relaxed, SHA-256, From signed once more than it is there
 * so that nobody can add one, never l=. First the body is hashed, in any pieces, then the header block is signed.
 *
 *     dkim_init(&d, err);
 *     dkim_body(&d, piece);                                   as often as there are pieces
 *     dkim_sign(&d, key, domain, selector, header, now, &out, err);
 *     dkim_free(&d);
 *
 * A key is read only while signing and may serve many messages.
 */
/* clang-format on */
struct dkim_key;

/*
 * A private key, RSA of at least 1024 bits or Ed25519, from PEM (PKCS#1 or PKCS#8, not encrypted). NULL with
 * ERR_CONFIG and the reason. The working copy of pem is overwritten; pem itself is the caller's to wipe. Free with
 * dkim_key_free.
 */
struct dkim_key *dkim_key_new(struct str pem, struct err *err);
/* NULL does nothing. */
void dkim_key_free(struct dkim_key *k);
/*
 * Append the public key as the p= of its TXT record has it (base64), and set its size in bits and its kind. False,
 * without an error text, when GnuTLS cannot export it or out is full; *bits and *ed25519 are set all the same.
 */
bool dkim_key_public(const struct dkim_key *k, struct buf *out, unsigned *bits, bool *ed25519);

/* The hash of one body. */
struct dkim {
	void *hash;         /* gnutls_hash_hd_t */
	struct buf held;    /* canonical bytes that the hash did not get yet, at most some KiB */
	uint64_t line_ends; /* held back: they do not count if they turn out to end the body */
	bool blank;         /* held back: white space does not count if it turns out to end a line */
	bool cr;            /* the last byte was a CR */
	bool any;           /* the body is not empty */
	bool ended;         /* body_hash is that of the whole */
	unsigned char body_hash[32];
};
/*
 * Begin a body. False with ERR_SOFTWARE when GnuTLS has no SHA-256. d must not own a hash already: dkim_free
 * first.
 */
bool dkim_init(struct dkim *d, struct err *err);
/* Leaves d zeroed; freeing a zeroed one does nothing. */
void dkim_free(struct dkim *d);
/* The next piece of the body, with CRLF line ends; pieces may be cut anywhere. */
void dkim_body(struct dkim *d, struct str s);
/*
 * Append the DKIM-Signature field with its CRLF, folded, to be put before header (complete fields with CRLF, no
 * empty line). domain and selector are d= and s= and are not checked here; seconds since 1970 is t=. Signed are
 * those of the fields listed in dkim.c that are there. False with ERR_CONFIG when the key cannot sign,
 * ERR_SOFTWARE when hashing fails; false without an error when out is full. Call it once for each dkim_init.
 */
bool dkim_sign(struct dkim *d, const struct dkim_key *key, struct str domain, struct str selector, struct str header,
	int64_t seconds, struct buf *out, struct err *err);

/*
 * The same in two steps, so that what takes long, the signature, can be made by another thread. dkim_line appends the
 * field's value up to its b= and sets the digest that is to be signed; dkim_finish appends the complete field, whose
 * size in bytes dkim_size knows before. Between them only the key is shared: each thread needs a copy.
 */
bool dkim_line(struct dkim *d, const struct dkim_key *key, struct str domain, struct str selector, struct str header,
	int64_t seconds, struct buf *line, unsigned char digest[32], struct err *err);
bool dkim_finish(const struct dkim_key *key, const unsigned char digest[32], struct str line, struct buf *out,
	struct err *err);
size_t dkim_size(const struct dkim_key *key, struct str line);
/* NULL with ERR_CONFIG when GnuTLS cannot copy it. */
struct dkim_key *dkim_key_copy(const struct dkim_key *key, struct err *err);

/* The hash of a body that is the same in many messages, made once: dkim_body_hash ends the body, dkim_reuse begins and
 * ends another one like it. */
void dkim_body_hash(struct dkim *d, unsigned char hash[32]);
void dkim_reuse(struct dkim *d, const unsigned char hash[32]);

#endif
