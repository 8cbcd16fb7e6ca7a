#ifndef PIPEMAIL_MAILSEND_FIELDS_H
#define PIPEMAIL_MAILSEND_FIELDS_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"
#include "cmd/mailsend/settings.h"

/* The header of a message that is composed. */

/* Move what was given as -H 'Subject: …' and the like to where its option is. 64. */
bool fields_move(struct settings *s, struct err *err);
/*
 * Append From, To, Subject and all others but the MIME fields to header, and note the Message-ID in o. digest becomes
 * a hash of everything that is said, for identifiers that stay the same where the input does. False with ERR_USAGE.
 */
bool fields_put(struct buf *header, struct outgoing *o, const struct envelope *e, const struct settings *s,
	const char *from, uint64_t digest[2], struct err *err);

#endif
