#ifndef PIPEMAIL_MAILSEND_IDENTITY_H
#define PIPEMAIL_MAILSEND_IDENTITY_H

#include "cmd/mailsend/settings.h"

/* Who is sending, where nothing says so: the account's `from` (%U: the login name, %H: the host,
 * and a "*" of a pattern is the login name too), else $EMAIL, else login@host. local: somebody
 * else's login name to be made an address, or NULL. */
bool identity_default(const struct settings *s, struct str local, struct buf *out);
/* The mailbox that a value (of an option, the environment, the configuration or a header) names: its bare address, one
 * without a domain made one of ours, and its name decoded. Nothing is guessed: a value that is not one mailbox is an
 * error of that kind. */
bool identity_mailbox(const struct settings *s, const char *value, const char *where, enum err_kind kind,
	struct buf *bare, struct buf *name, struct err *err);
/* --set-from, or the account's key, or NULL. */
const char *identity_set_from(const struct settings *s);
/*
 * Put the address `set` in place of bare, where it is another one; the name stays, or is that of set where there is
 * none. The former mailbox is appended to former. False: nothing had to change.
 */
bool identity_replace(const char *set, struct buf *bare, struct buf *name, struct buf *former);
/* What stands behind the last "@" of an address or mailbox; the host's name when nothing does. */
void identity_domain(const char *address, struct buf *out);
/* A new Message-ID with its <>, from chance, or with SOURCE_DATE_EPOCH from a digest of what is
 * sent. */
void identity_message_id(const char *domain, const uint64_t digest[2], struct buf *out);

#endif
