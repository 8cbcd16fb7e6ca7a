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

/*
 * A server and how to reach it: every connection option, which are also the keys of the configuration
 * file, spelled the same. Options win over the chosen account's section, that over the bare keys.
 */
enum account_scheme { SCHEME_NONE, SCHEME_SMTP, SCHEME_SMTPS, SCHEME_LMTP, SCHEME_POP3, SCHEME_POP3S };

struct account_url {
	enum account_scheme scheme;
	char *user; /* percent-decoded, or NULL */
	char *host; /* NULL with a path; an IPv6 literal without its brackets */
	unsigned port;
	char *path; /* Unix socket of lmtp:///path, or NULL */
};

/* Strings live with the process; NULL: not given. A copy of it is good for another account_load. */
struct account {
	struct option_list smtp; /* URLs; more than one only for mailbulk */
	const char *pop;
	const char *tls;
	const char *ca_file;
	const char *pin;
	bool dane;
	const char *client_cert;
	const char *client_key;
	const char *proxy;
	const char *ehlo;
	const char *user;
	int64_t timeout; /* nanoseconds; 60 s after account_load when nothing was said */
	const char *auth;
	const char *password; /* configuration file only */
	const char *password_command;
	const char *password_file;
	const char *password_fd;
	const char *token_command;
	const char *from;         /* configuration file: the sender, when it is an address and no pattern */
	struct account_keys keys; /* of single tools */
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

/* The option tables that write into a: connection (all tools with a server; pop: --pop instead of
 * --smtp) and the general ones (config, account, -v, -q, --progress, --trace). Live with the process. */
const struct option *account_options(struct account *a, bool pop);
const struct option *account_general_options(struct account *a);
/* What the general options say, made to be: say_set_quiet, say_set_verbose, say_trace_open. */
bool account_apply_general(const struct account *a, struct err *err);

/* Read the configuration file, choose the account (name, or NULL: by sender, else [default], else the
 * bare keys) and fill what the options left open. 78 with file and line for an unknown key, a missing
 * account, or a password that others can read. With a server on the command line and no name, what the
 * file says of user, password and certificate is taken only when it is about the same host. */
bool account_load(struct account *a, const char *name, const char *sender, struct err *err);

/* Does an address match a "from" key: addresses and patterns (* and ?), separated by commas or blanks,
 * without regard to ASCII case? */
bool account_from_matches(const char *patterns, const char *address);

/* "smtp://user@host:port", each part checked, the port filled in: 64. */
bool account_url(const char *text, bool pop, struct account_url *url, struct err *err);
void account_url_free(struct account_url *url);

/* A server ready to be dialled: the TLS rule of INTERFACE (required unless loopback without
 * credentials), credentials got. */
struct account_server {
	struct account_url url;
	struct net_target target;
	enum tls_policy tls;
	bool clear_auth;         /* credentials may go without TLS */
	struct tls_trust *trust; /* NULL before the first handshake */
	int64_t tlsa_until;      /* monotonic: how long the TLSA records in it are good; 0: there are none */
	struct sasl *sasl;       /* NULL: no credentials */
	const char *ehlo;        /* or NULL: net_own_name */
	char *proxy_host;        /* or NULL */
	unsigned proxy_port;
	struct buf proxy_user;
	struct buf proxy_password;
	int64_t timeout;
	const struct account *account; /* borrowed: keep it as long */
	char label[200];               /* "host:port" for messages */
};
/* url: one of a->smtp, or a->pop. Calls secret_harden before the first secret. 64 or 78 by where what
 * is wrong stood, 77 without a password; certificates are read when TLS is sure to be used. On failure
 * nothing is left to free. */
bool account_server(const struct account *a, const char *url, bool pop, struct account_server *server, struct err *err);
void account_server_free(struct account_server *server);
/* The trusted certificates and ours, read at the first call: TLS may turn out not to be needed. */
struct tls_trust *account_trust(struct account_server *server, struct err *err);
/* Run the token command anew into server->sasl, for the server's timeout at most; false when there is none (77) or it
 * fails. */
bool account_new_token(struct account_server *server, struct err *err);
/* The same for a poll loop, which polls c (child_poll) and frees it (child_free) in any case. account_token_next: 1,
 * the token is there; 0, go on polling; -1, err. */
bool account_token_begin(struct account_server *server, struct child *c, struct err *err);
int account_token_next(struct account_server *server, struct child *c, struct err *err);

#endif
