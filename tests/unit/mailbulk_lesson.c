#include <config.h>

#include "tests/mailbulk_engine.h"

/* What refusals teach: how many recipients a transaction may have, when it is the provider, the relay, the message or
 * us, and after how many of them the run ends. */

#define LIST "email\na@d.example\n"
#define MANY "4.5.3 too many recipients"
#define SPAM "5.7.1 message rejected as spam"
#define BLOCKED "5.7.1 your IP address is on a blocklist"
#define SENDER "5.1.8 sender address rejected: domain not found"
#define GREY "4.7.1 greylisted for now"
#define BUSY "4.3.2 too many messages: slow down"
#define FULL "4.2.2 mailbox full"

static struct bench b;
static struct engine *const e = &b.e;

static void begin(void)
{
	bench_begin(&b, LIST, 8, false, NO_OPTIONS);
}

/* --- recipients of one transaction --- */

static void test_rcpt_most(void)
{
	struct waiting w;

	begin();
	struct job *job = bench_job(&b, 0, "a b c d");

	bench_verdict(&b, job, 2, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 2, "two were taken before the third was too many: %zu", b.relays[0].rcpt_most);
	check(queue_take(&e->queue, BENCH_NOW, &w) && w.attempts == 0,
		"it goes at once with the next, and that is no try");
	check(b.relays[0].later == 0 && e->providers.n == 0 && e->trouble == 0, "nobody pushed back");
	bench_verdict(&b, job, 3, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 2 && e->queue.n == 1, "nor with the fourth");
	engine_job_trying(e, job);
	engine_job_free(e, job);
	queue_take(&e->queue, BENCH_NOW, &w);
	job = bench_job(&b, 0, "a b");
	bench_verdict(&b, job, 1, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 1, "so is the second of two");
	check(b.relays[0].later == 0 && e->providers.n == 0, "which is nobody's fault");
	b.relays[0].rcpt_most = 2;
	engine_job_free(e, job);
	queue_take(&e->queue, BENCH_NOW, &w);
	/* The least that it said counts. */
	job = bench_job(&b, 0, "a b c d e");
	bench_verdict(&b, job, 4, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 2, "more does not count");
	bench_verdict(&b, job, 1, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 1, "less does");
	engine_job_free(e, job);
	bench_end(&b);

	begin();
	job = bench_job(&b, 0, "a b");
	bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 0, "the first of all cannot be too many");
	check(queue_take(&e->queue, INT64_MAX, &w) && w.attempts == 1 && w.due > BENCH_NOW, "it is put off");
	engine_job_free(e, job);
	job = bench_job(&b, 0, "a");
	bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 0, "nor one alone");
	engine_job_free(e, job);
	job = bench_job(&b, 0, "a b");
	bench_verdict(&b, job, SIZE_MAX, SMTP_REFUSED_LATER, OUTCOME_AT_CONTENT, 452, MANY);
	check(b.relays[0].rcpt_most == 0, "nor what is said of the message");
	engine_job_free(e, job);
	job = bench_job(&b, 0, "a b");
	bench_verdict(&b, job, 1, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, GREY);
	check(b.relays[0].rcpt_most == 0, "nor for another reason");
	engine_job_free(e, job);
	/* Who was refused for another reason was not taken. */
	job = bench_job(&b, 0, "a b c d");
	bench_verdict(&b, job, 1, SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, "5.1.1 no such user");
	bench_verdict(&b, job, 3, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check(b.relays[0].rcpt_most == 2, "two of three were taken: %zu", b.relays[0].rcpt_most);
	engine_job_free(e, job);
	/* After a T it is not in doubt. */
	job = bench_job(&b, 0, "a b");
	engine_job_trying(e, job);
	bench_records(&b);
	bench_verdict(&b, job, 1, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, MANY);
	check_records(&b, "D b", "who goes with the next is in no doubt");
	engine_job_free(e, job);
	bench_end(&b);
}

/* --- the run --- */

/* After how many of these does the run stop? 0: not within 150. */
static unsigned stops_after(bool proven, enum smtp_outcome outcome, enum outcome_stage stage, int code,
	const char *words)
{
	unsigned n = 0;

	begin();
	for (unsigned i = 1; i <= 150 && n == 0; i++) {
		b.relays[0].proven = proven;
		bench_one(&b, "a", outcome, stage, code, words);
		n = e->stopping ? i : 0;
	}
	return n;
}

static void test_ours(void)
{
	static const struct {
		bool proven;
		enum outcome_stage stage;
		int code;
		const char *words;
		unsigned n;
		enum err_kind kind;
		const char *what;
	} t[] = {
		{ true, OUTCOME_AT_MAIL, 550, SENDER, 1, ERR_UNAVAILABLE, "the sender is refused for every message" },
		{ false, OUTCOME_AT_MAIL, 550, SENDER, 1, ERR_UNAVAILABLE, "as soon as it is said" },
		{ false, OUTCOME_AT_RCPT, 550, SENDER, 1, ERR_UNAVAILABLE,
			"with a recipient: once, when nothing was taken" },
		{ true, OUTCOME_AT_RCPT, 550, SENDER, 5, ERR_UNAVAILABLE, "five times, when something was" },
		{ true, OUTCOME_AT_CONTENT, 550, SENDER, 5, ERR_UNAVAILABLE, "with the message too" },
		{ true, OUTCOME_AT_RCPT, 554, BLOCKED, 20, ERR_TEMP, "a blocklist may be left again" },
		{ false, OUTCOME_AT_RCPT, 554, BLOCKED, 20, ERR_TEMP, "whatever was taken before" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		unsigned n = stops_after(t[i].proven, SMTP_REFUSED_NEVER, t[i].stage, t[i].code, t[i].words);

		check(n == t[i].n && e->why.kind == t[i].kind, "%s: %u, %d %s", t[i].what, n, (int)e->why.kind,
			e->why.text);
		check(str_starts(str_of(e->why.text), STR_LIT("mx0.example:25: 55")) &&
				(e->ours.kind == ERR_NONE) == (t[i].n == 20),
			"it says who said it: %s", e->ours.text);
		struct str results = bench_results(&b);

		check(str_search(results, STR_LIT("refused")) == results.n, "nobody is refused for it: %.*s",
			STR_ARGS(results));
		bench_end(&b);
	}
	/* What the run ends with: who said it, what, and what to do. */
	begin();
	bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_MAIL, 530, "5.7.0 authentication required");
	check(str_starts(str_of(e->why.text), STR_LIT("mx0.example:25: 530 authentication required; ")) &&
			strstr(e->why.text, "--user") != NULL && e->why.kind == ERR_AUTH,
		"%s", e->why.text);
	bench_end(&b);
	/* Anybody who is taken ends the count; what stopped none stays what the run ends with. */
	begin();
	b.relays[0].proven = true;
	for (int i = 0; i < 12; i++) {
		if (i % 4 == 0)
			bench_one(&b, "b", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
		else
			bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, SENDER);
	}
	check(!e->stopping && e->ours.kind == ERR_UNAVAILABLE, "not in a row: %s", e->ours.text);
	bench_end(&b);
}

static void test_content(void)
{
	unsigned n = stops_after(true, SMTP_REFUSED_NEVER, OUTCOME_AT_CONTENT, 550, SPAM);

	check(n == 20 && e->why.kind == ERR_UNAVAILABLE &&
			str_starts(str_of(e->why.text), STR_LIT("the last 20 messages")),
		"a filter is not shown more than twenty messages: %u %s", n, e->why.text);
	bench_end(&b);
	begin();
	for (int i = 0; i < 100; i++)
		if (i % 20 == 19)
			bench_one(&b, "b", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
		else
			bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_CONTENT, 550, SPAM);
	check(!e->stopping && e->content_in_row == 0, "nineteen in a row are theirs");
	bench_end(&b);
	check(stops_after(true, SMTP_REFUSED_LATER, OUTCOME_AT_CONTENT, 450, "4.7.1 message rejected as spam") == 0,
		"what may pass later is not counted");
	bench_end(&b);
	/* The first reason to stop is what the run ends with. */
	begin();
	e->content_in_row = 19;
	engine_stop(e, &(struct err){ .kind = ERR_OS, .text = "first" });
	bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_CONTENT, 550, SPAM);
	check(e->why.kind == ERR_OS, "the first reason to stop counts");
	bench_end(&b);
}

/* --- who pushed back --- */

static void test_push_back(void)
{
	begin();
	struct job *job = bench_job(&b, 0, "a@one.example");
	struct relay *r = &b.relays[0];

	bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, BUSY);
	engine_job_free(e, job);
	struct provider *p = provider_find(&e->providers, STR_LIT("x@one.example"));

	check(p != NULL && p->refusals == 1 && p->stops == 0 && r->later == 0 && r->limit > 7.5 &&
			e->trouble == BENCH_NOW,
		"a provider that is busy gets less, its relay does not");
	bench_one(&b, "a@two.example", SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, BUSY);
	bench_one(&b, "b@two.example", SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, BUSY);
	check(r->later == 0 && r->providers == 2, "nor do two");
	bench_one(&b, "a@three.example", SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, BUSY);
	check(r->later == 1, "when the third does the same, it is the relay");
	bench_end(&b);

	begin();
	bench_one(&b, "a@one.example", SMTP_REFUSED_LATER, OUTCOME_AT_MAIL, 451, BUSY);
	check(e->providers.n == 0 && b.relays[0].later == 1, "before a recipient it is the relay");
	job = bench_job(&b, 0, "a@one.example b@two.example");
	bench_verdict(&b, job, SIZE_MAX, SMTP_REFUSED_LATER, OUTCOME_AT_CONTENT, 451, BUSY);
	engine_job_free(e, job);
	check(e->providers.n == 0 && b.relays[0].later == 2, "so it is of a message for several");
	bench_one(&b, "a@one.example", SMTP_REFUSED_LATER, OUTCOME_AT_CONTENT, 451, BUSY);
	check(e->providers.n == 1 && b.relays[0].later == 2, "of a message for one it is the provider");
	bench_end(&b);

	/* Words that say nothing, of the whole message. */
	begin();
	bench_one(&b, "a@one.example", SMTP_REFUSED_LATER, OUTCOME_AT_DATA, 451, "xyzzy");
	check(b.relays[0].limit < 4.5, "a 4xx to DATA halves what a relay is given");
	bench_end(&b);
	begin();
	for (int i = 0; i < 10; i++) {
		bench_one(&b, "a@one.example", SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, FULL);
		bench_one(&b, "a@one.example", SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, GREY);
		bench_one(&b, "a@one.example", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, "5.1.1 no such user");
	}
	check(e->providers.n == 0 && b.relays[0].later == 0 && e->trouble == 0,
		"a full mailbox, greylisting and a wrong address slow down nobody");
	bench_end(&b);
}

/* A provider that would refuse every message is left alone, where the relay takes those of others. */
static void test_stops(void)
{
	for (int proven = 0; proven < 2; proven++) {
		begin();
		b.relays[0].proven = proven != 0;
		bench_one(&b, "a@one.example", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, SENDER);
		struct provider *p = provider_find(&e->providers, STR_LIT("x@one.example"));

		check(p != NULL && p->stops == (unsigned)proven, "a provider's refusal of the sender, proven %d",
			proven);
		bench_end(&b);
	}
}

/* What is no refusal teaches nothing. */
static void test_no_lessons(void)
{
	begin();
	bench_one(&b, "a", SMTP_NOT_SENT, OUTCOME_AT_MAIL, 451, BUSY);
	bench_one(&b, "a", SMTP_UNKNOWN, OUTCOME_AT_UNKNOWN, 0, "lost");
	bench_one(&b, "a", SMTP_REJECTED_HERE, OUTCOME_AT_UNKNOWN, 0, "too large");
	check(b.relays[0].later == 0 && e->trouble == 0, "what was not sent, or is in doubt, is no refusal");
	bench_one(&b, "a", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check(e->providers.n == 0 && b.relays[0].later == 0 && e->trouble == 0 && e->ours_in_row == 0 &&
			e->content_in_row == 0,
		"it is no refusal");
	bench_end(&b);
}

int main(void)
{
	bench_open();
	test_rcpt_most();
	test_ours();
	test_content();
	test_push_back();
	test_stops();
	test_no_lessons();
	return bench_close();
}
