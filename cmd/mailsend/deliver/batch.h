#ifndef PIPEMAIL_MAILSEND_BATCH_H
#define PIPEMAIL_MAILSEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct envelope;

/* Recipients that every server accepts in one transaction (RFC 5321, 4.5.3.1.8). */
#define BATCH_MOST 100

/*
 * The recipients of one transaction. A message with more recipients, or with some that need SMTPUTF8, takes
 * several.
 */
struct batch {
	size_t rcpts[BATCH_MOST]; /* indices into envelope.rcpts */
	size_t n;
	bool utf8; /* the transaction needs SMTPUTF8 */
	bool last; /* no recipient is left for another one */
};

/*
 * The next recipients without a verdict that can share a transaction; false when none is left. rcpt_max is the
 * server's RCPTMAX (RFC 9422), 0: it gives none. Recipients that do not need SMTPUTF8 are not put together with
 * some that do, unless utf8_all (the header or the sender needs it) or all_or_nothing (all are in one transaction,
 * up to BATCH_MOST).
 */
bool batch_fill(struct batch *b, const struct envelope *e, uint64_t rcpt_max, bool utf8_all, bool all_or_nothing);

#endif
