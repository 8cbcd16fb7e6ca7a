#include <config.h>

#include "tests/smtp_play.h"

#include "proto/sasl.h"

/* From the greeting to where a message may be sent, and how that fails. */

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct sasl *sasl;

static struct smtp_params params(enum tls_policy tls, bool auth)
{
	return (struct smtp_params){ .ehlo = "me.example", .tls = tls, .sasl = auth ? sasl : NULL };
}

static struct sasl *credentials(const char *mechanism, bool token)
{
	struct sasl_params p = {
		.mechanism = mechanism, .service = "smtp", .host = "mx.example", .port = 587, .token = token
	};
	struct err err;

	p.user = STR_LIT("tim");
	p.password = STR_LIT("tanstaaftanstaaf");
	sasl_free(sasl);
	sasl = sasl_new(&p, &err);
	return sasl;
}

static void play_one(struct play play)
{
	play_all(&play, 1);
}

/* What the next session has beside the usual. */
static struct smtp_params extra;

static struct smtp_params params_now(enum tls_policy tls, bool auth)
{
	struct smtp_params p = params(tls, auth);

	p.probe = extra.probe;
	p.clear_auth = extra.clear_auth;
	if (extra.ehlo != NULL)
		p.ehlo = extra.ehlo;
	extra = (struct smtp_params){ 0 };
	return p;
}

#define PLAY(n, tls, auth, s, e, ...) \
	play_one((struct play){ .name = n, .params = params_now(tls, auth), .script = s, .events = e, __VA_ARGS__ })

static void test_greeting(void)
{
	PLAY("greeting of many lines", TLS_OFF, false,
		"S 220-hello\nS 220 world\nC EHLO me.example\nS 250 mx\nC QUIT\nS 221 bye\n", "ready; closed",
		.flights = 2);
	PLAY("greeting 554", TLS_OFF, false, "S 554 no\nC QUIT\n", "failed 69", .error = "554 no");
	PLAY("greeting 450", TLS_OFF, false, "S 450 no\nC QUIT\n", "failed 75");
	PLAY("greeting 421", TLS_OFF, false, "S 421 no\n", "failed 75", .error = "421 no");
	PLAY("greeting 354", TLS_OFF, false, "S 354 no\n", "failed 76");
	PLAY("no greeting", TLS_OFF, false, "X\n", "failed 75", .error = "instead of giving the greeting");
	PLAY("half a greeting", TLS_OFF, false, "s 220 mx\nX\n", "failed 75");
	PLAY("a web server", TLS_OFF, false, "S HTTP/1.1 400 Bad Request\n", "failed 76", .error = "web server");
	PLAY("a TLS server", TLS_OFF, false, "S \025\003\001\000", "failed 76", .error = "from the start");
	PLAY("two codes", TLS_OFF, false, "S 220-a\nS 250 b\n", "failed 76", .error = "two codes");
	PLAY("a reply behind the greeting", TLS_OFF, false, "S 220 a\nS 250 b\n", "failed 76", .whole_only = true);
	PLAY("half a reply behind the greeting", TLS_OFF, false, "S 220 a\ns 250\n", "failed 76", .whole_only = true);
	PLAY("421 behind the greeting", TLS_OFF, false, "S 220 a\nS 421 b\n", "failed 75", .whole_only = true);
	PLAY("EHLO 421", TLS_OFF, false, "S 220 a\nC EHLO me.example\nS 421 b\n", "failed 75");
	PLAY("EHLO 451", TLS_OFF, false, "S 220 a\nC EHLO me.example\nS 451 b\nC QUIT\n", "failed 75");
	PLAY("EHLO 354", TLS_OFF, false, "S 220 a\nC EHLO me.example\nS 354 b\n", "failed 76");
	PLAY("a reply behind that to EHLO", TLS_OFF, false, "S 220 a\nC EHLO me.example\nS 250 mx\nS 250 ok\n",
		"failed 76", .whole_only = true);
	PLAY("HELO", TLS_OFF, false,
		"S 220 a\nC EHLO me.example\nS 502 b\nC HELO me.example\nS 250 mx\nC QUIT\nS 221 bye\n",
		"ready; closed");
	PLAY("HELO refused", TLS_OFF, false,
		"S 220 a\nC EHLO me.example\nS 502 b\nC HELO me.example\nS 550 go\nC QUIT\n", "failed 69");
	PLAY("HELO does not do where TLS is required", TLS_REQUIRE, false,
		"S 220 a\nC EHLO me.example\nS 502 b\nC QUIT\n", "failed 69");
	PLAY("HELO does not do where a login is needed", TLS_OFF, true, "S 220 a\nC EHLO me.example\nS 500 b\nC QUIT\n",
		"failed 69");
	extra.ehlo = "me\r\nMAIL FROM:<>";
	PLAY("a name with a line break", TLS_OFF, false, "S 220 a\n", "failed 65");
	PLAY("HELO, a server like that of 1982", TLS_TRY, false,
		"S 220\nC EHLO me.example\nS 500\nC HELO me.example\nS 250\nC QUIT\nS 221\n", "ready; closed");
}

static void early_octets(struct smtp *s, enum smtp_event event, const struct smtp_news *news)
{
	(void)news;
	if (event == SMTP_STARTTLS)
		buf_add_text(&s->in, "2");
}

static void test_starttls(void)
{
	PLAY("STARTTLS", TLS_REQUIRE, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250-PIPELINING\nS 250 STARTTLS\nC STARTTLS\nS 220 go\n"
		"C EHLO me.example\nS 250-mx\nS 250 SIZE 7\nC QUIT\nS 221 bye\n",
		"starttls; ready; closed", .flights = 4);
	PLAY("not offered", TLS_REQUIRE, false, "S 220 mx\nC EHLO me.example\nS 250 mx\n", "failed 76",
		.error = "STARTTLS");
	PLAY("not offered, tried", TLS_TRY, false, "S 220 mx\nC EHLO me.example\nS 250 mx\nC QUIT\nS 221 bye\n",
		"ready; closed");
	PLAY("offered in lower case", TLS_TRY, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 starttls\nC STARTTLS\nX\n", "failed 75");
	PLAY("454", TLS_REQUIRE, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 454 no\nC QUIT\n", "failed 75");
	PLAY("501", TLS_REQUIRE, false, "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 501 no\n",
		"failed 76");
	PLAY("501, tried", TLS_TRY, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 501 no\nC QUIT\nS 221 bye\n",
		"ready; closed");
	PLAY("injected", TLS_REQUIRE, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 220 go\nS 250-AUTH PLAIN\n",
		"failed 76", .error = "behind", .whole_only = true);
	PLAY("one octet injected", TLS_TRY, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 220 go\ns 2\n", "failed 76",
		.whole_only = true);
	PLAY("an octet before TLS stands", TLS_REQUIRE, false,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 220 go\n", "starttls; failed 76",
		.on_event = early_octets);
	PLAY("what was said before is forgotten", TLS_REQUIRE, true,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250-AUTH PLAIN\nS 250 STARTTLS\nC STARTTLS\nS 220 go\n"
		"C EHLO me.example\nS 250 mx\nC QUIT\n",
		"starttls; failed 77");
	extra.probe = true;
	PLAY("looked at without TLS", TLS_REQUIRE, true,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH PLAIN\nC QUIT\nS 221 bye\n", "ready; closed");
}

#define TLS_HELLO "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH PLAIN LOGIN CRAM-MD5\n"

static void test_auth(void)
{
	credentials("plain", false);
	PLAY("PLAIN", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 235 ok\nC QUIT\nS 221 bye\n", "ready; closed");
	PLAY("PLAIN refused", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 535 5.7.8 no\nC QUIT\n", "failed 77",
		.error = "535 5.7.8 no");
	PLAY("PLAIN later", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 454 4.7.0 no\nC QUIT\n", "failed 75");
	PLAY("PLAIN 421", TLS_IMPLICIT, true, TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 421 bye\n",
		"failed 75");
	PLAY("PLAIN 354", TLS_IMPLICIT, true, TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 354 go\n",
		"failed 76", .error = "out of step");
	PLAY("PLAIN dropped", TLS_IMPLICIT, true, TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nX\n",
		"failed 75");
	PLAY("PLAIN asked on", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 334 more\nC *\nS 501 ok\n", "failed 76");
	PLAY("PLAIN cancelled and taken", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 334\nC *\nS 235 ok\n", "failed 76");
	PLAY("a reply behind 235", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 235 ok\nS 250 ok\n", "failed 76",
		.whole_only = true);
	PLAY("PLAIN not without TLS", TLS_OFF, true, TLS_HELLO "C QUIT\n", "failed 77", .error = "not encrypted");
	extra.clear_auth = true;
	PLAY("PLAIN where it may", TLS_OFF, true,
		TLS_HELLO "C AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 235 ok\nC QUIT\nS 221 bye\n", "ready; closed");
	PLAY("no AUTH offered", TLS_IMPLICIT, true, "S 220 mx\nC EHLO me.example\nS 250 mx\nC QUIT\n", "failed 77",
		.error = "offers no");
	PLAY("AUTH=PLAIN", TLS_IMPLICIT, true,

		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH=PLAIN\nC AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS 235 ok\nC QUIT\nS 221 bye\n",
		"ready; closed");

	credentials("login", false);
	PLAY("LOGIN", TLS_IMPLICIT, true,
		TLS_HELLO
		"C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC dGlt\nS 334 UGFzc3dvcmQ6\nC dGFuc3RhYWZ0YW5zdGFhZg==\nS 235 ok\nC QUIT\nS 221 bye\n",
		"ready; closed");
	PLAY("LOGIN accepted before the password", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC dGlt\nS 235 ok\n", "failed 76");

	credentials("auto", false);
	/* RFC 2195, 2 */
	PLAY("CRAM-MD5, the strongest, without TLS too", TLS_OFF, true,
		TLS_HELLO "C AUTH CRAM-MD5\nS 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\n"
			  "C dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\nS 235 ok\nC QUIT\nS 221 bye\n",
		"ready; closed");
	PLAY("a challenge that is none", TLS_IMPLICIT, true,
		TLS_HELLO "C AUTH CRAM-MD5\nS 334 ~~~\nC *\nS 501 cancelled\n", "failed 76", .error = "base64");
	PLAY("only what shows the password", TLS_OFF, true,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH LOGIN PLAIN\nC QUIT\n", "failed 77");
	PLAY("only what we do not know", TLS_IMPLICIT, true,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH NTLM GSSAPI\nC QUIT\n", "failed 77",
		.error = "NTLM GSSAPI");

	credentials("scram-sha-256", false);
	PLAY("SCRAM not offered: nothing weaker", TLS_IMPLICIT, true, TLS_HELLO "C QUIT\n", "failed 77",
		.error = "SCRAM-SHA-256");
}

static void renew(struct smtp *s, enum smtp_event event, const struct smtp_news *news)
{
	(void)news;
	if (event != SMTP_AUTH_AGAIN)
		return;
	sasl_set_password(sasl, STR_LIT("newtoken"));
	smtp_auth_retry(s);
}

static void give_up(struct smtp *s, enum smtp_event event, const struct smtp_news *news)
{
	(void)news;
	if (event == SMTP_AUTH_AGAIN)
		smtp_quit(s);
}

#define TOKENS "S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH PLAIN XOAUTH2\n"
/* user=tim^Aauth=Bearer tanstaaftanstaaf^A^A and the same with newtoken */
#define OLD "dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB"
#define NEW "dXNlcj10aW0BYXV0aD1CZWFyZXIgbmV3dG9rZW4BAQ=="

static void test_token(void)
{
	credentials("auto", true);
	PLAY("XOAUTH2", TLS_IMPLICIT, true, TOKENS "C AUTH XOAUTH2 " OLD "\nS 235 ok\nC QUIT\nS 221 bye\n",
		"ready; closed");
	PLAY("a new token", TLS_IMPLICIT, true,
		TOKENS "C AUTH XOAUTH2 " OLD "\nS 334 eyJzdGF0dXMiOiI0MDEifQ==\nC\nS 535 no\nC AUTH XOAUTH2 " NEW
		       "\nS 235 ok\nC QUIT\nS 221 bye\n",
		"auth-again; ready; closed", .on_event = renew, .whole_only = true);
	credentials("auto", true);
	PLAY("only once", TLS_IMPLICIT, true,
		TOKENS "C AUTH XOAUTH2 " OLD "\nS 535 no\nC AUTH XOAUTH2 " NEW "\nS 535 no\nC QUIT\n",
		"auth-again; failed 77", .on_event = renew, .whole_only = true);
	credentials("auto", true);
	PLAY("what it said of the token", TLS_IMPLICIT, true,
		TOKENS "C AUTH XOAUTH2 " OLD "\nS 334 eyJzdGF0dXMiOiI0MDEiLCJzY29wZSI6Im0ifQ==\nC\nS 535 no\nC QUIT\n",
		"auth-again; failed 77", .on_event = give_up,
		.error = "the server refuses the token (status 401, scope m): 535 no");
	credentials("auto", true);
	PLAY("no new token", TLS_IMPLICIT, true, TOKENS "C AUTH XOAUTH2 " OLD "\nS 535 no\nC QUIT\n",
		"auth-again; failed 77", .on_event = give_up, .error = "the server refuses the login: 535 no");
	/* RFC 4954, 4: what makes the line too long waits for the challenge. */
	char token[600];
	char script[2000];

	memset(token, 'x', sizeof token);
	sasl_set_password(sasl, str_at(token, sizeof token));
	int n = snprintf(script, sizeof script, "%s", TOKENS "C AUTH XOAUTH2\nS 334\nC dXNlcj10aW0BYXV0aD1CZWFyZXIg");

	for (size_t i = 0; i < sizeof token; i += 3)
		n += snprintf(script + n, sizeof script - (size_t)n, "eHh4");
	snprintf(script + n, sizeof script - (size_t)n, "AQE=\nS 235 ok\nC QUIT\nS 221 bye\n");
	PLAY("a token that is too long for a command line", TLS_IMPLICIT, true, script, "ready; closed");
	PLAY("accepted before it was seen", TLS_IMPLICIT, true, TOKENS "C AUTH XOAUTH2\nS 235 ok\n", "failed 76");
	sasl_set_password(sasl, STR_LIT("tanstaaftanstaaf"));
	PLAY("a token not without TLS", TLS_OFF, true, TOKENS "C QUIT\n", "failed 77");
	PLAY("no token for PLAIN", TLS_IMPLICIT, true,
		"S 220 mx\nC EHLO me.example\nS 250-mx\nS 250 AUTH PLAIN\nC QUIT\n", "failed 77");
}

int main(void)
{
	credentials("plain", false);
	test_greeting();
	test_starttls();
	test_auth();
	test_token();
	sasl_free(sasl);
	return tap_done();
}
