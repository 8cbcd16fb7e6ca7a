#include <config.h>

#include "mail/returns/outcome_state.h"

/* What follows from a reason: for the list, for the row, for the run, and what a person can do about it. */

struct consequence {
	const char *name;
	enum outcome_about about;
	enum outcome_bounce bounce;
	enum outcome_row row; /* after 5xx; after 4xx rows are always deferred */
	enum outcome_run run;
	enum err_kind exit;
	const char *advice;
};

static const struct consequence table[OUTCOME_REASONS] = {
	[OUTCOME_NONE] = { "", OUTCOME_ABOUT_NOTHING, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_REFUSED, OUTCOME_RUN_ON,
		ERR_NONE, NULL },
	[OUTCOME_LOGIN] = { "login", OUTCOME_ABOUT_US, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_PUT_BACK, OUTCOME_RUN_STOP,
		ERR_AUTH,
		"the server wants a login that allows this: check --user, the password and the port (587 or 465)" },
	[OUTCOME_SENDER] = { "sender", OUTCOME_ABOUT_US, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_PUT_BACK, OUTCOME_RUN_STOP,
		ERR_UNAVAILABLE,
		"the sender was refused, not the recipient: check the envelope's sender and From, that this account may "
		"use them, and SPF, DKIM and DMARC of their domain" },
	[OUTCOME_RATE] = { "rate", OUTCOME_ABOUT_US, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_DEFERRED, OUTCOME_RUN_SLOWER,
		ERR_TEMP, "a limit of the server was reached: send more slowly, or go on later" },
	[OUTCOME_REPUTATION] = { "reputation", OUTCOME_ABOUT_US, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_DEFERRED,
		OUTCOME_RUN_SLOWER, ERR_TEMP,
		"the sending IP address or domain is blocked: see whether it is on a blocklist, and ask to be removed before "
		"sending more" },
	[OUTCOME_FORMAT] = { "format", OUTCOME_ABOUT_MESSAGE, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_PUT_BACK,
		OUTCOME_RUN_STOP, ERR_UNAVAILABLE,
		"the server objects to the form of the message or of a command, so that no recipient can get it" },
	[OUTCOME_SIZE] = { "size", OUTCOME_ABOUT_MESSAGE, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_REFUSED, OUTCOME_RUN_ON,
		ERR_UNAVAILABLE,
		"the message is too large for this server or mailbox: send a link instead of the attachment" },
	[OUTCOME_CONTENT] = { "content", OUTCOME_ABOUT_MESSAGE, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_REFUSED,
		OUTCOME_RUN_ON, ERR_UNAVAILABLE,
		"a filter refused the content: check its links, attachments and wording" },
	[OUTCOME_SERVER] = { "server", OUTCOME_ABOUT_SERVER, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_DEFERRED,
		OUTCOME_RUN_SLOWER, ERR_TEMP, "the server has a fault of its own: try again later" },
	[OUTCOME_LOOP] = { "loop", OUTCOME_ABOUT_PATH, OUTCOME_BOUNCE_SOFT, OUTCOME_ROW_REFUSED, OUTCOME_RUN_ON,
		ERR_UNAVAILABLE,
		"the message went in circles between servers: the recipient's administrator has to repair that" },
	[OUTCOME_EXPIRED] = { "expired", OUTCOME_ABOUT_PATH, OUTCOME_BOUNCE_SOFT, OUTCOME_ROW_DEFERRED, OUTCOME_RUN_ON,
		ERR_TEMP, "no server of the recipient's could be reached in time" },
	[OUTCOME_FULL] = { "full", OUTCOME_ABOUT_RECIPIENT, OUTCOME_BOUNCE_SOFT, OUTCOME_ROW_DEFERRED, OUTCOME_RUN_ON,
		ERR_NOUSER, "the recipient's mailbox is full: try again in some days" },
	[OUTCOME_RECIPIENT_POLICY] = { "recipient-policy", OUTCOME_ABOUT_RECIPIENT, OUTCOME_BOUNCE_SOFT,
		OUTCOME_ROW_REFUSED, OUTCOME_RUN_ON, ERR_NOUSER, "this recipient does not take mail from this sender" },
	[OUTCOME_DISABLED] = { "disabled", OUTCOME_ABOUT_RECIPIENT, OUTCOME_BOUNCE_SOFT, OUTCOME_ROW_REFUSED,
		OUTCOME_RUN_ON, ERR_NOUSER, "the recipient's mailbox is switched off" },
	[OUTCOME_DELAY] = { "delay", OUTCOME_ABOUT_PATH, OUTCOME_BOUNCE_NONE, OUTCOME_ROW_DEFERRED, OUTCOME_RUN_ON,
		ERR_TEMP, "the server asks to try again later" },
	[OUTCOME_MOVED] = { "moved", OUTCOME_ABOUT_RECIPIENT, OUTCOME_BOUNCE_HARD, OUTCOME_ROW_REFUSED, OUTCOME_RUN_ON,
		ERR_NOUSER, "the recipient has left: use the new address if there is one" },
	[OUTCOME_NO_DOMAIN] = { "no-domain", OUTCOME_ABOUT_RECIPIENT, OUTCOME_BOUNCE_HARD, OUTCOME_ROW_REFUSED,
		OUTCOME_RUN_ON, ERR_NOUSER,
		"the recipient's domain does not exist or takes no mail: check its spelling" },
	[OUTCOME_NO_MAILBOX] = { "no-mailbox", OUTCOME_ABOUT_RECIPIENT, OUTCOME_BOUNCE_HARD, OUTCOME_ROW_REFUSED,
		OUTCOME_RUN_ON, ERR_NOUSER, "there is no such mailbox: check the address" },
	[OUTCOME_UNKNOWN] = { "unknown", OUTCOME_ABOUT_NOTHING, OUTCOME_BOUNCE_SOFT, OUTCOME_ROW_PUT_BACK,
		OUTCOME_RUN_ON, ERR_UNAVAILABLE, NULL },
};

const char *outcome_reason_name(enum outcome_reason reason)
{
	return table[reason].name;
}

bool outcome_reason_parse(struct str name, enum outcome_reason *reason)
{
	for (int i = OUTCOME_NONE + 1; i < OUTCOME_REASONS; i++)
		if (str_ieq(name, str_of(table[i].name))) {
			*reason = (enum outcome_reason)i;
			return true;
		}
	return false;
}

static bool before_rcpt(enum outcome_stage stage)
{
	return stage >= OUTCOME_AT_CONNECT && stage <= OUTCOME_AT_MAIL;
}

void outcome_follow(struct outcome *o)
{
	const struct consequence *c = &table[o->reason];

	o->about = c->about;
	o->bounce = c->bounce;
	o->row = o->temporary ? OUTCOME_ROW_DEFERRED : c->row;
	o->run = c->run;
	if (o->exit == ERR_NONE)
		o->exit = c->exit;
	/* What may be gone tomorrow is no reason to strike anybody off a list. */
	if (o->temporary && o->bounce == OUTCOME_BOUNCE_HARD)
		o->bounce = OUTCOME_BOUNCE_SOFT;
	if (o->temporary && o->run == OUTCOME_RUN_STOP)
		o->run = OUTCOME_RUN_SLOWER;
	if (o->temporary)
		o->exit = ERR_TEMP;
	/* Nothing before RCPT is about a recipient, whatever it was taken for. */
	if (before_rcpt(o->stage)) {
		o->bounce = OUTCOME_BOUNCE_NONE;
		if (o->row == OUTCOME_ROW_REFUSED)
			o->row = OUTCOME_ROW_PUT_BACK;
	}
	if (o->temporary)
		return;
	if (o->reason == OUTCOME_UNKNOWN && o->stage == OUTCOME_AT_RCPT) {
		o->row = OUTCOME_ROW_REFUSED;
		o->exit = ERR_NOUSER;
	}
	/* A recipient whose address this server cannot take is one row, not the campaign. */
	if (o->reason == OUTCOME_FORMAT && o->stage == OUTCOME_AT_RCPT) {
		o->row = OUTCOME_ROW_REFUSED;
		o->run = OUTCOME_RUN_ON;
	}
}

struct outcome outcome_of_reason(enum outcome_reason reason, enum outcome_stage stage, bool temporary)
{
	struct outcome o = { .reason = reason, .stage = stage, .temporary = temporary };

	outcome_follow(&o);
	return o;
}

const char *outcome_advice(const struct outcome *o)
{
	if (o->reason == OUTCOME_LOGIN && o->exit == ERR_UNAVAILABLE)
		return "the server takes no mail for other domains from here: log in (--user), or use the server of your "
		       "own provider";
	return table[o->reason].advice;
}
