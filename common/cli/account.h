#ifndef PIPEMAIL_CLI_ACCOUNT_H
#define PIPEMAIL_CLI_ACCOUNT_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/account_keys.h"
#include "cli/options.h"
#include "io/net.h"
#include "proto/tls.h"

struct child;
struct sasl;

/* clang-format off */
/*
 * A server and how to reach it: every connection option. The options are also the keys of the configuration file,
 * spelled the same. Options override the section of the chosen account, and that overrides the bare keys.
 *
 *     struct account a = { 0 };
 *     tables: account_options(&a, false), account_general_options(&a);  options_parse(...)
 *     account_apply_general(&a, err);
 *     account_load(&a, name, sender, err);
 *     account_server(&a, a.smtp.values[0], false, &server, err);
 *     ... session_open(&session, &server, ...) ...
 *     account_server_free(&server);
 */
/* clang-format on */
enum account_scheme { SCHEME_NONE, SCHEME_SMTP, SCHEME_SMTPS, SCHEME_LMTP, SCHEME_POP3, SCHEME_POP3S };

struct account_url {
	enum account_scheme scheme;
	char *user; /* owned, percent-decoded, or NULL */
	char *host; /* owned; NULL with a path; an IPv6 literal without its brackets */
	unsigned port;
	char *path; /* Unix socket of lmtp:///path, or NULL */
};

/*
 * Strings live with the process; NULL: not given. A copy of it, made before account_load, can be used for another
 * account_load.
 */
struct account {
	struct option_list smtp; /* URLs; more than one only for mailbulk */
	const char *pop;
	const char *tls; /* --tls as written: require, try or off */
	const char *ca_file;
	const char *pin;
	bool dane;
	const char *client_cert;
	const char *client_key;
	const char *proxy;
	const char *ehlo;
	const char *user;
	int64_t timeout; /* nanoseconds; 60 s after account_load when it was not given */
	const char *auth;
	const char *password; /* configuration file only */
	const char *password_command;
	const char *password_file;
	const char *password_fd;
	const char *token_command;
	const char *from;         /* configuration file: the sender, when it is an address and no pattern */
	struct account_keys keys; /* of single tools */
	int64_t ends;             /* monotonic deadline of the run for commands too; 0 or INT64_MAX: none */
	bool always_verify;       /* set by a tool: an unverifiable certificate is never let pass */
	const char *config;       /* --config FILE */
	struct option_list names; /* --account NAME, repeatable for popfetch */
	bool verbose;
	bool quiet;
	bool progress;
	const char *trace;
	const char *section;   /* the account that was chosen, or NULL */
	bool server_from_file; /* account_load took the URLs from the file */
	bool user_from_file;
	bool tls_from_file;
	bool dane_from_file;
	bool proxy_from_file;
};

/*
 * The option tables that write into a: connection (for all tools with a server; pop: --pop instead of --smtp) and
 * general (config, account, -v, -q, --progress, --trace). They live with the process; a must live as long as they
 * are used.
 */
const struct option *account_options(struct account *a, bool pop);
const struct option *account_general_options(struct account *a);
/* Apply the general options: say_set_quiet, say_set_verbose, say_trace_open. False with ERR_CANTCREAT. */
bool account_apply_general(const struct account *a, struct err *err);

/*
 * Read the configuration file, choose the account (name; or NULL: by sender, else [default], else the bare keys),
 * and fill in what the options left open. False with ERR_CONFIG, and file and line, for an unknown key, a missing
 * account, or a password that others can read. With a server on the command line and no name, the file's user,
 * password and certificate are used only if they are for the same host.
 */
bool account_load(struct account *a, const char *name, const char *sender, struct err *err);

/* Add the names of all accounts with a key "pop" to names, in the order of the file. False with ERR_CONFIG, also when
 * there is none. */
bool account_all(const struct account *a, struct option_list *names, struct err *err);

/*
 * Does an address match a "from" key: addresses and patterns (* and ?), separated by commas or spaces? ASCII case
 * is ignored.
 */
bool account_from_matches(const char *patterns, const char *address);

/*
 * Split "smtp://user@host:port" and check each part; a missing port is filled in. False with ERR_USAGE. Free with
 * account_url_free.
 */
bool account_url(const char *text, bool pop, struct account_url *url, struct err *err);
void account_url_free(struct account_url *url);

/*
 * A server ready to be connected to: TLS is required unless it is on this machine and there are no credentials;
 * the credentials are there. Used by one connection at a time, except by mailbulk, which copies the SASL object
 * for each.
 */
struct account_server {
	struct account_url url;
	struct net_target target;
	enum tls_policy tls;
	bool clear_auth;         /* credentials may go without TLS */
	struct tls_trust *trust; /* owned; NULL before account_trust */
	int64_t tlsa_until;      /* monotonic: until when the TLSA records in it are good; 0: there are none */
	struct sasl *sasl;       /* owned; NULL: no credentials */
	const char *ehlo;        /* or NULL: net_own_name */
	char *proxy_host;        /* owned, or NULL */
	unsigned proxy_port;
	struct buf proxy_user;
	struct buf proxy_password; /* a secret: wiped by account_server_free */
	int64_t timeout;
	const struct account *account; /* borrowed for as long */
	char label[200];               /* "host:port" for messages */
};
/*
 * Fill server, which must not own anything. url: one of a->smtp, or a->pop. Calls secret_harden before the first
 * secret is read; may wait for a password command or a person. False with ERR_USAGE or ERR_CONFIG, by where the
 * fault is written, ERR_AUTH without a password, or the errors of secret_get; nothing is left to free then.
 * Certificates are read later.
 */
bool account_server(const struct account *a, const char *url, bool pop, struct account_server *server, struct err *err);
/* Frees everything and wipes secrets; does nothing with a zeroed one. */
void account_server_free(struct account_server *server);
/*
 * The trusted certificates and our own, read at the first call, as TLS may turn out not to be needed. NULL with
 * ERR_CONFIG, ERR_USAGE or the errors of reading. Owned by server.
 */
struct tls_trust *account_trust(struct account_server *server, struct err *err);
/*
 * Run the token command again and put the token into server->sasl; waits for the server's timeout at most. False
 * with ERR_AUTH when there is no such command, or the errors of secret_run.
 */
bool account_new_token(struct account_server *server, struct err *err);
/*
 * The same for a poll loop, which polls c (child_poll) and frees it (child_free) in any case. account_token_next:
 * 1, the token is in server->sasl; 0, poll; -1, err.
 */
bool account_token_begin(struct account_server *server, struct child *c, struct err *err);
int account_token_next(struct account_server *server, struct child *c, struct err *err);

#endif
