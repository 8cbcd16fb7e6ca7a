#include <config.h>

#include "tests/smtp_child.h"

#include "cli/say.h"
#include "cmd/mailsend/compose/finished.h"
#include "cmd/mailsend/deliver/batch.h"
#include "cmd/mailsend/deliver/deliver.h"
#include "io/file.h"

/* Who shares a transaction, what is promised before the last octets leave, and what the whole comes to. */

#define MESSAGE \
	"From: a@example.org\nTo: b@example.org\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nMessage-ID: <1@example.org>\n\nText\n"

static char directory[] = "/tmp/pipemail-deliver-XXXXXX";

static void add(struct envelope *e, const char *list)
{
	struct err err = { 0 };

	if (!envelope_add_list(e, str_of(list), ERR_SOFTWARE, "test", &err))
		check(false, "%s", err.text);
}

static void many(struct envelope *e, size_t n)
{
	char address[40];

	*e = (struct envelope){ 0 };
	for (size_t i = 0; i < n; i++) {
		snprintf(address, sizeof address, "r%zu@example.org", i);
		add(e, address);
	}
}

/* The sizes of the transactions: "100 100 1". */
static const char *split(size_t n, uint64_t rcpt_max)
{
	static char text[2000];
	struct envelope e;
	struct batch b;
	size_t next = 0;
	bool last = false;

	many(&e, n);
	*text = '\0';
	while (batch_fill(&b, &e, rcpt_max, false, false)) {
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%zu", *text != '\0' ? " " : "", b.n);
		if (b.n > BATCH_MOST || last)
			return "too many";
		for (size_t i = 0; i < b.n; i++) {
			if (b.rcpts[i] != next++)
				return "not in order";
			e.rcpts[b.rcpts[i]].verdict = VERDICT_SENT;
		}
		last = b.last;
	}
	envelope_free(&e);
	return last == (n > 0) && next == n ? text : "not all";
}

static void test_split(void)
{
	static const struct {
		size_t n;
		uint64_t rcpt_max;
		const char *want;
	} cases[] = { { 0, 0, "" }, { 1, 0, "1" }, { 99, 0, "99" }, { 100, 0, "100" }, { 101, 0, "100 1" },
		{ 200, 0, "100 100" }, { 201, 0, "100 100 1" }, { 3, 1, "1 1 1" }, { 3, 2, "2 1" }, { 3, 3, "3" },
		{ 3, 4, "3" }, { 101, 99, "99 2" }, { 101, 100, "100 1" }, { 101, 101, "100 1" },
		{ 101, 1000, "100 1" }, { 250, UINT64_MAX, "100 100 50" }, { 250, (uint64_t)1 << 32, "100 100 50" } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_same(str_of(split(cases[i].n, cases[i].rcpt_max)), cases[i].want, "transactions");
}

/* The numbers of who is in the next transaction, "u" when it needs SMTPUTF8, "." when it is the last. */
static const char *next(const struct envelope *e, uint64_t rcpt_max, bool utf8_all, bool all_or_nothing)
{
	static char text[100];
	struct batch b;
	bool any = batch_fill(&b, e, rcpt_max, utf8_all, all_or_nothing);

	*text = '\0';
	for (size_t i = 0; i < b.n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%zu", b.rcpts[i]);
	snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", b.utf8 ? "u" : "", b.last ? "." : "",
		any ? "" : "!");
	return text;
}

static void test_utf8(void)
{
	struct envelope e = { 0 };

	add(&e, "a@example.org, j\xc3\xb6rg@example.org, b@example.org, \xc3\xa4@example.org");
	check_same(str_of(next(&e, 0, false, false)), "02", "who needs no SMTPUTF8 does not depend on it");
	e.rcpts[0].verdict = e.rcpts[2].verdict = VERDICT_SENT;
	check_same(str_of(next(&e, 0, false, false)), "13u.", "then the others");
	e.rcpts[0].verdict = e.rcpts[2].verdict = VERDICT_NONE;
	check_same(str_of(next(&e, 0, true, false)), "0123u.", "all of them when the message needs it");
	check_same(str_of(next(&e, 0, false, true)), "0123u.", "or when all of them have to be in one");
	check_same(str_of(next(&e, 3, false, true)), "012u", "which may not be had");
	check_same(str_of(next(&e, 1, false, true)), "0", "nor here");
	e.rcpts[1].verdict = VERDICT_REFUSED;
	e.rcpts[3].verdict = VERDICT_DEFERRED;
	check_same(str_of(next(&e, 0, false, true)), "02.", "who has a verdict is not asked again");
	e.rcpts[0].verdict = VERDICT_UNKNOWN;
	e.rcpts[2].verdict = VERDICT_NOT_SENT;
	check_same(str_of(next(&e, 0, false, false)), ".!", "nobody is left");
	envelope_free(&e);
}

/* As recipients go onto the wire (RFC 3461, 4.2), and each of them once. */
static void test_recipients(void)
{
	struct envelope e = { 0 };
	struct err err = { 0 };

	add(&e,
		"a+b=c@example.org, \"x y\"@example.org, A@b\xc3\xbc"
		"cher.example, j\xc3\xb6rg@example.org, a+b=c@EXAMPLE.org");
	check(e.n == 4, "one that is there already is not added");
	check_same(str_of(e.rcpts[0].orcpt), "rfc822;a+2Bb+3Dc@example.org", "xtext");
	check_same(str_of(e.rcpts[1].orcpt), "rfc822;\"x+20y\"@example.org", "a blank too");
	check_same(str_of(e.rcpts[2].wire), "A@xn--bcher-kva.example", "an international domain");
	check(e.rcpts[3].utf8 && e.rcpts[3].orcpt == NULL && !e.rcpts[2].utf8, "an international local part");
	static const char *const bad[] = { "a@@example.org", "a b@example.org", "@example.org", "a@",
		"a\nb@example.org", "a@example.org>" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check(!envelope_add_list(&e, str_of(bad[i]), ERR_USAGE, "test", &err) && err.kind == ERR_USAGE, "%s",
			err.text);
	check(!envelope_set_from(&e, "a\r\nb@example.org", ERR_USAGE, &err) && e.from == NULL, "%s", err.text);
	check(envelope_set_from(&e, "<>", ERR_USAGE, &err) && strcmp(e.from, "") == 0, "the empty sender");
	envelope_free(&e);
}

static void test_status(void)
{
	static const struct {
		const char *verdicts; /* s r d u n, - none */
		enum err_kind kind;
		bool message;
		int want;
	} cases[] = {
		{ "s", ERR_NONE, false, 0 },
		{ "ss", ERR_TEMP, false, 0 },
		{ "su", ERR_NONE, false, ERR_OUTCOME },
		{ "ur", ERR_TEMP, false, ERR_OUTCOME },
		{ "sr", ERR_NONE, false, ERR_PART },
		{ "sd", ERR_TEMP, false, ERR_PART },
		{ "sn", ERR_TEMP, false, ERR_PART },
		{ "dr", ERR_NONE, false, ERR_TEMP },
		{ "d", ERR_UNAVAILABLE, false, ERR_TEMP },
		{ "r", ERR_NONE, false, ERR_NOUSER },
		{ "rr", ERR_NONE, true, ERR_UNAVAILABLE },
		{ "rn", ERR_NONE, false, ERR_UNAVAILABLE },
		{ "n", ERR_NOHOST, false, ERR_NOHOST },
		{ "-", ERR_NONE, false, ERR_UNAVAILABLE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipient rcpts[2] = { 0 };
		struct envelope e = { .rcpts = rcpts, .n = strlen(cases[i].verdicts) };
		struct result r = { .err = { .kind = cases[i].kind }, .message_refused = cases[i].message };

		for (size_t k = 0; k < e.n; k++)
			rcpts[k].verdict = (enum verdict)(strchr("-srdun", cases[i].verdicts[k]) - "-srdun");
		check(report_status(&r, &e) == cases[i].want, "status of %s: %d", cases[i].verdicts, cases[i].want);
	}
}

/* --- with a server --- */

static struct smtp_child server;
static struct outgoing message;
static int asked;
static bool refuse;
static bool too_late;

static bool before(void *arg, struct err *err)
{
	(void)arg;
	asked++;
	too_late = too_late || strstr(smtp_child_log(&server), "mail ") != NULL;
	return !refuse || err_set(err, ERR_IO, "it cannot be written down");
}

static void send_to(struct envelope *e, const struct delivery_wants *wants, struct result *r)
{
	struct account account = { .tls = "off" };
	struct account_server s = { 0 };
	struct err err = { 0 };

	envelope_set_from(e, "a@example.org", ERR_SOFTWARE, NULL);
	if (!account_load(&account, NULL, NULL, &err) || !account_server(&account, server.url, false, &s, &err))
		check(false, "%s", err.text);
	deliver(&message, e, &s, wants, r);
	account_server_free(&s);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static size_t with(const struct envelope *e, enum verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++)
		n += e->rcpts[i].verdict == verdict;
	return n;
}

static void test_large(void)
{
	static const struct {
		const char *ehlo;
		size_t n, mails;
	} cases[] = { { "250-mx.example\r\n250 LIMITS RCPTMAX=1000", 250, 3 },
		{ "250-mx.example\r\n250 LIMITS RCPTMAX=100", 100, 1 },
		{ "250-mx.example\r\n250 LIMITS RCPTMAX=101", 101, 2 },
		{ "250-mx.example\r\n250 LIMITS RCPTMAX=2", 3, 2 }, { "250 mx.example", 101, 2 } };
	const struct delivery_wants wants = { .ends = INT64_MAX };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct envelope e;
		struct result r;

		smtp_child_start(&server, directory, cases[i].ehlo);
		many(&e, cases[i].n);
		send_to(&e, &wants, &r);
		const char *log = smtp_child_took(&server);

		check(with(&e, VERDICT_SENT) == cases[i].n && r.err.kind == ERR_NONE, "%zu recipients, all sent: %s",
			cases[i].n, r.err.text);
		check(count(log, "mail ") == cases[i].mails && count(log, "@example.org") == cases[i].n,
			"in %zu transactions", cases[i].mails);
		envelope_free(&e);
		smtp_child_end(&server);
	}
}

static void test_all_or_nothing(void)
{
	const struct delivery_wants wants = { .ends = INT64_MAX, .all_or_nothing = true };
	struct envelope e;
	struct result r;

	smtp_child_start(&server, directory, "250 mx.example");
	many(&e, 101);
	send_to(&e, &wants, &r);
	check(*smtp_child_took(&server) == '\0' && with(&e, VERDICT_NOT_SENT) == 101 && r.err.kind == ERR_UNAVAILABLE,
		"%s", r.err.text);
	envelope_free(&e);
	many(&e, 100);
	send_to(&e, &wants, &r);
	check(count(smtp_child_took(&server), "mail ") == 1 && with(&e, VERDICT_SENT) == 100,
		"one transaction holds 100");
	envelope_free(&e);
	many(&e, 2);
	add(&e, "bad@example.org");
	send_to(&e, &wants, &r);
	check(strstr(smtp_child_took(&server), "mail ") == NULL && with(&e, VERDICT_NOT_SENT) == 2 &&
			e.rcpts[2].verdict == VERDICT_REFUSED,
		"one is refused: nobody gets it");
	envelope_free(&e);
	smtp_child_end(&server);
	smtp_child_start(&server, directory, "250-mx.example\r\n250 LIMITS RCPTMAX=2");
	many(&e, 3);
	send_to(&e, &wants, &r);
	check(*smtp_child_took(&server) == '\0' && with(&e, VERDICT_NOT_SENT) == 3,
		"a server that takes two at a time: %s", r.err.text);
	envelope_free(&e);
	smtp_child_end(&server);
}

static void test_before(void)
{
	const struct delivery_wants wants = { .ends = INT64_MAX, .before = before };
	struct envelope e;
	struct result r;

	smtp_child_start(&server, directory, "250-mx.example\r\n250 LIMITS RCPTMAX=2");
	many(&e, 2);
	asked = 0;
	too_late = refuse = false;
	send_to(&e, &wants, &r);
	check(asked == 1 && !too_late && with(&e, VERDICT_SENT) == 2, "asked once, before the message left");
	envelope_free(&e);
	smtp_child_took(&server);
	many(&e, 5);
	asked = 0;
	send_to(&e, &wants, &r);
	check(asked == 1 && !too_late && with(&e, VERDICT_SENT) == 5, "once for all transactions");
	envelope_free(&e);
	smtp_child_took(&server);
	many(&e, 5);
	refuse = true;
	asked = 0;
	send_to(&e, &wants, &r);
	check(strstr(smtp_child_took(&server), "mail ") == NULL && r.err.kind == ERR_IO, "who says no is heard: %s",
		r.err.text);
	check(asked == 1 && with(&e, VERDICT_NOT_SENT) == 5, "nobody got it, and nobody is in doubt");
	envelope_free(&e);
	many(&e, 0);
	add(&e, "bad@example.org");
	asked = 0;
	send_to(&e, &wants, &r);
	check(asked == 0 && e.rcpts[0].verdict == VERDICT_REFUSED, "nothing leaves for those who are refused");
	envelope_free(&e);
	smtp_child_end(&server);
}

static void test_verdicts(void)
{
	const struct delivery_wants wants = { .ends = INT64_MAX };
	struct envelope e = { 0 };
	struct result r;

	smtp_child_start(&server, directory, "250 mx.example");
	add(&e, "a@example.org, bad@example.org, later@example.org");
	send_to(&e, &wants, &r);
	check(e.rcpts[0].verdict == VERDICT_SENT && e.rcpts[1].verdict == VERDICT_REFUSED &&
			e.rcpts[2].verdict == VERDICT_DEFERRED && strcmp(r.queue_id, "X1") == 0,
		"each its own");
	check(e.rcpts[1].code == 550 && strcmp(e.rcpts[1].enhanced, "5.1.1") == 0 && e.rcpts[2].code == 450,
		"with its words");
	envelope_free(&e);
	add(&e, "lose@example.org, bad@example.org");
	send_to(&e, &wants, &r);
	check(e.rcpts[0].verdict == VERDICT_UNKNOWN && e.rcpts[1].verdict == VERDICT_REFUSED,
		"no reply to the message: unknown");
	envelope_free(&e);
	add(&e, "a@example.org, j\xc3\xb6rg@example.org");
	send_to(&e, &wants, &r);
	check(e.rcpts[0].verdict == VERDICT_SENT && e.rcpts[1].verdict == VERDICT_REFUSED &&
			strcmp(e.rcpts[1].enhanced, "5.6.7") == 0,
		"who needs SMTPUTF8 does not get it from a server without");
	envelope_free(&e);
	add(&e, "eat@example.org");
	send_to(&e, &wants, &r);
	check(e.rcpts[0].verdict == VERDICT_REFUSED && r.message_refused && report_status(&r, &e) == ERR_UNAVAILABLE,
		"the message is refused");
	envelope_free(&e);
	add(&e, "closing@example.org, bad@example.org");
	send_to(&e, &wants, &r);
	check(e.rcpts[0].verdict == VERDICT_DEFERRED && e.rcpts[0].code == 421 && e.rcpts[1].verdict == VERDICT_REFUSED,
		"a server that is closing puts off");
	envelope_free(&e);
	smtp_child_end(&server);
	add(&e, "a@example.org");
	send_to(&e, &wants, &r);
	check(e.rcpts[0].verdict == VERDICT_NOT_SENT && r.connected == 0 && r.err.kind != ERR_NONE,
		"nobody listens: %s", r.err.text);
	envelope_free(&e);
}

int main(void)
{
	char command[200];
	char path[200];
	struct err err = { 0 };
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(directory) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		abort();
	say_init("mailsend");
	setenv("HOME", directory, 1);
	setenv("XDG_CONFIG_HOME", directory, 1);
	snprintf(path, sizeof path, "%s/message", directory);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || !file_write(fd, STR_LIT(MESSAGE), path, NULL) || close(fd) < 0 ||
		!finished_open(&message, path, &err))
		abort();
	test_split();
	test_utf8();
	test_recipients();
	test_status();
	test_large();
	test_all_or_nothing();
	test_before();
	test_verdicts();
	outgoing_free(&message);
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
