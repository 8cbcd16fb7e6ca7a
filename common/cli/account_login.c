#include <config.h>

#include "cli/account_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/netrc.h"
#include "io/secret.h"
#include "proto/sasl.h"

static const char *const mechanisms[] = {
	"auto",
	"none",
	"plain",
	"login",
	"cram-md5",
	"scram-sha-1",
	"scram-sha-1-plus",
	"scram-sha-256",
	"scram-sha-256-plus",
	"external",
	"oauthbearer",
	"xoauth2",
	NULL,
};

static bool is_auth(const struct account *a, const char *mechanism)
{
	return a->auth != NULL && strcmp(a->auth, mechanism) == 0;
}

static bool wants_token(const struct account *a)
{
	return a->token_command != NULL || is_auth(a, "oauthbearer") || is_auth(a, "xoauth2");
}

/* The systemd credential that is there: "pipemail.ACCOUNT", else "pipemail". */
static const char *credential_name(const struct account *a, struct buf *name)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = { 0 };
	bool found = false;

	for (int plain = a->section == NULL; directory != NULL && plain < 2 && !found; plain++) {
		buf_clear(name);
		buf_clear(&path);
		buf_add_text(name, "pipemail");
		if (plain == 0)
			buf_printf(name, ".%s", a->section);
		buf_printf(&path, "%s/%s", directory, buf_text(name));
		found = strchr(buf_text(name), '/') == NULL && access(buf_text(&path), F_OK) == 0;
	}
	buf_free(&path);
	return found ? buf_text(name) : NULL;
}

static bool parse_fd(const struct account *a, int *fd, struct err *err)
{
	uint64_t number;

	*fd = -1;
	if (a->password_fd == NULL)
		return true;
	if (!str_number(str_of(a->password_fd), 65535, &number))
		return err_set(err, ERR_USAGE, "option --password-fd: '%s' is no descriptor", a->password_fd);
	*fd = (int)number;
	return true;
}

/* A token may take as long as a reply, and never longer than the run. */
static int64_t token_deadline(const struct account_server *s)
{
	int64_t until = clock_after(s->timeout);

	return s->account->ends > 0 && s->account->ends < until ? s->account->ends : until;
}

static bool get_secret(const struct account_server *s, const char *user, struct buf *secret, struct err *err)
{
	const struct account *a = s->account;
	struct buf name = { 0 };
	struct secret_source source = {
		.command = a->password_command,
		.deadline = a->ends,
		.file = a->password_file,
		.for_group = a->keys.group_readable,
		.text = a->password,
		.host = s->url.host,
		.user = user,
		.prompt = true,
	};
	bool ok;

	if (a->token_command != NULL)
		return secret_run(a->token_command, token_deadline(s), secret, err) || err_prefix(err, "token-command");
	if (!parse_fd(a, &source.fd, err))
		return false;
	source.credential = credential_name(a, &name);
	ok = secret_get(&source, secret, err);
	buf_free(&name);
	return ok;
}

/* Who logs in: --user, the URL's user, the file's, ~/.netrc's. */
static bool find_user(const struct account_server *s, struct buf *user, struct err *err)
{
	const struct account *a = s->account;
	const char *text = a->user;

	if (s->url.user != NULL && (text == NULL || a->user_from_file))
		text = s->url.user;
	if (text != NULL)
		return buf_add_text(user, text);
	if (s->url.host != NULL) {
		int found = netrc_get(s->url.host, NULL, NETRC_LOGIN, user, err);

		if (found != 0)
			return found > 0;
	}
	/* EXTERNAL takes the name from the certificate. */
	return is_auth(a, "external") ||
		err_set(err, ERR_USAGE, "%s: a login was asked for, but no --user given", s->label);
}

bool account_login(struct account_server *s, struct err *err)
{
	const struct account *a = s->account;
	bool pop = s->url.scheme == SCHEME_POP3 || s->url.scheme == SCHEME_POP3S;
	struct buf user = { 0 };
	struct buf secret = { 0 };
	bool ok = false;
	int index;

	if (a->auth != NULL && !options_choice("auth", a->auth, mechanisms, &index, err))
		return false;
	secret_harden();
	if (find_user(s, &user, err) && (is_auth(a, "external") || get_secret(s, buf_text(&user), &secret, err))) {
		const struct sasl_params params = {
			.mechanism = a->auth != NULL ? a->auth : "auto",
			.service = pop ? "pop" : "smtp",
			.host = s->url.host != NULL ? s->url.host : "localhost",
			.port = s->url.port,
			.user = buf_str(&user),
			.password = is_auth(a, "external") ? STR_NONE : buf_str(&secret),
			.token = wants_token(a),
		};

		s->sasl = sasl_new(&params, err);
		ok = s->sasl != NULL;
	}
	buf_wipe(&user);
	buf_wipe(&secret);
	return ok;
}

static bool has_token(const struct account_server *server, struct err *err)
{
	return (server->account->token_command != NULL && server->sasl != NULL) ||
		err_set(err, ERR_AUTH, "%s: there is no --token-command for a new token", server->label);
}

/* Take the token that a command gave. */
static bool set_token(struct account_server *server, bool ok, struct buf *token, struct err *err)
{
	if (ok)
		sasl_set_password(server->sasl, buf_str(token));
	buf_wipe(token);
	return ok || err_prefix(err, "token-command");
}

bool account_new_token(struct account_server *server, struct err *err)
{
	struct buf token = { 0 };

	if (!has_token(server, err))
		return false;
	bool ok = secret_run(server->account->token_command, token_deadline(server), &token, err);

	return set_token(server, ok, &token, err);
}

bool account_token_begin(struct account_server *server, struct child *c, struct err *err)
{
	return has_token(server, err) &&
		(secret_begin(c, server->account->token_command, token_deadline(server), err) ||
			err_prefix(err, "token-command"));
}

int account_token_next(struct account_server *server, struct child *c, struct err *err)
{
	struct buf token = { 0 };
	int done = secret_next(c, &token, err);

	if (done != 0 && !set_token(server, done > 0, &token, err))
		return -1;
	return done;
}
