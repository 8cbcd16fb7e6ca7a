#ifndef PIPEMAIL_MAILBULK_LESSON_H
#define PIPEMAIL_MAILBULK_LESSON_H

#include "cmd/mailbulk/send/engine.h"
#include "mail/returns/outcome.h"

/* What the engine learns from refusals: about a relay, a provider, the whole run. */

/* What a person is told of it, and what the journal keeps. */
struct word {
	int code;
	struct str enhanced;
	struct buf text;
	struct outcome outcome; /* for one ticket */
};

/* Is a refused row worth another try in this run? */
bool lesson_may_pass(const struct outcome *o);
/* Too many recipients for one transaction (RFC 5321, 4.5.3.1.10): those that were taken show how many there may be.
 * True: learnt, and this recipient goes in the next transaction. */
bool lesson_rcpt_most(struct relay *r, const struct job *job, const struct smtp_news *news, const struct word *w);
/* One more recipient was refused for good. When everybody is, it is not the recipients: the run stops. */
void lesson_refused(struct engine *e, const struct word *w);
/* A recipient was accepted, or refused for good, hard: as one that does not exist. Too many of those stop the run
 * (--max-bounce). */
void lesson_verdict(struct engine *e, bool hard);
/* What one reply teaches about server and run, for however many recipients it was. */
void lesson_learn(struct engine *e, const struct job *job, const struct smtp_news *news, const struct word *w);

#endif
