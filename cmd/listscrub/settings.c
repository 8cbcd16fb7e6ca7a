#include <config.h>

#include "cmd/listscrub/settings.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "text/date.h"

#define USAGE "[options] [LIST.csv...] > clean.csv"

#define LEAST_MEMORY ((uint64_t)1 << 20)

/* The table's memory when nobody says: half of what the machine has, and temporary files beyond it. */
static uint64_t half_of_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	long size = sysconf(_SC_PAGESIZE);

	if (pages <= 0 || size <= 0)
		return (uint64_t)1 << 30;
	return (uint64_t)pages * (uint64_t)size / 2;
}

/* Each table is made where the settings are known, and lives with the process. */
#define TABLE_END            \
	{                    \
		.name = NULL \
	}

static const struct option *input_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "Input" },
		{ "email", 0, OPTION_TEXT, &s->email, "COLUMN[,COLUMN...]",
			"the column with the address, by name or number; of several the first that is filled", false },
		{ "split", 0, OPTION_FLAG, &s->split, NULL, "make a row of each address in a cell", false },
		{ "delimiter", 'd', OPTION_TEXT, &s->delimiter_text, "CHAR",
			"what stands between cells (default: told from the first line)", true },
		{ "header", 0, OPTION_FLAG, &s->header_yes, NULL, "the first row names the columns", false },
		{ "no-header", 0, OPTION_FLAG, &s->header_no, NULL, "the first row is data", false },
		{ "ragged", 0, OPTION_TEXT, &s->ragged_text, "pad|reject",
			"pad rows with too few cells, or reject them (default: pad)", false },
		{ "strict", 0, OPTION_FLAG, &s->strict, NULL, "stop at a quote that is not closed", false },
		TABLE_END,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *output_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "Output" },
		{ "rejects", 'r', OPTION_TEXT, &s->rejects, "FILE",
			"write every rejected row here, with reason, detail and line", false },
		{ "annotate", 0, OPTION_FLAG, &s->annotate, NULL, "keep every row, add status, reason and detail",
			false },
		{ "jsonl", 0, OPTION_FLAG, &s->jsonl, NULL, "write rows and rejects as JSON Lines, an object each",
			false },
		{ "suggest", 0, OPTION_FLAG, &s->suggest, NULL, "add a column with the likely domain for a typo",
			false },
		{ "ascii", 0, OPTION_FLAG, &s->ascii, NULL, "write domains in A-labels (xn--)", false },
		{ "summary", 0, OPTION_TEXT, &s->summary_text, "text|json", "the form of the summary on standard error",
			false },
		{ "report", 0, OPTION_TEXT, &s->report, "FILE.html", "write a page about what was found", false },
		{ "progress", 0, OPTION_FLAG, &s->progress, NULL, "draw progress also when not on a terminal", false },
		{ "quiet", 'q', OPTION_FLAG, &s->quiet, NULL, "say nothing but errors", false },
		TABLE_END,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *syntax_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "Addresses and duplicates" },
		{ "allow-reserved", 0, OPTION_FLAG, &s->allow_reserved, NULL,
			"take example.com and other reserved domains", false },
		{ "literal", 0, OPTION_FLAG, &s->literal, NULL, "take user@[192.0.2.1]", false },
		{ "quoted", 0, OPTION_FLAG, &s->quoted, NULL, "take \"quoted local parts\"@example.org", false },
		{ "fix", 0, OPTION_FLAG, &s->fix, NULL,
			"repair slips around addresses and in domains: quotes, blanks, gmail,com", false },
		{ "fixes", 0, OPTION_TEXT, &s->fixes, "FILE", "with --fix: write what was repaired here", false },
		{ "no-tld-check", 0, OPTION_FLAG, &s->no_tld_check, NULL,
			"say nothing of top-level domains that do not exist", false },
		{ "strict-tld", 0, OPTION_FLAG, &s->strict_tld, NULL, "reject top-level domains that do not exist",
			false },
		{ "no-dedupe", 0, OPTION_FLAG, &s->no_dedupe, NULL, "keep duplicates", false },
		{ "fold", 0, OPTION_TEXT, &s->fold_text, "provider",
			"compare without the dots and +tags that providers ignore", false },
		{ "keep", 0, OPTION_TEXT, &s->keep_text, "first|newest:COLUMN", "which one of duplicates is kept",
			false },
		{ "memory", 0, OPTION_TEXT, &s->memory_text, "SIZE",
			"memory for finding duplicates; temporary files beyond it", false },
		{ "shard", 0, OPTION_TEXT, &s->shard_text, "K/N", "only the rows of share K of N", false },
		TABLE_END,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *people_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "Whom not to mail" },
		{ "suppress", 0, OPTION_LIST, &s->suppress, "FILE",
			"addresses, @domains or hashes (md5:, sha1:, sha256:) to leave out (repeatable)", false },
		{ "except", 0, OPTION_LIST, &s->except, "FILE", "drop rows whose address is on this list (repeatable)",
			false },
		{ "both", 0, OPTION_LIST, &s->both, "FILE",
			"keep only rows whose address is on this list too (repeatable)", false },
		{ "allow-empty", 0, OPTION_FLAG, &s->allow_empty, NULL,
			"accept an empty --suppress or --drop-... file as a list with no entries", false },
		{ "consent", 0, OPTION_LIST, &s->consent, "COLUMN[=VALUE,...]",
			"keep only rows that say yes (or when, or a VALUE) here (repeatable: all must)", false },
		{ "opt-out", 0, OPTION_LIST, &s->opt_out, "COLUMN[=VALUE,...]",
			"drop rows that say yes (or when, or a VALUE) here (repeatable)", false },
		{ "unengaged", 0, OPTION_TEXT, &s->unengaged, "SENT=COL,OPENED=COL[,MIN=N]",
			"drop rows that were sent N messages and more and opened none (default 10)", false },
		{ "inactive", 0, OPTION_TEXT, &s->inactive_text, "AGE",
			"drop rows not active for that long (90d, 12w, 18m, 2y)", false },
		{ "active", 0, OPTION_LIST, &s->active, "COLUMN",
			"a column with the date of the last activity (repeatable: the latest counts)", false },
		{ "dates", 0, OPTION_TEXT, &s->dates_text, "auto|dmy|mdy|ymd",
			"the order in dates such as 03/04/2026 (default: auto, as the column shows)", false },
		{ "drop-role", 0, OPTION_OPTIONAL, &s->drop_role, "FILE", "drop postmaster@, sales@ and other roles",
			false },
		{ "drop-disposable", 0, OPTION_OPTIONAL, &s->drop_disposable, "FILE", "drop throw-away addresses",
			false },
		TABLE_END,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *network_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "DNS" },
		{ "mx", 0, OPTION_FLAG, &s->mx, NULL, "ask whether the domains take mail", false },
		{ "resolver", 0, OPTION_TEXT, &s->resolver, "HOST[:PORT]",
			"the DNS server to ask (default: the system's)", false },
		{ "dns-timeout", 0, OPTION_SECONDS, &s->dns_timeout, "SECONDS",
			"for the first try of four, each twice as long (default 1.5)", false },
		{ "dns-cache", 0, OPTION_TEXT, &s->dns_cache, "FILE", "remember answers here for as long as they hold",
			false },
		TABLE_END,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static bool parse(struct settings *s, int argc, char **argv, struct err *err)
{
	const struct option *const tables[] = {
		input_options(s),
		output_options(s),
		syntax_options(s),
		people_options(s),
		settings_returns_options(s),
		network_options(s),
		NULL,
	};
	const char **rest;

	if (!options_parse(tables, argc, argv, USAGE, &rest, err))
		return false;
	s->lists = rest;
	return true;
}

static bool check_delimiter(struct settings *s, struct err *err)
{
	const char *text = s->delimiter_text;

	if (text == NULL)
		return true;
	if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
		text = "\t";
	if (strlen(text) != 1 || strchr("\"\r\n", text[0]) != NULL || (unsigned char)text[0] >= 0x80)
		return err_set(err, ERR_USAGE,
			"--delimiter: one ASCII character (or tab) that is no quote and no line break");
	s->delimiter = text[0];
	return true;
}

static bool check_keep(struct settings *s, struct err *err)
{
	const char *text = s->keep_text;

	if (text == NULL || strcmp(text, "first") == 0)
		return true;
	if (!str_starts(str_of(text), STR_LIT("newest:")) || strlen(text) == strlen("newest:"))
		return err_set(err, ERR_USAGE, "--keep '%s': it takes first or newest:COLUMN", text);
	s->newest = text + strlen("newest:");
	return true;
}

static bool check_rows(struct settings *s, struct err *err)
{
	static const char *const words[] = { "pad", "reject", NULL };
	int index = 0;

	if (s->ragged_text != NULL && !options_choice("ragged", s->ragged_text, words, &index, err))
		return false;
	s->ragged_reject = index == 1;
	return true;
}

static bool check_words(struct settings *s, struct err *err)
{
	static const char *const folds[] = { "none", "provider", NULL };
	static const char *const dates[] = { "auto", "dmy", "mdy", "ymd", NULL }; /* as enum date_order */
	static const char *const summaries[] = { "text", "json", NULL };
	int index = 0;

	if (s->fold_text != NULL && !options_choice("fold", s->fold_text, folds, &index, err))
		return false;
	s->fold = index == 1;
	index = 0;
	if (s->summary_text != NULL && !options_choice("summary", s->summary_text, summaries, &index, err))
		return false;
	s->summary_json = index == 1;
	index = 0;
	if (s->dates_text != NULL && !options_choice("dates", s->dates_text, dates, &index, err))
		return false;
	s->dates = index == 0 ? 0 : 1u << (DATE_DMY + index - 1);
	return true;
}

static bool check_numbers(struct settings *s, struct err *err)
{
	s->memory = half_of_memory();
	if (s->memory_text != NULL && !options_size("memory", s->memory_text, &s->memory, err))
		return false;
	if (s->memory < LEAST_MEMORY)
		return err_set(err, ERR_USAGE, "--memory: at least 1M");
	if (s->shard_text != NULL && !shard_parse(&s->shard, s->shard_text, err))
		return false;
	if (s->inactive_text != NULL && (!date_parse_age(str_of(s->inactive_text), &s->inactive) || s->inactive <= 0))
		return err_set(err, ERR_USAGE, "--inactive '%s': an age such as 90d, 12w, 18m or 2y", s->inactive_text);
	return true;
}

static bool is_standard(const char *name)
{
	return strcmp(name, "-") == 0;
}

/* Standard input can be read once: as a list, or as one of the files. */
static bool check_standard_input(const struct settings *s, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; s->lists[i] != NULL; i++)
		n += is_standard(s->lists[i]);
	n += s->lists[0] == NULL && !settings_only_returns(s);
	for (size_t i = 0; i < s->bounces.n; i++)
		n += is_standard(s->bounces.values[i]);
	for (size_t i = 0; i < s->suppress.n; i++)
		n += is_standard(s->suppress.values[i]);
	for (size_t i = 0; i < s->except.n; i++)
		n += is_standard(s->except.values[i]);
	for (size_t i = 0; i < s->both.n; i++)
		n += is_standard(s->both.values[i]);
	if (n > 1)
		return err_set(err, ERR_USAGE, "standard input cannot be read twice: name the list");
	return true;
}

static bool check_pairs(struct settings *s, struct err *err)
{
	if (s->header_yes && s->header_no)
		return err_set(err, ERR_USAGE, "--header and --no-header exclude each other");
	if ((s->inactive > 0) != (s->active.n > 0))
		return err_set(err, ERR_USAGE, "--inactive AGE and --active COLUMN belong together");
	if (s->no_dedupe && (s->newest != NULL))
		return err_set(err, ERR_USAGE, "--no-dedupe and --keep exclude each other");
	if (!s->mx && (s->resolver != NULL || s->dns_cache != NULL || s->dns_timeout > 0))
		return err_set(err, ERR_USAGE, "--resolver and --dns-… mean something only with --mx");
	if (!settings_check_returns(s, err))
		return false;
	if (s->rejects != NULL && strcmp(s->rejects, "-") == 0)
		return err_set(err, ERR_USAGE,
			"--rejects takes a file: standard output is for the rows kept (or see --annotate)");
	if (s->fixes != NULL && (!s->fix || strcmp(s->fixes, "-") == 0))
		return err_set(err, ERR_USAGE, "--fixes takes a file, and needs --fix");
	if (s->no_tld_check && s->strict_tld)
		return err_set(err, ERR_USAGE, "--no-tld-check and --strict-tld exclude each other");
	if (s->report != NULL && strcmp(s->report, "-") == 0)
		return err_set(err, ERR_USAGE, "--report takes a file: standard output is for the rows kept");
	return true;
}

/* The reader of lists looks for one name: the first. */
static void take_first_email(struct settings *s)
{
	size_t n = s->email != NULL ? strcspn(s->email, ",") : 0;

	s->first_email = s->email != NULL ? mem_copy(s->email, n) : NULL;
}

bool settings_parse(struct settings *s, int argc, char **argv, struct err *err)
{
	if (!parse(s, argc, argv, err))
		return false;
	say_set_quiet(s->quiet);
	if (!check_delimiter(s, err) || !check_keep(s, err) || !check_words(s, err) || !check_rows(s, err) ||
		!check_numbers(s, err) || !check_pairs(s, err) || !check_standard_input(s, err))
		return false;
	take_first_email(s);
	s->header = s->header_yes ? LIST_HEADER_YES : s->header_no ? LIST_HEADER_NO : LIST_HEADER_GUESS;
	return true;
}
