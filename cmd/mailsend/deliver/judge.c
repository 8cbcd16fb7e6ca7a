#include <config.h>

#include "cmd/mailsend/deliver/judge.h"

#include "cmd/mailsend/compose/envelope.h"
#include "proto/smtp.h"

struct outcome judge_reply(const struct envelope *e, const struct recipient *r, const char *host,
	const struct smtp_news *news, bool shared)
{
	struct buf words = { .limit = (size_t)64 << 10 };
	struct outcome o = { .reason = OUTCOME_NONE };

	if (news->reply != NULL ? reply_class(news->reply) == REPLY_OK : news->outcome != SMTP_REJECTED_HERE)
		return o;
	if (news->reply != NULL)
		reply_show(news->reply, &words);
	else
		buf_add_text(&words, news->err.text);
	const struct outcome_reply reply = {
		.stage = news->reply != NULL ? news->reply->stage : OUTCOME_AT_UNKNOWN,
		.code = news->reply != NULL ? news->reply->code : 0,
		.status = news->reply != NULL ? news->reply->enhanced : STR_NONE,
		.words = buf_str(&words),
		.us = str_of(e->from),
		.recipient = r != NULL ? str_of(r->wire) : STR_NONE,
		.host = str_of(host),
		.shared = shared,
	};

	o = outcome_judge(&reply);
	buf_free(&words);
	return o;
}
