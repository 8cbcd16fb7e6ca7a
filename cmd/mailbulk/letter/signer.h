#ifndef PIPEMAIL_MAILBULK_SIGNER_H
#define PIPEMAIL_MAILBULK_SIGNER_H

#include "base/buf.h"
#include "base/err.h"

struct dkim_key;

/*
 * Threads that sign letters. They wait for nothing but work, and share nothing: each has a copy of the key, and a
 * signature is theirs from signer_give until signer_wait. Letters are signed in the order in which they were given.
 */
struct signer;

/* One signature. Zeroed is valid. It must stay where it is until it was waited for. */
struct signature {
	enum { SIGNATURE_NONE, SIGNATURE_WAITS, SIGNATURE_MADE, SIGNATURE_FAILED } state;
	struct buf line; /* the field up to b=, and the digest to sign, as dkim_line made them */
	unsigned char digest[32];
	struct buf field; /* what comes out: the whole field */
	struct err err;
	struct signature *next;
	struct signer *signer; /* that it was given to */
};

/* NULL when there are no threads, or only one processor: then signatures are made where they are asked for. */
struct signer *signer_new(const struct dkim_key *key);
/* Ends the threads; what is given and not signed is not. NULL does nothing. */
void signer_free(struct signer *s);
/* Have it signed; at once, with the key itself, where s is NULL. */
void signer_give(struct signer *s, const struct dkim_key *key, struct signature *one);
/* Until it is made. False with what is wrong. Nothing was given: true. */
bool signer_wait(struct signature *one, struct err *err);
/* Waits, too. */
void signer_forget(struct signature *one);

#endif
