#include <config.h>

#include "tests/tap.h"

#include "proto/pop3.h"
#include "proto/sasl.h"
#include "tests/random.h"

/* clang-format off */
/*
 * Transcripts of POP3 sessions, played whole, octet by octet and in random cuts. A script has one step a line:
 *
 *     S +OK           the server says this line
 *     L +OK           the same with a lone LF behind it
 *     s +O            the server says this, with no line end (^ is CR, _ is LF)
 *     C QUIT          the client must have sent this line by now
 *     X               the connection ends
 *
 * The client gets nothing to read before all lines C in front are there, and must have sent nothing more by then.
 */
/* clang-format on */
struct play {
	const char *name;
	struct pop3_params params;
	const char *mechanism; /* of the credentials ann/secret; NULL: auto */
	bool token;
	const char *plan; /* at POP3_READY: "r1 t2 d1 q"; NULL: "q" */
	const char *script;
	const char *events;
	const char *error;
	bool whole_only; /* what is tested is that octets come together */
};

struct player {
	const struct play *play;
	int cut; /* 0 whole, 1 octets, 2 random */
	struct pop3 p;
	struct buf feed;
	struct buf sent;
	struct buf log;
	struct str script;
	struct err error;
	bool over;
	bool failed;
};

static void fail(struct player *p, const char *what, struct str line)
{
	p->failed = true;
	printf("# %s: %s: %.*s\n# sent: %.*s\n", p->play->name, what, STR_ARGS(line), STR_ARGS(buf_str(&p->sent)));
}

static void follow_plan(struct player *p)
{
	struct str plan = str_of(p->play->plan != NULL ? p->play->plan : "q");

	while (plan.n > 0) {
		struct str step = str_cut(&plan, ' ');
		uint64_t n = 0;

		str_number(str_sub(step, 1, step.n), UINT32_MAX, &n);
		if (step.p[0] == 'r')
			pop3_retr(&p->p, (uint32_t)n);
		else if (step.p[0] == 't')
			pop3_top(&p->p, (uint32_t)n, 0);
		else if (step.p[0] == 'd')
			pop3_dele(&p->p, (uint32_t)n);
		else
			pop3_quit(&p->p);
	}
}

static void log_items(struct player *p)
{
	buf_add_text(&p->log, "ready");
	for (size_t i = 0; i < p->p.n_items; i++)
		buf_printf(&p->log, " %u:%u:%.*s", (unsigned)p->p.items[i].number, (unsigned)p->p.items[i].size,
			STR_ARGS(p->p.items[i].uid));
}

static void log_event(struct player *p, enum pop3_event event, const struct pop3_news *news)
{
	static const char *const names[] = { "wait", "stls", "ready", "begin", "body", "finish", "refused", "deleted",
		"confirmed", "auth-again", "closed", "failed" };

	if (event == POP3_BODY) {
		buf_add(&p->log, news->octets);
		return;
	}
	if (event != POP3_FINISH && buf_len(&p->log) > 0)
		buf_add_text(&p->log, "; ");
	if (event == POP3_READY)
		log_items(p);
	else if (event == POP3_BEGIN)
		buf_printf(&p->log, "%u[", (unsigned)news->number);
	else if (event == POP3_FINISH)
		buf_add_text(&p->log, "]");
	else if (event == POP3_REFUSED || event == POP3_DELETED)
		buf_printf(&p->log, "%s %u", names[event], (unsigned)news->number);
	else if (event == POP3_FAILED)
		buf_printf(&p->log, "failed %d", (int)news->err.kind);
	else
		buf_add_text(&p->log, names[event]);
}

static void say(struct player *p, char op, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(&p->feed, text.p[i] == '^' ? '\r' : text.p[i] == '_' ? '\n' : text.p[i]);
	buf_add_text(&p->feed, op == 'S' ? "\r\n" : op == 'L' ? "\n" : "");
}

/* The steps up to the client's next turn; false: the script is through. */
static bool go_on(struct player *p)
{
	bool server = false;

	while (p->script.n > 0) {
		struct str rest = p->script;
		struct str line = str_cut(&rest, '\n');
		char op = line.n > 0 ? line.p[0] : '#';
		struct str text = str_sub(line, 2, line.n);

		if (server && op == 'C')
			return true;
		if (op == 'C') {
			struct str sent = buf_str(&p->sent);

			if (!str_starts(sent, text) || !str_starts(str_sub(sent, text.n, sent.n), STR_LIT("\r\n"))) {
				fail(p, "the client did not send", text);
				return false;
			}
			buf_drop(&p->sent, text.n + 2);
		} else if (buf_len(&p->sent) > 0) {
			fail(p, "the client sent more before", text);
			return false;
		} else if (op == 'X') {
			if (server)
				return true;
			p->script = rest;
			pop3_eof(&p->p, NULL);
			return true;
		} else if (op != '#') {
			server = true;
			say(p, op, text);
		}
		p->script = rest;
	}
	return server;
}

static void turn(struct player *p)
{
	struct pop3_news news;
	enum pop3_event event = pop3_next(&p->p, &news);
	size_t n;

	if (event != POP3_WAIT)
		log_event(p, event, &news);
	if (event == POP3_READY)
		follow_plan(p);
	else if (event == POP3_STLS)
		pop3_tls_started(&p->p);
	else if (event == POP3_AUTH_AGAIN)
		pop3_auth_retry(&p->p);
	p->over = event == POP3_CLOSED || event == POP3_FAILED;
	p->error = news.err;
	if (event != POP3_WAIT)
		return;
	if (buf_len(&p->p.out) > 0) {
		buf_add(&p->sent, buf_str(&p->p.out));
		buf_clear(&p->p.out);
	} else if (buf_len(&p->feed) > 0) {
		n = p->cut == 0 ? buf_len(&p->feed) : p->cut == 1 ? 1 : 1 + random_below(buf_len(&p->feed));
		buf_add(&p->p.in, str_sub(buf_str(&p->feed), 0, n));
		buf_drop(&p->feed, n);
	} else if (!go_on(p) && !p->failed) {
		p->over = true;
		fail(p, "the session still waits for the", str_of(pop3_waiting_for(&p->p)));
	}
}

static bool play_once(const struct play *play, int cut)
{
	struct player p = { .play = play, .cut = cut, .script = str_of(play->script) };
	struct sasl_params sp = { .mechanism = play->mechanism,
		.service = "pop",
		.host = "pop.example",
		.port = 110,
		.user = STR_LIT("ann"),
		.password = STR_LIT("secret"),
		.token = play->token };
	struct pop3_params params = play->params;
	bool ok;

	params.sasl = sasl_new(&sp, NULL);
	pop3_init(&p.p, &params);
	while (!p.over && !p.failed)
		turn(&p);
	if (!p.failed && p.script.n > 0) {
		buf_add(&p.sent, buf_str(&p.p.out));
		go_on(&p);
	}
	ok = !p.failed && str_eq(buf_str(&p.log), str_of(play->events));
	if (!p.failed && !ok)
		printf("# got  %s\n# want %s\n", buf_text(&p.log), play->events);
	if (ok && play->error != NULL && strstr(p.error.text, play->error) == NULL) {
		printf("# error is \"%s\"\n", p.error.text);
		ok = false;
	}
	pop3_free(&p.p);
	sasl_free(params.sasl);
	buf_free(&p.feed);
	buf_free(&p.sent);
	buf_free(&p.log);
	return ok;
}

#define CLEAR                                      \
	{                                          \
		.tls = TLS_OFF, .clear_auth = true \
	}
#define SECURE                      \
	{                           \
		.tls = TLS_IMPLICIT \
	}
#define HELLO \
	"S +OK\nC CAPA\nS +OK\nS PIPELINING\nS UIDL\nS TOP\nS USER\nS .\nC USER ann\nS +OK\nC PASS secret\nS +OK\n"
#define LISTS "C STAT\nC LIST\nC UIDL\n"
#define ONE HELLO LISTS "S +OK 1 10\nS +OK\nS 1 10\nS .\nS +OK\nS 1 u1\nS .\n"
#define TWO HELLO LISTS "S +OK 2 20\nS +OK\nS 1 10\nS 2 10\nS .\nS +OK\nS 1 u1\nS 2 u2\nS .\n"
#define BYE "C QUIT\nS +OK\n"
/* A server without CAPA: everything in lock step. */
#define OLD "S +OK\nC CAPA\nS -ERR\nC USER ann\nS +OK\nC PASS secret\nS +OK\n"
#define SASL(m) "S +OK\nC CAPA\nS +OK\nS SASL " m "\nS .\n"

static const struct play logins[] = {
	{ "an empty mailbox", SECURE, .script = HELLO LISTS "S +OK 0 0\nS +OK\nS .\nS +OK\nS .\n" BYE,
		.events = "ready; closed" },
	{ "no CAPA, no UIDL", SECURE,
		.script = OLD "C STAT\nS +OK 1 10\nC LIST\nS +OK\nS 1 10\nS .\nC UIDL\nS -ERR unknown\n" BYE,
		.events = "ready 1:10:; closed" },
	{ "the server refuses to talk", SECURE, .script = "S -ERR too busy\n", .events = "failed 75",
		.error = "too busy" },
	{ "no greeting at all", SECURE, .script = "S 220 smtp.example\n", .events = "failed 76", .error = "greeting" },
	{ "a wrong password", SECURE,
		.script = "S +OK\nC CAPA\nS -ERR\nC USER ann\nS +OK\nC PASS secret\nS -ERR [AUTH] no\n",
		.events = "failed 77" },
	{ "a locked mailbox", SECURE,
		.script = "S +OK\nC CAPA\nS -ERR\nC USER ann\nS +OK\nC PASS secret\nS -ERR [IN-USE] locked\n",
		.events = "failed 75", .error = "[IN-USE]" },
	{ "a delay", SECURE,
		.script = "S +OK\nC CAPA\nS -ERR\nC USER ann\nS +OK\nC PASS secret\nS -ERR [login-delay 30] wait\n",
		.events = "failed 75" },
	{ "a disk that is gone", SECURE,
		.script = "S +OK\nC CAPA\nS -ERR\nC USER ann\nS +OK\nC PASS secret\nS -ERR [SYS/TEMP] io\n",
		.events = "failed 75" },
	{ "locked, in words", SECURE, .script = "S +OK\nC CAPA\nS -ERR\nC USER ann\nS -ERR maildrop already locked\n",
		.events = "failed 75" },
	{ "PLAIN", SECURE, .script = SASL("PLAIN") "C AUTH PLAIN AGFubgBzZWNyZXQ=\nS -ERR [AUTH] no\n",
		.events = "failed 77" },
	{ "the plain password over a clear line", { .tls = TLS_OFF }, .script = SASL("PLAIN LOGIN"),
		.events = "failed 77", .error = "not encrypted" },
	{ "XOAUTH2 in two steps", SECURE, .mechanism = "xoauth2", .token = true,
		.script = SASL(
			"XOAUTH2 PLAIN") "C AUTH XOAUTH2\nS +\nC dXNlcj1hbm4BYXV0aD1CZWFyZXIgc2VjcmV0AQE=\nS + e30=\nC \nS -ERR no\n"
					 "C AUTH XOAUTH2\nS + \nC dXNlcj1hbm4BYXV0aD1CZWFyZXIgc2VjcmV0AQE=\nS -ERR no\n",
		.events = "auth-again; failed 77" },
	{ "a login accepted before it was seen", SECURE, .mechanism = "xoauth2", .token = true,
		.script = SASL("XOAUTH2") "C AUTH XOAUTH2\nS +OK\n", .events = "failed 76" },
	{ "success in the middle of CRAM-MD5", SECURE, .mechanism = "cram-md5",
		.script = SASL("CRAM-MD5") "C AUTH CRAM-MD5\nS +OK\n", .events = "failed 76" },
	{ "a challenge that is no base64", SECURE, .mechanism = "cram-md5",
		.script = SASL("CRAM-MD5") "C AUTH CRAM-MD5\nS + !!\nC *\nS -ERR\n", .events = "failed 76" },
	{ "STLS", { .tls = TLS_REQUIRE },
		.script =
			"S +OK\nC CAPA\nS +OK\nS STLS\nS SASL PLAIN\nS .\nC STLS\nS +OK\nC CAPA\nS +OK\nS USER\nS UTF8\nS .\nC UTF8\nS -ERR\n"
			"C USER ann\nS -ERR no\n",
		.events = "stls; failed 77" },
	{ "STLS is not offered", { .tls = TLS_REQUIRE }, .script = "S +OK\nC CAPA\nS +OK\nS USER\nS .\n",
		.events = "failed 76" },
	{ "no CAPA, STLS tried and refused", { .tls = TLS_REQUIRE },
		.script = "S +OK\nC CAPA\nS -ERR\nC STLS\nS -ERR no\n", .events = "failed 76" },
	{ "no CAPA, STLS tried", { .tls = TLS_REQUIRE },
		.script = "S +OK\nC CAPA\nS -ERR\nC STLS\nS +OK\nC CAPA\nS -ERR\nC USER ann\nS -ERR [IN-USE] later\n",
		.events = "stls; failed 75" },
	{ "an end in the middle of the login", SECURE,
		.script = "S +OK\nC CAPA\nS +OK\nS UTF8\nS USER\nS .\nC UTF8\nS +OK\nC USER ann\nX\n",
		.events = "failed 75", .error = "reply to USER" },
	{ "STLS is refused", { .tls = TLS_REQUIRE }, .script = "S +OK\nC CAPA\nS +OK\nS STLS\nS .\nC STLS\nS -ERR no\n",
		.events = "failed 76" },
	{ "STLS refused where it may be", { .tls = TLS_TRY, .clear_auth = true },
		.script = "S +OK\nC CAPA\nS +OK\nS STLS\nS .\nC STLS\nS -ERR\nC USER ann\nS -ERR\n",
		.events = "failed 77" },
	{ "more behind the greeting", SECURE, .script = "S +OK\nS +OK\n", .events = "failed 76", .whole_only = true },
	{ "the end during the login", SECURE, .script = "S +OK\nC CAPA\nX\n", .events = "failed 75",
		.error = "reply to CAPA" },
	{ "half an answer at the end", SECURE, .script = "S +OK\nC CAPA\ns +O\nX\n", .events = "failed 75" },
	{ "an answer that is none", SECURE, .script = "S +OK\nC CAPA\nS +OKAY\n", .events = "failed 76" },
	{ "CAPA again after the login", SECURE,
		.script =
			"S +OK\nC CAPA\nS +OK\nS USER\nS .\nC USER ann\nS +OK\nC PASS secret\nS +OK\nC CAPA\nS +OK\nS PIPELINING\nS UIDL\nS .\n" LISTS
			"S +OK 0 0\nS +OK\nS .\nS +OK\nS .\n" BYE,
		.events = "ready; closed" },
};

static const struct play lists[] = {
	{ "shuffled, blanks, an extension", SECURE,
		.script = HELLO LISTS
		"S +OK 3 9\nS +OK\nS 3 30 x\nS 1 10\nS 2 20\nS .\nS +OK\nS 2  u2\nS 1 u1\nS 3 u3 \nS .\n" BYE,
		.events = "ready 1:10:u1 2:20:u2 3:30:u3; closed" },
	{ "some without a UID", SECURE,
		.script = HELLO LISTS "S +OK 2 9\nS +OK\nS 1 1\nS 2 2\nS .\nS +OK\nS 2 \nS .\n" BYE,
		.events = "ready 1:1: 2:2:; closed" },
	{ "a control in a UID", SECURE,
		.script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 1\nS .\nS +OK\nS 1 a\x1b"
				      "b\nS .\n" BYE,
		.events = "ready 1:1:; closed" },
	{ "a UID beyond STAT", SECURE, .script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 1\nS .\nS +OK\nS 2 u2\nS .\n" BYE,
		.events = "ready 1:1:; closed" },
	{ "a UID of a message not listed", SECURE,
		.script = HELLO LISTS "S +OK 2 9\nS +OK\nS 1 1\nS .\nS +OK\nS 2 u2\nS .\n" BYE,
		.events = "ready 1:1:; closed" },
	{ "two UIDs of one message", SECURE,
		.script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 1\nS .\nS +OK\nS 1 a\nS 1 b\nS .\n" BYE,
		.events = "ready 1:1:a; closed" },
	{ "a number beyond STAT", SECURE,
		.script = HELLO LISTS "S +OK 1 9\nS +OK\nS 2000000000 1\nS .\nS +OK\nS .\n" BYE,
		.events = "ready 2000000000:1:; closed" },
	{ "the number 0", SECURE, .script = HELLO LISTS "S +OK 1 9\nS +OK\nS 0 1\nS .\nS +OK\nS .\n",
		.events = "failed 76" },
	{ "a number twice", SECURE, .script = HELLO LISTS "S +OK 2 9\nS +OK\nS 1 1\nS 1 1\nS .\nS +OK\nS .\n",
		.events = "failed 76" },
	{ "STAT with a number that overflows", SECURE, .script = HELLO LISTS "S +OK 99999999999999999999 9\n",
		.events = "failed 76" },
	{ "a great number that is only said", SECURE,
		.script = HELLO LISTS "S +OK 2000000000 9\nS +OK\nS .\nS +OK\nS .\n" BYE, .events = "ready; closed" },
	{ "a size beyond reason", SECURE,
		.script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 18446744073709551616\nS .\nS +OK\nS .\n" BYE,
		.events = "ready 1:0:; closed" },
	{ "a size that is no number", SECURE, .script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 -1\nS .\nS +OK\nS .\n" BYE,
		.events = "ready 1:0:; closed" },
	{ "UIDL has trouble", SECURE, .script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 1\nS .\nS -ERR [SYS/TEMP] x\n",
		.events = "failed 75" },
	{ "UIDL announced and refused", SECURE, .script = HELLO LISTS "S +OK 1 9\nS +OK\nS 1 1\nS .\nS -ERR\n",
		.events = "failed 75" },
	{ "an error for an empty mailbox", SECURE, .script = HELLO LISTS "S +OK 0 0\nS -ERR\nS -ERR\n" BYE,
		.events = "ready; closed" },
	{ "STAT is refused", SECURE, .script = HELLO LISTS "S -ERR no\n", .events = "failed 69" },
};

static const struct play messages[] = {
	{ "dots", SECURE, .plan = "r1 q",
		.script = ONE "C RETR 1\nC QUIT\nS +OK\nS a: b\nS \nS ..dot\nS ...\nS ..\nS x\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[a: b\r\n\r\n.dot\r\n..\r\n.\r\nx\r\n]; closed" },
	{ "an empty message", SECURE, .plan = "r1 q", .script = ONE "C RETR 1\nC QUIT\nS +OK\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[]; closed" },
	{ "lone LFs and CRs end nothing", SECURE, .plan = "r1 q",
		.script = ONE "C RETR 1\nC QUIT\nS +OK\ns a_._b^.^c_.^_d^_..^_\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[a\n.\nb\r.\rc\n.\r\nd\r\n.\r\n]; closed" },
	{ "a dot with a lone CR or LF behind it", SECURE, .plan = "r1 q",
		.script = ONE "C RETR 1\nC QUIT\nS +OK\ns .^x^_._y^_.^_\nS +OK\n",
		.events = "ready 1:10:u1; 1[\rx\r\n\ny\r\n]; closed" },
	{ "what looks like answers", SECURE, .plan = "r1 r2 q",
		.script = TWO "C RETR 1\nC RETR 2\nC QUIT\nS +OK\nS +OK\nS -ERR\nS .\nS +OK\nS .x\nS .\nS +OK\n",
		.events = "ready 1:10:u1 2:10:u2; 1[+OK\r\n-ERR\r\n]; 2[x\r\n]; closed" },
	{ "one is refused", SECURE, .plan = "r1 t2 d2 q",
		.script = TWO "C RETR 1\nC TOP 2 0\nC DELE 2\nC QUIT\nS -ERR gone\nS +OK\nS h\nS .\nS +OK\nS +OK\n",
		.events = "ready 1:10:u1 2:10:u2; refused 1; 2[h\r\n]; deleted 2; closed" },
	{ "a window that grows", SECURE, .plan = "d1 d1 d1 d1 d1 d1 d1 q",
		.script = ONE
		"C DELE 1\nC DELE 1\nC DELE 1\nC DELE 1\nS +OK\nC DELE 1\nS +OK\nC DELE 1\nS +OK\nC DELE 1\nS +OK\nC QUIT\n"
		"S +OK\nS +OK\nS +OK\nS +OK\n",
		.events =
			"ready 1:10:u1; deleted 1; deleted 1; deleted 1; deleted 1; deleted 1; deleted 1; deleted 1; closed" },
	{ "lock step", { .tls = TLS_IMPLICIT, .lock_step = true }, .plan = "d1 d2 q",
		.script = HELLO
		"C STAT\nS +OK 2 2\nC LIST\nS +OK\nS 1 1\nS 2 1\nS .\nC UIDL\nS +OK\nS .\nC DELE 1\nS +OK\nC DELE 2\nS +OK\n" BYE,
		.events = "ready 1:1: 2:1:; deleted 1; deleted 2; closed" },
	{ "LF only", CLEAR, .plan = "r1 q",
		.script =
			"L +OK\nC CAPA\nL -ERR\nC USER ann\nL +OK\nC PASS secret\nL +OK\nC STAT\nL +OK 1 1\nC LIST\nL +OK\nL 1 1\nL .\nC UIDL\nL +OK\n"
			"L 1 u\nL .\nC RETR 1\nL +OK\nL a\nL ..b\nL .\nC QUIT\nL +OK\n",
		.events = "ready 1:1:u; 1[a\n.b\n]; closed" },
	{ "the end in the middle", SECURE, .plan = "r1 q", .script = ONE "C RETR 1\nC QUIT\nS +OK\nS half\ns .^\nX\n",
		.events = "ready 1:10:u1; 1[half\r\n; failed 75", .error = "rest of a message" },
	{ "the end instead of QUIT's answer, nothing deleted", SECURE, .script = ONE "C QUIT\nX\n",
		.events = "ready 1:10:u1; closed" },
	{ "the end before DELE's answer", SECURE, .plan = "d1 q", .script = ONE "C DELE 1\nC QUIT\nX\n",
		.events = "ready 1:10:u1; failed 75", .error = "reply to DELE" },
	{ "the same after DELE", SECURE, .plan = "d1 q", .script = ONE "C DELE 1\nC QUIT\nS +OK\nX\n",
		.events = "ready 1:10:u1; deleted 1; failed 75" },
	{ "QUIT is refused", SECURE, .plan = "d1 q", .script = ONE "C DELE 1\nC QUIT\nS +OK\nS -ERR some not removed\n",
		.events = "ready 1:10:u1; deleted 1; failed 75" },
	{ "an answer that is none", SECURE, .plan = "r1 q", .script = ONE "C RETR 1\nC QUIT\nS what?\n",
		.events = "ready 1:10:u1; failed 76" },
	{ "a goodbye that nobody asked for", SECURE, .plan = "r1",
		.script = ONE "C RETR 1\nS +OK\nS .\nS -ERR Disconnected for inactivity.\n",
		.events = "ready 1:10:u1; 1[]; failed 75", .error = "inactivity" },
	{ "a word that nobody asked for", SECURE, .plan = "r1", .script = ONE "C RETR 1\nS +OK\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[]; failed 76" },
};

#define CONFIRM                                                             \
	{                                                                   \
		.tls = TLS_IMPLICIT, .confirm = true, .seed = 1, .every = 1 \
	}
#define ONCE "C LIST 1\nC UIDL 1\n"
#define ONE_ASKED ONE ONCE

/* What shows that replies are in step with commands. */
static const struct play steps[] = {
	{ "confirmed", CONFIRM, .plan = "r1 t1 q",
		.script = ONE_ASKED "S +OK 1 10\nS +OK 1 u1\nC RETR 1\nC UIDL 1\nC TOP 1 0\nC QUIT\n"
				    "S +OK\nS a\nS .\nS +OK 1 u1\nS +OK\nS b\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[a\r\n]; confirmed; 1[b\r\n]; closed" },
	{ "a reply that is another's", CONFIRM, .plan = "r1 t1 q",
		.script = ONE_ASKED "S +OK 1 10\nS +OK 1 u1\nC RETR 1\nC UIDL 1\nC TOP 1 0\nC QUIT\n"
				    "S +OK\nS a\nS .\nS +OK\nS b\nS .\nS +OK 1 u1\n",
		.events = "ready 1:10:u1; 1[a\r\n]; failed 76", .error = "another command" },
	{ "the other question's answer", CONFIRM, .plan = "r1 t1 q",
		.script = ONE_ASKED "S +OK 1 10\nS +OK 1 u1\nC RETR 1\nC UIDL 1\nC TOP 1 0\nC QUIT\n"
				    "S +OK\nS a\nS .\nS +OK 1 10\n",
		.events = "ready 1:10:u1; 1[a\r\n]; failed 76", .error = "another command" },
	{ "UIDL of one message is unknown", CONFIRM, .plan = "r1 t1 q",
		.script = ONE_ASKED "S +OK 1 10\nS -ERR\nC RETR 1\nC LIST 1\nC TOP 1 0\nC QUIT\n"
				    "S +OK\nS a\nS .\nS +OK 1 10\nS +OK\nS b\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[a\r\n]; confirmed; 1[b\r\n]; closed" },
	{ "LIST of one message lists all", CONFIRM, .plan = "r1 t1 q",
		.script = ONE_ASKED
		"S +OK 1\nS 1 10\nS .\nS +OK 1 u1\nC NOOP\nS +OK\nC RETR 1\nC UIDL 1\nC TOP 1 0\nC QUIT\n"
		"S +OK\nS a\nS .\nS +OK 1 u1\nS +OK\nS b\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[a\r\n]; confirmed; 1[b\r\n]; closed" },
	{ "neither is known", CONFIRM, .plan = "r1 t1 q",
		.script = ONE_ASKED "S -ERR\nS -ERR\nC RETR 1\nC NOOP\nC TOP 1 0\nC QUIT\n"
				    "S +OK\nS a\nS .\nS +OK\nS +OK\nS b\nS .\nS +OK\n",
		.events = "ready 1:10:u1; 1[a\r\n]; confirmed; 1[b\r\n]; closed" },
	{ "without PIPELINING", CONFIRM, .plan = "r1 t1 q",
		.script = OLD
		"C STAT\nS +OK 1 10\nC LIST\nS +OK\nS 1 10\nS .\nC UIDL\nS +OK\nS 1 u1\nS .\n"
		"C LIST 1\nS +OK 1 10\nC UIDL 1\nS +OK 1 u1\nC RETR 1\nS +OK\nS a\nS .\nC UIDL 1\nS +OK 1 u1\n"
		"C TOP 1 0\nS +OK\nS b\nS .\nC QUIT\nS +OK\n",
		.events = "ready 1:10:u1; 1[a\r\n]; confirmed; 1[b\r\n]; closed" },
};

/* A server with n messages answers what the client said; questions: how many there were that only confirm the step. */
static void answer(struct pop3 *p, unsigned n, bool pipelining, unsigned *questions)
{
	struct buf said = { 0 };
	struct str rest;

	buf_add(&said, buf_str(&p->out));
	buf_clear(&p->out);
	rest = buf_str(&said);
	while (rest.n > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		struct str word = str_cut(&line, ' ');
		bool list = str_eq(word, STR_LIT("LIST"));

		if (str_eq(word, STR_LIT("CAPA"))) {
			buf_printf(&p->in, "+OK\r\nUSER\r\nUIDL\r\n%s.\r\n", pipelining ? "PIPELINING\r\n" : "");
		} else if (str_eq(word, STR_LIT("STAT"))) {
			buf_printf(&p->in, "+OK %u 10\r\n", n);
		} else if (str_eq(word, STR_LIT("RETR"))) {
			buf_add_text(&p->in, "+OK\r\na\r\n.\r\n");
		} else if ((list || str_eq(word, STR_LIT("UIDL"))) && line.n > 0) {
			++*questions;
			buf_printf(&p->in, list ? "+OK %.*s 10\r\n" : "+OK %.*s u%.*s\r\n", STR_ARGS(line),
				STR_ARGS(line));
		} else {
			buf_add_text(&p->in, "+OK\r\n");
			for (unsigned i = 1; i <= n && (list || str_eq(word, STR_LIT("UIDL"))); i++)
				buf_printf(&p->in, list ? "%u 10\r\n" : "%u u%u\r\n", i, i);
			if (list || str_eq(word, STR_LIT("UIDL")))
				buf_add_text(&p->in, ".\r\n");
		}
	}
	buf_free(&said);
}

/* So many questions that a server out of step answers them rightly once in 2^16 times; fewer where each is a round
 * trip. */
static void test_questions(void)
{
	static const struct {
		unsigned messages;
		bool pipelining;
		bool lock_step;
		unsigned questions;
	} t[] = { { 1, true, false, 1 }, { 2, true, false, 8 }, { 4, true, false, 6 }, { 128, true, false, 2 },
		{ 127, true, false, 3 }, { 4, false, false, 4 }, { 4, true, true, 4 }, { 300, false, false, 2 } };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct sasl_params sp = { .service = "pop",
			.host = "pop.example",
			.port = 110,
			.user = STR_LIT("ann"),
			.password = STR_LIT("secret") };
		struct pop3_params params = CONFIRM;
		struct pop3_news news;
		enum pop3_event event = POP3_WAIT;
		unsigned questions = 0;
		struct pop3 p;

		params.lock_step = t[i].lock_step;
		params.sasl = sasl_new(&sp, NULL);
		pop3_init(&p, &params);
		buf_add_text(&p.in, "+OK\r\n");
		for (int turn = 0;
			turn < 200 && event != POP3_CONFIRMED && event != POP3_FAILED && event != POP3_CLOSED; turn++) {
			event = pop3_next(&p, &news);
			if (event == POP3_READY)
				pop3_retr(&p, 1);
			if (event == POP3_FINISH) {
				questions = 0; /* those before only try what the server knows */
				pop3_confirm(&p);
			}
			if (event == POP3_WAIT)
				answer(&p, t[i].messages, t[i].pipelining, &questions);
		}
		check(event == POP3_CONFIRMED && questions == t[i].questions, "%u messages%s%s: %u questions, event %d",
			t[i].messages, t[i].pipelining ? "" : ", no PIPELINING", t[i].lock_step ? ", lock step" : "",
			questions, (int)event);
		pop3_free(&p);
		sasl_free(params.sasl);
	}
}

static void play_all(const struct play *plays, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool ok = play_once(&plays[i], 0);

		check(ok, "%s: whole", plays[i].name);
		if (!ok || plays[i].whole_only)
			continue;
		check(play_once(&plays[i], 1), "%s: octet by octet", plays[i].name);
		for (int round = 0; round < 20 && ok; round++)
			ok = play_once(&plays[i], 2);
		check(ok, "%s: in random cuts", plays[i].name);
	}
}

/* Something put behind STLS's answer is there at once, or it would come through TLS. */
static void test_injection(void)
{
	struct pop3_params params = { .tls = TLS_REQUIRE };
	struct pop3_news news;
	struct pop3 p;

	for (int late = 0; late < 2; late++) {
		pop3_init(&p, &params);
		buf_add_text(&p.in, "+OK\r\n");
		pop3_next(&p, &news);
		buf_add_text(&p.in, "+OK\r\nSTLS\r\n.\r\n");
		pop3_next(&p, &news);
		buf_add_text(&p.in, late ? "+OK\r\n" : "+OK\r\n+OK injected\r\n");
		enum pop3_event event = pop3_next(&p, &news);

		if (late) {
			check(event == POP3_STLS, "TLS is asked for");
			buf_add_text(&p.in, "+OK injected\r\n");
			pop3_tls_started(&p);
			event = pop3_next(&p, &news);
		}
		check(event == POP3_FAILED && news.err.kind == ERR_PROTOCOL, "an injected answer is fatal%s",
			late ? ", late" : "");
		pop3_free(&p);
	}
}

/* Lines without end cost no more than their budget. */
/* Log in by USER and PASS: what the client says behind "+OK" to CAPA. */
static const char *login(struct str user, struct str password, enum pop3_event *event, struct pop3_news *news)
{
	static struct buf said;
	struct sasl_params sp = {
		.service = "pop", .host = "pop.example", .port = 110, .user = user, .password = password
	};
	struct pop3_params params = { .tls = TLS_IMPLICIT };
	struct pop3 p;

	params.sasl = sasl_new(&sp, NULL);
	pop3_init(&p, &params);
	buf_clear(&said);
	*event = POP3_WAIT;
	for (const char *const *line = (const char *const[]){ "", "+OK\r\n", "+OK\r\nUSER\r\n.\r\n", "+OK\r\n", NULL };
		*line != NULL && *event == POP3_WAIT; line++) {
		buf_clear(&said);
		buf_add_text(&p.in, *line);
		*event = pop3_next(&p, news);
		buf_add(&said, buf_str(&p.out));
		buf_clear(&p.out);
	}
	pop3_free(&p);
	sasl_free(params.sasl);
	return buf_text(&said);
}

/* A name or password that would make two lines of one never leaves. */
static void test_commands(void)
{
	static const char bad[] = "\1\t\n\r\x1b\x7f";
	struct pop3_news news;
	enum pop3_event event;
	char text[20];

	check_same(str_of(login(STR_LIT("ann"), STR_LIT("a secret"), &event, &news)), "PASS a secret\r\n",
		"USER and PASS");
	for (size_t i = 0; i < sizeof bad - 1; i++)
		for (int at = 0; at < 3; at++) {
			memcpy(text, "nnnDELE 1", 10);
			text[at == 0 ? 0 : at == 1 ? 3 : 8] = bad[i];
			const char *said = login(str_at(text, 9), STR_LIT("secret"), &event, &news);

			check(event == POP3_FAILED && news.err.kind == ERR_DATA && strstr(said, "USER") == NULL,
				"USER with octet %02x", bad[i]);
			said = login(STR_LIT("ann"), str_at(text, 9), &event, &news);
			check(event == POP3_FAILED && news.err.kind == ERR_DATA && strstr(said, "PASS") == NULL,
				"PASS with octet %02x", bad[i]);
		}
	/* "PASS " and the line end count too. */
	static char password[13000];

	memset(password, 'x', sizeof password);
	for (size_t n = 12288 - 8; n < 12288 - 5; n++) {
		const char *said = login(STR_LIT("ann"), str_at(password, n), &event, &news);
		bool fits = n <= 12288 - 7;

		check(fits ? event == POP3_WAIT && strlen(said) == n + 7
			   : event == POP3_FAILED && news.err.kind == ERR_DATA,
			"a password of %zu octets %s", n, fits ? "goes" : "is too long");
	}
}

/* What is too long or has a control in it is no UID; what only just fits is one. */
static void test_uids(void)
{
	static char uid[1100];

	memset(uid, 'u', sizeof uid);
	for (size_t n = 0; n < 1002; n = n == 1 ? 999 : n + 1)
		for (int bad = 0; bad < 2; bad++) {
			struct sasl_params sp = { .service = "pop",
				.host = "pop.example",
				.port = 110,
				.user = STR_LIT("ann"),
				.password = STR_LIT("x") };
			struct pop3_params params = { .tls = TLS_IMPLICIT, .sasl = sasl_new(&sp, NULL) };
			struct pop3_news news;
			enum pop3_event event = POP3_WAIT;
			struct pop3 p;
			struct buf uidl = { 0 };

			uid[n / 2] = bad ? '\x7f' : 'u';
			buf_printf(&uidl, "+OK\r\n1 %.*s\r\n.\r\n", (int)n, uid);
			uid[n / 2] = 'u';
			const char *const lines[] = { "+OK\r\n", "+OK\r\nUSER\r\nUIDL\r\n.\r\n", "+OK\r\n", "+OK\r\n",
				"+OK\r\nUSER\r\nUIDL\r\n.\r\n", "+OK 1 5\r\n", "+OK\r\n1 5\r\n.\r\n", buf_text(&uidl) };

			pop3_init(&p, &params);
			for (size_t i = 0; i < 8 && event == POP3_WAIT; i++) {
				/* Not every server is asked for its capabilities again. */
				if (i == 4 && str_starts(buf_str(&p.out), STR_LIT("STAT")))
					i++;
				buf_clear(&p.out);
				buf_add_text(&p.in, lines[i]);
				event = pop3_next(&p, &news);
			}
			size_t want = n <= 1000 && (!bad || n == 0) ? n : 0;

			check(event == POP3_READY && p.n_items == 1 && p.items[0].uid.n == want,
				"a UID of %zu octets%s: %zu taken", n, bad ? ", one of them a control" : "", want);
			pop3_free(&p);
			sasl_free(params.sasl);
			buf_free(&uidl);
		}
}

static void test_budgets(void)
{
	struct pop3_params params = { .tls = TLS_IMPLICIT };
	static const struct {
		const char *start;
		const char *more;
	} floods[] = { { "", "x" }, { "+OK\r\n", "+OK more and more" }, { "+OK\r\n+OK\r\n", "CAP\r\n" } };

	for (size_t i = 0; i < 3; i++) {
		struct pop3_news news;
		enum pop3_event event = POP3_WAIT;
		struct pop3 p;
		size_t n = 0;

		pop3_init(&p, &params);
		for (struct str s = str_of(floods[i].start); s.n > 0 && event == POP3_WAIT;) {
			struct str line = str_cut(&s, '\n');

			buf_add(&p.in, line);
			buf_add_char(&p.in, '\n');
			event = pop3_next(&p, &news);
		}
		for (; event == POP3_WAIT && n < 100000; n++) {
			buf_add_text(&p.in, floods[i].more);
			event = pop3_next(&p, &news);
		}
		check(event == POP3_FAILED && news.err.kind == ERR_PROTOCOL && n < 20000, "a flood ends (%zu)", n);
		pop3_free(&p);
	}
}

int main(void)
{
	play_all(logins, sizeof logins / sizeof *logins);
	play_all(steps, sizeof steps / sizeof *steps);
	play_all(lists, sizeof lists / sizeof *lists);
	play_all(messages, sizeof messages / sizeof *messages);
	test_questions();
	test_injection();
	test_commands();
	test_uids();
	test_budgets();
	return tap_done();
}
