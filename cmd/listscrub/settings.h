#ifndef PIPEMAIL_LISTSCRUB_SETTINGS_H
#define PIPEMAIL_LISTSCRUB_SETTINGS_H

#include "cli/options.h"
#include "mail/list/list.h"
#include "mail/list/shard.h"

/* What was asked for, checked. Everything lives with the process. */
struct settings {
	const char *const *lists; /* NULL-terminated */
	const char *email;
	char *first_email; /* of several */
	const char *delimiter_text;
	char delimiter; /* 0: to be guessed */
	bool split;     /* a row for each address of a cell */
	bool header_yes;
	bool header_no;
	enum list_header header;
	bool ascii;
	const char *ragged_text;
	bool ragged_reject; /* rows that blank cells would make whole */
	bool strict;        /* a quote that is not closed ends the list */

	const char *rejects;
	bool annotate;
	bool jsonl; /* rows are written as JSON Lines */
	bool suggest;
	const char *summary_text;
	bool summary_json;
	const char *report;

	bool fix;
	const char *fixes;
	bool no_tld_check;
	bool strict_tld;
	bool no_dedupe;
	const char *fold_text;
	bool fold;
	const char *keep_text;
	const char *newest; /* --keep newest:COLUMN, or NULL */
	const char *memory_text;
	uint64_t memory; /* octets for the table of duplicates */
	bool allow_reserved;
	bool literal;
	bool quoted;

	const char *drop_role; /* NULL: not asked for; "": built-in list */
	const char *drop_disposable;
	struct option_list suppress;
	struct option_list except; /* older lists */
	struct option_list both;
	bool allow_empty; /* a file of these without anything in it names nobody */
	struct option_list bounces;
	uint64_t soft_limit; /* 0: soft bounces never reject */
	bool print_suppressed;
	bool print_confirmed;
	const char *soft_window_text;
	int64_t soft_window; /* seconds */
	const char *token_key;
	const char *trust_text;
	bool only_proved; /* --trust=proof */
	const char *unproved;
	const char *rest;
	const char *update_suppressed;
	const char *update_confirmed;
	struct option_list forget;
	const char *confirmed;
	const char *confirm_within_text;
	int64_t confirm_within; /* seconds; 0: any */
	struct option_list tokens;
	struct option_list confirm_tokens;
	struct option_list consent; /* COLUMN[=VALUE,...] */
	struct option_list opt_out;
	const char *unengaged; /* SENT=COLUMN,OPENED=COLUMN,MIN=N */
	const char *inactive_text;
	int64_t inactive; /* seconds; 0: not asked for */
	struct option_list active;
	const char *dates_text;
	unsigned dates; /* the order of dates of three numbers (date.h), as a bit; 0: told by the column */

	bool mx;
	const char *resolver;
	const char *dns_cache;
	int64_t dns_timeout; /* nanoseconds for one try */

	const char *shard_text;
	struct shard shard;
	bool quiet;
	bool progress;
};

/* Does the run read no list, but only what came back? */
bool settings_only_returns(const struct settings *s);
/* --- between settings.c and settings_returns.c --- */
const struct option *settings_returns_options(struct settings *s);
bool settings_check_returns(struct settings *s, struct err *err);

/* Parse and check the command line: 64. */
bool settings_parse(struct settings *s, int argc, char **argv, struct err *err);

#endif
