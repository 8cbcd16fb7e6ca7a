#ifndef PIPEMAIL_CLI_ACCOUNT_H
#define PIPEMAIL_CLI_ACCOUNT_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"
#include "io/net.h"

struct sasl;
struct tls_trust;

/*
 * A server and how to reach it: every connection option, which are also the keys of the configuration file, spelled the same. Options
 * win over the chosen account's section, that over the bare keys.
 */
enum account_scheme { SCHEME_NONE, SCHEME_SMTP, SCHEME_SMTPS, SCHEME_LMTP, SCHEME_POP3, SCHEME_POP3S };
enum account_tls { ACCOUNT_TLS_REQUIRE, ACCOUNT_TLS_TRY, ACCOUNT_TLS_OFF, ACCOUNT_TLS_ON };

struct account_url {
	enum account_scheme scheme;
	char *user; /* percent-decoded, or NULL */
	char *host;
	unsigned port;
	char *path; /* Unix socket of lmtp:///path, or NULL */
};

struct account {
	struct option_list smtp; /* URLs; more than one only for mailbulk */
	const char *pop;
	const char *tls;
	const char *ca_file;
	const char *pin;
	const char *client_cert;
	const char *client_key;
	const char *proxy;
	const char *ehlo;
	const char *user;
	int64_t timeout; /* nanoseconds; default 60 s */
	const char *auth;
	const char *password; /* configuration file only */
	const char *password_command;
	const char *password_file;
	const char *password_fd;
	const char *token_command;
	const char *from;        /* configuration file: sender; patterns may choose the account */
	const char *dkim_domain; /* these three of mailsend and mailbulk are keys too */
	const char *dkim_selector;
	const char *dkim_key;
	const char *config; /* --config FILE */
	struct option_list names; /* --account NAME, repeatable for popfetch */
	bool verbose;
	bool quiet;
	bool progress;
	const char *trace;
	const char *section;     /* the account that was chosen, or NULL */
};

/* The option tables that write into a: connection (all tools with a server) and the general ones (config, account, -v, --trace,
 * --quiet, --progress). Lives with the process. pop: --pop instead of --smtp. */
const struct option *account_options(struct account *a, bool pop);
const struct option *account_general_options(struct account *a);

/* Read the configuration file, choose the account (name, or NULL: by sender, else [default], else the bare keys) and fill what the
 * options left open. 78 with file and line for an unknown key, a missing account, or a password that others can read. */
bool account_load(struct account *a, const char *name, const char *sender, struct err *err);

/* "smtp://user@host:port": 64 or 78 by where it stood. */
bool account_url(const char *text, bool pop, struct account_url *url, struct err *err);
void account_url_free(struct account_url *url);

/* A server ready to be dialled: the TLS rule of INTERFACE (required unless loopback without credentials), trust loaded, credentials got. */
struct account_server {
	struct account_url url;
	struct net_target target;
	enum account_tls tls;
	bool clear_auth;
	struct tls_trust *trust; /* NULL when TLS is off */
	struct sasl *sasl;       /* NULL: no credentials */
	char *ehlo;              /* or NULL: net_own_name */
	char *proxy_host;
	unsigned proxy_port;
	char *proxy_user;
	char *proxy_password;
	int64_t timeout;
	const char *token_command;
	char label[200];         /* "host:port" for messages */
};
bool account_server(const struct account *a, const char *url, bool pop, struct account_server *server, struct err *err);
void account_server_free(struct account_server *server);
/* Run the token command anew into server->sasl; false when there is none. */
bool account_new_token(struct account_server *server, struct err *err);

#endif
