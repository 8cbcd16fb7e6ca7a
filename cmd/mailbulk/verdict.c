#include <config.h>

#include "cmd/mailbulk/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"

#define DROPS_MOST 5            /* connections lost under one row before it is left for another run */
#define REFUSED_IN_ROW_MOST 100 /* then it is not the recipients */
#define CONTENT_IN_ROW_MOST 20  /* messages that a filter refused: then no more are to be shown to it */
#define OURS_IN_ROW_MOST 20     /* refusals that are about us and may pass */
#define STOPPERS_IN_ROW_MOST 5  /* refusals that stop a run, on a server that took messages before */

static void add_record(struct engine *e)
{
	struct err err = { 0 };

	if (e->journalled && !journal_add(&e->journal, buf_str(&e->record), &err))
		engine_stop(e, &err);
}

void engine_job_trying(struct engine *e, struct job *job)
{
	if (job->trying)
		return;
	job->trying = true;
	for (size_t i = 0; i < job->n; i++) {
		if (job->tickets[i].done)
			continue;
		ledger_trying(&e->record, e->wall.wall, job->tickets[i].key, job->tickets[i].email);
		add_record(e);
	}
}

/* What a person is told of it, and what the journal keeps. */
struct word {
	int code;
	struct str enhanced;
	struct buf text;
	struct outcome outcome; /* for one ticket */
};

static void make_word(struct word *w, const struct smtp_news *news)
{
	*w = (struct word){ .code = 0 };
	if (news->reply == NULL) {
		buf_add_text(&w->text, news->err.text);
		return;
	}
	struct str text = buf_str(&news->reply->text);

	w->code = news->reply->code;
	w->enhanced = news->reply->enhanced;
	text = str_trim(str_sub(text, w->enhanced.n, text.n));
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(&w->text, text.p[i] == '\n' ? ' ' : text.p[i]);
}

/* What the word means for one of the job's recipients. */
static void judge(struct word *w, const struct job *job, const struct ticket *t, const struct smtp_news *news)
{
	const char *host = job->peer->relay->server.url.host;
	const struct outcome_reply reply = {
		.stage = news->reply != NULL ? news->reply->stage : OUTCOME_AT_UNKNOWN,
		.code = w->code,
		.status = w->enhanced,
		.words = buf_str(&w->text),
		.us = buf_str(&job->letter.reverse_path),
		.recipient = str_of(t->email),
		.host = str_of(host),
		.shared = job->n > 1 && news->rcpt == SIZE_MAX,
	};

	w->outcome = (struct outcome){ .reason = OUTCOME_NONE };
	if (news->outcome == SMTP_REFUSED_NEVER || news->outcome == SMTP_REFUSED_LATER ||
		news->outcome == SMTP_REJECTED_HERE || (news->outcome == SMTP_NOT_SENT && news->reply != NULL))
		w->outcome = outcome_judge(&reply);
}

static void record_verdict(struct engine *e, const struct ticket *t, enum ledger_state state, const struct word *w)
{
	ledger_verdict(&e->record, state, e->wall.wall, t->key, t->email, w->code, buf_str(&w->text),
		outcome_reason_name(w->outcome.reason), outcome_stage_name(w->outcome.stage));
	add_record(e);
}

static void add_result(struct engine *e, const struct job *job, const struct ticket *t, enum result_status status,
	const struct word *w)
{
	struct str id = buf_str(&job->letter.message_id);
	struct result result = {
		.status = status,
		.email = str_of(t->written),
		.code = w->code,
		.enhanced = w->enhanced,
		.reply = buf_str(&w->text),
		.attempts = t->row.attempts,
		.message_id = id.n > 2 ? str_sub(id, 1, id.n - 2) : id,
		.relay = job->peer->relay->server.label,
		.reason = outcome_reason_name(w->outcome.reason),
		.stage = outcome_stage_name(w->outcome.stage),
		.row = t->row.number,
		.key = t->key,
	};

	results_add(&e->results, &result, e->wall.wall);
}

/* Pauses that grow fourfold, so that a greylisting server is not asked too often and a busy one not for too long. */
static int64_t pause_before(const struct engine *e, unsigned tries)
{
	int64_t pause = e->settings->retry_pause;

	while (tries-- > 1 && pause < 3600 * CLOCK_SECOND)
		pause *= 4;
	return pause;
}

/* Left for another run: it was not this recipient's fault, and would be refused again now. */
static void put_back(struct engine *e, const struct job *job, struct ticket *t, const struct word *w)
{
	record_verdict(e, t, LEDGER_DEFERRED, w);
	add_result(e, job, t, RESULT_DEFERRED, w);
}

static void refuse(struct engine *e, const struct job *job, struct ticket *t, const struct word *w)
{
	record_verdict(e, t, LEDGER_REFUSED, w);
	add_result(e, job, t, RESULT_REFUSED, w);
}

static void name_stop(struct err *err, const struct relay *r, const struct word *w)
{
	const char *advice = outcome_advice(&w->outcome);

	err_set(err, w->outcome.exit, "%s: %d %.*s%s%s", r->server.label, w->code,
		STR_ARGS(str_sub(buf_str(&w->text), 0, 80)), advice != NULL ? "; " : "", advice != NULL ? advice : "");
}

/* A server that takes no message at all for a reason of ours is not asked for every row of the list. One that took
 * messages before may only dislike this recipient. */
static void count_ours(struct engine *e, const struct relay *r, const struct word *w)
{
	bool stopper = w->outcome.run == OUTCOME_RUN_STOP;
	bool at_once = w->outcome.stage != OUTCOME_AT_RCPT && w->outcome.stage != OUTCOME_AT_CONTENT;
	uint64_t most = !stopper ? OURS_IN_ROW_MOST : at_once || !r->proven ? 1 : STOPPERS_IN_ROW_MOST;
	struct err err = { 0 };

	e->ours_in_row++;
	name_stop(&err, r, w);
	if (stopper && e->ours.kind == ERR_NONE)
		e->ours = err;
	if (e->ours_in_row >= most && !e->stopping)
		engine_stop(e, &err);
}

/* Everybody is refused: then it is not the recipients, whatever the words say. */
static void count_refused(struct engine *e, const struct word *w)
{
	struct err err = { 0 };

	if (++e->refused_in_row < REFUSED_IN_ROW_MOST || e->stopping)
		return;
	err_set(&err, ERR_UNAVAILABLE, "the last %d recipients were all refused, the last one with: %d %.*s",
		REFUSED_IN_ROW_MOST, w->code, STR_ARGS(str_sub(buf_str(&w->text), 0, 120)));
	engine_stop(e, &err);
}

static void count_content(struct engine *e, const struct relay *r, const struct word *w)
{
	struct err err = { 0 };

	if (++e->content_in_row < CONTENT_IN_ROW_MOST || e->stopping)
		return;
	name_stop(&err, r, w);
	err_prefix(&err, "the last %d messages were refused for their content", CONTENT_IN_ROW_MOST);
	engine_stop(e, &err);
}

/* Not sent: again later, or left for another run when it was tried often enough. */
static void put_off(struct engine *e, struct job *job, struct ticket *t, bool dropped, const struct word *w)
{
	unsigned tries = (unsigned)(t->row.attempts - t->row.drops);
	bool again = tries <= e->settings->retries;

	if (dropped && job->peer->troubled) {
		t->row.attempts--;
		again = true;
	} else if (dropped) {
		again = ++t->row.drops < DROPS_MOST;
	}

	/* After a T the journal has to hear that nothing was sent. */
	if (!again && w->outcome.reason == OUTCOME_FULL && !w->outcome.temporary) {
		refuse(e, job, t, w);
		count_refused(e, w);
		return;
	}
	if (job->trying || !again)
		record_verdict(e, t, LEDGER_DEFERRED, w);
	if (!again) {
		add_result(e, job, t, RESULT_DEFERRED, w);
		return;
	}
	t->row.due = dropped ? e->now : e->now + pause_before(e, tries);
	queue_push(&e->queue, &t->row);
}

/* Too many recipients for one transaction (RFC 5321, 4.5.3.1.10): those that were taken show how many there may be. */
static bool learn_rcpt_most(struct relay *r, const struct job *job, const struct smtp_news *news, const struct word *w)
{
	size_t taken = 0;

	if (w->outcome.reason != OUTCOME_RATE || news->rcpt == SIZE_MAX || job->n < 2)
		return false;
	for (size_t i = 0; i < news->rcpt; i++)
		taken += !job->tickets[i].done;
	if (taken == 0)
		return false;
	r->rcpt_most = r->rcpt_most == 0 || taken < r->rcpt_most ? taken : r->rcpt_most;
	return true;
}

/* Worth another try in this run. */
static bool may_pass(const struct outcome *o)
{
	return o->row == OUTCOME_ROW_DEFERRED && (o->temporary || o->reason == OUTCOME_FULL);
}

/* A refusal, with 4xx or 5xx. */
static void turn_down(struct engine *e, struct job *job, struct ticket *t, const struct smtp_news *news,
	const struct word *w)
{
	if (learn_rcpt_most(job->peer->relay, job, news, w)) {
		t->row.attempts--;
		t->row.due = e->now;
		if (job->trying)
			record_verdict(e, t, LEDGER_DEFERRED, w);
		queue_push(&e->queue, &t->row);
	} else if (w->outcome.row == OUTCOME_ROW_REFUSED) {
		refuse(e, job, t, w);
		count_refused(e, w);
	} else if (may_pass(&w->outcome)) {
		put_off(e, job, t, false, w);
	} else {
		put_back(e, job, t, w);
	}
}

/* What one reply teaches about server and run, for however many recipients it was. */
static void learn(struct engine *e, const struct job *job, const struct smtp_news *news, const struct word *w)
{
	struct relay *relay = job->peer->relay;
	const struct outcome *o = &w->outcome;
	bool many = o->reason == OUTCOME_RATE && relay->rcpt_most > 0 && news->rcpt != SIZE_MAX && job->n > 1;

	if (o->reason == OUTCOME_NONE || many ||
		(news->outcome != SMTP_REFUSED_NEVER && news->outcome != SMTP_REFUSED_LATER))
		return;
	if (o->temporary || o->run != OUTCOME_RUN_ON)
		relay_pushed_back(relay, e->now, o->run != OUTCOME_RUN_ON || news->rcpt == SIZE_MAX);
	if (o->reason == OUTCOME_CONTENT && o->row == OUTCOME_ROW_REFUSED)
		count_content(e, relay, w);
	if (o->row != OUTCOME_ROW_REFUSED && !may_pass(o))
		count_ours(e, relay, w);
}

static void settle(struct engine *e, struct job *job, struct ticket *t, const struct smtp_news *news, struct word *w)
{
	struct relay *relay = job->peer->relay;

	t->done = true;
	judge(w, job, t, news);
	switch (news->outcome) {
	case SMTP_ACCEPTED:
		e->refused_in_row = 0;
		e->content_in_row = 0;
		e->ours_in_row = 0;
		record_verdict(e, t, LEDGER_SENT, w);
		add_result(e, job, t, RESULT_SENT, w);
		relay_accepted(relay);
		break;
	case SMTP_REFUSED_NEVER:
	case SMTP_REFUSED_LATER:
		turn_down(e, job, t, news, w);
		break;
	case SMTP_NOT_SENT:
		put_off(e, job, t, true, w);
		break;
	case SMTP_UNKNOWN:
		record_verdict(e, t, LEDGER_UNKNOWN, w);
		add_result(e, job, t, RESULT_UNKNOWN, w);
		break;
	case SMTP_REJECTED_HERE:
		/* Another server may take it: not refused for good in the journal. */
		record_verdict(e, t, LEDGER_DEFERRED, w);
		add_result(e, job, t, RESULT_REFUSED, w);
		break;
	}
}

void engine_job_verdict(struct engine *e, struct job *job, size_t rcpt, const struct smtp_news *news)
{
	struct word word;

	make_word(&word, news);
	for (size_t i = 0; i < job->n; i++)
		if ((rcpt == SIZE_MAX || rcpt == i) && !job->tickets[i].done)
			settle(e, job, &job->tickets[i], news, &word);
	learn(e, job, news, &word);
	if (news->outcome == SMTP_NOT_SENT || news->outcome == SMTP_UNKNOWN)
		job->peer->troubled = true;
	buf_free(&word.text);
}

void engine_job_free(struct engine *e, struct job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		mem_free(job->tickets[i].email);
		job->tickets[i].email = NULL;
	}
	job->n = 0;
	job->used = false;
	job->trying = false;
	job->piece = 0;
	job->at = 0;
	job->peer->jobs--;
	e->under_way--;
}
