#include <config.h>

#include "tests/mailbulk_engine.h"

/* What one answer makes of a row: its record, its result, whether it is tried again, and what it says of the
 * connection. */

#define LIST "email\na@d.example\n"
#define NO_SUCH "5.1.1 no such user"
#define NOTHING "xyzzy"
#define GREY "4.7.1 greylisted for now"
#define FULL "5.2.2 mailbox full"

static struct bench b;
static struct engine *const e = &b.e;

/* With whose it is in the journal already. */
static void begin(void)
{
	bench_begin(&b, LIST, 2, false, NO_OPTIONS);
	bench_campaign(&b);
}

/* The only row that waits, taken out. */
static struct waiting waits(void)
{
	struct waiting w = { .due = -1 };

	check(e->queue.n == 1, "one row waits: %zu", e->queue.n);
	queue_take(&e->queue, INT64_MAX, &w);
	return w;
}

static void test_ends(void)
{
	bench_begin(&b, LIST, 2, false, NO_OPTIONS);
	struct job *job = bench_job(&b, 0, "a");

	engine_job_trying(e, job);
	engine_job_trying(e, job);
	check_records(&b, "C; T a", "what is about to be sent is in the journal once, behind whose it is");
	bench_verdict(&b, job, SIZE_MAX, SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "2.0.0 queued");
	check_records(&b, "S a", "accepted");
	check_results(&b, "a sent", "and told");
	bench_verdict(&b, job, SIZE_MAX, SMTP_UNKNOWN, OUTCOME_AT_UNKNOWN, 0, "lost");
	check_records(&b, "", "a row has one end");
	check_results(&b, "", "and one result");
	check(!e->peers[0].troubled, "which troubles nobody");
	engine_job_free(e, job);
	check(e->under_way == 0 && e->peers[0].jobs == 0 && !job->used && job->tickets[0].email == NULL, "it is over");

	bench_one(&b, "b", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NO_SUCH);
	check_records(&b, "F b", "refused");
	check_results(&b, "b refused no-mailbox", "and told");

	job = bench_job(&b, 0, "c");
	engine_job_trying(e, job);
	bench_verdict(&b, job, SIZE_MAX, SMTP_UNKNOWN, OUTCOME_AT_UNKNOWN, 0, "the connection was lost");
	check_records(&b, "T c; U c", "no answer to what was sent whole");
	check_results(&b, "c unknown", "is not known");
	check(e->queue.n == 0 && e->peers[0].troubled, "and never sent again");
	engine_job_free(e, job);

	bench_one(&b, "d", SMTP_REJECTED_HERE, OUTCOME_AT_UNKNOWN, 0, "too large");
	check_records(&b, "D d", "another server may take what this one cannot");
	check_results(&b, "d refused size", "in this run it is refused");
	bench_end(&b);
}

static void test_put_off(void)
{
	static const unsigned pauses[] = { 0, 2, 8, 32 };

	begin();
	for (unsigned attempts = 1; attempts <= 4; attempts++)
		for (int tried = 0; tried < 2; tried++) {
			struct job *job = bench_job(&b, 0, "a");

			job->tickets[0].row.attempts = (uint16_t)attempts;
			job->tickets[0].row.paced = true;
			bench_records(&b);
			if (tried)
				engine_job_trying(e, job);
			bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, GREY);
			engine_job_free(e, job);
			if (attempts == 4) {
				check_results(&b, "a deferred delay", "the last try leaves it to another run");
				check(str_ends(bench_records(&b), STR_LIT("D a")) && e->queue.n == 0,
					"in the journal too");
				continue;
			}
			check(str_eq(bench_records(&b), tried ? STR_LIT("T a; D a") : STR_LIT("D a")),
				"its place in the reservation ends");
			check_results(&b, "", "it has no result yet");
			struct waiting w = waits();

			check(w.due == BENCH_NOW + pauses[attempts] * CLOCK_SECOND && w.attempts == attempts &&
					!w.paced,
				"try %u waits longer, and for its domain's slot again", attempts);
		}
	/* Connections that ended are no tries. */
	struct job *job = bench_job(&b, 0, "a");

	job->tickets[0].row.attempts = 4;
	job->tickets[0].row.drops = 1;
	bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, GREY);
	check(waits().due == BENCH_NOW + 32 * CLOCK_SECOND, "a lost connection is none of its tries");
	engine_job_free(e, job);
	/* Pauses end growing at an hour and more. */
	b.settings->retries = 100;
	job = bench_job(&b, 0, "a");
	job->tickets[0].row.attempts = 100;
	bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, GREY);
	check(waits().due == BENCH_NOW + 8192 * CLOCK_SECOND, "no pause is for days");
	engine_job_free(e, job);
	bench_end(&b);
}

static void test_full(void)
{
	begin();
	struct job *job = bench_job(&b, 0, "a");

	job->tickets[0].row.attempts = 3;
	bench_verdict(&b, job, 0, SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 552, FULL);
	check(waits().attempts == 3 && e->refused_in_row == 0, "a full mailbox may have room later");
	engine_job_free(e, job);
	job = bench_job(&b, 0, "b");
	job->tickets[0].row.attempts = 4;
	bench_verdict(&b, job, 0, SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 552, FULL);
	check_results(&b, "b refused full", "in the end it is refused by a 5xx");
	check(e->refused_in_row == 1, "and counts");
	engine_job_free(e, job);
	job = bench_job(&b, 0, "c");
	job->tickets[0].row.attempts = 4;
	bench_verdict(&b, job, 0, SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 452, "4.2.2 mailbox full");
	check_results(&b, "c deferred full", "but not by a 4xx");
	check(e->refused_in_row == 1, "which does not count");
	engine_job_free(e, job);
	bench_end(&b);
}

/* Each recipient of a message has its own end. */
static void test_recipients(void)
{
	begin();
	struct job *job = bench_job(&b, 0, "a b c");

	bench_verdict(&b, job, 1, SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NO_SUCH);
	check_records(&b, "F b", "one recipient is refused");
	engine_job_trying(e, job);
	check_records(&b, "T a; T c", "the others are sent");
	bench_verdict(&b, job, 2, SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check_records(&b, "S c", "LMTP answers for each");
	bench_verdict(&b, job, SIZE_MAX, SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check_records(&b, "S a", "who has no end gets that of the message");
	check_results(&b, "b refused no-mailbox; c sent; a sent", "in order");
	engine_job_free(e, job);
	/* The answer to a message for several is about none of them. */
	job = bench_job(&b, 0, "a b");
	bench_verdict(&b, job, SIZE_MAX, SMTP_REFUSED_NEVER, OUTCOME_AT_CONTENT, 550, NO_SUCH);
	check(str_search(bench_records(&b), STR_LIT("F")) == buf_len(&b.text),
		"nobody is refused for another's mailbox");
	engine_job_free(e, job);
	bench_end(&b);
}

static void test_lost(void)
{
	begin();
	struct peer *p = &e->peers[0];
	struct job *job = bench_job(&b, 0, "a");
	struct job *next = bench_job(&b, 0, "b");

	bench_verdict(&b, job, SIZE_MAX, SMTP_NOT_SENT, OUTCOME_AT_UNKNOWN, 0, "lost");
	bench_records(&b);
	struct waiting w = waits();

	check(w.attempts == 1 && w.drops == 1 && w.due == BENCH_NOW && p->suspect && p->troubled && !p->aside,
		"the first message of a lost connection is the suspect");
	engine_job_trying(e, next);
	bench_verdict(&b, next, SIZE_MAX, SMTP_NOT_SENT, OUTCOME_AT_UNKNOWN, 0, "lost");
	w = waits();
	check(w.attempts == 0 && w.drops == 0 && w.closed == 0, "those behind it only waited");
	check_records(&b, "T b; D b", "and are in no doubt");
	engine_job_free(e, job);
	engine_job_free(e, next);

	for (uint16_t drops = 0; drops < 2; drops++) {
		*p = (struct peer){ .relay = &b.relays[0] };
		job = bench_job(&b, 0, "a");
		job->tickets[0].row.drops = drops;
		job->tickets[0].row.attempts = (uint16_t)(drops + 1);
		if (drops == 0)
			engine_job_trying(e, job);
		bench_verdict(&b, job, SIZE_MAX, SMTP_NOT_SENT, OUTCOME_AT_UNKNOWN, 0, "lost");
		check(p->aside == (drops == 1) && e->queue.n == (drops == 0), "its connection %u", drops + 1);
		if (drops == 0)
			check(waits().drops == 1, "it is tried again");
		check_records(&b, drops == 0 ? "T a; D a" : "D a", "not sent");
		check_results(&b, drops == 0 ? "" : "a deferred", "the second leaves it to another run");
		engine_job_free(e, job);
	}
	e->stopping = true;
	*p = (struct peer){ .relay = &b.relays[0] };
	job = bench_job(&b, 0, "a");
	job->tickets[0].row.drops = 1;
	bench_verdict(&b, job, SIZE_MAX, SMTP_NOT_SENT, OUTCOME_AT_UNKNOWN, 0, "interrupted");
	w = waits();
	check(w.drops == 1 && w.attempts == 0 && !p->suspect, "whom we stop is not to blame");
	engine_job_free(e, job);
	bench_end(&b);
}

/* A server that says 421 wants a new connection; one that says it in a row's turn again and again means the row. */
static void test_closed(void)
{
	begin();
	struct peer *p = &e->peers[0];

	for (uint16_t closed = 0; closed <= 5; closed++)
		for (uint64_t finished = 0; finished < 2; finished++)
			for (int stage = OUTCOME_AT_MAIL; stage <= OUTCOME_AT_RCPT; stage++) {
				bool routine = (finished > 0 || stage == OUTCOME_AT_MAIL) && closed < 5;

				*p = (struct peer){ .relay = &b.relays[0], .finished = finished };
				struct job *job = bench_job(&b, 0, "a");

				job->tickets[0].row.closed = closed;
				bench_verdict(&b, job, SIZE_MAX, SMTP_NOT_SENT, (enum outcome_stage)stage, 421,
					"4.3.2 bye");
				struct waiting w = waits();

				check(p->closing && w.drops == !routine && w.attempts == !routine &&
						w.closed == closed + routine && p->suspect == !routine,
					"421, its %u., after %u messages, at %d", closed + 1U, (unsigned)finished,
					stage);
				check(!p->limited, "which says nothing of limits");
				engine_job_free(e, job);
			}
	*p = (struct peer){ .relay = &b.relays[0], .finished = 1, .troubled = true };
	struct job *job = bench_job(&b, 0, "a");

	bench_verdict(&b, job, SIZE_MAX, SMTP_NOT_SENT, OUTCOME_AT_MAIL, 421, "4.3.2 bye");
	check(waits().closed == 0, "for those behind it does not count");
	engine_job_free(e, job);
	for (int code = 421; code <= 451; code += 30) {
		*p = (struct peer){ .relay = &b.relays[0], .finished = 1 };
		job = bench_job(&b, 0, "a");
		bench_verdict(&b, job, SIZE_MAX, SMTP_NOT_SENT, OUTCOME_AT_MAIL, code, "4.7.0 too many messages");
		check(p->limited == (code == 421) && p->closing == (code == 421), "a limit is told by 421: %d", code);
		waits();
		engine_job_free(e, job);
	}
	bench_end(&b);
}

/* Refusals that say nothing wait for an acceptance: it shows that they mean the recipients. */
static void test_held(void)
{
	begin();
	bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NOTHING);
	check_records(&b, "F a", "refused");
	check_results(&b, "", "but it is not told yet");
	check(e->n_held == 1, "it is held");
	char line[200];

	snprintf(line, sizeof line,
		"a@d.example,refused,550,,xyzzy,1,id@x.example,mx0.example:25,2026-11-23T01:02:03Z,unknown,rcpt,%u,%s\n",
		(unsigned)e->held[0].result.row, e->held[0].result.key);
	check(strlen(e->held[0].result.key) == 32, "with its key");
	bench_one(&b, "b", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NO_SUCH);
	check_results(&b, "b refused no-mailbox", "one that says why is told at once");
	bench_one(&b, "c", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check(str_starts(buf_str(&e->results.out), str_of(line)), "all of it is told: %s", line);
	check_records(&b, "F b; S c", "what was held needs no other record");
	check_results(&b, "a refused unknown; c sent", "an acceptance ends the doubt");
	check(e->n_held == 0 && e->refused_in_row == 0, "and the row of refusals");
	bench_end(&b);
}

/* The count of refusals in a row: 99 are recipients, 100 are us. */
static void test_all_refused(void)
{
	begin();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < HELD_MOST - 1; i++)
			bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NOTHING);
		check(!e->stopping && e->refused_in_row == HELD_MOST - 1 && e->n_held == HELD_MOST - 1,
			"99 refusals are recipients'");
		bench_one(&b, "b", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
		check(e->refused_in_row == 0 && e->n_held == 0, "an acceptance begins the count anew");
	}
	bench_results(&b);
	bench_records(&b);
	for (int i = 0; i < HELD_MOST - 1; i++)
		bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NOTHING);
	bench_records(&b);
	bench_one(&b, "c", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NOTHING);
	check(e->stopping && e->all_refused && e->why.kind == ERR_UNAVAILABLE, "the hundredth in a row is not: %s",
		e->why.text);
	struct str results = bench_results(&b);

	check(str_search(results, STR_LIT("refused")) == results.n &&
			str_ends(results, STR_LIT("a deferred unknown; c deferred unknown")),
		"nobody is refused because everybody was");
	struct str records = bench_records(&b);

	check(str_starts(records, STR_LIT("F c; D a; D a")) && str_ends(records, STR_LIT("D a; D c")) &&
			str_search(str_sub(records, 3, records.n), STR_LIT("F")) == records.n - 3,
		"and the journal has it so");
	bench_one(&b, "d", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NOTHING);
	check_records(&b, "D d", "nor is who comes after");
	check_results(&b, "d deferred unknown", "who is left");
	bench_one(&b, "e", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, NO_SUCH);
	check_results(&b, "e refused no-mailbox", "but for words that say why");
	bench_end(&b);
}

/* Refusals by different rows, however they are told. */
static void test_all_mixed(void)
{
	begin();
	for (int i = 0; i < HELD_MOST; i++) {
		check(!e->stopping, "%d refusals", i);
		bench_one(&b, "a", SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, i % 2 == 0 ? NO_SUCH : NOTHING);
	}
	check(e->stopping, "every refused recipient counts");
	bench_end(&b);
	begin();
	for (int i = 0; i < 3 * HELD_MOST; i++)
		bench_one(&b, "a", SMTP_REFUSED_LATER, OUTCOME_AT_RCPT, 451, GREY);
	check(!e->stopping && e->refused_in_row == 0, "who may be tried again does not");
	bench_end(&b);
}

/* An acceptance ends every count of what went wrong in a row. */
static void test_resets(void)
{
	begin();
	e->content_in_row = 7;
	e->ours_in_row = 7;
	e->trouble = BENCH_NOW;
	b.relays[0].failures = 3;
	struct provider *p = provider_of(&e->providers, STR_LIT("a@d.example"));

	provider_pushed_back(p, BENCH_NOW, true);
	bench_one(&b, "a@other.example", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check(e->content_in_row == 0 && e->ours_in_row == 0 && e->trouble == 0 && b.relays[0].failures == 0 &&
			b.relays[0].proven,
		"an acceptance ends them");
	check(p->refusals == 1 && p->stops == 1, "but not another provider's");
	bench_one(&b, "b@D.example", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check(p->refusals == 0 && p->stops == 0, "only its own");
	bench_end(&b);
}

static void test_words(void)
{
	struct ledger_words w;
	struct ledger l = { .at = 0 };
	uint64_t at = 0;

	begin();
	struct job *job = bench_job(&b, 0, "a");

	bench_verdict(&b, job, 0, SMTP_REFUSED_NEVER, OUTCOME_AT_RCPT, 550, "5.1.1  no such\nuser, here");
	struct str line = buf_str(&e->results.out);

	check(str_search(line,
		      STR_LIT("a@d.example,refused,550,5.1.1,\"no such user, here\",1,id@x.example,mx0.example:25,"
			      "2026-11-23T01:02:03Z,no-mailbox,rcpt,")) == 0,
		"a result: %.*s", STR_ARGS(line));
	bench_records(&b);
	char key[33];

	snprintf(key, sizeof key, "%s", job->tickets[0].key);
	journal_close(&e->book.journal);
	bool ok = journal_open(&e->book.journal, b.settings->journal, ledger_replay, &l, &b.err) &&
		ledger_at(&l, key, &at) && journal_at(&e->book.journal, at, &e->recalled, &b.err) &&
		ledger_read(buf_str(&e->recalled), key, &w) && ledger_state(&l, key) == LEDGER_REFUSED &&
		w.code == 550 && str_eq(w.enhanced, STR_LIT("5.1.1")) && str_eq(w.reason, STR_LIT("no-mailbox")) &&
		str_eq(w.stage, STR_LIT("rcpt")) && str_eq(w.message_id, STR_LIT("id@x.example")) &&
		str_eq(w.reply, STR_LIT("no such user, here"));

	check(ok, "and its record: %s", buf_text(&e->recalled));
	ledger_free(&l);
	engine_job_free(e, job);
	bench_end(&b);
}

/* What was written under --test binds nobody. */
static void test_no_journal(void)
{
	begin();
	e->book.used = false;
	bench_one(&b, "a", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	check_records(&b, "", "without a journal there are no records");
	check_results(&b, "a sent", "but results");
	e->book.used = true;
	e->book.journal.failed = true;
	bench_one(&b, "b", SMTP_ACCEPTED, OUTCOME_AT_CONTENT, 250, "ok");
	bench_end(&b);
}

int main(void)
{
	bench_open();
	test_ends();
	test_put_off();
	test_full();
	test_recipients();
	test_lost();
	test_closed();
	test_held();
	test_all_refused();
	test_all_mixed();
	test_resets();
	test_words();
	test_no_journal();
	return bench_close();
}
