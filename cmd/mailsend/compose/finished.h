#ifndef PIPEMAIL_MAILSEND_FINISHED_H
#define PIPEMAIL_MAILSEND_FINISHED_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"
#include "cmd/mailsend/settings.h"

/*
 * Does a text begin as messages do, with two of their fields and the empty line? complete: and with From or To, so
 * that it is a message without doubt.
 */
bool finished_begins(const struct source *input, bool complete);
/* Look at the finished message in o->input where that is open, else in path ("-": standard input). */
bool finished_open(struct outgoing *o, const char *path, struct err *err);
/* The bare address that it says it is from (Resent-From, Sender, From: the first that is there),
 * appended to out; nothing when there is none. False (65) for a From that is not an address. */
bool finished_sender(const struct outgoing *o, struct buf *out, struct err *err);
/* Recipients from its header: To, Cc and Bcc, or where there are Resent- fields those of the first
 * resent block. 65. */
bool finished_recipients(const struct outgoing *o, struct envelope *e, struct err *err);
/*
 * What is to be added where it is missing, and what replaces a From without a domain or one that --set-from rewrites.
 * from: the mailbox to use where there is none. e, whose domain local names get, is borrowed until o is freed.
 */
bool finished_wants(struct outgoing *o, const struct settings *s, struct envelope *e, const char *from,
	struct err *err);

#endif
