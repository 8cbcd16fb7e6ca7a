#include <config.h>

#include "cmd/mailsend/settings.h"

#include "base/mem.h"
#include "io/clock.h"

static const char usage[] = "[OPTION...] RECIPIENT... < message\n"
			    "-t [OPTION...] < message\n"
			    "-s SUBJECT [COMPOSING OPTION...] RECIPIENT... < body";

/* Is there an option that only makes sense when we make the message? */
static bool composes(const struct settings *s)
{
	size_t lists = s->reply_to.n + s->attach.n + s->inlines.n + s->headers.n + s->alternatives.n;

	return lists > 0 || s->subject != NULL || s->body != NULL || s->body_file != NULL || s->html != NULL ||
		s->date != NULL || s->message_id != NULL || s->in_reply_to != NULL || s->references != NULL ||
		s->smime_cert != NULL || s->pgp_sign != NULL || s->markdown;
}

/* What git, cron and scripts add whatever the program is called. */
static bool check_sendmail_options(const struct settings *s, struct err *err)
{
	for (size_t i = 0; i < s->sendmail_options.n; i++) {
		const char *word = s->sendmail_options.values[i];

		if (strcmp(word, "i") != 0 && !str_among(str_of(word), "em ep eq ee ew") && word[0] != 'd')
			return err_set(err, ERR_USAGE, "-o%s: of sendmail's -o only i, em and dX are taken here", word);
	}
	return true;
}

static bool check_setup(const struct settings *s, struct err *err)
{
	if (s->resolver != NULL && s->setup == NULL)
		return err_set(err, ERR_USAGE, "--resolver requires --setup");
	if (s->setup == NULL)
		return true;
	if (s->recipients[0] != NULL || s->to.n + s->cc.n + s->bcc.n > 0)
		return err_set(err, ERR_USAGE,
			"--setup takes one address and sends to nobody else: no recipients go with it");
	if (s->account.names.n > 0)
		return err_set(err, ERR_USAGE, "--setup writes a file of one account: --account does not go with it");
	return true;
}

static bool check_combination(const struct settings *s, struct err *err)
{
	if (!check_sendmail_options(s, err) || !check_setup(s, err))
		return false;
	if (s->read_recipients && (composes(s) || s->to.n + s->cc.n + s->bcc.n > 0))
		return err_set(err, ERR_USAGE, "-t takes a finished message: the composing options do not go with it");
	if (s->body != NULL && s->body_file != NULL)
		return err_set(err, ERR_USAGE, "--body and --body-file: give one of them");
	if (s->pgp_sign != NULL && s->smime_cert != NULL)
		return err_set(err, ERR_USAGE, "--pgp-sign and --smime-cert: give one of them");
	if (s->markdown && s->html != NULL)
		return err_set(err, ERR_USAGE, "--markdown and --html: give one of them");
	if (s->json && !s->probe && s->setup == NULL)
		return err_set(err, ERR_USAGE, "--json goes with --probe; a delivery is reported by --report=json");
	if (s->smime_key != NULL && s->smime_cert == NULL)
		return err_set(err, ERR_USAGE, "--smime-key needs --smime-cert");
	if (s->report != NULL && strcmp(s->report, "json") != 0)
		return err_set(err, ERR_USAGE, "--report=%s: json is the only form", s->report);
	if (s->flush != NULL && s->flush[0] != '\0' && strcmp(s->flush, "now") != 0)
		return err_set(err, ERR_USAGE, "--flush=%s: now is the only value", s->flush);
	if (s->account.smtp.n > 1)
		return err_set(err, ERR_USAGE, "--smtp: mailsend sends through one server");
	if (s->account.names.n > 1)
		return err_set(err, ERR_USAGE, "--account: mailsend uses one account");
	return true;
}

static const struct option *composing_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "Composing (the input is the body then)" },
		{ "from", 'f', OPTION_TEXT, &s->from, "ADDRESS", "who it is from; default: the account's, $EMAIL",
			false },
		{ "to", 0, OPTION_LIST, &s->to, "ADDRESS", "a recipient in To; addresses may be separated by commas",
			false },
		{ "cc", 'c', OPTION_LIST, &s->cc, "ADDRESS", "a recipient in Cc", false },
		{ "bcc", 0, OPTION_LIST, &s->bcc, "ADDRESS", "a recipient that no header names", false },
		{ "reply-to", 0, OPTION_LIST, &s->reply_to, "ADDRESS", "where answers shall go", false },
		{ "subject", 's', OPTION_TEXT, &s->subject, "TEXT", "the subject", OPTION_ALERT },
		{ "body", 'b', OPTION_TEXT, &s->body, "TEXT", "the body, instead of standard input", OPTION_OCTETS },
		{ "body-file", 0, OPTION_TEXT, &s->body_file, "FILE", "the body from a file", false },
		{ "html", 0, OPTION_TEXT, &s->html, "FILE", "an HTML body; a text is made of it unless there is one",
			false },
		{ "markdown", 0, OPTION_FLAG, &s->markdown, NULL, "the body is Markdown: an HTML body is made of it",
			false },
		{ "alternative", 0, OPTION_LIST, &s->alternatives, "FILE,type=TYPE[;PARAM]",
			"another form of the body, better than the ones before", false },
		{ "attach", 'a', OPTION_LIST, &s->attach, "FILE[,type=TYPE][,name=NAME]", "attach a file", false },
		{ "inline", 0, OPTION_LIST, &s->inlines, "FILE[,cid=ID][,type=TYPE]",
			"a picture that the HTML shows as cid:ID", false },
		{ "header", 'H', OPTION_LIST, &s->headers, "'NAME: VALUE'", "add a header field", OPTION_ALERT },
		{ "date", 0, OPTION_TEXT, &s->date, "DATE", "the Date, instead of now", false },
		{ "message-id", 0, OPTION_TEXT, &s->message_id, "ID", "the Message-ID, instead of a new one", false },
		{ "in-reply-to", 0, OPTION_TEXT, &s->in_reply_to, "ID", "the message that this one answers", false },
		{ "references", 0, OPTION_TEXT, &s->references, "ID...", "the messages of its thread, the oldest first",
			false },
		{ "smime-cert", 0, OPTION_TEXT, &s->smime_cert, "FILE", "sign with S/MIME: the certificate (PEM)",
			false },
		{ "smime-key", 0, OPTION_TEXT, &s->smime_key, "FILE", "the private key of --smime-cert", false },
		{ "pgp-sign", 0, OPTION_OPTIONAL, &s->pgp_sign, "KEY", "sign with PGP/MIME, by gpg", false },
		{ "skip-empty", 0, OPTION_FLAG, &s->skip_empty, NULL, "send nothing when the body is empty", false },
		{ 0 },
	};
	return options_keep(mem_copy(table, sizeof table));
}

static const struct option *delivery_options(struct settings *s)
{
	const struct option table[] = {
		{ .type = OPTION_GROUP, .help = "Envelope and delivery" },
		{ "read-recipients", 't', OPTION_FLAG, &s->read_recipients, NULL,
			"recipients from To, Cc and Bcc of a finished message", false },
		{ "envelope-from", 0, OPTION_TEXT, &s->envelope_from, "ADDRESS",
			"where bounces go; \"\" or <>: nowhere", false },
		{ "set-from", 0, OPTION_TEXT, &s->set_from, "ADDRESS",
			"make envelope and From this address; the former one goes to Reply-To", false },
		{ "dsn", 0, OPTION_TEXT, &s->dsn, "WHEN", "ask for reports: never, or any of success,failure,delay",
			false },
		{ "dsn-return", 0, OPTION_TEXT, &s->dsn_return, "WHAT",
			"what a report shall bring back: headers or full", false },
		{ "dsn-required", 0, OPTION_FLAG, &s->dsn_required, NULL,
			"do not send without the reports that --dsn asks for", false },
		{ "envid", 0, OPTION_TEXT, &s->envid, "ID", "a name for the message in reports", false },
		{ "require-tls", 0, OPTION_FLAG, &s->require_tls, NULL, "ask for TLS on the whole way (RFC 8689)",
			false },
		{ "all-or-nothing", 0, OPTION_FLAG, &s->all_or_nothing, NULL,
			"no message unless every recipient is taken", false },
		{ "failed-to", 0, OPTION_TEXT, &s->failed_to, "FILE",
			"write the recipients that did not get it, one a line", false },
		{ "deadline", 0, OPTION_SECONDS, &s->deadline, "SECONDS", "for the whole run", false },
		{ "fcc", 0, OPTION_TEXT, &s->fcc, "FILE|DIR/", "keep a copy in an mbox, or in a Maildir", false },
		{ "spool", 0, OPTION_FLAG, &s->spool, NULL, "keep the message when it cannot be sent now", false },
		{ "flush", 0, OPTION_OPTIONAL, &s->flush, "now", "send what waits in the spool; =now: without a pause",
			false },
		{ "list-spool", 0, OPTION_FLAG, &s->list_spool, NULL, "show what waits in the spool", false },
		{ "aliases", 0, OPTION_TEXT, &s->aliases, "FILE",
			"local names to addresses, in the form of /etc/aliases", false },
		{ "dkim-domain", 0, OPTION_TEXT, &s->dkim_domain, "DOMAIN", "sign with DKIM for this domain", false },
		{ "dkim-selector", 0, OPTION_TEXT, &s->dkim_selector, "NAME", "the selector of the key", false },
		{ "dkim-key", 0, OPTION_TEXT, &s->dkim_key, "FILE", "the private key: RSA or Ed25519, PEM", false },
		{ "ignore-dots", 'i', OPTION_FLAG, &s->ignore_dots, NULL,
			"accepted for programs written for sendmail; always so", false },
		{ "sendmail-option", 'o', OPTION_LIST, &s->sendmail_options, "i|em|dX",
			"accepted for programs written for sendmail: -oi, -oem, -odX", false },
		{ "log", 0, OPTION_TEXT, &s->log, "FILE|syslog", "write a line for each message", false },
		{ "dry-run", 'n', OPTION_FLAG, &s->dry_run, NULL, "the message to standard output, nothing is sent",
			false },
		{ 0 },
	};
	return options_keep(mem_copy(table, sizeof table));
}

/* What asks or reports instead of sending; --help shows them with those of delivery. */
static const struct option *trial_options(struct settings *s)
{
	const struct option table[] = {
		{ "probe", 0, OPTION_FLAG, &s->probe, NULL, "say what the server offers and whether this would work",
			false },
		{ "setup", 0, OPTION_TEXT, &s->setup, "ADDRESS",
			"find the server of this address and write a configuration", false },
		{ "resolver", 0, OPTION_TEXT, &s->resolver, "HOST[:PORT]",
			"the name server that --setup asks (default: the system's)", false },
		{ "json", 0, OPTION_FLAG, &s->json, NULL, "--probe's answer as JSON", false },
		{ "report", 0, OPTION_TEXT, &s->report, "json", "what became of it, as JSON on standard output",
			false },
		{ 0 },
	};
	return options_keep(mem_copy(table, sizeof table));
}

bool settings_parse(struct settings *s, int argc, char **argv, struct err *err)
{
	const struct option *const tables[] = { composing_options(s), delivery_options(s), trial_options(s),
		account_options(&s->account, false), account_general_options(&s->account), NULL };

	if (!options_parse(tables, argc, argv, usage, &s->recipients, err))
		return false;
	s->ends = s->deadline > 0 ? clock_now() + s->deadline : INT64_MAX;
	s->account.ends = s->ends;
	bool composing = composes(s);
	bool addresses = s->from != NULL || s->to.n + s->cc.n + s->bcc.n > 0;

	s->composing = !s->read_recipients && (addresses || composing);
	/* msmtp's and mutt's habit: -f beside a message that is complete. */
	s->may_be_finished = s->composing && !composing;
	return check_combination(s, err);
}
