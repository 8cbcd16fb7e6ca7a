#include <config.h>

#include "proto/sasl.h"

#include <gsasl.h>

#include "base/mem.h"
#include "proto/sasl_fault.h"
#include "text/base64.h"

/*
 * The strongest mechanism that both sides have is chosen: first those that prove the server to us as well, then
 * those that hide the password, then those that reveal it, the last only over TLS. The OAuth mechanisms are one
 * string each and are written here.
 */

#define MAX_ROUNDS 10
#define MAX_CHALLENGE 16384

enum need {
	NEED_SECURE = 1 << 0, /* shows the password or token: only over TLS */
	NEED_TOKEN = 1 << 1,
	NEED_NOTHING = 1 << 2, /* EXTERNAL: the certificate speaks */
	NEED_CHANNEL = 1 << 3,
	FIRST = 1 << 4, /* the client speaks first */
};

/* The strongest first: what proves the server too, then what hides the password, then what shows it. */
static const struct mechanism {
	const char *name;
	const char *option;
	unsigned flags;
} mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", "scram-sha-256-plus", NEED_CHANNEL | FIRST },
	{ "SCRAM-SHA-1-PLUS", "scram-sha-1-plus", NEED_CHANNEL | FIRST },
	{ "SCRAM-SHA-256", "scram-sha-256", FIRST },
	{ "SCRAM-SHA-1", "scram-sha-1", FIRST },
	{ "CRAM-MD5", "cram-md5", 0 },
	{ "OAUTHBEARER", "oauthbearer", NEED_SECURE | NEED_TOKEN | FIRST },
	{ "XOAUTH2", "xoauth2", NEED_SECURE | NEED_TOKEN | FIRST },
	{ "PLAIN", "plain", NEED_SECURE | FIRST },
	{ "LOGIN", "login", NEED_SECURE },
	{ "EXTERNAL", "external", NEED_NOTHING | FIRST },
};

#define N_MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

struct sasl {
	Gsasl *context;
	Gsasl_session *session;
	const struct mechanism *wanted; /* NULL: auto */
	const struct mechanism *chosen;
	char *service;
	char *host;
	unsigned port;
	struct buf user;
	struct buf password;
	bool has_password;
	bool token;
	const char *channel_type;
	struct buf channel;
	struct buf fault;
	unsigned rounds;
	bool done;
};

static bool wanted_mechanism(struct sasl *s, const char *option, struct err *err)
{
	if (option == NULL || strcmp(option, "auto") == 0)
		return true;
	for (size_t i = 0; i < N_MECHANISMS; i++)
		if (str_ieq(str_of(option), str_of(mechanisms[i].option)))
			s->wanted = &mechanisms[i];
	if (s->wanted == NULL)
		return err_set(err, ERR_CONFIG, "there is no authentication mechanism \"%s\"", option);
	if (!(s->wanted->flags & NEED_NOTHING) && !s->has_password)
		return err_set(err, ERR_CONFIG, "%s needs a %s", s->wanted->name,
			s->wanted->flags & NEED_TOKEN ? "token" : "password");
	return true;
}

struct sasl *sasl_new(const struct sasl_params *params, struct err *err)
{
	struct sasl *s = mem_alloc(sizeof *s);
	bool ok;

	if (gsasl_init(&s->context) != GSASL_OK)
		mem_die();
	s->service = mem_copy(params->service, strlen(params->service));
	s->host = mem_copy(params->host, strlen(params->host));
	s->port = params->port;
	s->token = params->token;
	buf_add(&s->user, params->user);
	sasl_set_password(s, params->password);
	ok = wanted_mechanism(s, params->mechanism, err);
	/* The mechanisms end their fields with NUL, and the OAuth ones with ^A. */
	if (ok &&
		(str_find(params->user, '\0') < params->user.n ||
			str_find(params->password, '\0') < params->password.n))
		ok = err_set(err, ERR_DATA, "a user name or password with a NUL in it");
	if (ok && sasl_is_token(s) && (!str_clean(params->user) || !str_clean(params->password)))
		ok = err_set(err, ERR_DATA, "a user name or token with a control character in it");
	if (!ok) {
		sasl_free(s);
		s = NULL;
	}
	return s;
}

struct sasl *sasl_copy(const struct sasl *s)
{
	struct sasl_params params = {
		.mechanism = s->wanted != NULL ? s->wanted->option : "auto",
		.service = s->service,
		.host = s->host,
		.port = s->port,
		.user = buf_str(&s->user),
		.password = s->has_password ? buf_str(&s->password) : STR_NONE,
		.token = s->token,
	};

	return sasl_new(&params, NULL);
}

static void end_session(struct sasl *s)
{
	if (s->session != NULL)
		gsasl_finish(s->session);
	s->session = NULL;
	s->rounds = 0;
	s->done = false;
	buf_clear(&s->fault);
}

void sasl_free(struct sasl *s)
{
	if (s == NULL)
		return;
	end_session(s);
	gsasl_done(s->context);
	buf_free(&s->user);
	buf_wipe(&s->password);
	buf_wipe(&s->channel);
	buf_free(&s->fault);
	mem_free(s->service);
	mem_free(s->host);
	mem_free(s);
}

void sasl_set_password(struct sasl *s, struct str password)
{
	buf_wipe(&s->password);
	buf_add(&s->password, password);
	s->has_password = password.p != NULL;
}

void sasl_set_channel(struct sasl *s, const char *type, struct str data)
{
	buf_wipe(&s->channel);
	s->channel_type = NULL;
	if (type == NULL || data.n == 0)
		return;
	if (strcmp(type, "tls-unique") == 0) {
		s->channel_type = "tls-unique";
		base64_add(&s->channel, data);
	}
#if GSASL_VERSION_NUMBER >= 0x020000
	if (strcmp(type, "tls-exporter") == 0) {
		s->channel_type = "tls-exporter";
		base64_add(&s->channel, data);
	}
#endif
}

static bool is_offered(struct str offered, const char *name)
{
	while (offered.p != NULL)
		if (str_ieq(str_cut(&offered, ' '), str_of(name)))
			return true;
	return false;
}

/* May this one be used at all, by what we have and what the line allows? */
static bool is_usable(const struct sasl *s, const struct mechanism *m, bool secure)
{
	if (s->wanted != NULL && s->wanted != m)
		return false;
	if (s->wanted == NULL) {
		/* EXTERNAL is for who has nothing else: a server may offer it to everybody. */
		if ((m->flags & NEED_NOTHING) ? s->has_password : !s->has_password)
			return false;
		if (!(m->flags & NEED_NOTHING) && s->token != ((m->flags & NEED_TOKEN) != 0))
			return false;
	}
	if ((m->flags & NEED_SECURE) && !secure)
		return false;
	return !(m->flags & NEED_CHANNEL) || s->channel_type != NULL;
}

static bool refuse_choice(const struct sasl *s, struct str offered, bool secure, struct err *err)
{
	bool hidden = false;

	for (size_t i = 0; i < N_MECHANISMS; i++)
		hidden = hidden ||
			(!secure && is_offered(offered, mechanisms[i].name) && is_usable(s, &mechanisms[i], true));
	if (hidden)
		return err_set(err, ERR_AUTH,
			"the connection is not encrypted and the server offers only mechanisms that would show the password: %.*s",
			STR_ARGS(offered));
	if (s->wanted != NULL && (s->wanted->flags & NEED_CHANNEL) && is_offered(offered, s->wanted->name))
		return err_set(err, ERR_AUTH, "%s needs TLS with channel binding", s->wanted->name);
	if (s->wanted != NULL)
		return err_set(err, ERR_AUTH, "the server does not offer %s, but %.*s", s->wanted->name,
			STR_ARGS(offered));
	if (!s->has_password)
		return err_set(err, ERR_AUTH, "there is no password, and the server offers %.*s", STR_ARGS(offered));
	return err_set(err, ERR_AUTH, "the server offers no mechanism that suits a %s, but %.*s",
		s->token ? "token" : "password", STR_ARGS(offered));
}

const char *sasl_choose(struct sasl *s, struct str offered, bool secure, struct err *err)
{
	end_session(s);
	s->chosen = NULL;
	for (size_t i = 0; i < N_MECHANISMS && s->chosen == NULL; i++)
		if (is_offered(offered, mechanisms[i].name) && is_usable(s, &mechanisms[i], secure))
			s->chosen = &mechanisms[i];
	if (s->chosen == NULL) {
		refuse_choice(s, offered, secure, err);
		return NULL;
	}
	return s->chosen->name;
}

static bool gsasl_fault(int rc, struct err *err)
{
	return err_set(err, ERR_AUTH, "authentication: %s", gsasl_strerror(rc));
}

static bool begin_gsasl(struct sasl *s, struct err *err)
{
	int rc = gsasl_client_start(s->context, s->chosen->name, &s->session);

	if (rc != GSASL_OK)
		return gsasl_fault(rc, err);
	gsasl_property_set(s->session, GSASL_AUTHID, buf_text(&s->user));
	gsasl_property_set(s->session, GSASL_PASSWORD, buf_text(&s->password));
	gsasl_property_set(s->session, GSASL_SERVICE, s->service);
	gsasl_property_set(s->session, GSASL_HOSTNAME, s->host);
	/* libgsasl refuses to go on without -PLUS when it has been told of a channel. */
	if (!(s->chosen->flags & NEED_CHANNEL))
		return true;
	if (strcmp(s->channel_type, "tls-unique") == 0)
		gsasl_property_set(s->session, GSASL_CB_TLS_UNIQUE, buf_text(&s->channel));
#if GSASL_VERSION_NUMBER >= 0x020000
	else
		gsasl_property_set(s->session, GSASL_CB_TLS_EXPORTER, buf_text(&s->channel));
#endif
	return true;
}

/* A comma or an equals sign in a GS2 authorization identity (RFC 5801, 4). */
static void add_gs2_name(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ',')
			buf_add_text(out, "=2C");
		else if (name.p[i] == '=')
			buf_add_text(out, "=3D");
		else
			buf_add_char(out, name.p[i]);
	}
}

static void add_token(struct sasl *s, struct buf *out)
{
	struct buf plain = { 0 };

	if (strcmp(s->chosen->name, "XOAUTH2") == 0) {
		buf_add_text(&plain, "user=");
		buf_add(&plain, buf_str(&s->user));
	} else {
		buf_add_text(&plain, "n,a=");
		add_gs2_name(&plain, buf_str(&s->user));
		buf_printf(&plain, ",\001host=%s\001port=%u", s->host, s->port);
	}
	buf_add_text(&plain, "\001auth=Bearer ");
	buf_add(&plain, buf_str(&s->password));
	buf_add_text(&plain, "\001\001");
	base64_add(out, buf_str(&plain));
	buf_wipe(&plain);
	s->done = true;
}

static bool gsasl_round(struct sasl *s, struct str challenge, struct buf *out, struct err *err)
{
	char *response = NULL;
	size_t n = 0;
	int rc = gsasl_step(s->session, challenge.p, challenge.n, &response, &n);

	if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE) {
		gsasl_free(response);
		return gsasl_fault(rc, err);
	}
	s->done = rc == GSASL_OK;
	base64_add(out, str_at(response, n));
	if (response != NULL)
		mem_wipe(response, n);
	gsasl_free(response);
	return true;
}

bool sasl_start(struct sasl *s, struct buf *out, bool *initial, struct err *err)
{
	end_session(s);
	*initial = (s->chosen->flags & FIRST) != 0;
	if (s->chosen->flags & NEED_TOKEN) {
		add_token(s, out);
		return true;
	}
	if (!begin_gsasl(s, err))
		return false;
	return !*initial || gsasl_round(s, STR_NONE, out, err);
}

/* The server's complaint about a token is answered with nothing (XOAUTH2) or ^A (RFC 7628, 3.2.3); then comes the
 * refusal. */
static bool token_round(struct sasl *s, struct str challenge, struct buf *out)
{
	buf_clear(&s->fault);
	buf_add(&s->fault, challenge);
	if (strcmp(s->chosen->name, "OAUTHBEARER") == 0)
		base64_add(out, STR_LIT("\001"));
	s->done = false;
	return true;
}

bool sasl_step(struct sasl *s, struct str challenge, struct buf *out, struct err *err)
{
	struct buf plain = { 0 };
	bool ok;

	if (++s->rounds > MAX_ROUNDS)
		return err_set(err, ERR_PROTOCOL, "the server asks again and again in %s", s->chosen->name);
	if (challenge.n > MAX_CHALLENGE || !base64_decode(&plain, challenge))
		ok = err_set(err, ERR_PROTOCOL, "the server's challenge in %s is no base64", s->chosen->name);
	else if (s->chosen->flags & NEED_TOKEN)
		ok = token_round(s, buf_str(&plain), out);
	else if (s->done)
		ok = err_set(err, ERR_PROTOCOL, "the server asks on after %s is through", s->chosen->name);
	else
		ok = gsasl_round(s, buf_str(&plain), out, err);
	buf_wipe(&plain);
	return ok;
}

bool sasl_finished(const struct sasl *s)
{
	return s->done;
}

bool sasl_is_token(const struct sasl *s)
{
	return s->wanted == NULL ? s->token : (s->wanted->flags & NEED_TOKEN) != 0;
}

void sasl_add_refusal(const struct sasl *s, struct buf *out)
{
	struct buf words = { .limit = 0 };

	sasl_fault_show(&words, buf_str(&s->fault), buf_str(&s->password));
	if (buf_len(&words) > 0)
		buf_printf(out, "the server refuses the token (%s)", buf_text(&words));
	else
		buf_add_text(out, "the server refuses the login");
	buf_free(&words);
}

struct str sasl_user(const struct sasl *s)
{
	return buf_str(&s->user);
}

struct str sasl_password(const struct sasl *s)
{
	return buf_str(&s->password);
}
