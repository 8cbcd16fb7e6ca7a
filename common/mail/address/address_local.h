#ifndef PIPEMAIL_MAIL_ADDRESS_LOCAL_H
#define PIPEMAIL_MAIL_ADDRESS_LOCAL_H

#include "base/str.h"

struct buf;

/* What the address files share and nobody else needs. */

/* [192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321, 4.1.3), brackets included; "::" stands for two
 * groups at least. */
bool address_literal_ok(struct str s);

struct address_list;
/* A member that begins at start, its display name taken as it is meant where the list's manner allows it: the mailbox
 * is in l and l->rest behind it. False: l is as it was. */
bool address_list_rescue(struct address_list *l, struct str start);

#endif
