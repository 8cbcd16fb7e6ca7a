#include <config.h>

#include "cmd/mailbulk/settings.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "mail/address/domain.h"
#include "mail/returns/outcome.h"

#define NO_OPTION            \
	{                    \
		.name = NULL \
	}

static const struct option *action_options(struct settings *s)
{
	const struct option table[] = {
		{ "send", 0, OPTION_FLAG, &s->send, NULL, "send; without it nothing leaves this machine", false },
		{ "check", 0, OPTION_FLAG, &s->check, NULL, "only say what would go wrong", false },
		{ "json", 0, OPTION_FLAG, &s->json, NULL, "with --check: write the findings as JSON to standard output",
			false },
		{ "dns", 0, OPTION_FLAG, &s->dns, NULL,
			"check SPF, DKIM and DMARC of the sender in the DNS, as large providers do", false },
		{ "resolver", 0, OPTION_TEXT, &s->resolver, "HOST[:PORT]",
			"the name server that --dns and --by-mx ask (default: the system's)", false },
		{ "preview", 0, OPTION_TEXT, &s->preview, "FILE.html", "write a page that shows the messages", false },
		{ "test", 0, OPTION_TEXT, &s->test, "ADDRESS", "the first rows' messages, all to this address", false },
		{ "limit", 0, OPTION_TEXT, &s->limit_text, "N", "only the first N rows", false },
		{ "journal", 0, OPTION_TEXT, &s->journal, "FILE", "where the run remembers what was sent", false },
		{ "status", 0, OPTION_TEXT, &s->status, "JOURNAL", "write what a journal says of each row, as CSV",
			false },
		{ "resend-unknown", 0, OPTION_FLAG, &s->resend_unknown, NULL, "send again what may have been delivered",
			false },
		{ "retry-refused", 0, OPTION_OPTIONAL, &s->retry_refused_text, "REASON,...",
			"send again to rows that an earlier run booked as refused (default: for any reason)", false },
		{ "accept-changed", 0, OPTION_FLAG, &s->accept_changed, NULL,
			"go on with a journal that another text began", false },
		{ "results", 0, OPTION_TEXT, &s->results, "csv|jsonl", "the form of the results", false },
		{ "results-file", 0, OPTION_TEXT, &s->results_file, "FILE",
			"append the results to FILE (default: standard output)", false },
		NO_OPTION,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *message_options(struct settings *s)
{
	const struct option table[] = {
		{ "from", 'f', OPTION_TEXT, &s->from, "ADDRESS", "From, where the template has none", false },
		{ "envelope-from", 0, OPTION_TEXT, &s->envelope_from, "ADDRESS", "where bounces go", false },
		{ "verp", 0, OPTION_FLAG, &s->verp, NULL, "put the recipient into the bounce address", false },
		{ "html", 0, OPTION_TEXT, &s->html, "FILE", "a template of the HTML part", false },
		{ "attach", 'a', OPTION_LIST, &s->attach, "FILE", "attach a file; tags may stand in its name", false },
		{ "inline", 0, OPTION_LIST, &s->inlines, "FILE", "an image that the HTML shows by cid:", false },
		{ "header", 'H', OPTION_LIST, &s->headers, "'Name: value'", "one more header field", false },
		{ "missing", 0, OPTION_TEXT, &s->missing, "error|empty", "what a tag without a column is", false },
		{ "dkim-domain", 0, OPTION_TEXT, &s->account.keys.dkim_domain, "DOMAIN", "sign for this domain",
			false },
		{ "dkim-selector", 0, OPTION_TEXT, &s->account.keys.dkim_selector, "NAME", "the key's selector",
			false },
		{ "dkim-key", 0, OPTION_TEXT, &s->account.keys.dkim_key, "FILE", "private key, RSA or Ed25519", false },
		NO_OPTION,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *list_options(struct settings *s)
{
	const struct option table[] = {
		{ "email", 0, OPTION_TEXT, &s->email, "COLUMN", "the column with the addresses", false },
		{ "delimiter", 0, OPTION_TEXT, &s->delimiter_text, "CHAR", "what stands between cells", false },
		{ "key", 0, OPTION_TEXT, &s->key, "COLUMN", "tells rows of one address apart", false },
		{ "shard", 0, OPTION_TEXT, &s->shard_text, "K/N", "only share K of N", false },
		{ "suppress", 0, OPTION_LIST, &s->suppress, "FILE",
			"who must not be mailed: addresses, @domains or hashes", false },
		{ "allow-empty", 0, OPTION_FLAG, &s->allow_empty, NULL,
			"accept an empty --suppress file as a list with no entries", false },
		{ "skip-bad", 0, OPTION_FLAG, &s->skip_bad, NULL, "leave bad rows out instead of stopping", false },
		{ "unsubscribe", 0, OPTION_LIST, &s->unsubscribe, "URL", "https or mailto; tags may stand in it",
			false },
		{ "token-key", 0, OPTION_TEXT, &s->token_key, "FILE", "the secret behind {{token}}", false },
		{ "confirm", 0, OPTION_TEXT, &s->confirm, "URL",
			"mailto or https: where people say yes ({{confirm}} is the link)", false },
		{ "list-id", 0, OPTION_TEXT, &s->list_id, "ID", "List-Id, such as news.example.org", false },
		{ "feedback-id", 0, OPTION_TEXT, &s->feedback_id, "ID", "Feedback-ID for Gmail's reports", false },
		{ "transactional", 0, OPTION_FLAG, &s->transactional, NULL, "these are no bulk mail: receipts, alerts",
			false },
		NO_OPTION,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

static const struct option *speed_options(struct settings *s)
{
	const struct option table[] = {
		{ "connections", 'j', OPTION_NUMBER, &s->connections, "N", "at once, over all servers (4)", false },
		{ "rate", 0, OPTION_TEXT, &s->rate_text, "N/s|m|h", "messages in a second, minute, hour", false },
		{ "domain-rate", 0, OPTION_LIST, &s->domain_rate_texts, "DOMAIN=N/m",
			"the same for one recipient domain", false },
		{ "by-mx", 0, OPTION_FLAG, &s->by_mx, NULL,
			"count recipient domains by the organisation that runs their mail servers", false },
		{ "warmup", 0, OPTION_TEXT, &s->warmup_text, "START:GROWTH%", "messages on day one, growth a day",
			false },
		{ "messages-per-connection", 0, OPTION_NUMBER, &s->messages_per_connection, "N",
			"then a new connection", false },
		{ "retries", 0, OPTION_NUMBER, &s->retries, "N", "after a 4xx reply (3)", false },
		{ "retry-for", 0, OPTION_TEXT, &s->retry_for_text, "TIME",
			"stop when no message was accepted for TIME, such as 90s, 2h or 3d (default: 15m)", false },
		{ "max-bounce", 0, OPTION_TEXT, &s->max_bounce_text, "PERCENT",
			"stop when more of the recipients than this do not exist, such as 5% (default: never)", false },
		{ "max-unknown", 0, OPTION_NUMBER, &s->max_unknown, "N",
			"messages sent without a reply on one connection, which it may lose (default: 64)", false },
		{ "retry-pause", 0, OPTION_SECONDS, &s->retry_pause, "SECONDS", "before the first of them (2)", false },
		NO_OPTION,
	};
	static struct option kept[sizeof table / sizeof *table];

	return memcpy(kept, table, sizeof table);
}

bool settings_rate(const char *option, const char *text, struct rate *rate, struct err *err)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct str rest = str_of(text);
	struct str number = str_cut(&rest, '/');
	uint64_t n;

	if (str_number(number, 1000000000, &n) && n > 0 && rest.n == 1)
		for (size_t i = 0; i < sizeof units / sizeof *units; i++)
			if (units[i].unit == rest.p[0]) {
				rate->interval = units[i].seconds * CLOCK_SECOND / (int64_t)n;
				return true;
			}
	return err_set(err, ERR_USAGE, "--%s: \"%s\" is no rate such as 10/s, 300/m or 5000/h", option, text);
}

static bool parse_retry_refused(struct settings *s, struct err *err)
{
	struct str rest = str_of(s->retry_refused_text != NULL ? s->retry_refused_text : "");

	while (rest.n > 0) {
		struct str name = str_trim(str_cut(&rest, ','));
		enum outcome_reason reason;

		if (!outcome_reason_parse(name, &reason))
			return err_set(err, ERR_USAGE,
				"--retry-refused: \"%.*s\" is not a reason such as no-mailbox or content",
				STR_ARGS(name));
		s->retry_refused |= UINT32_C(1) << reason;
	}
	return true;
}

/* "90s", "15m", "2h", "3d". */
static bool parse_retry_for(struct settings *s, struct err *err)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = { 1, 60, 3600, 86400 };
	struct str text = str_of(s->retry_for_text);
	uint64_t n;

	if (s->retry_for_text == NULL)
		return true;
	const char *unit = text.n > 1 ? strchr(units, text.p[text.n - 1]) : NULL;

	if (unit == NULL || !str_number(str_sub(text, 0, text.n - 1), 10000, &n) || n == 0)
		return err_set(err, ERR_USAGE, "--retry-for: \"%s\" is not a time such as 90s, 15m, 2h or 3d",
			s->retry_for_text);
	s->retry_for = (int64_t)n * seconds[unit - units] * CLOCK_SECOND;
	return true;
}

/* "5%", "0.5%". */
static bool parse_max_bounce(struct settings *s, struct err *err)
{
	struct str rest = str_of(s->max_bounce_text);
	uint64_t whole = 0;
	uint64_t part = 0;

	if (s->max_bounce_text == NULL)
		return true;
	if (rest.n > 0 && rest.p[rest.n - 1] == '%')
		rest.n--;
	struct str number = str_cut(&rest, '.');

	if (str_number(number, 100, &whole) && rest.n <= 2 && (rest.p == NULL || str_number(rest, 99, &part)))
		s->max_bounce = 100 * whole + (rest.n == 1 ? 10 * part : part);
	return (s->max_bounce > 0 && s->max_bounce <= 10000) ||
		err_set(err, ERR_USAGE, "--max-bounce: \"%s\" is not a percentage such as 5%% or 0.5%%",
			s->max_bounce_text);
}

static bool parse_domain_rates(struct settings *s, struct err *err)
{
	struct buf domain = { 0 };
	bool ok = true;

	s->domain_rates = mem_array(s->domain_rate_texts.n, sizeof *s->domain_rates);
	for (size_t i = 0; ok && i < s->domain_rate_texts.n; i++) {
		const char *text = s->domain_rate_texts.values[i];
		const char *equals = strchr(text, '=');
		struct str name = str_at(text, equals != NULL ? (size_t)(equals - text) : 0);
		struct domain_rate *entry = &s->domain_rates[s->n_domain_rates];

		buf_clear(&domain);
		if (name.n == 0 || (!str_eq(name, STR_LIT("*")) && domain_to_ascii(&domain, name) != DOMAIN_OK)) {
			ok = err_set(err, ERR_USAGE, "--domain-rate: \"%s\" is not of the form DOMAIN=N/m", text);
			break;
		}
		if (str_eq(name, STR_LIT("*")))
			buf_add_char(&domain, '*');
		ok = settings_rate("domain-rate", equals + 1, &entry->rate, err);
		if (ok) {
			entry->domain = mem_copy(buf_str(&domain).p, buf_len(&domain));
			s->n_domain_rates++;
		}
	}
	buf_free(&domain);
	return ok;
}

static bool parse_warmup(struct settings *s, struct err *err)
{
	struct str rest = str_of(s->warmup_text);

	if (s->warmup_text == NULL)
		return true;
	struct str start = str_cut(&rest, ':');

	if (rest.n > 0 && rest.p[rest.n - 1] == '%')
		rest.n--;
	if (!str_number(start, 1000000000, &s->warmup.start) || s->warmup.start == 0 ||
		!str_number(rest, 10000, &s->warmup.percent))
		return err_set(err, ERR_USAGE, "--warmup: \"%s\" is not of the form START:GROWTH%%, such as 200:50%%",
			s->warmup_text);
	return true;
}

static bool parse_delimiter(struct settings *s, struct err *err)
{
	const char *text = s->delimiter_text;

	if (text == NULL)
		return true;
	if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
		s->delimiter = '\t';
	else if (strlen(text) == 1 && text[0] != '"')
		s->delimiter = text[0];
	else
		return err_set(err, ERR_USAGE, "--delimiter: one character (or tab), not \"%s\"", text);
	return true;
}

static bool parse_words(struct settings *s, struct err *err)
{
	static const char *const missing[] = { "error", "empty", NULL };
	static const char *const results[] = { "csv", "jsonl", NULL };
	int index = 0;

	if (s->missing != NULL && !options_choice("missing", s->missing, missing, &index, err))
		return false;
	s->missing_empty = index == 1;
	index = 0;
	if (s->results != NULL && !options_choice("results", s->results, results, &index, err))
		return false;
	s->results_format = (enum results_format)index;
	if (s->limit_text != NULL && !str_number(str_of(s->limit_text), UINT64_MAX, &s->limit))
		return err_set(err, ERR_USAGE, "--limit: \"%s\" is no number", s->limit_text);
	s->limited = s->limit_text != NULL;
	if (s->shard_text != NULL && !shard_parse(&s->shard, s->shard_text, err))
		return false;
	return s->rate_text == NULL || settings_rate("rate", s->rate_text, &s->rate, err);
}

/* Rules between options, and what follows from them. */
static bool settle(struct settings *s, struct err *err)
{
	if (s->send && s->check)
		return err_set(err, ERR_USAGE, "--send and --check are two different things: take one");
	if (s->json && !s->check)
		return err_set(err, ERR_USAGE, "--json requires --check");
	if (s->resolver != NULL && !s->dns && !s->by_mx)
		return err_set(err, ERR_USAGE, "--resolver requires --dns or --by-mx");
	s->action = s->send || s->test != NULL ? ACTION_SEND : s->check ? ACTION_CHECK : ACTION_DRY_RUN;
	if (s->connections == 0 || s->connections > 1000)
		return err_set(err, ERR_USAGE, "--connections: a number from 1 to 1000");
	if (s->max_unknown == 0 || s->max_unknown > 10000)
		return err_set(err, ERR_USAGE, "--max-unknown: a number from 1 to 10000");
	if (s->retries > 100)
		return err_set(err, ERR_USAGE, "--retries: a number from 0 to 100");
	if (s->retry_pause < 0 || s->retry_pause > 86400 * CLOCK_SECOND)
		return err_set(err, ERR_USAGE, "--retry-pause: from 0 seconds to a day");
	if (s->test != NULL && !s->limited) {
		s->limited = true;
		s->limit = 1;
	}
	if (strcmp(s->template_path, "-") == 0)
		return err_set(err, ERR_USAGE, "the template is a file: standard input is the list");
	return true;
}

/* Shares of one campaign run at the same time, and each needs a journal of its own. */
static void name_journal(struct settings *s)
{
	struct buf name = { 0 };

	buf_add_text(&name, s->template_path);
	if (s->shard.k > 0)
		buf_printf(&name, ".%u-of-%u", (unsigned)s->shard.k, (unsigned)s->shard.n);
	buf_add_text(&name, ".journal");
	s->journal = mem_copy(buf_str(&name).p, buf_len(&name));
	buf_free(&name);
}

bool settings_parse(struct settings *s, int argc, char **argv, struct err *err)
{
	s->connections = 4;
	s->retries = 3;
	s->max_unknown = 64;
	s->retry_pause = 2 * CLOCK_SECOND;
	const struct option *tables[] = { action_options(s), message_options(s), list_options(s), speed_options(s),
		account_options(&s->account, false), account_general_options(&s->account), NULL };
	const char **rest;

	if (!options_parse(tables, argc, argv, "[options] TEMPLATE < list.csv", &rest, err))
		return false;
	if (s->status != NULL) {
		s->action = ACTION_STATUS;
		return (rest[0] == NULL && parse_words(s, err)) ||
			(rest[0] != NULL &&
				err_set(err, ERR_USAGE, "--status JOURNAL takes no operand, but \"%s\" is one",
					rest[0]));
	}
	if (rest[0] == NULL)
		return err_set(err, ERR_USAGE, "which TEMPLATE? (mailbulk --help shows the options)");
	if (rest[1] != NULL && rest[2] != NULL)
		return err_set(err, ERR_USAGE, "\"%s\": one TEMPLATE and at most one LIST", rest[2]);
	s->template_path = rest[0];
	s->list_path = rest[1] != NULL && strcmp(rest[1], "-") != 0 ? rest[1] : NULL;
	if (!parse_words(s, err) || !parse_domain_rates(s, err) || !parse_warmup(s, err) || !parse_delimiter(s, err) ||
		!parse_retry_for(s, err) || !parse_max_bounce(s, err) || !parse_retry_refused(s, err) ||
		!settle(s, err))
		return false;
	if (s->journal == NULL)
		name_journal(s);
	return true;
}
