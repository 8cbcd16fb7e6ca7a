#ifndef PIPEMAIL_MAILSEND_BATCH_H
#define PIPEMAIL_MAILSEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct envelope;

#define BATCH_MOST 100 /* what every server takes in one transaction (RFC 5321, 4.5.3.1.8) */

/* The recipients of one transaction, by their numbers in the envelope. */
struct batch {
	size_t rcpts[BATCH_MOST];
	size_t n;
	bool utf8; /* the transaction needs SMTPUTF8 */
	bool last; /* nobody is left for another one */
};

/*
 * The next recipients without a verdict that can share a transaction; false when nobody is left. rcpt_max: the server's
 * RCPTMAX (RFC 9422), 0: it gives none. Who does not need SMTPUTF8 is not made to depend on it, unless utf8_all (the
 * header or the sender needs it) or all_or_nothing (then everybody is in one).
 */
bool batch_fill(struct batch *b, const struct envelope *e, uint64_t rcpt_max, bool utf8_all, bool all_or_nothing);

#endif
