#ifndef PIPEMAIL_MAIL_FREEMAIL_H
#define PIPEMAIL_MAIL_FREEMAIL_H

#include "base/str.h"

/*
 * Domains at which anybody may have a mailbox: what somebody there does says nothing about the others. The tables end
 * with NULL: those that most people mean when they mistype one, the most frequent first; and the rest.
 */
extern const char *const freemail_large[];
extern const char *const freemail_others[];

/* domain: in A-labels and lower case. */
bool freemail_is(struct str domain);

#endif
