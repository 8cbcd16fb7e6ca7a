#include <config.h>

#include "mail/returns/dsn_state.h"

/* mail/outcome asked about a bounce: the bounce went to us, and what it returns came from us. */

enum dsn_class dsn_class_of(const struct outcome *o)
{
	if (o->reason == OUTCOME_NONE)
		return DSN_NOTHING;
	if (o->bounce == OUTCOME_BOUNCE_HARD)
		return DSN_HARD;
	return o->bounce == OUTCOME_BOUNCE_SOFT ? DSN_SOFT : DSN_UNCOUNTED;
}

struct outcome dsn_judge(const struct dsn_mail *m, struct str recipient, struct str status, struct str words,
	enum outcome_stage stage)
{
	return dsn_judge_said(m, recipient, status, words, stage, STR_NONE);
}

struct outcome dsn_judge_said(const struct dsn_mail *m, struct str recipient, struct str status, struct str words,
	enum outcome_stage stage, struct str host)
{
	struct buf us = { .limit = (size_t)16 << 10 };
	struct outcome o;

	buf_add(&us, buf_str(&m->own));
	buf_add(&us, buf_str(&m->senders));
	const struct outcome_reply reply = {
		.stage = stage,
		.status = status,
		.words = words,
		.us = buf_str(&us),
		.recipient = recipient,
		.host = host,
		.reported = true,
	};

	o = outcome_judge(&reply);
	buf_free(&us);
	return o;
}

struct outcome dsn_judge_doubtful(const struct dsn_mail *m, struct str recipient, struct str words)
{
	struct outcome o = dsn_judge(m, recipient, outcome_find_status(words), words, OUTCOME_AT_UNKNOWN);

	if (o.bounce == OUTCOME_BOUNCE_HARD)
		o = outcome_of_reason(OUTCOME_UNKNOWN, o.stage, o.temporary);
	return o;
}
