#include <config.h>

#include "tests/mailbulk_engine.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "text/hex.h"

/* Which rows go now, in which message and on which session: batches, windows, limits, pauses, what an earlier run says
 * of a row, and when the journal has to know of it. */

static struct bench b;
static struct engine *const e = &b.e;

/* In a new turn. */
static size_t admit(void)
{
	book_commit(&e->book, &b.err);
	return engine_admit(e);
}

/* The next row, in a new turn. */
static const struct ticket *ahead(void)
{
	book_commit(&e->book, &b.err);
	return line_head(e);
}

/* Take it, as a session does. */
static struct waiting take(void)
{
	const struct values *v;
	struct ticket t;

	check(line_take(e, &t, &v), "it is taken");
	mem_free(t.email);
	return t.row;
}

/* A list of n rows r0@d0.example, r1@d1.example… in so many domains. */
static const char *rows(unsigned n, unsigned domains)
{
	static struct buf list;

	buf_clear(&list);
	buf_add_text(&list, "email\n");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&list, "r%u@d%u.example\n", i, i % domains);
	return buf_text(&list);
}

/* So many sessions that are up; each has room for one message until the server has shown what it can do. */
static void up(size_t n, const char *offers)
{
	for (size_t i = 0; i < n; i++)
		bench_up(&b, i, 0, offers);
}

/* A text that is the same for all, and so goes to many at once. */
static void begin_same(unsigned n, size_t peers, const char *const *options)
{
	bench_put("same.eml", "From: News <news@x.example>\nTo: list@x.example\nSubject: x\n\ntext\n");
	bench_template = "same.eml";
	bench_begin(&b, rows(n, 3), peers, false, options);
	bench_template = "t.eml";
	e->left = n;
	bench_campaign(&b);
}

static void begin(unsigned n, size_t peers, const char *const *options)
{
	bench_begin(&b, rows(n, 3), peers, false, options);
	e->left = n;
	bench_campaign(&b);
}

/* How many recipients each message under way has: "50 50 20". */
static const char *batches(void)
{
	static char text[2000];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < e->n_jobs; i++)
		if (e->jobs[i].used)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%zu", n > 0 ? " " : "", e->jobs[i].n);
	return text;
}

/* --- recipients of one message --- */

static void test_batches(void)
{
	static const struct {
		const char *offers;
		size_t learnt;
		const char *batches;
	} t[] = {
		{ "", 0, "50 50 20" },
		{ "250-LIMITS RCPTMAX=1000\r\n", 0, "50 50 20" },
		{ "250-LIMITS RCPTMAX=100\r\n", 0, "50 50 20" },
		{ "250-LIMITS RCPTMAX=101\r\n", 0, "50 50 20" },
		{ "250-LIMITS RCPTMAX=51\r\n", 0, "50 50 20" },
		{ "250-LIMITS RCPTMAX=50\r\n", 0, "50 50 20" },
		{ "250-LIMITS RCPTMAX=49\r\n", 0, "49 49 22" },
		{ "250-LIMITS RCPTMAX=18446744073709551615\r\n", 0, "50 50 20" },
		{ "", 49, "49 49 22" },
		{ "", 51, "50 50 20" },
		{ "", 1000, "50 50 20" },
		{ "250-LIMITS RCPTMAX=40\r\n", 45, "40 40 40" },
		{ "250-LIMITS RCPTMAX=45\r\n", 40, "40 40 40" },
		{ "250-LIMITS RCPTMAX=1\r\n", 0, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1" },
		{ "250-LIMITS RCPTDOMAINMAX=10\r\n", 0, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1" },
		{ "", 1, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		begin_same(120, 16, NO_OPTIONS);
		b.relays[0].rcpt_most = t[i].learnt;
		up(16, t[i].offers);
		admit();
		check_same(str_of(batches()), t[i].batches, t[i].offers);
		bench_end(&b);
	}
	begin_same(120, 1, OPTIONS("--test", "me@test.example", "--limit", "5"));
	up(1, "");
	admit();
	check(e->jobs[0].n == 1 && strcmp(e->jobs[0].tickets[0].email, "me@test.example") == 0,
		"a test's messages go one by one, all to one address");
	bench_end(&b);
	begin(120, 16, NO_OPTIONS);
	up(16, "");
	admit();
	check_same(str_of(batches()), "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "so do messages that differ");
	check(e->jobs[0].tickets[0].row.attempts == 1 && e->under_way == 16 && e->peers[0].taken == 1 &&
			e->peers[0].jobs == 1,
		"each is one try");
	step_peer(e, &e->peers[0]);
	check(bench_count(&b, 0, "RCPT TO:<r0@d0.example>") == 1, "the server hears of them");
	bench_end(&b);
}

/* Rows that may have ended a connection go alone. */
static void test_suspects(void)
{
	const struct err lost = { .kind = ERR_TEMP, .text = "lost" };

	begin_same(7, 6, NO_OPTIONS);
	b.relays[0].rcpt_most = 3;
	up(1, "");
	b.relays[0].limit = 1;
	admit();
	check_same(str_of(batches()), "3", "a batch");
	step_peer(e, &e->peers[0]);
	peer_end(e, &e->peers[0], &lost);
	check(e->queue.n == 3 && e->under_way == 0, "a lost connection leaves its rows");
	b.relays[0].rcpt_most = 0;
	b.relays[0].limit = 6;
	up(6, "");
	admit();
	check_same(str_of(batches()), "1 1 1 4", "they go alone, the others together");
	check(e->jobs[0].tickets[0].row.attempts == 2 && e->jobs[3].tickets[0].row.attempts == 1,
		"for the second time");
	bench_end(&b);
	/* Others that are looked at before a suspect go without it. */
	begin_same(7, 6, NO_OPTIONS);
	b.relays[0].rcpt_most = 1;
	up(1, "");
	b.relays[0].limit = 1;
	check(admit() == 1 && line_head(e) != NULL, "a row is looked at ahead");
	step_peer(e, &e->peers[0]);
	peer_end(e, &e->peers[0], &lost);
	b.relays[0].rcpt_most = 3;
	b.relays[0].limit = 6;
	up(6, "");
	admit();
	check_same(str_of(batches()), "1 3 3", "those ahead do not take a suspect with them");
	bench_end(&b);
}

/* --- sessions --- */

static void test_room(void)
{
	begin(100, 3, NO_OPTIONS);
	up(3, "");
	b.relays[0].limit = 1.9;
	admit();
	check(e->peers[0].jobs == 1 && e->peers[1].jobs == 0 && e->peers[2].jobs == 0 && e->peers[1].quitting &&
			e->peers[2].quitting && !e->peers[0].quitting,
		"only as many sessions as the relay's limit; others that idle are let go");
	bench_end(&b);

	begin(100, 3, NO_OPTIONS);
	up(3, "");
	b.relays[0].limit = 2;
	e->peers[2].jobs = 1; /* it has work */
	admit();
	check(e->peers[0].jobs == 1 && e->peers[1].jobs == 1 && e->peers[2].jobs == 1 && !e->peers[2].quitting,
		"two, and one that has work may end it");
	e->peers[2].jobs = 0;
	bench_end(&b);

	begin(100, 2, NO_OPTIONS);
	bench_up(&b, 0, 1, "");
	bench_up(&b, 1, 0, "");
	b.relays[0].limit = b.relays[1].limit = 1;
	check(admit() == 2, "each relay has its own limit");
	bench_end(&b);

	begin(100, 1, NO_OPTIONS);
	up(1, "");
	e->peers[0].jobs = WINDOW_MESSAGES;
	check(admit() == 0, "sixteen messages are enough for a session");
	e->peers[0].jobs = WINDOW_MESSAGES - 1;
	check(admit() == 1, "fifteen are not");
	e->peers[0].jobs = 1;
	bench_end(&b);

	begin(2, 3, NO_OPTIONS);
	up(3, "");
	check(admit() == 2 && e->peers[0].jobs == 1 && e->peers[1].jobs == 1, "work spreads");
	check(admit() == 0 && e->list_ended && !engine_more(e), "and ends");
	bench_end(&b);

	for (int i = 0; i < 6; i++) {
		begin(4, 1, NO_OPTIONS);
		up(1, "");
		e->peers[0].ready = i != 0;
		e->peers[0].quitting = i == 1;
		b.relays[0].pause_until = i == 2 ? BENCH_NOW + 1 : i == 3 ? BENCH_NOW : 0;
		b.relays[0].dead = i == 4;
		if (i == 5)
			engine_stop(e, NULL);
		check(admit() == (i == 3), "not ready, quitting, pausing, given up, stopping: %d", i);
		bench_end(&b);
	}
}

/* After how many messages a session says QUIT with the last: what was asked for, or less as the server taught. */
static void test_per_connection(void)
{
	static const struct {
		const char *asked;
		uint64_t learnt;
		uint64_t most;
	} t[] = { { "3", 0, 3 }, { "0", 3, 3 }, { "3", 4, 3 }, { "4", 3, 3 }, { "0", 0, 6 }, { "1", 0, 1 } };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		begin(6, 1, OPTIONS("--messages-per-connection", t[i].asked));
		struct peer *p = &e->peers[0];

		b.relays[0].per_connection = t[i].learnt;
		up(1, "");
		while (p->state == PEER_UP && admit() > 0) {
			check(p->quitting == (t[i].most < 6 && p->taken == t[i].most),
				"it quits with its last message");
			bench_serves(&b, 0);
		}
		check(e->results.counts[RESULT_SENT] == t[i].most && (p->state == PEER_FREE) == (t[i].most < 6),
			"%s asked, %u learnt: %u, then QUIT", t[i].asked, (unsigned)t[i].learnt,
			(unsigned)e->results.counts[RESULT_SENT]);
		check(e->relays[0].failures == 0 && e->queue.n == 0, "which harms nobody");
		bench_end(&b);
	}
}

static size_t opening(void)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_peers; i++)
		n += e->peers[i].state == PEER_OPENING;
	return n;
}

/* Connections are opened as there is work, to the relay that has fewest. */
static void test_dialling(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", bench_path("socket"));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 50) != 0)
		abort();
	for (int i = 0; i < 10; i++) {
		static const size_t want[] = { 1, 5, 4, 2, 0, 0, 0, 0, 3, 5 };
		unsigned n = i == 2 ? 4 : i == 9 ? 5 : 30;

		begin(n, 5, NO_OPTIONS);
		for (size_t r = 0; r < 2; r++) {
			b.relays[r].server.target.path = address.sun_path;
			b.relays[r].greeted = i != 0;
		}
		b.relays[0].limit = i == 3 ? 2.9 : 5;
		b.relays[0].pause_until = i == 4 ? BENCH_NOW + 1 : 0;
		b.relays[0].dead = i == 5;
		if (i == 6)
			e->pace.left = 0;
		if (i == 7)
			engine_stop(e, NULL);
		if (i == 8) {
			/* Two that idle take two rows themselves. */
			b.relays[0].open = 2;
			e->peers[0] = (struct peer){ .state = PEER_OPENING, .relay = &b.relays[0] };
			e->peers[1] = (struct peer){ .state = PEER_OPENING, .relay = &b.relays[0] };
		}
		admit();
		check(opening() - (i == 8 ? 2 : 0) == want[i], "connections that are opened, %d: %zu", i, opening());
		bench_end(&b);
	}
	/* Rows that are due again are work, too. */
	begin_same(3, 5, NO_OPTIONS);
	b.relays[0].server.target.path = address.sun_path;
	up(1, "");
	admit();
	step_peer(e, &e->peers[0]);
	peer_end(e, &e->peers[0], &(struct err){ .kind = ERR_TEMP, .text = "lost" });
	admit();
	check(e->left == 0 && opening() == 3, "three rows, three connections: %zu", opening());
	bench_end(&b);
	begin(30, 5, NO_OPTIONS);
	e->n_relays = 2;
	for (size_t r = 0; r < 2; r++) {
		b.relays[r].server.target.path = address.sun_path;
		b.relays[r].greeted = true;
	}
	b.relays[0].open = 1;
	admit();
	check(b.relays[0].open == 3 && b.relays[1].open == 3, "to the relay that has fewest: %zu %zu", b.relays[0].open,
		b.relays[1].open);
	bench_end(&b);
	close(fd);
}

/* --- how fast --- */

static void test_pace(void)
{
	begin_same(30, 2, NO_OPTIONS);
	up(2, "");
	e->pace.left = 3;
	admit();
	check_same(str_of(batches()), "3", "no batch is larger than what a warm-up leaves");
	check(e->pace.left == 0 && admit() == 0, "then nothing goes");
	bench_end(&b);

	begin(30, 4, OPTIONS("--rate", "10/s"));
	up(4, "");
	check(admit() == 1 && engine_admit_due(e) == BENCH_NOW + CLOCK_SECOND / 10,
		"a rate: one, then a tenth of a second");
	e->now += CLOCK_SECOND / 10 - 1;
	check(admit() == 0, "not before");
	e->now += 1;
	check(admit() == 1, "then the next");
	bench_end(&b);

	begin(5, 6, OPTIONS("--domain-rate", "d0.example=1/s"));
	up(6, "");
	check(admit() == 4 && e->queue.n == 1 && engine_admit_due(e) == BENCH_NOW + CLOCK_SECOND,
		"a domain's second row waits, the others do not");
	e->now += CLOCK_SECOND;
	check(admit() == 1 && e->queue.n == 0 && !engine_more(e) && engine_admit_due(e) == INT64_MAX,
		"and goes in its time");
	check(strcmp(e->jobs[4].tickets[0].email, "r3@d0.example") == 0 && strlen(e->jobs[4].tickets[0].key) == 32,
		"as who it is");
	bench_end(&b);

	/* A provider that pushed back. */
	begin(5, 6, NO_OPTIONS);
	up(6, "");
	provider_pushed_back(provider_of(&e->providers, STR_LIT("x@d1.example")), BENCH_NOW, false);
	check(admit() == 3 && e->providers.held == 2 && engine_more(e) &&
			engine_admit_due(e) == BENCH_NOW + CLOCK_SECOND / 4,
		"its rows wait for it");
	e->now += CLOCK_SECOND / 4;
	check(admit() == 1 && e->providers.held == 1, "and go slowly");
	bench_end(&b);

	begin(5, 1, NO_OPTIONS);
	up(1, "");
	b.relays[0].pause_until = BENCH_NOW + 7;
	b.relays[1].pause_until = BENCH_NOW + 3;
	check(engine_admit_due(e) == BENCH_NOW + 7, "a relay's pause is waited for, nobody else's");
	b.relays[0].dead = true;
	check(engine_admit_due(e) == INT64_MAX, "not that of one that was given up");
	b.relays[0].dead = false;
	engine_stop(e, NULL);
	check(engine_admit_due(e) == INT64_MAX, "and none when the run ends");
	bench_end(&b);
}

/* A long stretch of rows that are only skipped does not hold up the others. */
static void test_hurry(void)
{
	struct buf list = { 0 };

	buf_add_text(&list, "email\n");
	for (int i = 0; i < 1500; i++)
		buf_add_text(&list, "no address\n");
	buf_add_text(&list, "a@x.example\n");
	bench_begin(&b, buf_text(&list), 1, false, NO_OPTIONS);
	e->left = 1;
	check(line_head(e) == NULL && e->hurry && e->bad == 1001 && !e->list_ended, "after 1001 rows: %u",
		(unsigned)e->bad);
	check(line_head(e) != NULL && !e->hurry && e->bad == 1500 && line_left(e) == 1, "and on");
	check(line_head(e) != NULL && line_left(e) == 1 && e->left == 0, "one row ahead is enough");
	bench_end(&b);
	buf_free(&list);
}

/* --- rows that cannot go --- */

static void test_bad(void)
{
	bench_put("name.eml", "From: News <news@x.example>\nTo: {{email}}\nSubject: {{name}}\n\ntext\n");
	bench_template = "name.eml";
	bench_begin(&b,
		"email,name\na@x.example,A\nb@x.example,\"B\nBcc: c@x.example\"\nb@x.example,B\nnone,C\nc@x.example,C\n",
		3, false, NO_OPTIONS);
	bench_template = "t.eml";
	up(3, "");
	check(admit() == 2 && e->bad == 2 && e->under_way == 2, "two rows of five can be sent: %u bad",
		(unsigned)e->bad);
	check_results(&b, "b skipped; none skipped; b skipped", "the others are told");
	check(e->peers[0].taken == 1 && e->peers[1].taken == 1 && e->peers[2].taken == 0, "and take nobody's place");
	bench_end(&b);
	bench_put("left.csv", "email\nr1@d1.example\n");
	begin(3, 3, OPTIONS("--suppress", bench_path("left.csv")));
	up(3, "");
	check(admit() == 2, "who is suppressed is not sent to");
	check_results(&b, "r1 skipped", "but told");
	bench_end(&b);
}

/* --- earlier runs --- */

/* Five rows: new, deferred, sent, refused, trying, unknown; which of them go now? */
static void earlier(const char *const *options, bool test, const char *want_sent, const char *want_told)
{
	static const enum ledger_state states[] = { LEDGER_NEW, LEDGER_DEFERRED, LEDGER_SENT, LEDGER_REFUSED,
		LEDGER_TRYING, LEDGER_UNKNOWN };
	const struct ledger_words words = { 550, STR_LIT("5.1.1"), STR_LIT("no"), STR_LIT("no-mailbox"),
		STR_LIT("rcpt"), STR_LIT("id@x.example"), STR_LIT(""), 0, 0 };
	struct buf sent = { 0 };
	struct err why;

	begin(6, 1, NO_OPTIONS);
	for (size_t i = 0; selection_next(&e->selection, &why) == CHOICE_TAKEN; i++) {
		const struct values *v = &e->selection.values;

		if (states[i] == LEDGER_NEW)
			continue;
		if (states[i] == LEDGER_TRYING)
			book_trying(&e->book, v->key, "r@d.example", STR_LIT("id@x.example"));
		else
			book_verdict(&e->book, states[i], v->key, "r@d.example", &words, true);
	}
	bench_records(&b);
	bench_end(&b);
	bench_begin(&b, rows(6, 3), 7, true, options);
	e->book.used = !test;
	e->left = 6;
	up(7, "");
	admit();
	for (size_t i = 0; i < e->under_way; i++)
		buf_printf(&sent, "%s%.2s", i > 0 ? " " : "", e->jobs[i].tickets[0].email);
	check_same(buf_str(&sent), want_sent, "who goes");
	check_results(&b, want_told, "who is told");
	check(e->earlier_bad == (str_search(str_of(want_told), STR_LIT("r3")) < strlen(want_told)),
		"who was refused counts");
	bench_end(&b);
	buf_free(&sent);
}

static void test_earlier(void)
{
#define SENT "r2 skipped no-mailbox"
#define REFUSED "r3 skipped no-mailbox"
#define DOUBT "r4 unknown; r5 unknown no-mailbox"

	earlier(NO_OPTIONS, false, "r0 r1", SENT "; " REFUSED "; " DOUBT);
	earlier(OPTIONS("--resend-unknown"), false, "r0 r1 r4 r5", SENT "; " REFUSED);
	earlier(OPTIONS("--retry-refused"), false, "r0 r1 r3", SENT "; " DOUBT);
	earlier(OPTIONS("--retry-refused=no-mailbox"), false, "r0 r1 r3", SENT "; " DOUBT);
	earlier(OPTIONS("--retry-refused=content,no-domain"), false, "r0 r1", SENT "; " REFUSED "; " DOUBT);
	earlier(OPTIONS("--retry-refused", "--resend-unknown"), false, "r0 r1 r3 r4 r5", SENT);
	earlier(OPTIONS("--test", "me@test.example", "--limit", "6"), true, "me me me me me me", "");
}

static bool told(const char *text)
{
	struct str out = buf_str(&e->results.out);

	return str_search(out, str_of(text)) < out.n;
}

/* Whose words a settled row is told with, and under which address. */
static void test_words(void)
{
	const struct ledger_words words = { .code = 250,
		.enhanced = STR_LIT("2.0.0"),
		.reply = STR_LIT("queued as A"),
		.stage = STR_LIT("content"),
		.message_id = STR_LIT("id@x.example") };
	static const char list[] = "email\nAnn@B\xc3\xbc"
				   "cher.example\nb@x.example\nc@x.example\n";
	struct err why;

	bench_begin(&b, list, 1, false, NO_OPTIONS);
	bench_campaign(&b);
	for (int i = 0; i < 2; i++) {
		selection_next(&e->selection, &why);
		book_verdict(&e->book, i == 0 ? LEDGER_SENT : LEDGER_UNKNOWN, e->selection.values.key, "x@x.example",
			&words, true);
	}
	bench_records(&b);
	bench_end(&b);
	bench_begin(&b, list, 1, true, NO_OPTIONS);
	check(ahead() != NULL &&
			told("Ann@B\xc3\xbc"
			     "cher.example,skipped,250,2.0.0,queued as A,0,id@x.example,"),
		"what was sent is told with the server's words");
	check(told("b@x.example,unknown,250,2.0.0,an earlier run ended") &&
			!told("b@x.example,unknown,250,2.0.0,queued"),
		"what is in doubt with ours");
	bench_end(&b);
	bench_begin(&b, list, 1, false, NO_OPTIONS);
	check(ahead() != NULL && strcmp(line_head(e)->email, "Ann@xn--bcher-kva.example") == 0 &&
			strcmp(line_head(e)->written,
				"Ann@B\xc3\xbc"
				"cher.example") == 0,
		"the server gets A-labels, the results what the list has");
	bench_end(&b);
	bench_begin(&b, list, 1, false, OPTIONS("--test", "me@test.example"));
	check(ahead() != NULL && strcmp(line_head(e)->email, "me@test.example") == 0 &&
			strcmp(line_head(e)->written, "me@test.example") == 0,
		"a test is told as one");
	bench_end(&b);
}

/* A row whose time has come, while its provider pauses: it waits for that, in one place. */
static void test_again(void)
{
	begin(1, 1, NO_OPTIONS);
	check(ahead() != NULL, "a row");
	struct waiting w = take();

	w.due = BENCH_NOW;
	w.drops = 1;
	w.attempts = 3;
	queue_push(&e->queue, &w);
	provider_pushed_back(provider_of(&e->providers, STR_LIT("x@d0.example")), BENCH_NOW, false);
	check(ahead() == NULL && e->queue.n == 0 && e->providers.held == 1, "it is held, and does not go");
	e->now += CLOCK_SECOND / 4;
	check(ahead() != NULL && e->queue.n == 0 && e->providers.held == 0 && line_head(e)->row.drops == 1 &&
			line_head(e)->row.attempts == 3,
		"then it goes, once, with what is known of it");
	bench_end(&b);
}

/* A list that was changed stops the run, and the row that waited keeps its place. */
static void test_changed(void)
{
	begin(3, 1, OPTIONS("--domain-rate", "*=1/s"));
	e->line.most = 1;
	e->pace.left = 10;
	check(line_head(e) != NULL, "a row");
	struct waiting w;

	check(line_drain(e, &w), "is taken out");
	w.due = BENCH_NOW;
	queue_push(&e->queue, &w);
	bench_put("list.csv", "email\nx@x.example\n");
	check(line_head(e) == NULL && e->stopping && e->why.kind == ERR_IO && e->queue.n == 1,
		"a list that was changed: %s", e->why.text);
	engine_leave(e, "over");
	check(e->list_ended && e->queue.n == 0 && e->results.counts[RESULT_DEFERRED] >= 1, "the row has its result");
	bench_end(&b);
}

/* Rows that are left, at the end: each has one result. */
static void test_left(void)
{
	struct waiting w;

	begin(6, 3, OPTIONS("--domain-rate", "d0.example=1/h"));
	up(3, "");
	provider_pushed_back(provider_of(&e->providers, STR_LIT("x@d1.example")), BENCH_NOW, false);
	e->pace.left = 2;
	check(admit() == 2, "two go: r0 and r2");
	e->pace.left = 1;
	book_commit(&e->book, &b.err);
	check(line_head(e) != NULL && strcmp(line_head(e)->email, "r5@d2.example") == 0,
		"r1, r3 and r4 wait, r5 is looked at");
	check(e->queue.n == 1 && e->providers.held == 2, "one for its rate, two for their provider");
	check(provider_take(&e->providers, BENCH_NOW + CLOCK_SECOND, &w), "one of them was tried before");
	w.attempts = 1;
	queue_push(&e->queue, &w);
	engine_leave(e, "over");
	struct str results = bench_results(&b);

	check(str_search(results, STR_LIT("r0")) == results.n && str_search(results, STR_LIT("r2")) == results.n,
		"not those that went: %.*s", STR_ARGS(results));
	check(str_search(results, STR_LIT("r3 deferred not-tried")) < results.n &&
			str_search(results, STR_LIT("r5 deferred not-tried")) < results.n &&
			str_search(results, STR_LIT("r1 deferred;")) < results.n &&
			str_search(results, STR_LIT("r4 deferred not-tried")) < results.n,
		"each that waited, and whether it was tried: %.*s", STR_ARGS(results));
	check(str_count(results, ';') == 3 && e->queue.n == 0 && e->providers.held == 0 && line_left(e) == 0, "once");
	bench_end(&b);

	begin(4, 1, OPTIONS("--limit", "3"));
	engine_leave(e, "over");
	check_results(&b, "r0 deferred not-tried; r1 deferred not-tried; r2 deferred not-tried",
		"rows that were not come to");
	check(e->list_ended, "to the end of the run's share");
	bench_end(&b);
}

/* --- one message, octet by octet --- */

/* Its T is in the journal before its last octets can leave, and not long before. */
static void test_trying(void)
{
	struct buf text = { 0 };

	buf_add_text(&text, "From: News <news@x.example>\nTo: {{email}}\nSubject: x\n\n");
	for (int i = 0; i < 5000; i++)
		buf_printf(&text, "line %d of a text that does not fit into what is written at once\n", i);
	bench_put("long.eml", buf_text(&text));
	buf_free(&text);
	bench_template = "long.eml";
	bench_begin(&b, rows(1, 1), 1, false, NO_OPTIONS);
	bench_template = "t.eml";
	bench_campaign(&b);
	bench_up(&b, 0, 0, "");
	check(admit() == 1, "a long message");
	step_peer(e, &e->peers[0]);
	bench_says(&b, 0, "250 ok\r\n250 ok\r\n354 go on\r\n");
	int turns = 0;

	for (; bench_count(&b, 0, "\r\n.\r\n") == 0 && turns < 20; turns++) {
		check_records(&b, "", "in the middle of it nothing is tried");
		buf_clear(&e->peers[0].smtp.out);
		step_peer(e, &e->peers[0]);
	}
	check(turns >= 2 && turns < 20, "it took %d turns", turns);
	check_records(&b, "T r0", "before its end leaves the journal says so");
	e->now += 5;
	bench_says(&b, 0, "250 2.0.0 queued\r\n");
	check_records(&b, "S r0", "accepted");
	check_results(&b, "r0 sent", "and told");
	check(e->under_way == 0 && e->peers[0].finished == 1 && e->peers[0].jobs == 0 &&
			e->peers[0].idle_since == BENCH_NOW + 5,
		"it is over");
	bench_end(&b);
}

/* With a journal that cannot be written no message comes to its end. */
static void test_journal_failed(void)
{
	begin(1, 1, NO_OPTIONS);
	bench_up(&b, 0, 0, "");
	admit();
	step_peer(e, &e->peers[0]);
	e->book.journal.failed = true;
	bench_says(&b, 0, "250 ok\r\n250 ok\r\n354 go on\r\n");
	check(e->peers[0].state == PEER_FREE && e->under_way == 0, "the session ends in the middle of the message");
	struct str results = bench_results(&b);

	check(str_search(results, STR_LIT("sent")) == results.n, "nothing is sent: %.*s", STR_ARGS(results));
	bench_end(&b);
}

/* A refused recipient, a refused message, an answer that never comes. */
static void test_verdicts(void)
{
	const struct err lost = { .kind = ERR_TEMP, .text = "lost" };

	begin_same(3, 1, NO_OPTIONS);
	b.relays[0].rcpt_most = 2;
	bench_up(&b, 0, 0, "");
	admit();
	step_peer(e, &e->peers[0]);
	bench_says(&b, 0, "250 ok\r\n550 5.1.1 no such user\r\n250 ok\r\n354 go on\r\n");
	check_records(&b, "F r0; T r1", "one is refused, the other is being sent");
	bench_says(&b, 0, "250 queued\r\n");
	check_records(&b, "S r1", "and sent");
	check_results(&b, "r0 refused no-mailbox; r1 sent", "both are told");
	admit();
	step_peer(e, &e->peers[0]);
	bench_says(&b, 0, "250 ok\r\n250 ok\r\n550 5.1.1 no such user\r\n503 no recipients\r\n");
	check_records(&b, "F r2", "a message that has nobody left is not sent");
	check(e->under_way == 0 && e->peers[0].finished == 2, "both have their end");
	bench_end(&b);

	begin(3, 1, NO_OPTIONS);
	up(1, "");
	admit();
	step_peer(e, &e->peers[0]);
	bench_says(&b, 0, "250 ok\r\n250 ok\r\n354 go on\r\n");
	bench_says(&b, 0, "250 ok\r\n");
	check(admit() == 2, "then two at once");
	step_peer(e, &e->peers[0]);
	bench_says(&b, 0, "250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n");
	buf_clear(&e->peers[0].smtp.out);
	check_records(&b, "T r0; S r0; T r1", "sent whole");
	peer_end(e, &e->peers[0], &lost);
	check_records(&b, "U r1; D r2", "and no answer came");
	check_results(&b, "r0 sent; r1 unknown", "which is told");
	check(e->queue.n == 1 && e->under_way == 0 && e->queue.heap[0].drops == 0 && e->queue.heap[0].attempts == 0,
		"the next was not sent");
	bench_end(&b);
}

/* A session that says 421 while it idles has told after how many messages it closes. */
static void test_closing(void)
{
	begin(3, 1, NO_OPTIONS);
	bench_up(&b, 0, 0, "");
	engine_admit(e);
	bench_serves(&b, 0);
	bench_says(&b, 0, "421 4.3.2 closing\r\n");
	check(e->peers[0].state == PEER_FREE && b.relays[0].closed_after == 1 && b.relays[0].failures == 0,
		"421 after one: %u", (unsigned)b.relays[0].closed_after);
	bench_end(&b);
}

/* Whoever a session forgets has an end all the same: in doubt, once the message was on its way. */
static void test_forgotten(void)
{
	const struct smtp_params params = {
		.lmtp = true, .ehlo = "me.example", .tls = TLS_OFF, .window_messages = 1, .window_bytes = WINDOW_OCTETS
	};

	begin(1, 1, NO_OPTIONS);
	struct peer *p = e->peers;

	*p = (struct peer){ .state = PEER_UP, .relay = &b.relays[0] };
	b.relays[0].open = 1;
	smtp_init(&p->smtp, &params);
	bench_says(&b, 0, "220 mx.example LMTP\r\n");
	bench_says(&b, 0, "250-mx.example\r\n250 PIPELINING\r\n");
	check(engine_admit(e) == 1, "a message");
	struct job *job = &e->jobs[0];

	job->tickets[1] = job->tickets[0];
	job->tickets[1].email = mem_copy("lost@d.example", strlen("lost@d.example"));
	job->tickets[1].written = job->tickets[1].email;
	job->tickets[1].key[0] ^= 1;
	job->n = 2;
	bench_serves(&b, 0);
	check_records(&b, "T r0; T lost; S r0; U lost", "the one that the session knows, and the other");
	check_results(&b, "r0 sent; lost unknown", "have a result");
	bench_end(&b);
}

/* A campaign whose first message is too large for a server. */
static void test_size(void)
{
	for (int i = 0; i < 5; i++) {
		static const char *const offers[] = { "250-SIZE 999\r\n", "250-SIZE 1000\r\n", "250-SIZE 1001\r\n",
			"250-SIZE 0\r\n", "250-SIZE 999\r\n" };

		begin(3, 1, i == 4 ? OPTIONS("--skip-bad") : NO_OPTIONS);
		e->first_size = 1000;
		bench_up(&b, 0, 0, offers[i]);
		check(e->stopping == (i == 0) && (i != 0 || e->why.kind == ERR_UNAVAILABLE), "%s%s",
			i == 4 ? "--skip-bad " : "", offers[i]);
		check(b.relays[0].greeted && e->first_size == 0, "it is asked once");
		bench_end(&b);
	}
}

int main(void)
{
	bench_open();
	test_batches();
	test_suspects();
	test_room();
	test_per_connection();
	test_dialling();
	test_pace();
	test_hurry();
	test_bad();
	test_earlier();
	test_words();
	test_again();
	test_changed();
	test_left();
	test_trying();
	test_journal_failed();
	test_verdicts();
	test_closing();
	test_forgotten();
	test_size();
	return bench_close();
}
