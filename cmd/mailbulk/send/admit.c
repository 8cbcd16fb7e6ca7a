#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"

/* Put the message of a row into a job. False: its letter cannot be made, and that is its result. */
static bool load(struct engine *e, struct job *job, const struct values *v)
{
	struct ticket *t = &job->tickets[job->n];
	struct err err = { 0 };

	if (job->n == 0 && !letter_render(&job->letter, e->campaign, v, &e->wall, false, &err)) {
		e->bad++;
		engine_skip(e, RESULT_SKIPPED, t->row.number, str_of(t->written), err.text);
		line_give_back(e, t);
		mem_free(t->email);
		t->email = NULL;
		return false;
	}
	t->row.attempts++;
	job->rcpts[job->n++] = (struct smtp_rcpt){ .address = str_of(t->email) };
	pace_took(&e->pace, e->now, 1);
	return true;
}

static size_t batch_of(const struct engine *e, const struct peer *p)
{
	size_t most = e->campaign->identical && e->settings->test == NULL ? BATCH_MAX : 1;

	if (p->smtp.caps.rcpt_max > 0 && p->smtp.caps.rcpt_max < most)
		most = (size_t)p->smtp.caps.rcpt_max;
	if (p->relay->rcpt_most > 0 && p->relay->rcpt_most < most)
		most = p->relay->rcpt_most;
	if (e->settings->max_unknown < most)
		most = (size_t)e->settings->max_unknown;
	/* What the server counts by domain is not counted here. */
	return p->smtp.caps.rcpt_domain_max > 0 ? 1 : most;
}

/* One that is free, which it stays until it is given. */
static struct job *free_job(struct engine *e)
{
	struct job *job = e->free_jobs;

	if (job == NULL && e->n_touched < e->n_jobs) {
		job = &e->jobs[e->n_touched++];
		job->next = NULL;
		e->free_jobs = job;
	}
	return job;
}

static uint64_t per_connection(const struct engine *e, const struct relay *r)
{
	uint64_t asked = e->settings->messages_per_connection;

	return asked == 0 || (r->per_connection > 0 && r->per_connection < asked) ? r->per_connection : asked;
}

/* Give one message to a session. */
static bool give(struct engine *e, struct peer *p)
{
	struct job *job = free_job(e);
	size_t most = batch_of(e, p);
	uint64_t per = per_connection(e, p->relay);

	if (job == NULL)
		return false;
	job->n = 0;
	for (const struct ticket *next; job->n < most && (next = line_head(e)) != NULL;) {
		/* A row that may have ended a connection goes alone, so that it cannot be blamed on others. */
		bool suspect = next->row.drops > 0;
		const struct values *values;

		if (suspect && job->n > 0)
			break;
		if (line_take(e, &job->tickets[job->n], &values) && load(e, job, values) && suspect)
			break;
	}
	if (job->n == 0)
		return false;
	e->free_jobs = job->next;
	job->used = true;
	job->peer = p;
	job->trying = false;
	e->under_way++;
	p->jobs++;
	p->taken++;
	struct smtp_mail mail = {
		.reverse_path = buf_str(&job->letter.reverse_path),
		.rcpts = job->rcpts,
		.n_rcpts = job->n,
		.size = job->letter.size,
		.eight_bit = job->letter.message.eight_bit,
		.utf8 = job->letter.utf8,
		.last = per > 0 && p->taken >= per,
		.tag = (uint64_t)(job - e->jobs),
	};

	for (size_t i = 0; i < job->n; i++)
		mail.utf8 |= !str_ascii(job->rcpts[i].address);
	p->quitting = mail.last;
	smtp_mail(&p->smtp, &mail);
	return true;
}

/* Is the peer among the first `limit` of its relay? The others are let go when they are idle. */
static bool within_limit(const struct engine *e, const struct peer *p)
{
	size_t rank = 0;

	for (const struct peer *q = e->peers; q < p; q++)
		rank += q->state != PEER_FREE && q->relay == p->relay;
	return rank < (size_t)p->relay->limit;
}

static bool has_room(const struct engine *e, const struct peer *p)
{
	return p->state == PEER_UP && p->ready && !p->quitting && p->jobs < WINDOW_MESSAGES && smtp_room(&p->smtp) &&
		relay_open_for(p->relay, e->now) && within_limit(e, p);
}

/* Open connections while there is more to do than those that are open can take at once, to the relay that has
 * fewest. */
static void open_peers(struct engine *e)
{
	uint64_t work = e->left + line_left(e) + (queue_due(&e->queue) <= e->now ? e->queue.n : 0);
	uint64_t idle = 0;

	if (e->stopping || line_left(e) == 0)
		return;
	for (size_t i = 0; i < e->n_peers; i++)
		idle += e->peers[i].state != PEER_FREE && e->peers[i].jobs == 0 && !e->peers[i].quitting;
	for (size_t i = 0; i < e->n_peers && idle < work; i++) {
		struct relay *best = NULL;

		if (e->peers[i].state != PEER_FREE)
			continue;
		for (size_t k = 0; k < e->n_relays; k++) {
			struct relay *r = &e->relays[k];

			if (relay_open_for(r, e->now) && r->open < (r->greeted ? (size_t)r->limit : 1) &&
				(best == NULL || r->open < best->open))
				best = r;
		}
		if (best == NULL)
			return;
		peer_open(e, &e->peers[i], best);
		idle++;
	}
}

size_t engine_admit(struct engine *e)
{
	size_t given = 0;
	bool any = true;

	line_head(e);
	/* One message for each session, then the next round: so the work spreads. */
	while (any && !e->stopping) {
		any = false;
		for (size_t i = 0; i < e->n_peers && !e->stopping; i++)
			if (has_room(e, &e->peers[i]) && give(e, &e->peers[i])) {
				any = true;
				given++;
			}
	}
	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *p = &e->peers[i];

		if (p->state == PEER_UP && p->ready && p->jobs == 0 && !p->quitting && !within_limit(e, p))
			peer_quit(p);
	}
	open_peers(e);
	return given;
}

bool engine_more(const struct engine *e)
{
	return !e->list_ended || e->queue.n > 0 || line_left(e) > 0 || provider_due(&e->providers) != INT64_MAX;
}

int64_t engine_admit_due(const struct engine *e)
{
	int64_t due = INT64_MAX;
	int64_t times[3] = { queue_due(&e->queue), pace_next(&e->pace), provider_due(&e->providers) };

	if (e->stopping || !engine_more(e))
		return due;
	for (size_t i = 0; i < 3; i++)
		if (times[i] > e->now && times[i] < due)
			due = times[i];
	for (size_t i = 0; i < e->n_relays; i++)
		if (!e->relays[i].dead && e->relays[i].pause_until > e->now && e->relays[i].pause_until < due)
			due = e->relays[i].pause_until;
	return due;
}
