#include <config.h>

#include "cmd/mailsend/deliver/plan.h"

#include <stdio.h>

#include "cli/say.h"
#include "proto/smtp.h"

/* Reports that were asked for and will not come are an error or a note, never a silence. */
static bool check_dsn(const struct delivery_wants *wants, const struct account_server *server, unsigned caps,
	struct result *result)
{
	const char *notify = wants->notify;
	bool lmtp = server->url.scheme == SCHEME_LMTP;

	if ((caps & SMTP_CAP_DSN) != 0)
		return true;
	if (wants->dsn_required)
		return err_set(&result->err, ERR_UNAVAILABLE, "%s: the server does not offer delivery reports (DSN)",
			result->server);
	if (notify != NULL && strcmp(notify, "NEVER") != 0 && !lmtp)
		say_note("%s does not offer delivery reports (DSN): none will come", result->server);
	return true;
}

bool plan_for(struct outgoing *o, struct envelope *e, const struct delivery_wants *wants,
	const struct account_server *server, unsigned caps, struct result *result, bool *utf8_all)
{
	static const char no_utf8[] = "5.6.7 the server does not offer SMTPUTF8, without which "
				      "this address cannot be served";
	bool utf8 = (caps & SMTP_CAP_SMTPUTF8) != 0;
	bool eight_bit = (caps & SMTP_CAP_8BITMIME) != 0;
	struct err *err = &result->err;

	if (!check_dsn(wants, server, caps, result))
		return false;
	if (!utf8 && e->from_utf8)
		return err_set(err, ERR_UNAVAILABLE, "the server does not offer SMTPUTF8, which the sender %s needs",
			e->from);
	for (size_t i = 0; i < e->n && !utf8; i++)
		if (e->rcpts[i].utf8 && e->rcpts[i].verdict == VERDICT_NONE) {
			envelope_verdict(&e->rcpts[i], VERDICT_REFUSED, NULL, no_utf8);
			snprintf(e->rcpts[i].enhanced, sizeof e->rcpts[i].enhanced, "5.6.7");
			e->rcpts[i].outcome = outcome_of_reason(OUTCOME_FORMAT, OUTCOME_AT_RCPT, false);
		}
	if (!outgoing_plan(o, eight_bit, false, !utf8, err))
		return false;
	if (o->utf8 && !outgoing_plan(o, eight_bit, true, false, err))
		return false;
	if (o->utf8 && !utf8)
		return err_set(err, ERR_UNAVAILABLE, "the server does not offer SMTPUTF8, which the header needs");
	*utf8_all = o->utf8 || e->from_utf8;
	result->bytes = o->size;
	return true;
}
