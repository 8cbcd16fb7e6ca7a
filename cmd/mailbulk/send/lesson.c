#include <config.h>

#include "cmd/mailbulk/send/lesson.h"

#define CONTENT_IN_ROW_MOST 20 /* messages that a filter refused: then no more are to be shown to it */
#define OURS_IN_ROW_MOST 20    /* refusals that are about us and may pass */
#define VERDICTS_LEAST 50      /* before --max-bounce can stop a run */
#define STOPPERS_IN_ROW_MOST 5 /* refusals that stop a run, on a server that took messages before */

bool lesson_may_pass(const struct outcome *o)
{
	return o->row == OUTCOME_ROW_DEFERRED && (o->temporary || o->reason == OUTCOME_FULL);
}

bool lesson_rcpt_most(struct relay *r, const struct job *job, const struct smtp_news *news, const struct word *w)
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

void lesson_refused(struct engine *e, const struct word *w)
{
	struct err err = { 0 };

	if (++e->refused_in_row < HELD_MOST || e->stopping)
		return;
	e->all_refused = true;
	held_end(e, false);
	err_set(&err, ERR_UNAVAILABLE, "the last %d recipients were all refused, the last one with: %d %.*s", HELD_MOST,
		w->code, STR_ARGS(str_sub(buf_str(&w->text), 0, 120)));
	engine_stop(e, &err);
}

void lesson_verdict(struct engine *e, bool hard)
{
	uint64_t most = e->settings->max_bounce;
	struct err err = { 0 };

	e->verdicts++;
	e->bounces += hard;
	if (most == 0 || e->stopping || e->verdicts < VERDICTS_LEAST || e->bounces * 10000 <= e->verdicts * most ||
		e->left + e->queue.n + e->providers.held + line_left(e) == 0)
		return;
	err_set(&err, ERR_TEMP,
		"%llu of %llu recipients do not exist, which is more than --max-bounce %s; the rest is left for another "
		"run: clean the list with listscrub first",
		(unsigned long long)e->bounces, (unsigned long long)e->verdicts, e->settings->max_bounce_text);
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

/* What is one recipient's own (a full mailbox, greylisting) costs nobody else. */
static bool pushes_back(const struct outcome *o)
{
	return (o->temporary || o->run != OUTCOME_RUN_ON) && o->about != OUTCOME_ABOUT_RECIPIENT &&
		o->about != OUTCOME_ABOUT_PATH;
}

/* A refusal of one recipient may come from where its mail goes: that provider gets less. When several do the same, it
 * is the relay. */
static void push_back(struct engine *e, const struct job *job, const struct smtp_news *news, const struct outcome *o)
{
	struct relay *relay = job->peer->relay;
	size_t index = news->rcpt != SIZE_MAX ? news->rcpt : 0;

	engine_trouble(e);
	if ((o->stage == OUTCOME_AT_RCPT || o->stage == OUTCOME_AT_CONTENT) &&
		(news->rcpt != SIZE_MAX || job->n == 1)) {
		struct provider *p = provider_of(&e->providers, job->rcpts[index].address);

		provider_pushed_back(p, e->now, o->run == OUTCOME_RUN_STOP && relay->proven);
		if (!relay_blamed(relay, (size_t)(p - e->providers.all) + 1))
			return;
	}
	relay_pushed_back(relay, e->now, o->run != OUTCOME_RUN_ON || news->rcpt == SIZE_MAX);
}

void lesson_learn(struct engine *e, const struct job *job, const struct smtp_news *news, const struct word *w)
{
	struct relay *relay = job->peer->relay;
	const struct outcome *o = &w->outcome;
	bool many = o->reason == OUTCOME_RATE && relay->rcpt_most > 0 && news->rcpt != SIZE_MAX && job->n > 1;

	if (o->reason == OUTCOME_NONE || many ||
		(news->outcome != SMTP_REFUSED_NEVER && news->outcome != SMTP_REFUSED_LATER))
		return;
	if (pushes_back(o))
		push_back(e, job, news, o);
	if (o->reason == OUTCOME_CONTENT && o->row == OUTCOME_ROW_REFUSED)
		count_content(e, relay, w);
	if (o->row != OUTCOME_ROW_REFUSED && !lesson_may_pass(o))
		count_ours(e, relay, w);
}
