#ifndef PIPEMAIL_MAILSEND_SETTINGS_H
#define PIPEMAIL_MAILSEND_SETTINGS_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/account.h"
#include "cli/options.h"

/*
 * What was asked for on the command line. Everything lives with the process. The table of options
 * is in options.c, its twin for the sendmail personality in sendmail.c.
 */
struct settings {
	struct account account;
	struct account given; /* as the command line has it, before the file fills it up */

	/* Composing: any of these makes the input a body. */
	const char *from;
	struct option_list to, cc, bcc, reply_to;
	const char *subject;
	bool subject_ready; /* from -H: encoded words in it are meant */
	const char *body;
	const char *body_file;
	const char *html;
	bool markdown; /* the body is, and HTML is made of it */
	struct option_list attach, inlines, headers;
	const char *date;
	const char *message_id;
	const char *in_reply_to, *references;
	const char *smime_cert, *smime_key;
	const char *pgp_sign; /* the key, "": gpg's default; NULL: not asked for */
	struct option_list alternatives;

	/* Envelope and delivery. */
	bool read_recipients; /* -t */
	const char *envelope_from;
	const char *set_from;
	const char *dsn;
	const char *dsn_return;
	const char *envid;
	bool dsn_required;
	bool require_tls;
	const char *dkim_domain, *dkim_selector, *dkim_key;
	bool dry_run;
	bool probe;
	const char *setup;    /* the address */
	const char *resolver; /* for --setup; NULL: the system's */
	bool json;
	const char *report;
	bool all_or_nothing;
	const char *failed_to;
	int64_t deadline; /* nanoseconds, 0: none */
	const char *fcc;
	bool spool;
	const char *flush; /* "" or "now"; NULL: not asked for */
	const char *log;
	bool list_spool;
	const char *aliases;

	const char **recipients; /* the arguments, NULL-terminated */

	bool skip_empty;

	/* Found out. */
	bool composing;
	bool may_be_finished; /* composing, unless standard input begins with a complete header */
	bool as_sendmail;
	bool serve;                          /* sendmail -bs: SMTP on standard input */
	bool nothing;                        /* sendmail -bi: done already */
	bool ignore_dots;                    /* -i: a dot never ends the message here, with or without it */
	struct option_list sendmail_options; /* -o */
	const char *full_name;               /* sendmail's -F */
	int64_t ends;                        /* monotonic deadline of the run, INT64_MAX: none */
};

bool settings_parse(struct settings *s, int argc, char **argv, struct err *err);
/* The same as sendmail: its options, a finished message. */
bool settings_parse_sendmail(struct settings *s, int argc, char **argv, struct err *err);

#endif
