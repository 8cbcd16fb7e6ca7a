#include <config.h>

#include "cmd/listscrub/reason.h"

static const struct {
	const char *name;
	const char *text;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = { "", "kept" },
	[REASON_EMPTY] = { "empty", "no address in the row" },
	[REASON_RAGGED] = { "ragged-row", "more or fewer cells than columns" },
	[REASON_SYNTAX] = { "syntax", "not a well-formed address" },
	[REASON_RESERVED] = { "reserved-domain", "a domain reserved for tests or local use" },
	[REASON_LISTED_BEFORE] = { "listed-before", "on a list of --except" },
	[REASON_NOT_LISTED] = { "not-listed", "on no list of --both" },
	[REASON_SUPPRESSED] = { "suppressed", "on a suppression list" },
	[REASON_COMPLAINED] = { "complained", "complained about mail" },
	[REASON_UNSUBSCRIBED] = { "unsubscribed", "asked to be taken off" },
	[REASON_BOUNCED] = { "bounced", "mail came back" },
	[REASON_NO_CONSENT] = { "no-consent", "no consent on record" },
	[REASON_NOT_CONFIRMED] = { "not-confirmed", "did not say yes to a request" },
	[REASON_OPT_OUT] = { "opt-out", "said no to mail" },
	[REASON_UNENGAGED] = { "unengaged", "never opened what was sent" },
	[REASON_INACTIVE] = { "inactive", "not active for too long" },
	[REASON_ROLE] = { "role", "a role, not a person" },
	[REASON_DISPOSABLE] = { "disposable", "a throw-away address" },
	[REASON_NO_MAIL_DOMAIN] = { "no-mail-domain", "the domain takes no mail" },
	[REASON_DUPLICATE] = { "duplicate", "the same mailbox as another row" },
};

const char *reason_name(enum reason reason)
{
	return reasons[reason == REASON_BLANK ? REASON_EMPTY : reason].name;
}

const char *reason_text(enum reason reason)
{
	return reasons[reason].text;
}
