#ifndef PIPEMAIL_MAILSEND_JUDGE_H
#define PIPEMAIL_MAILSEND_JUDGE_H

#include "mail/returns/outcome.h"

struct envelope;
struct recipient;
struct smtp_news;

/*
 * What the server's reply in news means, for one recipient or (r NULL) for all; reason OUTCOME_NONE if it is not a
 * refusal. host is the server, or NULL. shared: the reply was for more than one recipient, so it blames none of
 * them.
 */
struct outcome judge_reply(const struct envelope *e, const struct recipient *r, const char *host,
	const struct smtp_news *news, bool shared);

#endif
