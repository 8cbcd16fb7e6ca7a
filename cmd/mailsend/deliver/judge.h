#ifndef PIPEMAIL_MAILSEND_JUDGE_H
#define PIPEMAIL_MAILSEND_JUDGE_H

#include "mail/returns/outcome.h"

struct envelope;
struct recipient;
struct smtp_news;

/* What the server's words mean, for one recipient or (NULL) for all; OUTCOME_NONE where it refused nothing. host: who
 * said them, or NULL. shared: they were said to more recipients than one. */
struct outcome judge_reply(const struct envelope *e, const struct recipient *r, const char *host,
	const struct smtp_news *news, bool shared);

#endif
