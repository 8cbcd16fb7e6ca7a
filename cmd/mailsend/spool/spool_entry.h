#ifndef PIPEMAIL_MAILSEND_SPOOL_ENTRY_H
#define PIPEMAIL_MAILSEND_SPOOL_ENTRY_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"

/*
 * One message in the spool. ID.msg has its bytes and never changes; ID.env has the envelope and the state, one
 * line each, and is replaced as a whole. An entry exists when its .env does. The state is `sending` from just
 * before the last bytes leave until the verdicts are written: a later run that finds it knows that the outcome is
 * unknown and does not send again.
 */
enum spool_state { SPOOL_WAITING, SPOOL_SENDING, SPOOL_UNKNOWN, SPOOL_REFUSED };

/* An entry in memory; owns its strings. Zeroed is empty. */
struct spool_entry {
	char *base; /* path without its ending */
	enum spool_state state;
	struct envelope envelope; /* the recipients that still have to get it */
	uint64_t attempts;        /* sessions so far */
	int64_t next;             /* not before then, seconds since 1970 */
	char *account;            /* or NULL */
	char *options;            /* lines "option NAME VALUE" of how to reach the server, or NULL */
	char *message_id;
	char *fcc;                  /* where a copy goes when it was sent, absolute, or NULL */
	char *why;                  /* what happened last, or NULL */
	char *notify, *ret, *envid; /* as they go onto the wire, or NULL */
	bool require_tls;
	bool dsn_required;
};

/* When it was put there, seconds since 1970, by its name; 0: the name does not tell. */
int64_t spool_entry_created(const struct spool_entry *s);
void spool_entry_free(struct spool_entry *s);
/* Append the directory with a final slash, made if it is missing. False with ERR_CANTCREAT, ERR_IO or ERR_OS. */
bool spool_directory(struct buf *out, struct err *err);
/* Write a new entry: the message first, synced, then the .env that makes it exist. Sets s->base. */
bool spool_entry_create(struct spool_entry *s, struct outgoing *o, struct err *err);
/*
 * Read the entry with this path (without its ending). False with ERR_DATA for a damaged one, or the errors of
 * reading.
 */
bool spool_entry_read(struct spool_entry *s, const char *base, struct err *err);
/* Write the state and the envelope (recipients without VERDICT_SENT), synced. */
bool spool_entry_write(const struct spool_entry *s, struct err *err);
/* All have it: remove the entry, synced. */
bool spool_entry_remove(const struct spool_entry *s, struct err *err);
const char *spool_state_name(enum spool_state state);

#endif
