#ifndef PIPEMAIL_TESTS_MAILBULK_ENGINE_H
#define PIPEMAIL_TESTS_MAILBULK_ENGINE_H

/*
 * mailbulk's engine on a bench: a campaign, a list and a journal in a folder of its own, a clock that only the test
 * moves, and sessions without sockets. What its decisions leave in journal and results is read as a few words:
 * "T a; S a" for records, "a sent; b refused no-mailbox" for results, by the local parts of the addresses.
 */
#include "tests/calls.h"

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/send/engine.h"
#include "cmd/mailbulk/send/lesson.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"
#include "io/file.h"

static char bench_directory[] = "/tmp/pipemail-bench-XXXXXX";
static const char *bench_template = "t.eml";

struct bench {
	struct settings *settings; /* lives with the process, as the tool's own */
	struct campaign campaign;
	struct suppress suppress;
	struct list list;
	struct engine e;
	struct relay relays[4];
	struct pollfd fds[200];
	struct err err;
	size_t told; /* records that were looked at */
	struct buf text;
};

#define BENCH_NOW (1000 * CLOCK_SECOND)
#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_OPTIONS ((const char *const[]){ NULL })

static const char *bench_path(const char *name)
{
	static char paths[8][200];
	static int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", bench_directory, name);
	return path;
}

static const char *bench_put(const char *name, const char *text)
{
	int fd = open(bench_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, str_of(text), name, NULL))
		abort();
	close(fd);
	return bench_path(name);
}

/* Settings, campaign, list and selection, as send.c makes them. */
static void bench_load(struct bench *b, const char *list, const char *const *options)
{
	static struct settings kept[200];
	static size_t used;
	char *argv[40] = { (char *)"mailbulk", (char *)"--transactional", (char *)"--journal" };
	int argc = 3;

	b->settings = &kept[used++ % 200];
	argv[argc++] = (char *)(uintptr_t)bench_path("journal");
	while (*options != NULL)
		argv[argc++] = (char *)(uintptr_t)*options++;
	argv[argc++] = (char *)(uintptr_t)bench_path(bench_template);
	argv[argc++] = (char *)(uintptr_t)bench_put("list.csv", list);
	if (!settings_parse(b->settings, argc, argv, &b->err) || !campaign_load(&b->campaign, b->settings, &b->err) ||
		!selection_suppress(&b->suppress, b->settings, &b->err) ||
		!list_open(&b->list, b->settings, true, &b->err)) {
		printf("Bail out! %s\n", b->err.text);
		exit(1);
	}
}

/* The journal as it is, replayed. */
static void bench_journal(struct bench *b)
{
	struct engine *e = &b->e;

	if (!journal_open(&e->journal, b->settings->journal, ledger_replay, &e->ledger, &b->err))
		printf("Bail out! %s\n", b->err.text);
	e->journalled = true;
	e->campaign_due = e->ledger.id[0] == '\0';
	snprintf(b->campaign.id, sizeof b->campaign.id, "id");
}

/* An engine with so many sessions, none of them open, for one relay. keep: with the journal of the one before. */
static void bench_begin(struct bench *b, const char *list, size_t peers, bool keep, const char *const *options)
{
	struct engine *e = &b->e;

	if (!keep)
		unlink(bench_path("journal"));
	*b = (struct bench){ .list = { .fd = -1 } };
	bench_load(b, list, options);
	*e = (struct engine){
		.campaign = &b->campaign, .settings = b->settings, .list = &b->list, .journal = { .fd = -1 }
	};
	e->n_peers = peers;
	e->n_jobs = peers * WINDOW_MESSAGES;
	e->peers = mem_array(peers, sizeof *e->peers);
	e->jobs = mem_array(e->n_jobs, sizeof *e->jobs);
	e->fds = b->fds;
	e->relays = b->relays;
	e->n_relays = 1;
	for (size_t i = 0; i < 4; i++) {
		struct relay *r = &b->relays[i];

		snprintf(r->server.label, sizeof r->server.label, "mx%zu.example:25", i);
		r->server.url.host = (char *)"mx.example";
		r->server.account = &b->settings->account;
		r->most = r->limit = (double)peers;
	}
	e->now = BENCH_NOW;
	e->wall.wall = 1795395723; /* 2026-11-23T01:02:03Z */
	e->patience = 900 * CLOCK_SECOND;
	bench_journal(b);
	pace_init(&e->pace, b->settings, 0, 0);
	selection_init(&e->selection, &b->campaign, &b->list, &b->suppress);
	results_init(&e->results, RESULTS_CSV, NULL, &b->err);
	buf_clear(&e->results.out);
}

static void bench_end(struct bench *b)
{
	struct engine *e = &b->e;

	held_end(e, true);
	for (size_t i = 0; i < e->n_peers; i++)
		peer_free(&e->peers[i]);
	for (size_t i = 0; i < e->n_jobs; i++) {
		for (size_t k = 0; k < e->jobs[i].n; k++)
			mem_free(e->jobs[i].tickets[k].email);
		letter_free(&e->jobs[i].letter);
	}
	if (e->has_ahead)
		mem_free(e->ahead.email);
	mem_free(e->peers);
	mem_free(e->jobs);
	journal_close(&e->journal);
	ledger_free(&e->ledger);
	queue_free(&e->queue);
	provider_free(&e->providers);
	pace_free(&e->pace);
	results_free(&e->results);
	selection_free(&e->selection);
	values_free(&e->again);
	buf_free(&e->record);
	buf_free(&e->recalled);
	list_close(&b->list);
	suppress_free(&b->suppress);
	campaign_free(&b->campaign);
	buf_free(&b->text);
}

/* --- what is left behind --- */

struct bench_reading {
	struct bench *bench;
	size_t seen;
};

static bool bench_note(void *arg, struct str record, struct err *err)
{
	struct bench_reading *r = arg;
	struct str rest = record;
	struct str letter = str_cut(&rest, '\t');

	(void)err;
	str_cut(&rest, '\t'); /* time */
	str_cut(&rest, '\t'); /* key */
	if (r->seen++ < r->bench->told || str_search(STR_LIT("CTSFDU"), letter) == 6)
		return true;
	buf_printf(&r->bench->text, "%s%.*s", buf_len(&r->bench->text) > 0 ? "; " : "", STR_ARGS(letter));
	if (letter.p[0] != 'C')
		buf_printf(&r->bench->text, " %.*s", STR_ARGS(str_sub(rest, 0, str_find(rest, '@'))));
	return true;
}

/* The journal's records since the last call. Lives until the next one. */
static struct str bench_records(struct bench *b)
{
	struct bench_reading reading = { .bench = b };
	struct journal_scan scan = { .replay = bench_note, .arg = &reading };
	struct str octets = { 0 };
	char room[1 << 17];
	uint64_t whole;

	buf_clear(&b->text);
	journal_commit(&b->e.journal, &b->err);
	int fd = open(b->settings->journal, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, room, sizeof room) : -1;

	close(fd);
	octets = str_at(room, n > 0 ? (size_t)n : 0);
	if (!journal_scan_feed(&scan, octets, &b->err) || !journal_scan_end(&scan, &whole, &b->err))
		printf("# %s\n", b->err.text);
	b->told = reading.seen;
	return buf_str(&b->text);
}

/* The next cell, with its quotes if it has some. */
static struct str bench_cell(struct str *line)
{
	struct str rest = *line;
	size_t n = rest.n > 0 && rest.p[0] == '"' ? str_search(rest, STR_LIT("\",")) + 1 : str_find(rest, ',');

	*line = str_sub(rest, n + 1, rest.n);
	return str_sub(rest, 0, n);
}

/* The results since the last call. Lives until the next one. */
__attribute__((unused)) static struct str bench_results(struct bench *b)
{
	struct str rest = buf_str(&b->e.results.out);

	buf_clear(&b->text);
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');
		struct str email = bench_cell(&line);
		struct str status = bench_cell(&line);
		struct str reason = { 0 };

		for (int i = 0; i < 8; i++)
			reason = bench_cell(&line);
		buf_printf(&b->text, "%s%.*s %.*s", buf_len(&b->text) > 0 ? "; " : "",
			STR_ARGS(str_sub(email, 0, str_find(email, '@'))), STR_ARGS(status));
		if (reason.n > 0)
			buf_printf(&b->text, " %.*s", STR_ARGS(reason));
	}
	buf_clear(&b->e.results.out);
	return buf_str(&b->text);
}

/* The journal says whose it is. */
__attribute__((unused)) static void bench_campaign(struct bench *b)
{
	ledger_campaign(&b->e.record, b->e.wall.wall, "id", b->campaign.fingerprint, "");
	journal_add(&b->e.journal, buf_str(&b->e.record), &b->err);
	b->e.campaign_due = false;
	bench_records(b);
}

#define check_records(b, want, name) check_same(bench_records(b), want, name)
#define check_results(b, want, name) check_same(bench_results(b), want, name)

/* --- jobs without a session --- */

/* A message to the addresses LOCAL@DOMAIN of the words in names ("a b c"), under way on a session that is up. */
__attribute__((unused)) static struct job *bench_job(struct bench *b, size_t peer, const char *names)
{
	static uint64_t number;
	struct engine *e = &b->e;
	struct job *job = e->jobs;
	struct peer *p = &e->peers[peer];
	struct str rest = str_of(names);

	while (job->used)
		job++;
	p->state = PEER_UP;
	p->ready = true;
	p->relay = p->relay != NULL ? p->relay : &b->relays[0];
	job->used = true;
	job->peer = p;
	job->n = 0;
	job->trying = false;
	buf_clear(&job->letter.message_id);
	buf_add_text(&job->letter.message_id, "<id@x.example>");
	buf_clear(&job->letter.reverse_path);
	buf_add_text(&job->letter.reverse_path, "news@x.example");
	while (rest.n > 0) {
		struct str name = str_cut(&rest, ' ');
		struct ticket *t = &job->tickets[job->n];
		char address[200];

		number++;
		snprintf(address, sizeof address, "%.*s%s", STR_ARGS(name),
			str_find(name, '@') == name.n ? "@d.example" : "");
		*t = (struct ticket){ .row = { .number = number, .line = number + 1, .attempts = 1 },
			.email = mem_copy(address, strlen(address)) };
		t->written = t->email;
		snprintf(t->key, sizeof t->key, "%032llx", (unsigned long long)number);
		job->rcpts[job->n++] = (struct smtp_rcpt){ .address = str_of(t->email) };
	}
	e->under_way++;
	p->jobs++;
	return job;
}

/* What became of a recipient (SIZE_MAX: of all): a server's reply at a stage, or without a code our own words. */
__attribute__((unused)) static void bench_verdict(struct bench *b, struct job *job, size_t rcpt,
	enum smtp_outcome outcome, enum outcome_stage stage, int code, const char *words)
{
	struct reply reply = { .code = code, .stage = stage };
	struct smtp_news news = { .rcpt = rcpt, .outcome = outcome, .final = true };
	size_t status = strspn(words, "0123456789.");

	buf_add_text(&reply.text, words);
	if (status >= 5)
		reply.enhanced = str_sub(buf_str(&reply.text), 0, status);
	if (code > 0)
		news.reply = &reply;
	else
		err_set(&news.err, ERR_TEMP, "%s", words);
	engine_job_verdict(&b->e, job, rcpt, &news);
	reply_free(&reply);
}

/* The whole of a message to one: it is given up afterwards. */
__attribute__((unused)) static void bench_one(struct bench *b, const char *name, enum smtp_outcome outcome,
	enum outcome_stage stage, int code, const char *words)
{
	struct job *job = bench_job(b, 0, name);

	bench_verdict(b, job, stage == OUTCOME_AT_RCPT ? 0 : SIZE_MAX, outcome, stage, code, words);
	engine_job_free(&b->e, job);
}

/* --- sessions without a socket --- */

/* The server says this; what the client said by then is forgotten. */
__attribute__((unused)) static void bench_says(struct bench *b, size_t peer, const char *text)
{
	struct peer *p = &b->e.peers[peer];

	buf_clear(&p->smtp.out);
	buf_add_text(&p->smtp.in, text);
	step_peer(&b->e, p);
}

/* A session comes up; offers are lines of EHLO ("250-SIZE 1000\r\n"). */
__attribute__((unused)) static void bench_up(struct bench *b, size_t peer, size_t relay, const char *offers)
{
	struct peer *p = &b->e.peers[peer];
	const struct smtp_params params = {
		.ehlo = "me.example", .tls = TLS_OFF, .window_messages = WINDOW_MESSAGES, .window_bytes = WINDOW_OCTETS
	};
	char text[1000];

	*p = (struct peer){ .state = PEER_UP, .relay = &b->relays[relay] };
	p->relay->open++;
	smtp_init(&p->smtp, &params);
	bench_says(b, peer, "220 mx.example ESMTP\r\n");
	snprintf(text, sizeof text, "250-mx.example\r\n%s250 PIPELINING\r\n", offers);
	bench_says(b, peer, text);
	if (!p->ready && !b->e.stopping)
		printf("Bail out! no session\n");
}

/* A server that takes everything, until the client has nothing more to say. */
__attribute__((unused)) static void bench_serves(struct bench *b, size_t peer)
{
	struct peer *p = &b->e.peers[peer];
	struct buf answers = { 0 };
	bool content = false;

	for (step_peer(&b->e, p); p->state == PEER_UP && buf_len(&p->smtp.out) > 0;) {
		struct str said = buf_str(&p->smtp.out);

		buf_clear(&answers);
		while (said.n > 0) {
			struct str line = str_trim(str_cut(&said, '\n'));
			bool end = str_eq(line, STR_LIT("."));

			if (!content || end)
				buf_add_text(&answers,
					str_eq(line, STR_LIT("DATA"))           ? "354 go on\r\n"
						: str_eq(line, STR_LIT("QUIT")) ? "221 bye\r\n"
										: "250 ok\r\n");
			content = content ? !end : str_eq(line, STR_LIT("DATA"));
		}
		bench_says(b, peer, buf_text(&answers));
	}
	buf_free(&answers);
}

/* What the client has to say, since the server last spoke. */
__attribute__((unused)) static struct str bench_said(struct bench *b, size_t peer)
{
	return buf_str(&b->e.peers[peer].smtp.out);
}

/* How often a text is in what the client has to say. */
__attribute__((unused)) static size_t bench_count(struct bench *b, size_t peer, const char *text)
{
	struct str s = bench_said(b, peer);
	size_t n = 0;

	for (size_t at = str_search(s, str_of(text)); at < s.n; at = str_search(s, str_of(text))) {
		n++;
		s = str_sub(s, at + 1, s.n);
	}
	return n;
}

/* Before the first bench, and after the last. */
static void bench_open(void)
{
	if (mkdtemp(bench_directory) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		abort();
	say_init("mailbulk");
	setenv("HOME", bench_directory, 1);
	setenv("XDG_CONFIG_HOME", bench_directory, 1);
	bench_put("t.eml", "From: News <news@x.example>\nTo: {{email}}\nSubject: x\n\ntext\n");
}

static int bench_close(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", bench_directory);
	check(system(command) == 0, "clean");
	return tap_done();
}

#endif
