#include <config.h>

#include "cmd/mailbulk/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"

#define DROPS_MOST 5            /* connections lost under one row before it is left for another run */
#define REFUSED_IN_ROW_MOST 100 /* then it is not the recipients */

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
};

static void make_word(struct word *w, const struct smtp_news *news)
{
	*w = (struct word){ 0 };
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

static void record_verdict(struct engine *e, const struct ticket *t, enum ledger_state state, const struct word *w)
{
	ledger_verdict(&e->record, state, e->wall.wall, t->key, t->email, w->code, buf_str(&w->text));
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
	if (job->trying || !again)
		record_verdict(e, t, LEDGER_DEFERRED, w);
	if (!again) {
		add_result(e, job, t, RESULT_DEFERRED, w);
		return;
	}
	t->row.due = dropped ? e->now : e->now + pause_before(e, tries);
	queue_push(&e->queue, &t->row);
}

/* 4xx that speak of us and not of one mailbox: too many, too fast, not now (RFC 3463: X.3, X.4.5, X.7). */
static bool about_us(const struct smtp_news *news)
{
	const struct reply *r = news->reply;

	if (news->rcpt == SIZE_MAX || r == NULL)
		return true;
	return r->code == 421 || r->code == 432 || r->code == 452 || r->code == 454 ||
		str_starts(r->enhanced, STR_LIT("4.3.")) || str_starts(r->enhanced, STR_LIT("4.4.5")) ||
		str_starts(r->enhanced, STR_LIT("4.7."));
}

static void refused(struct engine *e, const struct word *w)
{
	struct err err;

	if (++e->refused_in_row < REFUSED_IN_ROW_MOST || e->stopping)
		return;
	err_set(&err, ERR_UNAVAILABLE, "the last %d recipients were all refused, the last one with: %d %.*s",
		REFUSED_IN_ROW_MOST, w->code, STR_ARGS(str_sub(buf_str(&w->text), 0, 120)));
	engine_stop(e, &err);
}

static void settle(struct engine *e, struct job *job, struct ticket *t, const struct smtp_news *news,
	const struct word *w)
{
	struct relay *relay = job->peer->relay;

	t->done = true;
	switch (news->outcome) {
	case SMTP_ACCEPTED:
		e->refused_in_row = 0;
		record_verdict(e, t, LEDGER_SENT, w);
		add_result(e, job, t, RESULT_SENT, w);
		relay_accepted(relay);
		break;
	case SMTP_REFUSED_NEVER:
		record_verdict(e, t, LEDGER_REFUSED, w);
		add_result(e, job, t, RESULT_REFUSED, w);
		refused(e, w);
		break;
	case SMTP_REFUSED_LATER:
		relay_pushed_back(relay, e->now, about_us(news));
		put_off(e, job, t, false, w);
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
