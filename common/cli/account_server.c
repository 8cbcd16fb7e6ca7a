#include <config.h>

#include "cli/account_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "io/secret.h"
#include "io/tlsa.h"
#include "proto/sasl.h"
#include "proto/tls.h"

#define PEM_LIMIT ((size_t)8 << 20)

/* Where the systems that we know keep the certificates they trust, as one file. */
static const char *const stores[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/cert.pem",
};

static bool implicit_tls(const struct account_url *url)
{
	return url->scheme == SCHEME_SMTPS || url->scheme == SCHEME_POP3S;
}

/* Will there be a login? */
static bool wants_login(const struct account *a, const struct account_url *url)
{
	if (a->auth != NULL && strcmp(a->auth, "none") == 0)
		return false;
	return a->auth != NULL || a->user != NULL || url->user != NULL || a->token_command != NULL;
}

/* What is wrong was written in the file or on the command line. */
static bool fix_kind(bool ok, bool from_file, struct err *err)
{
	if (!ok && err != NULL && err->kind == ERR_USAGE && from_file)
		err->kind = ERR_CONFIG;
	return ok;
}

/* The rule: TLS or nothing, but for this machine itself; a password never without it, unless that was
 * asked for in so many words and the line does not leave the machine. */
static bool choose_tls(const struct account *a, struct account_server *s, struct err *err)
{
	static const char *const words[] = { "require", "try", "off", NULL };
	bool login = wants_login(a, &s->url);
	/* Behind a proxy, "localhost" is somebody else's. */
	bool local = a->proxy == NULL && net_is_loopback(&s->target);
	int word = s->url.path != NULL ? TLS_OFF : local && !login && !a->dane ? TLS_TRY : TLS_REQUIRE;

	if (a->tls != NULL && !options_choice("tls", a->tls, words, &word, err))
		return false;
	s->tls = implicit_tls(&s->url) ? TLS_IMPLICIT : (enum tls_policy)word;
	if (implicit_tls(&s->url) && word == TLS_OFF)
		return err_set(err, ERR_USAGE, "%s: --tls=off, but the URL says TLS from the start", s->label);
	s->clear_auth = s->url.path != NULL || (local && s->tls == TLS_OFF);
	if (s->tls == TLS_OFF && login && !s->clear_auth)
		return err_set(err, ERR_USAGE,
			"%s: --tls=off would send the password for all to read; it is taken "
			"for a loopback address or a Unix socket only",
			s->label);
	return true;
}

static bool is_literal(const char *host)
{
	return strchr(host, ':') != NULL || host[strspn(host, "0123456789.")] == '\0';
}

/* DANE is about a name that anybody can look up, and about TLS that has to be. */
static bool check_dane(const struct account_server *s, struct err *err)
{
	const struct account *a = s->account;

	if (!tlsa_available())
		return err_set(err, ERR_CONFIG, "--dane: this build has no DANE (libgnutls-dane was not there)");
	if (s->url.path != NULL || is_literal(s->url.host))
		return err_set(err, ERR_USAGE, "%s: --dane needs a host name, to look up its records", s->label);
	if (a->proxy != NULL)
		return err_set(err, ERR_USAGE,
			"%s: --dane and --proxy: the records would not be asked for through the proxy", s->label);
	if (s->tls == TLS_OFF || s->tls == TLS_TRY)
		return err_set(err, ERR_USAGE, "%s: --dane needs TLS, but --tls=%s does not", s->label, a->tls);
	return true;
}

static void set_target(struct account_server *s)
{
	const struct account_url *url = &s->url;

	s->target = (struct net_target){ .host = url->host, .port = url->port, .path = url->path };
	if (url->path != NULL)
		snprintf(s->label, sizeof s->label, "%s", url->path);
	else if (strchr(url->host, ':') != NULL)
		snprintf(s->label, sizeof s->label, "[%s]:%u", url->host, url->port);
	else
		snprintf(s->label, sizeof s->label, "%s:%u", url->host, url->port);
}

static bool fill(struct account_server *s, const char *url, bool pop, struct err *err)
{
	const struct account *a = s->account;

	if (!fix_kind(account_url(url, pop, &s->url, err), a->server_from_file, err))
		return false;
	set_target(s);
	if (a->proxy != NULL && s->url.path == NULL &&
		!fix_kind(account_proxy(a->proxy, a->proxy_from_file, s, err), a->proxy_from_file, err))
		return false;
	if (!fix_kind(choose_tls(a, s, err), a->tls_from_file, err))
		return false;
	if (a->dane && !fix_kind(check_dane(s, err), a->dane_from_file, err))
		return false;
	/* "try" may come to nothing; then the certificates need not be read at all. */
	if ((s->tls == TLS_REQUIRE || s->tls == TLS_IMPLICIT) && account_trust(s, err) == NULL)
		return false;
	return !wants_login(a, &s->url) ||
		fix_kind(account_login(s, err), a->user_from_file || a->server_from_file, err);
}

bool account_server(const struct account *a, const char *url, bool pop, struct account_server *server, struct err *err)
{
	*server = (struct account_server){ .account = a, .ehlo = a->ehlo, .timeout = a->timeout };
	if (a->timeout <= 0)
		return err_set(err, ERR_USAGE, "--timeout takes more than 0 seconds");
	if (fill(server, url, pop, err))
		return true;
	account_server_free(server);
	return false;
}

void account_server_free(struct account_server *server)
{
	account_url_free(&server->url);
	tls_trust_free(server->trust);
	sasl_free(server->sasl);
	mem_free(server->proxy_host);
	buf_wipe(&server->proxy_user);
	buf_wipe(&server->proxy_password);
	*server = (struct account_server){ 0 };
}

static bool read_pem(const char *path, struct buf *pem, struct err *err)
{
	if (path == NULL || file_read(path, PEM_LIMIT, pem, err))
		return true;
	if (err != NULL)
		err->kind = ERR_CONFIG;
	return false;
}

/* The system's certificates as one file, which GnuTLS reads faster than its own way to them. */
static void read_store(struct buf *pem)
{
	for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
		if (access(stores[i], R_OK) == 0 && file_read(stores[i], PEM_LIMIT, pem, NULL))
			return;
	buf_clear(pem);
}

/* Whoever is between us and a server of this machine could take STARTTLS away too. Where somebody said whom to
 * trust, or credentials are at stake, everything is verified. */
static bool is_lenient(const struct account_server *s)
{
	const struct account *a = s->account;

	return s->tls == TLS_TRY && a->proxy == NULL && net_is_loopback(&s->target) && s->sasl == NULL &&
		a->ca_file == NULL && a->client_cert == NULL && !a->dane && !a->always_verify;
}

struct tls_trust *account_trust(struct account_server *server, struct err *err)
{
	const struct account *a = server->account;
	struct buf ca = { 0 };
	struct buf cert = { 0 };
	struct buf key = { 0 };
	struct tls_trust_params params = { .pin = a->pin, .lenient = is_lenient(server) };

	if (server->trust != NULL)
		return server->trust;
	if (!read_pem(a->ca_file, &ca, err) || !read_pem(a->client_cert, &cert, err) ||
		!read_pem(a->client_key != NULL ? a->client_key : a->client_cert, &key, err))
		goto out;
	if (a->ca_file == NULL && a->pin == NULL)
		read_store(&ca);
	if (a->ca_file != NULL || buf_len(&ca) > 0)
		params.ca_pem = buf_str(&ca);
	if (a->client_cert != NULL) {
		params.cert_pem = buf_str(&cert);
		params.key_pem = buf_str(&key);
	}
	server->trust = tls_trust_new(&params, err);
out:
	buf_free(&ca);
	buf_free(&cert);
	buf_wipe(&key);
	return server->trust;
}
