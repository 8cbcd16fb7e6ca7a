#include <config.h>

#include "cmd/listscrub/settings.h"

#include "text/date.h"

/* Options about what came back. */

#define TABLE_END            \
	{                    \
		.name = NULL \
	}

const struct option *settings_returns_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "What came back" },
		{ "bounces", 0, OPTION_LIST, &s->bounces, "FILE",
			"a mailbox of bounces and complaints, or results or a journal of mailbulk (repeatable)",
			false },
		{ "soft-limit", 0, OPTION_NUMBER, &s->soft_limit, "N",
			"days with soft bounces that reject an address (default: never)", false },
		{ "soft-window", 0, OPTION_TEXT, &s->soft_window_text, "AGE",
			"how far apart these days may be (default: 90d)", false },
		{ "print-suppressed", 0, OPTION_FLAG, &s->print_suppressed, NULL,
			"only print who is to be suppressed by --bounces", false },
		{ "update-suppressed", 0, OPTION_TEXT, &s->update_suppressed, "FILE",
			"add who bounced, complained or left to this list, which grows", false },
		{ "token-key", 0, OPTION_TEXT, &s->token_key, "FILE", "the secret that mailbulk made tokens with",
			false },
		{ "trust", 0, OPTION_TEXT, &s->trust_text, "all|proof", "which reports count (default: all)", false },
		{ "unproved", 0, OPTION_TEXT, &s->unproved, "FILE", "write the reports here that nothing proves",
			false },
		{ "rest", 0, OPTION_TEXT, &s->rest, "FILE.mbox", "write the messages here that were not understood",
			false },
		{ "tokens", 0, OPTION_LIST, &s->tokens, "FILE",
			"any text with tokens of people who left, such as a log (repeatable)", false },
		{ "confirmed", 0, OPTION_TEXT, &s->confirmed, "FILE", "keep only the addresses in FILE", false },
		{ "update-confirmed", 0, OPTION_TEXT, &s->update_confirmed, "FILE",
			"add who said yes to mailbulk --confirm to this list", false },
		{ "print-confirmed", 0, OPTION_FLAG, &s->print_confirmed, NULL, "only print who said yes", false },
		{ "confirm-tokens", 0, OPTION_LIST, &s->confirm_tokens, "FILE",
			"any text with tokens of people who said yes (repeatable)", false },
		{ "confirm-within", 0, OPTION_TEXT, &s->confirm_within_text, "AGE",
			"how old a request may be when somebody says yes (default: any age)", false },
		{ "forget", 0, OPTION_LIST, &s->forget, "ADDRESS",
			"only erase a person from the lists that grow; a hash stays (repeatable)", false },
		TABLE_END,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

bool settings_only_returns(const struct settings *s)
{
	return s->print_suppressed || s->print_confirmed || s->forget.n > 0;
}

static bool check_ages(struct settings *s, struct err *err)
{
	s->soft_window = (int64_t)90 * 86400;
	if (s->soft_window_text != NULL &&
		(!date_parse_age(str_of(s->soft_window_text), &s->soft_window) || s->soft_window <= 0))
		return err_set(err, ERR_USAGE, "--soft-window '%s': an age such as 90d, 12w or 6m",
			s->soft_window_text);
	if (s->confirm_within_text != NULL &&
		(!date_parse_age(str_of(s->confirm_within_text), &s->confirm_within) || s->confirm_within <= 0))
		return err_set(err, ERR_USAGE, "--confirm-within '%s': an age such as 14d or 2w",
			s->confirm_within_text);
	return true;
}

/* Is anything read that came back? */
static bool has_returns(const struct settings *s)
{
	return s->bounces.n + s->tokens.n + s->confirm_tokens.n > 0;
}

static bool check_sources(const struct settings *s, struct err *err)
{
	if (!has_returns(s) && (s->print_suppressed || s->soft_limit > 0 || s->unproved != NULL))
		return err_set(err, ERR_USAGE, "--print-suppressed, --soft-limit and --unproved need --bounces FILE");
	if (s->rest != NULL && s->bounces.n == 0)
		return err_set(err, ERR_USAGE, "--rest needs --bounces FILE");
	if (!has_returns(s) && s->forget.n == 0 && (s->update_suppressed != NULL || s->update_confirmed != NULL))
		return err_set(err, ERR_USAGE, "--update-suppressed and --update-confirmed need --bounces FILE");
	if (s->token_key == NULL &&
		(s->tokens.n > 0 || s->confirm_tokens.n > 0 || s->update_confirmed != NULL || s->print_confirmed) &&
		s->forget.n == 0)
		return err_set(err, ERR_USAGE,
			"--tokens, --confirm-tokens and --update-confirmed need --token-key FILE");
	if (s->forget.n > 0 && s->update_suppressed == NULL && s->update_confirmed == NULL)
		return err_set(err, ERR_USAGE, "--forget needs --update-suppressed FILE or --update-confirmed FILE");
	return true;
}

bool settings_check_returns(struct settings *s, struct err *err)
{
	static const char *const trusts[] = { "all", "proof", NULL };
	int index = 0;

	if (s->trust_text != NULL && !options_choice("trust", s->trust_text, trusts, &index, err))
		return false;
	s->only_proved = index == 1;
	if (s->print_suppressed && s->print_confirmed)
		return err_set(err, ERR_USAGE, "--print-suppressed and --print-confirmed exclude each other");
	if (settings_only_returns(s) && s->lists[0] != NULL && (s->token_key == NULL || s->forget.n > 0))
		return err_set(err, ERR_USAGE, "%s reads no list: '%s' is one too many",
			s->forget.n > 0 ? "--forget" : "--print-suppressed", s->lists[0]);
	return check_ages(s, err) && check_sources(s, err);
}
