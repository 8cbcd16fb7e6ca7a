#ifndef PIPEMAIL_MAILBULK_SETTINGS_H
#define PIPEMAIL_MAILBULK_SETTINGS_H

#include "base/err.h"
#include "cli/account.h"
#include "cli/options.h"
#include "mail/list/shard.h"

/* What the command line and the configuration ask for, judged as far as that goes without reading the template or the
 * list. */
enum action { ACTION_DRY_RUN, ACTION_CHECK, ACTION_SEND, ACTION_STATUS };

enum results_format { RESULTS_CSV, RESULTS_JSONL };

/* "30/m": the nanoseconds that lie between two messages; 0: no limit. */
struct rate {
	int64_t interval;
};

struct domain_rate {
	char *domain; /* A-labels, lower case; "*": every domain that is not named */
	struct rate rate;
};

struct warmup {
	uint64_t start;   /* messages on the first day; 0: no warm-up */
	uint64_t percent; /* growth a day */
};

struct settings {
	struct account account;
	const char *template_path;
	const char *list_path; /* NULL: standard input */
	enum action action;
	bool send;
	bool check;
	bool json;            /* with --check: the findings on standard output */
	bool dns;             /* ask the DNS about the sender, too */
	const char *resolver; /* "host[:port]" or NULL: the system's */

	/* the message */
	const char *from;
	const char *envelope_from;
	const char *html;
	struct option_list attach;
	struct option_list inlines;
	struct option_list headers;
	const char *missing;
	bool missing_empty;

	/* the list */
	const char *email;
	const char *delimiter_text;
	char delimiter; /* 0: told from the list */
	const char *key;
	const char *shard_text;
	struct shard shard;
	struct option_list suppress;
	bool allow_empty; /* a file of these without anything in it names nobody */
	bool skip_bad;
	bool limited;
	const char *limit_text;
	uint64_t limit;
	const char *test;

	/* consent */
	struct option_list unsubscribe;
	const char *token_key;
	const char *confirm;
	const char *list_id;
	const char *feedback_id;
	bool verp;
	bool transactional;

	/* speed and manners */
	uint64_t connections;
	const char *rate_text;
	struct rate rate;
	struct option_list domain_rate_texts;
	struct domain_rate *domain_rates;
	size_t n_domain_rates;
	bool by_mx; /* domains count by whose mail servers they have */
	const char *warmup_text;
	struct warmup warmup;
	uint64_t messages_per_connection;
	uint64_t retries;
	int64_t retry_pause;
	const char *retry_for_text;
	int64_t retry_for; /* 0: not given */
	const char *max_bounce_text;
	uint64_t max_bounce;  /* hundredths of a per cent of the verdicts; 0: not given */
	uint64_t max_unknown; /* rows handed over on one connection without a reply */

	/* what is kept and told */
	const char *journal; /* never NULL after settings_parse */
	const char *status;  /* the journal that is to be told about; NULL: none */
	bool resend_unknown;
	const char *retry_refused_text; /* NULL: not given; "": whatever the reason */
	uint32_t retry_refused;         /* reasons, as bits */
	const char *results_file;
	bool accept_changed;
	const char *preview;
	const char *results;
	enum results_format results_format;
};

/* Parse argv into s, which lives with the process. 64 where something cannot be meant. */
bool settings_parse(struct settings *s, int argc, char **argv, struct err *err);

/* "30/m", "5/s", "1000/h", "2/d". */
bool settings_rate(const char *option, const char *text, struct rate *rate, struct err *err);

#endif
