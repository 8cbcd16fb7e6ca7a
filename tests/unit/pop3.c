#include <config.h>

#include "tests/tap.h"

#include "proto/pop3.h"
#include "proto/sasl.h"

enum cuts { WHOLE, BYTES, RANDOM };

/*
 * A transcript: "S:" lines are what the server says, "C:" what the session must have written since; everything else that the
 * session says is noted in `said`. All three ways of cutting must give the same.
 */
struct play {
	struct pop3 p;
	struct sasl *sasl;
	struct buf said;
	bool retr; /* ask for every message that is listed, then delete it */
	bool quit;
	unsigned again;
};

static void note(struct play *t, enum pop3_event event, const struct pop3_news *news)
{
	struct pop3 *p = &t->p;

	switch (event) {
	case POP3_READY:
		buf_add_text(&t->said, "READY");
		for (size_t i = 0; i < p->n_items; i++)
			buf_printf(&t->said, " %u:%u:%.*s", p->items[i].number, (unsigned)p->items[i].size,
				   STR_ARGS(p->items[i].uid));
		buf_add_text(&t->said, "\n");
		for (size_t i = 0; i < p->n_items && t->retr; i++)
			pop3_retr(p, p->items[i].number);
		if (t->quit || p->n_items == 0)
			pop3_quit(p);
		break;
	case POP3_BEGIN:
		buf_printf(&t->said, "%u<", news->number);
		break;
	case POP3_BODY:
		buf_add(&t->said, news->octets);
		break;
	case POP3_FINISH:
		buf_printf(&t->said, ">\n");
		pop3_dele(p, news->number);
		if (news->number == p->n_items)
			pop3_quit(p);
		break;
	case POP3_REFUSED:
		buf_printf(&t->said, "%u refused: %.*s\n", news->number, STR_ARGS(news->text));
		if (news->number == p->n_items)
			pop3_quit(p);
		break;
	case POP3_DELETED:
		buf_printf(&t->said, "%u deleted\n", news->number);
		break;
	case POP3_STLS:
		buf_add_text(&t->said, "STLS\n");
		pop3_tls_started(p);
		break;
	case POP3_AUTH_AGAIN:
		buf_add_text(&t->said, "AGAIN\n");
		sasl_set_password(t->sasl, STR_LIT("fresh"));
		pop3_auth_retry(p);
		break;
	case POP3_CLOSED:
		buf_add_text(&t->said, "CLOSED\n");
		break;
	case POP3_FAILED:
		buf_printf(&t->said, "FAILED %d %s\n", news->err.kind, news->err.text);
		break;
	case POP3_WAIT:
		break;
	}
}

static bool turn(struct play *t)
{
	struct pop3_news news;
	enum pop3_event event;

	while ((event = pop3_next(&t->p, &news)) != POP3_WAIT) {
		note(t, event, &news);
		if (event == POP3_CLOSED || event == POP3_FAILED)
			return false;
	}
	return true;
}

static void server_says(struct play *t, struct str octets, enum cuts cuts)
{
	while (octets.n > 0) {
		size_t n = cuts == WHOLE ? octets.n : cuts == BYTES ? 1 : 1 + (size_t)rand() % 7;

		buf_add(&t->p.in, str_sub(octets, 0, n));
		octets = str_sub(octets, n, octets.n);
		if (!turn(t))
			return;
	}
}

static void play(const struct pop3_params *params, const struct sasl_params *login, bool quit, const char *script, enum cuts cuts,
		 struct buf *out)
{
	struct play t = { .retr = !quit, .quit = quit };
	struct pop3_params own = *params;
	struct buf block = { 0 };
	bool open;

	t.sasl = sasl_new(login, NULL);
	own.sasl = t.sasl;
	pop3_init(&t.p, &own);
	open = turn(&t);
	for (struct str rest = str_of(script); rest.p != NULL && rest.n > 0 && open;) {
		struct str line = str_cut(&rest, '\n');

		if (str_starts(line, STR_LIT("S:"))) {
			buf_add(&block, str_sub(line, 2, line.n));
			buf_add_text(&block, "\r\n");
			if (rest.n > 1 && str_starts(rest, STR_LIT("S:")))
				continue;
			server_says(&t, buf_str(&block), cuts);
			buf_clear(&block);
		} else if (str_starts(line, STR_LIT("C:"))) {
			struct str wrote = buf_str(&t.p.out);
			size_t n = str_search(wrote, STR_LIT("\r\n"));

			if (!str_eq(str_sub(wrote, 0, n), str_sub(line, 2, line.n)))
				buf_printf(&t.said, "WROTE [%.*s] NOT [%.*s]\n", STR_ARGS(str_sub(wrote, 0, n)),
					   STR_ARGS(str_sub(line, 2, line.n)));
			buf_drop(&t.p.out, n + 2);
		} else if (str_starts(line, STR_LIT("EOF"))) {
			pop3_eof(&t.p, NULL);
			turn(&t);
		}
	}
	if (buf_len(&t.p.out) > 0)
		buf_printf(&t.said, "ALSO WROTE [%.*s]\n", STR_ARGS(buf_str(&t.p.out)));
	buf_add(out, buf_str(&t.said));
	pop3_free(&t.p);
	sasl_free(t.sasl);
	buf_free(&t.said);
	buf_free(&block);
}

static struct sasl_params login_as(const char *mechanism, const char *password, bool token)
{
	return (struct sasl_params){ .mechanism = mechanism, .service = "pop", .host = "mail.example", .port = 110,
				     .user = STR_LIT("ann"), .password = str_of(password), .token = token };
}

static void says_by(const struct pop3_params *params, const struct sasl_params *login, bool quit, const char *script,
		    const char *want, const char *name)
{
	static const char *const cuts[] = { "whole", "octet by octet", "random cuts" };

	for (int i = WHOLE; i <= RANDOM; i++) {
		struct buf out = { 0 };
		char title[120];

		play(params, login, quit, script, (enum cuts)i, &out);
		snprintf(title, sizeof title, "%s, %s", name, cuts[i]);
		check_same(buf_str(&out), want, title);
		buf_free(&out);
	}
}

static void says(const char *script, const char *want, const char *name)
{
	struct pop3_params params = { .tls = POP3_TLS_OFF, .clear_auth = true, .user_pass = true };
	struct sasl_params login = login_as("auto", "secret", false);

	says_by(&params, &login, false, script, want, name);
}

#define LOGIN "S:+OK hi\nC:CAPA\nS:-ERR what\nC:USER ann\nS:+OK\nC:PASS secret\nS:+OK in\nC:CAPA\nS:-ERR what\nC:STAT\n"

static void test_whole_session(void)
{
	says(LOGIN "S:+OK 2 300\nC:LIST\nS:+OK\nS:1 100\nS:2 200\nS:.\nC:UIDL\nS:+OK\nS:2  b\nS:1 a\nS:.\nC:RETR 1\n"
		   "S:+OK 100 octets\nS:A: b\nS:\nS:..dot\nS:...\nS:.\nC:RETR 2\nS:-ERR expunged\nC:DELE 1\nS:+OK\nC:QUIT\nS:+OK bye\n",
	     "READY 1:100:a 2:200:b\n1<A: b\r\n\r\n.dot\r\n..\r\n>\n2 refused: expunged\n1 deleted\nCLOSED\n", "lock-step");
	says(LOGIN "S:+OK 0 0\nC:LIST\nS:+OK\nS:.\nC:UIDL\nS:-ERR no such thing\nC:QUIT\nS:+OK bye\n", "READY\nCLOSED\n",
	     "an empty mailbox, no UIDL");
	says(LOGIN "S:+OK 1 9\nC:LIST\nS:+OK\nS:1 9\nS:.\nC:UIDL\nS:-ERR what\nC:RETR 1\nS:+OK\nS:.\nC:DELE 1\nS:+OK\nC:QUIT\nS:+OK\n",
	     "READY 1:9:\n1<>\n1 deleted\nCLOSED\n", "an empty message");
}

static void test_pipelining(void)
{
	says("S:+OK hi\nC:CAPA\nS:+OK\nS:UIDL\nS:PIPELINING\nS:SASL PLAIN\nS:.\nC:AUTH PLAIN AGFubgBzZWNyZXQ=\nS:+OK\nC:CAPA\nS:+OK\nS:UIDL\n"
	     "S:PIPELINING\nS:.\nC:STAT\nC:LIST\nC:UIDL\nS:+OK 2 5\nS:+OK\nS:1 1\nS:2 4\nS:.\nS:+OK\nS:1 x\nS:2 y\nS:.\nC:RETR 1\nC:RETR 2\n"
	     "S:+OK\nS:one\nS:.\nS:+OK\nS:two\nS:.\nC:DELE 1\nC:DELE 2\nC:QUIT\nS:+OK\nS:+OK\nS:+OK\n",
	     "READY 1:1:x 2:4:y\n1<one\r\n>\n2<two\r\n>\n1 deleted\n2 deleted\nCLOSED\n", "pipelined, AUTH PLAIN");
}

static void test_line_ends(void)
{
	struct pop3_params params = { .tls = POP3_TLS_OFF, .clear_auth = true, .user_pass = true };
	struct sasl_params login = login_as("auto", "secret", false);
	struct buf out = { 0 };

	/* A lone LF, a dot and a lone LF are three octets of the message and not its end. */
	says(LOGIN "S:+OK 1 9\nC:LIST\nS:+OK\nS:1 9\nS:.\nC:UIDL\nS:-ERR\nC:RETR 1\n", "READY 1:9:\n", "asked");
	struct play t = { .retr = true };

	t.sasl = sasl_new(&login, NULL);
	params.sasl = t.sasl;
	for (int lf = 0; lf < 2; lf++) {
		const char *end = lf ? "\n" : "\r\n";

		pop3_init(&t.p, &params);
		turn(&t);
		for (const char *const *s = (const char *const[]){ "+OK", "-ERR", "+OK", "+OK", "-ERR", "+OK 1 9", "+OK", "1 9", ".", "-ERR",
								   "+OK", NULL }; *s != NULL; s++) {
			buf_printf(&out, "%s%s", *s, end);
			server_says(&t, buf_str(&out), BYTES);
			buf_clear(&out);
		}
		server_says(&t, lf ? STR_LIT("a\n..b\n.\n") : STR_LIT("a\n.\nb\r\r\n..c\r\n.\r\n"), BYTES);
		check_same(buf_str(&t.said), lf ? "READY 1:9:\n1<a\n.b\n>\n" : "READY 1:9:\n1<a\n.\nb\r\r\n.c\r\n>\n",
			   lf ? "a server that knows LF only" : "only CRLF.CRLF ends");
		buf_clear(&t.said);
		pop3_free(&t.p);
	}
	sasl_free(t.sasl);
	buf_free(&t.said);
	buf_free(&out);
}

static void test_tls(void)
{
	struct pop3_params params = { .tls = POP3_TLS_REQUIRE, .user_pass = true };
	struct sasl_params login = login_as("auto", "secret", false);

	says_by(&params, &login, true,
		"S:+OK\nC:CAPA\nS:+OK\nS:STLS\nS:SASL PLAIN\nS:.\nC:STLS\nS:+OK go\nC:CAPA\nS:+OK\nS:USER\nS:.\nC:USER ann\nS:-ERR [IN-USE] later\n",
		"STLS\nFAILED 75 login refused: [IN-USE] later\n", "STLS, capabilities forgotten, a mailbox in use");
	says_by(&params, &login, true, "S:+OK\nC:CAPA\nS:+OK\nS:USER\nS:.\n",
		"FAILED 76 the server offers no TLS (STLS), which is required\n", "STLS stripped");
	says_by(&params, &login, true, "S:+OK\nC:CAPA\nS:-ERR\nC:STLS\nS:-ERR no\n",
		"FAILED 76 the server refuses TLS, which is required: no\n", "CAPA refused, STLS tried and refused");
	params.tls = POP3_TLS_OFF;
	says_by(&params, &login, true, "S:+OK\nC:CAPA\nS:-ERR\n",
		"FAILED 77 the connection is not encrypted: the password is not sent\n", "no password in clear");
}

static void test_injected(void)
{
	struct pop3_params params = { .tls = POP3_TLS_REQUIRE, .user_pass = true };
	struct sasl_params login = login_as("auto", "secret", false);
	struct buf out = { 0 };

	play(&params, &login, true, "S:+OK\nC:CAPA\nS:+OK\nS:STLS\nS:.\nC:STLS\nS:+OK go\nS:+OK injected\n", WHOLE, &out);
	check_same(buf_str(&out), "FAILED 76 octets behind the answer to STLS: somebody is putting words into the server's mouth\n",
		   "an injected answer");
	buf_free(&out);
}

static void test_login(void)
{
	struct pop3_params params = { .tls = POP3_TLS_ON, .user_pass = true };
	struct sasl_params token = login_as("xoauth2", "stale", true);
	struct sasl_params login = login_as("auto", "secret", false);

	says_by(&params, &token, true,
		"S:+OK\nC:CAPA\nS:+OK\nS:SASL XOAUTH2\nS:.\nC:AUTH XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgc3RhbGUBAQ==\nS:-ERR bad token\n"
		"C:AUTH XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgZnJlc2gBAQ==\nS:-ERR bad token\n",
		"AGAIN\nFAILED 77 login refused: bad token\n", "a token is asked for again once");
	says_by(&params, &login, true, "S:+OK\nC:CAPA\nS:-ERR\nC:USER ann\nS:+OK\nC:PASS secret\nS:-ERR [SYS/TEMP] down\n",
		"FAILED 75 login refused: [SYS/TEMP] down\n", "a server in trouble");
	says_by(&params, &login, true, "S:+OK\nC:CAPA\nS:-ERR\nC:USER ann\nS:+OK\nC:PASS secret\nS:-ERR [AUTH] no\n",
		"FAILED 77 login refused: [AUTH] no\n", "a wrong password");
	says_by(&params, &login, true, "S:-ERR go away\n", "FAILED 69 greeting: go away\n", "a greeting that refuses");
	says_by(&params, &login, true, "S:220 smtp.example\n", "FAILED 76 neither +OK nor -ERR, but: 220 smtp.example\n", "not POP3");
	says_by(&params, &login, true, "S:+OK\nC:CAPA\nS:+OK\nS:UTF8\nS:USER\nS:.\nC:UTF8\nS:+OK\nC:USER ann\nEOF\n",
		"FAILED 75 the connection ended instead of the answer to USER\n", "UTF8, and an end in the middle");
}

static void test_hostile_lists(void)
{
	says(LOGIN "S:+OK 4294967296 1\n", "FAILED 76 STAT: no number of messages\n", "STAT beyond reason");
	says(LOGIN "S:+OK 1 1\nC:LIST\nS:+OK\nS:2 1\n", "FAILED 76 LIST: a line that names none of the 1 messages\n", "LIST past STAT");
	says(LOGIN "S:+OK 2 1\nC:LIST\nS:+OK\nS:1 1\nS:1 1\nS:.\n", "FAILED 76 LIST: message 1 twice\n", "LIST twice");
	says(LOGIN "S:+OK 1 1\nC:LIST\nS:+OK\nS:1 18446744073709551616\n", "FAILED 76 LIST: a line that names none of the 1 messages\n",
	     "a size beyond reason");
	says(LOGIN "S:+OK 1 1\nC:LIST\nS:+OK\nS:1 1\nS:.\nC:UIDL\nS:+OK\nS:7 x\n", "FAILED 76 UIDL: message 7 is not listed, or twice\n",
	     "UIDL past LIST");
	says(LOGIN "S:+OK 1 1\nC:LIST\nS:+OK\nS:1 1\nS:.\nC:UIDL\nS:-ERR [SYS/TEMP] later\n", "FAILED 75 UIDL: [SYS/TEMP] later\n",
	     "no UIDs today is not no UIDs");
	says(LOGIN "S:+OK 1 1\nC:LIST\nS:+OK\nS:1 1\nS:.\nC:UIDL\nS:+OK\nS:1 \nS:.\nC:RETR 1\nS:+OK\nS:half\nEOF\n",
	     "READY 1:1:\n1<half\r\nFAILED 75 the connection ended in the middle of message 1\n", "an empty UID; an end in the middle");
}

static void test_quit(void)
{
	struct pop3_params params = { .tls = POP3_TLS_ON, .user_pass = true };
	struct sasl_params login = login_as("auto", "secret", false);

	says_by(&params, &login, true,
		"S:+OK\nC:CAPA\nS:-ERR\nC:USER ann\nS:+OK\nC:PASS secret\nS:+OK\nC:CAPA\nS:-ERR\nC:STAT\nS:+OK 0 0\nC:LIST\nS:+OK\nS:.\nC:UIDL\n"
		"S:+OK\nS:.\nC:QUIT\nEOF\n",
		"READY\nCLOSED\n", "no answer to QUIT, and nothing hung on it");
	says(LOGIN "S:+OK 1 9\nC:LIST\nS:+OK\nS:1 9\nS:.\nC:UIDL\nS:-ERR\nC:RETR 1\nS:+OK\nS:.\nC:DELE 1\nS:+OK\nC:QUIT\nEOF\n",
	     "READY 1:9:\n1<>\n1 deleted\nFAILED 75 the connection ended instead of the answer to QUIT\n", "no answer to QUIT after DELE");
}

static void test_long_line(void)
{
	struct pop3_params params = { .tls = POP3_TLS_ON };
	struct sasl_params login = login_as("auto", "secret", false);
	struct play t = { .sasl = sasl_new(&login, NULL) };
	struct buf line = { 0 };

	params.sasl = t.sasl;
	pop3_init(&t.p, &params);
	for (int i = 0; i < 20000; i++)
		buf_add_char(&line, 'x');
	server_says(&t, buf_str(&line), RANDOM);
	check(str_starts(buf_str(&t.said), STR_LIT("FAILED 76 a line of more than")), "a line without an end");
	pop3_free(&t.p);
	sasl_free(t.sasl);
	buf_free(&t.said);
	buf_free(&line);
}

int main(void)
{
	test_whole_session();
	test_pipelining();
	test_line_ends();
	test_tls();
	test_injected();
	test_login();
	test_hostile_lists();
	test_quit();
	test_long_line();
	return tap_done();
}
