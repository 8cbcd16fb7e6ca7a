#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/send/lesson.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"

#define BREAKS_MOST 2    /* connections that end in a row's turn before it is left for another run */
#define TOOK_MOST 100000 /* domains that are remembered as having accepted somebody */
#define CLOSED_MOST 5    /* 421 in a row's turn before it counts as that */

/* Without <>. */
static struct str message_id(const struct job *job)
{
	struct str id = buf_str(&job->letter.message_id);

	return id.n > 2 ? str_sub(id, 1, id.n - 2) : id;
}

void engine_job_trying(struct engine *e, struct job *job)
{
	if (job->trying)
		return;
	job->trying = true;
	for (size_t i = 0; i < job->n; i++) {
		if (job->tickets[i].done)
			continue;
		book_trying(&e->book, job->tickets[i].key, job->tickets[i].email, message_id(job));
		job->peer->handed++;
	}
}

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

/* A time of ours as one for the journal, not before it. */
static int64_t wall_of(const struct engine *e, int64_t due)
{
	return e->wall.wall + (due - e->now + CLOCK_SECOND - 1) / CLOCK_SECOND;
}

static void record_verdict(struct engine *e, const struct job *job, const struct ticket *t, enum ledger_state state,
	const struct word *w)
{
	const struct ledger_words words = {
		.code = w->code,
		.enhanced = w->enhanced,
		.reply = buf_str(&w->text),
		.reason = str_of(outcome_reason_name(w->outcome.reason)),
		.stage = str_of(outcome_stage_name(w->outcome.stage)),
		.message_id = message_id(job),
		.not_before = t->row.due > e->now ? wall_of(e, t->row.due) : 0,
		.puts = t->row.puts,
	};

	book_verdict(&e->book, state, t->key, t->email, &words, true);
	e->line.slowed |= state != LEDGER_SENT;
}

static struct result result_of(const struct job *job, const struct ticket *t, enum result_status status,
	const struct word *w)
{
	return (struct result){
		.status = status,
		.email = str_of(t->written),
		.code = w->code,
		.enhanced = w->enhanced,
		.reply = buf_str(&w->text),
		.attempts = t->row.attempts,
		.message_id = message_id(job),
		.relay = job->peer->relay->server.label,
		.reason = outcome_reason_name(w->outcome.reason),
		.stage = outcome_stage_name(w->outcome.stage),
		.row = t->row.number,
		.key = t->key,
	};
}

static void add_result(struct engine *e, const struct job *job, const struct ticket *t, enum result_status status,
	const struct word *w)
{
	struct result result = result_of(job, t, status, w);

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

static struct str domain_of(const struct ticket *t)
{
	struct str address = str_of(t->email);

	return str_sub(address, str_after_last(address, '@'), address.n);
}

/* Left for another run: it was not this recipient's fault, and would be refused again now. */
static void put_back(struct engine *e, const struct job *job, struct ticket *t, struct word *w)
{
	record_verdict(e, job, t, LEDGER_DEFERRED, w);
	add_result(e, job, t, RESULT_DEFERRED, w);
}

static void refuse(struct engine *e, const struct job *job, struct ticket *t, struct word *w)
{
	struct result result = result_of(job, t, RESULT_REFUSED, w);
	bool silent = w->outcome.reason == OUTCOME_UNKNOWN;

	if (silent && e->all_refused) {
		put_back(e, job, t, w);
		return;
	}
	record_verdict(e, job, t, LEDGER_REFUSED, w);
	lesson_verdict(e, w->outcome.bounce == OUTCOME_BOUNCE_HARD);
	/* Words that say nothing: what comes next shows whether it is this recipient or everybody. */
	if (silent && e->n_held < HELD_MOST)
		held_add(e, &result, t->email);
	else
		results_add(&e->results, &result, e->wall.wall);
}

/* Left for another run on its own account. Nothing goes on for ever: when that was so in three runs in which others at
 * its domain were accepted, it is refused. Whether this run is one of those may only show at its end. */
static void put_back_own(struct engine *e, const struct job *job, struct ticket *t, struct word *w)
{
	bool took = held_took(e, t->email);

	t->row.puts = (uint16_t)(t->row.puts + took);
	bool over = took && t->row.puts >= PUTS_MOST;

	if (over)
		buf_add_text(&w->text, GIVEN_UP);
	record_verdict(e, job, t, over ? LEDGER_REFUSED : LEDGER_DEFERRED, w);
	struct result result = result_of(job, t, over ? RESULT_REFUSED : RESULT_DEFERRED, w);

	if (took || !held_put_back(e, &result, t, t->row.due > e->now ? wall_of(e, t->row.due) : 0))
		results_add(&e->results, &result, e->wall.wall);
}

/* Refused for a while: again later, or left for another run when it was tried often enough. */
static void put_off(struct engine *e, struct job *job, struct ticket *t, struct word *w)
{
	enum outcome_about about = w->outcome.about;

	unsigned tries = (unsigned)(t->row.attempts - t->row.drops);

	if (tries <= e->settings->retries) {
		t->row.due = e->now + pause_before(e, tries);
		t->row.paced = false;
		record_verdict(e, job, t, LEDGER_DEFERRED, w);
		queue_push(&e->queue, &t->row);
	} else if (w->outcome.reason == OUTCOME_FULL && !w->outcome.temporary) {
		refuse(e, job, t, w);
		lesson_refused(e, w);
	} else {
		/* With --retry-for the next run may come soon. */
		t->row.due = e->settings->retry_for > 0 ? e->now + pause_before(e, tries) : 0;
		(about == OUTCOME_ABOUT_US || about == OUTCOME_ABOUT_SERVER ? put_back : put_back_own)(e, job, t, w);
	}
}

/* Two connections ended in its turn: it is named and left, so that the others are sent. */
static void set_aside(struct engine *e, struct job *job, struct ticket *t, struct word *w)
{
	struct buf why = { 0 };

	job->peer->aside = true;
	buf_printf(&why, "%d connections ended while it was sent: ", BREAKS_MOST);
	buf_add(&why, buf_str(&w->text));
	say_note("%s: line %llu: %s is left for a later run: %s", e->list->name, (unsigned long long)t->row.line,
		t->written, buf_text(&why));
	buf_free(&w->text);
	w->text = why;
	put_back_own(e, job, t, w);
}

/* Lost with its connection, and not sent. The first such message is the suspect, those behind it only waited. */
static void lost(struct engine *e, struct job *job, struct ticket *t, const struct smtp_news *news, struct word *w)
{
	struct peer *p = job->peer;
	bool closed = w->code == 421;
	/* 421 is the server's own wish, unless it comes again and again when this row has its turn. */
	bool routine =
		closed && (p->finished > 0 || news->reply->stage <= OUTCOME_AT_MAIL) && t->row.closed < CLOSED_MOST;

	p->closing |= closed;
	p->limited |= closed && (w->outcome.reason == OUTCOME_RATE || w->outcome.reason == OUTCOME_REPUTATION);
	if (p->troubled || routine || e->stopping) {
		t->row.attempts--;
		if (routine && !p->troubled)
			t->row.closed++;
	} else {
		t->row.drops++;
		p->suspect = true;
	}
	if (t->row.drops >= BREAKS_MOST) {
		set_aside(e, job, t, w);
		return;
	}
	/* A retry needs a place in another reservation. */
	record_verdict(e, job, t, LEDGER_DEFERRED, w);
	t->row.due = e->now;
	t->row.urgent = true;
	queue_push(&e->queue, &t->row);
}

/* A refusal, with 4xx or 5xx. */
static void turn_down(struct engine *e, struct job *job, struct ticket *t, const struct smtp_news *news, struct word *w)
{
	if (lesson_rcpt_most(job->peer->relay, job, news, w)) {
		t->row.attempts--;
		t->row.due = e->now;
		record_verdict(e, job, t, LEDGER_DEFERRED, w);
		queue_push(&e->queue, &t->row);
	} else if (w->outcome.row == OUTCOME_ROW_REFUSED) {
		refuse(e, job, t, w);
		lesson_refused(e, w);
	} else if (lesson_may_pass(&w->outcome)) {
		put_off(e, job, t, w);
	} else {
		put_back(e, job, t, w);
	}
}

static void accepted_by(struct engine *e, const struct ticket *t)
{
	struct provider *p = provider_find(&e->providers, str_of(t->email));

	if (p != NULL)
		provider_accepted(p);
	if (e->took.used < TOOK_MOST)
		set_add(&e->took, domain_of(t), NULL);
}

static void settle(struct engine *e, struct job *job, struct ticket *t, const struct smtp_news *news, struct word *w)
{
	struct relay *relay = job->peer->relay;

	t->done = true;
	if (job->trying) {
		job->peer->handed--;
		job->peer->full = false;
	}
	judge(w, job, t, news);
	switch (news->outcome) {
	case SMTP_ACCEPTED:
		t->accepted = true;
		e->refused_in_row = 0;
		held_end(e, true);
		e->content_in_row = 0;
		e->ours_in_row = 0;
		e->trouble = 0;
		accepted_by(e, t);
		record_verdict(e, job, t, LEDGER_SENT, w);
		lesson_verdict(e, false);
		add_result(e, job, t, RESULT_SENT, w);
		relay_accepted(relay);
		break;
	case SMTP_REFUSED_NEVER:
	case SMTP_REFUSED_LATER:
		turn_down(e, job, t, news, w);
		break;
	case SMTP_NOT_SENT:
		lost(e, job, t, news, w);
		break;
	case SMTP_UNKNOWN:
		record_verdict(e, job, t, LEDGER_UNKNOWN, w);
		add_result(e, job, t, RESULT_UNKNOWN, w);
		break;
	case SMTP_REJECTED_HERE:
		/* Another server may take it: not refused for good in the journal. */
		record_verdict(e, job, t, LEDGER_DEFERRED, w);
		add_result(e, job, t, RESULT_REFUSED, w);
		break;
	}
}

void engine_job_verdict(struct engine *e, struct job *job, size_t rcpt, const struct smtp_news *news)
{
	struct word word;
	bool any = false;

	make_word(&word, news);
	for (size_t i = 0; i < job->n; i++)
		if ((rcpt == SIZE_MAX || rcpt == i) && !job->tickets[i].done) {
			any = true;
			settle(e, job, &job->tickets[i], news, &word);
		}
	lesson_learn(e, job, news, &word);
	if (any && (news->outcome == SMTP_NOT_SENT || news->outcome == SMTP_UNKNOWN))
		job->peer->troubled = true;
	buf_free(&word.text);
}

void engine_job_free(struct engine *e, struct job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		if (job->tickets[i].accepted)
			doubt_keep(e, job->peer, &job->tickets[i], message_id(job));
		mem_free(job->tickets[i].email);
		job->tickets[i].email = NULL;
	}
	job->n = 0;
	job->used = false;
	job->next = e->free_jobs;
	e->free_jobs = job;
	job->trying = false;
	job->peer->jobs--;
	e->under_way--;
}
