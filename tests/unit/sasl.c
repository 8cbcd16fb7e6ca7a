#include <config.h>

#include "tests/tap.h"

#include <gsasl.h>

#include "proto/sasl.h"
#include "proto/sasl_fault.h"
#include "text/base64.h"

/* Mechanisms against libgsasl's server side in memory, what is chosen, and what is refused. */

#define CHANNEL "0123456789abcdef0123456789abcdef"

/* What the server knows. */
static const char *server_password;
static const char *server_channel; /* base64 */

static int on_server(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
	(void)context;
	switch (property) {
	case GSASL_PASSWORD:
		gsasl_property_set(session, GSASL_PASSWORD, server_password);
		return GSASL_OK;
	case GSASL_CB_TLS_EXPORTER:
		if (server_channel == NULL)
			return GSASL_NO_CALLBACK;
		gsasl_property_set(session, GSASL_CB_TLS_EXPORTER, server_channel);
		return GSASL_OK;
	case GSASL_VALIDATE_EXTERNAL:
		return GSASL_OK;
	default:
		return GSASL_NO_CALLBACK;
	}
}

static struct sasl *client(const char *mechanism, const char *password, bool token, struct err *err)
{
	struct sasl_params p = { .mechanism = mechanism,
		.service = "smtp",
		.host = "mx.example",
		.port = 587,
		.user = STR_LIT("tim"),
		.password = str_of(password),
		.token = token };

	return sasl_new(&p, err);
}

enum fate { TAKEN, SERVER_SAYS_NO, CLIENT_SAYS_NO, UNPROVED };

/* One login of the client at a server that knows server_password. */
static enum fate login(struct sasl *s, const char *name)
{
	Gsasl *context;
	Gsasl_session *session;
	struct buf response = { 0 };
	bool initial;
	char *challenge = NULL;
	enum fate fate = TAKEN;
	int rc;

	gsasl_init(&context);
	gsasl_callback_set(context, on_server);
	gsasl_server_start(context, name, &session);
	if (!sasl_start(s, &response, &initial, NULL))
		fate = CLIENT_SAYS_NO;
	rc = fate != TAKEN ? GSASL_OK : gsasl_step64(session, initial ? buf_text(&response) : "", &challenge);
	while (fate == TAKEN && rc == GSASL_NEEDS_MORE) {
		buf_clear(&response);
		if (!sasl_step(s, str_of(challenge), &response, NULL))
			fate = CLIENT_SAYS_NO;
		gsasl_free(challenge);
		challenge = NULL;
		if (fate == TAKEN)
			rc = gsasl_step64(session, buf_text(&response), &challenge);
	}
	if (fate == TAKEN && rc != GSASL_OK)
		fate = SERVER_SAYS_NO;
	/* What the server proves with its success, SMTP has in one more challenge. */
	if (fate == TAKEN && challenge != NULL && challenge[0] != '\0' &&
		!sasl_step(s, str_of(challenge), &response, NULL))
		fate = CLIENT_SAYS_NO;
	if (fate == TAKEN && !sasl_finished(s))
		fate = UNPROVED;
	gsasl_free(challenge);
	gsasl_finish(session);
	gsasl_done(context);
	buf_free(&response);
	return fate;
}

static enum fate try_login(const char *mechanism, const char *name, const char *password, const char *channel,
	const char *offered)
{
	struct err err;
	struct sasl *s = client(mechanism, password, false, &err);
	const char *chosen;
	enum fate fate;

	if (channel != NULL)
		sasl_set_channel(s, "tls-exporter", str_of(channel));
	chosen = sasl_choose(s, str_of(offered), true, &err);
	check(chosen != NULL && strcmp(chosen, name) == 0, "%s is chosen", name);
	fate = login(s, name);
	sasl_free(s);
	return fate;
}

static void test_logins(void)
{
	static const char *const names[] = { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256" };
	static const char *const options[] = { "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256" };

	server_password = "secret";
	for (size_t i = 0; i < 5; i++) {
		check(try_login(options[i], names[i], "secret", NULL, names[i]) == TAKEN, "%s: taken", names[i]);
		check(try_login(options[i], names[i], "wrong", NULL, names[i]) == SERVER_SAYS_NO, "%s: refused",
			names[i]);
	}
	check(try_login("auto", "SCRAM-SHA-256", "secret", NULL, "PLAIN SCRAM-SHA-1 LOGIN scram-sha-256") == TAKEN,
		"the strongest");
	check(try_login("external", "EXTERNAL", NULL, NULL, "PLAIN EXTERNAL") == TAKEN, "EXTERNAL");
	check(try_login("auto", "EXTERNAL", NULL, NULL, "PLAIN EXTERNAL") == TAKEN,
		"EXTERNAL is for who has no password");
	check(try_login("auto", "PLAIN", "secret", NULL, "PLAIN EXTERNAL") == TAKEN, "and for nobody else");
}

static void test_channel(void)
{
	struct buf right = { 0 };
	struct buf wrong = { 0 };

	base64_add(&right, STR_LIT(CHANNEL));
	base64_add(&wrong, STR_LIT("another channel, which is a proxy"));
	server_channel = buf_text(&right);
	check(try_login("auto", "SCRAM-SHA-256-PLUS", "secret", CHANNEL, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS") == TAKEN,
		"-PLUS is stronger");
	check(try_login("scram-sha-1-plus", "SCRAM-SHA-1-PLUS", "secret", CHANNEL, "SCRAM-SHA-1-PLUS SCRAM-SHA-256") ==
			TAKEN,
		"-PLUS on demand");
	server_channel = buf_text(&wrong);
	check(try_login("auto", "SCRAM-SHA-256-PLUS", "secret", CHANNEL, "SCRAM-SHA-256-PLUS") == SERVER_SAYS_NO,
		"somebody in the middle");
	server_channel = buf_text(&right);
	check(try_login("scram-sha-256", "SCRAM-SHA-256", "secret", CHANNEL, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS") ==
			TAKEN,
		"who wants no binding gets none");
	server_channel = NULL;
	check(try_login("auto", "SCRAM-SHA-256", "secret", CHANNEL, "SCRAM-SHA-256") == TAKEN,
		"a server that cannot bind");
	buf_free(&right);
	buf_free(&wrong);
}

/* A server that says it is satisfied and cannot have been. */
static void test_proof(void)
{
	struct err err = { 0 };
	struct sasl *s = client("auto", "secret", false, &err);
	struct buf out = { 0 };
	bool initial;

	sasl_choose(s, STR_LIT("SCRAM-SHA-256"), true, &err);
	check(sasl_start(s, &out, &initial, &err) && initial && !sasl_finished(s),
		"SCRAM is not through with its first word");
	buf_clear(&out);
	check(!sasl_step(s, STR_LIT("cj1ub3RvdXJzLHM9YWJjLGk9NDA5Ng=="), &out, &err), "a nonce that is not ours");
	sasl_start(s, &out, &initial, &err);
	check(!sasl_step(s, STR_LIT("%%%"), &out, &err) && err.kind == ERR_PROTOCOL, "no base64");
	sasl_choose(s, STR_LIT("CRAM-MD5"), true, &err);
	check(sasl_start(s, &out, &initial, &err) && !initial, "CRAM-MD5 waits");
	check(sasl_step(s, STR_LIT("PDFAbXg+"), &out, &err) && sasl_finished(s), "and answers");
	check(!sasl_step(s, STR_LIT("PDFAbXg+"), &out, &err), "once");
	buf_free(&out);
	sasl_free(s);
}

static void test_choice(void)
{
	struct err err = { 0 };
	struct sasl *s = client("auto", "secret", false, &err);

	check(sasl_choose(s, STR_LIT("PLAIN LOGIN"), false, &err) == NULL && err.kind == ERR_AUTH, "nothing in clear");
	check(strstr(err.text, "PLAIN LOGIN") != NULL, "and what was offered is named");
	check(sasl_choose(s, STR_LIT("PLAIN LOGIN CRAM-MD5"), false, &err) != NULL, "but a challenge");
	check(sasl_choose(s, STR_LIT(""), true, &err) == NULL, "nothing offered");
	check(sasl_choose(s, STR_LIT("PLAINER XPLAIN"), true, &err) == NULL, "names are whole words");
	check(sasl_choose(s, STR_LIT("OAUTHBEARER XOAUTH2"), true, &err) == NULL, "a password is no token");
	sasl_free(s);
	s = client("scram-sha-256-plus", "secret", false, &err);
	check(sasl_choose(s, STR_LIT("SCRAM-SHA-256-PLUS"), true, &err) == NULL && strstr(err.text, "channel") != NULL,
		"no channel, no -PLUS");
	check(sasl_choose(s, STR_LIT("SCRAM-SHA-256 PLAIN"), true, &err) == NULL, "never weaker than asked for");
	sasl_free(s);
	check(client("kerberos", "secret", false, &err) == NULL && err.kind == ERR_CONFIG, "an unknown mechanism");
	check(client("plain", NULL, false, &err) == NULL && err.kind == ERR_CONFIG, "a mechanism without its password");
}

static void test_token(void)
{
	struct err err = { 0 };
	struct sasl *s = client("auto", "t0ken", true, &err);
	struct buf out = { 0 };
	bool initial;

	check(strcmp(sasl_choose(s, STR_LIT("PLAIN XOAUTH2 OAUTHBEARER"), true, &err), "OAUTHBEARER") == 0,
		"OAUTHBEARER before XOAUTH2");
	check(sasl_start(s, &out, &initial, &err) && initial, "begins");
	/* RFC 7628, 4.1, with our names */
	check_same(buf_str(&out),
		"bixhPXRpbSwBaG9zdD1teC5leGFtcGxlAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHQwa2VuAQE=", "OAUTHBEARER");
	check(sasl_finished(s) && sasl_is_token(s), "is through");
	buf_clear(&out);
	check(sasl_step(s, STR_LIT("eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0="), &out, &err), "the server complains");
	check_same(buf_str(&out), "AQ==", "and gets a ^A");
	buf_clear(&out);
	sasl_add_refusal(s, &out);
	check_same(buf_str(&out), "the server refuses the token (status invalid_token)", "what it said, for people");
	check(!sasl_finished(s), "a success would be a lie now");
	sasl_set_password(s, STR_LIT("newt0ken"));
	buf_clear(&out);
	sasl_choose(s, STR_LIT("XOAUTH2"), true, &err);
	sasl_start(s, &out, &initial, &err);
	check_same(buf_str(&out), "dXNlcj10aW0BYXV0aD1CZWFyZXIgbmV3dDBrZW4BAQ==", "XOAUTH2 with another token");
	buf_clear(&out);
	check(sasl_step(s, STR_LIT("e30="), &out, &err) && buf_len(&out) == 0,
		"XOAUTH2 answers a complaint with nothing");
	for (int i = 0; i < 20; i++)
		if (!sasl_step(s, STR_LIT("e30="), &out, &err))
			break;
	check(err.kind == ERR_PROTOCOL, "and not for ever");
	check(sasl_choose(s, STR_LIT("PLAIN LOGIN CRAM-MD5"), true, &err) == NULL, "a token is no password");
	buf_free(&out);
	sasl_free(s);
	check(client("xoauth2", "a\001auth=x", true, &err) == NULL && err.kind == ERR_DATA,
		"a token with a control character");
}

static void test_fault(void)
{
	static const struct {
		struct str json;
		const char *shown;
	} cases[] = {
		{ STR_LIT("{\"status\":\"400\",\"schemes\":\"Bearer\",\"scope\":\"https://mail.example.org/\"}"),
			"status 400, scope https://mail.example.org/" },
		{ STR_LIT(" { \"scope\" : \"a\\u00e9\\ud83d\\ude00\\/\" ,\n\"n\": -1.5, \"status\" : 401 } "),
			"status 401, scope a\xc3\xa9\xf0\x9f\x98\x80/" },
		{ STR_LIT("{\"status\":\"a\\u001b[31m\\nb\\ud800c\\\"\"}"),
			"status a\\x1b[31m\\nb\xef\xbf\xbd"
			"c\"" },
		{ STR_LIT("{\"status\":\"no t0ken!, t0ken!\"}"), "status no ***, ***" },
		{ STR_LIT("{\"status\":\"\\u00740ken!\"}"), "status ***" },
		{ STR_LIT("go away, t0ken!\r\n"), "go away, ***" },
		{ STR_LIT("\x1b\xff"), "\\x1b\\xff" },
		{ STR_LIT("{\"error\":{\"code\":400}}"), "{\"error\":{\"code\":400}}" },
		{ STR_LIT("{\"status\":\"400\",\"x\":[1]}"), "status 400" },
		{ STR_LIT("{\"status\":\"40"), "{\"status\":\"40" },
		{ STR_LIT("{\"status\":\"\\u12\"}"), "{\"status\":\"\\u12\"}" },
		{ STR_LIT("{}"), "" },
		{ STR_LIT(""), "" },
	};
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&out);
		sasl_fault_show(&out, cases[i].json, STR_LIT("t0ken!"));
		check_same(buf_str(&out), cases[i].shown, "a complaint about a token");
		/* Cut anywhere it harms nothing. */
		for (size_t n = 0; n < cases[i].json.n; n++)
			sasl_fault_show(&out, str_sub(cases[i].json, 0, n), STR_NONE);
	}
	char *big = malloc(10000);

	memset(big, 'x', 10000);
	buf_clear(&out);
	sasl_fault_show(&out, str_at(big, 10000), STR_NONE);
	check(buf_len(&out) == SASL_FAULT_MAX + 3, "none is long");
	free(big);
	buf_free(&out);
}

int main(void)
{
	test_logins();
	test_channel();
	test_proof();
	test_choice();
	test_token();
	test_fault();
	return tap_done();
}
