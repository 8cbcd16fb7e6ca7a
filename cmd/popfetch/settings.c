#include <config.h>

#include "cmd/popfetch/settings.h"

#include "base/mem.h"
#include "io/child.h"
#include "io/clock.h"
#include "text/date.h"

static const char usage[] = "[OPTION...] [MAILBOX]\n--index [MAILBOX]\n--archive DIR [MAILBOX]";

static const struct option *fetch_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP,
			.help = "What is fetched (MAILBOX: file.mbox, Maildir/ or -; default inbox.mbox)" },
		{ "pipe", 0, OPTION_TEXT, &s->pipe, "COMMAND",
			"give each message to COMMAND instead of a MAILBOX; safe when it exits 0", false },
		{ "pipe-mbox", 0, OPTION_TEXT, &s->pipe_mbox, "COMMAND",
			"give all messages to one COMMAND as an mbox; safe when it exits 0", false },
		{ "delete", 'd', OPTION_FLAG, &s->remove, NULL, "delete from the server what is safe on disk", false },
		{ "delete-after", 0, OPTION_TEXT, &s->delete_after, "DAYS",
			"delete from the server what was fetched so long ago", false },
		{ "all", 'a', OPTION_FLAG, &s->all, NULL, "fetch again what was fetched before", false },
		{ "no-duplicates", 0, OPTION_FLAG, &s->no_duplicates, NULL,
			"store no message twice that has the same content", false },
		{ "limit", 0, OPTION_NUMBER, &s->limit, "N", "at most N messages", false },
		{ "max-size", 0, OPTION_TEXT, &s->max_size_text, "SIZE",
			"leave larger messages on the server: 500k, 20M", false },
		{ "since", 0, OPTION_TEXT, &s->since_text, "DATE|AGE", "only messages dated since: 2026-11-23, or 7d",
			false },
		{ "headers", 0, OPTION_FLAG, &s->headers, NULL, "fetch the headers only and remember nothing", false },
		{ "list", 0, OPTION_OPTIONAL, &s->list_text, "full",
			"number, size and uid of what is there as CSV; full: date, from, subject, known or new too",
			false },
		{ NULL, 'l', OPTION_FLAG, &s->list_short, NULL, "the same as --list", false },
		{ "mark-seen", 0, OPTION_FLAG, &s->mark_seen, NULL,
			"fetch nothing, and take all that is there for known", false },
		{ "skip", 0, OPTION_LIST, &s->skip, "UID", "leave the message with that UID", false },
		{ "all-accounts", 0, OPTION_FLAG, &s->all_accounts, NULL,
			"every account of the configuration file that has a POP3 server", false },
		{ "state", 0, OPTION_TEXT, &s->state, "FILE", "where to remember what was fetched", false },
		{ "retries", 0, OPTION_NUMBER, &s->retries, "N",
			"connect again N times after a lost connection (default: 3)", false },
		{ "pipelining", 0, OPTION_TEXT, &s->pipelining_text, "on|off|auto",
			"send several commands at once (default: auto)", false },
		{ "summary", 0, OPTION_TEXT, &s->summary, "json", "the summary as JSON", false },
		{ .type = OPTION_GROUP, .help = "Reading a MAILBOX that is here, without a server" },
		{ "index", 0, OPTION_FLAG, &s->index, NULL, "list its messages as CSV", false },
		{ "archive", 0, OPTION_TEXT, &s->archive, "DIR", "write it to DIR as pages for a browser", false },
		{ 0 },
	};
	return options_keep(mem_copy(table, sizeof table));
}

static bool parse_delete(struct settings *s, struct err *err)
{
	uint64_t days;

	s->keep = s->remove ? 0 : -1;
	if (s->delete_after == NULL)
		return true;
	if (s->remove)
		return err_set(err, ERR_USAGE, "--delete and --delete-after: give one of them");
	if (!str_number(str_of(s->delete_after), 36500, &days))
		return err_set(err, ERR_USAGE, "--delete-after '%s': a number of days", s->delete_after);
	s->keep = (int64_t)days * 86400;
	return true;
}

static bool parse_since(struct settings *s, struct err *err)
{
	int64_t age;

	s->since = INT64_MIN;
	if (s->since_text == NULL)
		return true;
	if (date_parse_age(str_of(s->since_text), &age))
		s->since = clock_wall() - age;
	else if (date_parse_any(str_of(s->since_text), &s->since) != DATE_OK)
		return err_set(err, ERR_USAGE, "--since '%s': a date such as 2026-11-23, or an age such as 7d",
			s->since_text);
	return true;
}

static bool parse_pipelining(struct settings *s, struct err *err)
{
	static const char *const words[] = { "auto", "on", "off" };

	if (s->pipelining_text == NULL)
		return true;
	for (int i = 0; i < 3; i++) {
		s->pipelining = (enum pipelining)i;
		if (strcmp(s->pipelining_text, words[i]) == 0)
			return true;
	}
	return err_set(err, ERR_USAGE, "--pipelining '%s': on, off or auto", s->pipelining_text);
}

/* What only means something with a server. */
static bool check_reading(const struct settings *s, struct err *err)
{
	const char *reading = s->index ? "--index" : "--archive";

	if (!s->index && s->archive == NULL)
		return true;
	if (s->index && s->archive != NULL)
		return err_set(err, ERR_USAGE, "--index and --archive: give one of them");
	if (s->archive != NULL && s->archive[0] == '\0')
		return err_set(err, ERR_USAGE, "--archive: the DIR has an empty name");
	if (s->keep >= 0 || s->all || s->pipe != NULL || s->pipe_mbox != NULL || s->limit > 0 ||
		s->max_size_text != NULL || s->headers || s->list || s->since_text != NULL || s->state != NULL ||
		s->mark_seen || s->all_accounts || s->account.pop != NULL || s->account.names.n > 0)
		return err_set(err, ERR_USAGE, "%s reads a MAILBOX that is here: no option about a server goes with it",
			reading);
	if (s->index && s->summary != NULL)
		return err_set(err, ERR_USAGE, "--index has no summary");
	return true;
}

static bool check_combination(const struct settings *s, struct err *err)
{
	if (s->headers && s->keep >= 0)
		return err_set(err, ERR_USAGE, "--headers fetches no whole message: nothing can be deleted with it");
	if (s->pipe != NULL && s->pipe_mbox != NULL)
		return err_set(err, ERR_USAGE, "--pipe and --pipe-mbox: give one of them");
	if (s->pipe_mbox != NULL && s->account.names.n > 1)
		return err_set(err, ERR_USAGE,
			"--pipe-mbox is for one account: fetch several into a MAILBOX and give that to the command");
	if (s->mark_seen && (s->list || s->headers || s->keep >= 0 || s->all))
		return err_set(err, ERR_USAGE, "--mark-seen fetches and deletes nothing");
	if (s->mailbox != NULL && s->keep >= 0 && strcmp(s->mailbox, "-") == 0)
		return err_set(err, ERR_USAGE,
			"--delete to standard output: nothing tells whether the reader has stored a message; "
			"fetch into a MAILBOX and read that, or use --pipe or --pipe-mbox");
	if (s->list && (s->pipe != NULL || s->pipe_mbox != NULL))
		return err_set(err, ERR_USAGE, "--list fetches nothing that a command could be given");
	if (s->list && (s->headers || s->keep >= 0))
		return err_set(err, ERR_USAGE, "--list fetches and deletes nothing");
	if (s->summary != NULL && strcmp(s->summary, "json") != 0)
		return err_set(err, ERR_USAGE, "--summary=%s: json is the only form", s->summary);
	return true;
}

/* A command that cannot be run is said before any server is asked. */
static bool check_command(const char *option, const char *command, struct err *err)
{
	if (command == NULL)
		return true;
	char **words = child_split(command, err);

	if (words == NULL)
		return err_prefix(err, "%s", option);
	mem_free(words);
	return true;
}

static bool check_accounts(const struct settings *s, struct err *err)
{
	if (s->state != NULL && s->account.names.n > 1)
		return err_set(err, ERR_USAGE, "--state is for one account: each remembers its own");
	if (s->account.pop != NULL && s->account.names.n > 1)
		return err_set(err, ERR_USAGE, "--pop names one server: several accounts have each their own");
	return true;
}

bool settings_parse(struct settings *s, int argc, char **argv, struct err *err)
{
	const struct option *const tables[] = { fetch_options(s), account_options(&s->account, true),
		account_general_options(&s->account), NULL };
	const char **rest;

	s->retries = 3;
	if (!options_parse(tables, argc, argv, usage, &rest, err))
		return false;
	if (rest[0] != NULL && rest[1] != NULL)
		return err_set(err, ERR_USAGE, "one MAILBOX, not '%s' too", rest[1]);
	if (rest[0] != NULL && (s->pipe != NULL || s->pipe_mbox != NULL))
		return err_set(err, ERR_USAGE, "a MAILBOX (%s) and a command: give one of them", rest[0]);
	s->mailbox = rest[0] == NULL && (s->index || s->archive != NULL) ? "inbox.mbox" : rest[0];
	s->list = s->list_text != NULL || s->list_short;
	s->list_full = s->list_text != NULL && strcmp(s->list_text, "full") == 0;
	if (s->list_text != NULL && *s->list_text != '\0' && !s->list_full)
		return err_set(err, ERR_USAGE, "--list=%s: full is the only form beside --list", s->list_text);
	s->limited = s->limit > 0;
	if (s->all_accounts && s->account.names.n > 0)
		return err_set(err, ERR_USAGE, "--all-accounts and --account: give one of them");
	if (s->mailbox != NULL && s->mailbox[0] == '\0')
		return err_set(err, ERR_USAGE, "the MAILBOX has an empty name");
	return parse_delete(s, err) && parse_since(s, err) && parse_pipelining(s, err) &&
		(s->max_size_text == NULL || options_size("--max-size", s->max_size_text, &s->max_size, err)) &&
		check_reading(s, err) && check_combination(s, err) && account_apply_general(&s->account, err) &&
		(!s->all_accounts || account_all(&s->account, &s->account.names, err)) && check_combination(s, err) &&
		check_accounts(s, err) && check_command("--pipe", s->pipe, err) &&
		check_command("--pipe-mbox", s->pipe_mbox, err);
}

/* keep = yes, no, or days. */
static bool take_keep(struct settings *s, const char *keep, struct err *err)
{
	if (s->keep >= 0 || keep == NULL || strcmp(keep, "yes") == 0)
		return true;
	if (strcmp(keep, "no") == 0)
		s->remove = true;
	else
		s->delete_after = keep;
	return parse_delete(s, err);
}

bool settings_take_keys(struct settings *s, struct err *err)
{
	const struct account_keys *k = &s->account.keys;
	bool nothing = s->list || s->headers || s->mark_seen;
	bool ok = true;

	if (s->mailbox == NULL && s->pipe == NULL && s->pipe_mbox == NULL && !s->list && !s->mark_seen) {
		s->pipe = k->pipe;
		s->mailbox = k->pipe != NULL ? NULL : k->mailbox != NULL ? k->mailbox : "inbox.mbox";
		if (k->pipe != NULL && k->mailbox != NULL)
			ok = err_set(err, ERR_USAGE, "keys mailbox and pipe: give one of them");
	}
	if (ok && !nothing && s->keep < 0 && k->delete_after != NULL) {
		s->delete_after = k->delete_after;
		ok = parse_delete(s, err);
	}
	ok = ok && (nothing || take_keep(s, k->keep, err));
	if (ok && s->max_size_text == NULL && k->max_size != NULL)
		ok = options_size("max-size", s->max_size_text = k->max_size, &s->max_size, err);
	if (ok && !s->limited && k->limit != NULL && !str_number(str_of(k->limit), UINT64_MAX, &s->limit))
		ok = err_set(err, ERR_USAGE, "limit '%s': a number of messages", k->limit);
	ok = ok && check_combination(s, err) && check_command("pipe", s->pipe, err);
	if (!ok && err->kind == ERR_USAGE && s->account.server_from_file)
		err->kind = ERR_CONFIG;
	return ok;
}
