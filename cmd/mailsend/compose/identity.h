#ifndef PIPEMAIL_MAILSEND_IDENTITY_H
#define PIPEMAIL_MAILSEND_IDENTITY_H

#include "cmd/mailsend/settings.h"

/* Who is sending, where nothing says so: the account's `from` (%U: the login name, %H: the host,
 * and a "*" of a pattern is the login name too), else $EMAIL, else login@host. local: somebody
 * else's login name to be made an address, or NULL. */
bool identity_default(const struct settings *s, struct str local, struct buf *out);
/* What stands behind the last "@" of an address or mailbox; the host's name when nothing does. */
void identity_domain(const char *address, struct buf *out);
/* A new Message-ID with its <>, from chance, or with SOURCE_DATE_EPOCH from a digest of what is
 * sent. */
void identity_message_id(const char *domain, const uint64_t digest[2], struct buf *out);

#endif
