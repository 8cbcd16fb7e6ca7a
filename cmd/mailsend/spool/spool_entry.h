#ifndef PIPEMAIL_MAILSEND_SPOOL_ENTRY_H
#define PIPEMAIL_MAILSEND_SPOOL_ENTRY_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"

/*
 * One message in the spool: ID.msg holds its octets and never changes, ID.env the envelope and the
 * state, a line each, and is replaced as a whole. An entry exists when its .env does. The state
 * says `sending` from just before the last octets leave until the verdicts are written down: who
 * finds that on a later day knows that the outcome is unknown.
 */
enum spool_state { SPOOL_WAITING, SPOOL_SENDING, SPOOL_UNKNOWN, SPOOL_REFUSED };

struct spool_entry {
	char *base; /* path without its ending */
	enum spool_state state;
	struct envelope envelope; /* who still has to get it */
	uint64_t attempts;
	int64_t next;  /* not before, seconds since 1970 */
	char *account; /* or NULL */
	char *options; /* lines "option NAME VALUE" of how to reach the server, or NULL */
	char *message_id;
	char *why;                  /* what happened last, or NULL */
	char *notify, *ret, *envid; /* as they go onto the wire, or NULL */
	bool require_tls;
};

void spool_entry_free(struct spool_entry *s);
/* The directory, made where it is missing, appended to out with a final slash. */
bool spool_directory(struct buf *out, struct err *err);
/* Write a new entry: message first, synced, then what makes it exist. */
bool spool_entry_create(struct spool_entry *s, struct outgoing *o, struct err *err);
bool spool_entry_read(struct spool_entry *s, const char *base, struct err *err);
/* Put the state and the envelope (recipients without VERDICT_SENT) on disk, synced. */
bool spool_entry_write(const struct spool_entry *s, struct err *err);
/* It is through: gone, synced. */
bool spool_entry_remove(const struct spool_entry *s, struct err *err);
const char *spool_state_name(enum spool_state state);

#endif
