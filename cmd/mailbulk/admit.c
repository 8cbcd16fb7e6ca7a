#include <config.h>

#include "cmd/mailbulk/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "text/hex.h"

/* A row that gets a line in the results without any server. */
static void skip(struct engine *e, enum result_status status, uint64_t row, struct str email, const char *reply)
{
	struct result result = {
		.status = status, .email = str_trim(email), .reply = str_of(reply), .relay = "", .row = row
	};

	results_add(&e->results, &result, e->wall.wall);
}

static struct str email_of(const struct engine *e, const struct values *v)
{
	if (buf_len(&e->campaign->test_mailbox) > 0)
		return buf_str(&e->campaign->test_mailbox);
	return buf_len(&v->mailbox) > 0 ? buf_str(&v->mailbox) : v->row->cells[e->list->email];
}

/* The address for the results, which are to be joined with the list: as it stands there. */
static struct str written_of(const struct engine *e, const struct values *v)
{
	return buf_len(&v->written) > 0 && buf_len(&e->campaign->test_mailbox) == 0 ? buf_str(&v->written)
										    : email_of(e, v);
}

/* What an earlier run says of a row. True: it may be tried. */
static bool may_try(struct engine *e, const struct values *v)
{
	struct str email = written_of(e, v);

	switch (e->journalled ? ledger_state(&e->ledger, v->key) : LEDGER_NEW) {
	case LEDGER_SENT:
		skip(e, RESULT_SKIPPED, v->row->number, email, "sent by an earlier run");
		return false;
	case LEDGER_REFUSED:
		skip(e, RESULT_SKIPPED, v->row->number, email, "refused in an earlier run");
		e->earlier_bad++;
		return false;
	case LEDGER_TRYING:
	case LEDGER_UNKNOWN:
		if (e->settings->resend_unknown)
			return true;
		skip(e, RESULT_UNKNOWN, v->row->number, email,
			"an earlier run ended between sending it and the answer: it may have been delivered");
		return false;
	default:
		return true;
	}
}

static void fill(struct ticket *t, const struct engine *e, const struct values *v, const struct waiting *row)
{
	struct str email = email_of(e, v);
	struct str written = written_of(e, v);

	*t = (struct ticket){ .row = *row, .email = mem_alloc(email.n + written.n + 2) };
	memcpy(t->email, email.p, email.n);
	memcpy(t->email + email.n + 1, written.p, written.n);
	t->written = t->email + email.n + 1;
	memcpy(t->key, v->key, sizeof t->key);
}

/* A row whose time has come. 1 there is one, 0 look again, -1 none. */
static int take_waiting(struct engine *e, struct ticket *t, const struct values **v)
{
	struct waiting w;
	struct err err = { 0 };

	if (!queue_take(&e->queue, e->now, &w))
		return -1;
	e->again_row = (struct row){ .number = w.number, .line = w.line, .offset = w.offset, .octets = w.octets };
	switch (selection_again(&e->selection, w.key, &e->again_row, &e->again, &err)) {
	case CHOICE_TAKEN:
		break;
	case CHOICE_SUPPRESSED:
		skip(e, RESULT_SKIPPED, w.number, written_of(e, &e->again), err.text);
		return 0;
	default:
		queue_push(&e->queue, &w);
		engine_stop(e, &err);
		return -1;
	}
	fill(t, e, &e->again, &w);
	*v = &e->again;
	return 1;
}

/* The next row of the list. 1 there is one, 0 look again, -1 none. */
static int take_fresh(struct engine *e, struct ticket *t, const struct values **v)
{
	struct selection *s = &e->selection;
	struct err why = { 0 };
	enum choice choice = e->list_ended ? CHOICE_END : selection_next(s, &why);

	switch (choice) {
	case CHOICE_END:
		e->list_ended = true;
		e->left = 0;
		return -1;
	case CHOICE_FAIL:
		e->list_ended = true;
		engine_stop(e, &why);
		return -1;
	case CHOICE_BAD:
		e->bad++;
		skip(e, RESULT_SKIPPED, s->row.number, s->row.cells[e->list->email], why.text);
		return 0;
	case CHOICE_SUPPRESSED:
	case CHOICE_DUPLICATE:
		skip(e, RESULT_SKIPPED, s->row.number, written_of(e, &s->values), why.text);
		return 0;
	case CHOICE_TAKEN:
		break;
	}
	e->left -= e->left > 0;
	if (!may_try(e, &s->values))
		return 0;
	struct waiting w = {
		.number = s->row.number, .line = s->row.line, .offset = s->row.offset, .octets = s->row.octets
	};

	hex_decode(w.key, str_of(s->values.key));
	w.due = pace_domain(&e->pace, buf_str(&s->values.address.ascii), e->now);
	if (w.due > e->now) {
		queue_push(&e->queue, &w);
		return 0;
	}
	fill(t, e, &s->values, &w);
	*v = &s->values;
	return 1;
}

/* Is there a row that may go now? It is looked up before any session asks for it, so that nobody dials for rows that
 * are only skipped; a long stretch of those does not hold up the loop. */
static bool look_ahead(struct engine *e)
{
	e->hurry = false;
	if (e->has_ahead)
		return true;
	if (e->stopping || e->pace.left == 0 || pace_next(&e->pace) > e->now)
		return false;
	for (int looked = 0; !e->has_ahead && !e->stopping; looked++) {
		int found = take_waiting(e, &e->ahead, &e->ahead_values);

		if (found < 0)
			found = take_fresh(e, &e->ahead, &e->ahead_values);
		if (found < 0)
			break;
		e->has_ahead = found > 0;
		e->hurry = looked == 1000;
		if (e->hurry)
			break;
	}
	return e->has_ahead;
}

/* Put the message of a row into a job. False: its letter cannot be made, and that is its result. */
static bool load(struct engine *e, struct job *job, const struct values *v)
{
	struct ticket *t = &job->tickets[job->n];
	struct err err = { 0 };

	if (job->n == 0 && !letter_render(&job->letter, e->campaign, v, &e->wall, false, &err)) {
		e->bad++;
		skip(e, RESULT_SKIPPED, t->row.number, str_of(t->written), err.text);
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
	/* What the server counts by domain is not counted here. */
	return p->smtp.caps.rcpt_domain_max > 0 ? 1 : most;
}

static struct job *free_job(struct engine *e)
{
	for (size_t i = 0; i < e->n_jobs; i++)
		if (!e->jobs[i].used)
			return &e->jobs[i];
	return NULL;
}

/* Give one message to a session. */
static bool give(struct engine *e, struct peer *p)
{
	struct job *job = free_job(e);
	size_t most = batch_of(e, p);
	uint64_t per = e->settings->messages_per_connection;

	if (job == NULL)
		return false;
	job->n = 0;
	while (job->n < most && look_ahead(e)) {
		job->tickets[job->n] = e->ahead;
		e->has_ahead = false;
		load(e, job, e->ahead_values);
	}
	if (job->n == 0)
		return false;
	job->used = true;
	job->peer = p;
	job->piece = 0;
	job->at = 0;
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
	uint64_t work = e->left + e->has_ahead + (queue_due(&e->queue) <= e->now ? e->queue.n : 0);
	uint64_t idle = 0;

	if (e->stopping || !e->has_ahead)
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

	look_ahead(e);
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
	return !e->list_ended || e->queue.n > 0 || e->has_ahead;
}

int64_t engine_admit_due(const struct engine *e)
{
	int64_t due = INT64_MAX;
	int64_t times[2] = { queue_due(&e->queue), pace_next(&e->pace) };

	if (e->stopping || !engine_more(e))
		return due;
	for (size_t i = 0; i < 2; i++)
		if (times[i] > e->now && times[i] < due)
			due = times[i];
	for (size_t i = 0; i < e->n_relays; i++)
		if (!e->relays[i].dead && e->relays[i].pause_until > e->now && e->relays[i].pause_until < due)
			due = e->relays[i].pause_until;
	return due;
}

/* A row that waits, for its result: its address stands in the list, if that is still the same list. */
static struct str email_again(struct engine *e, const struct waiting *w)
{
	struct err err = { 0 };

	e->again_row = (struct row){ .number = w->number, .line = w->line, .offset = w->offset, .octets = w->octets };
	if (selection_again(&e->selection, w->key, &e->again_row, &e->again, &err) == CHOICE_FAIL)
		return STR_LIT("");
	return written_of(e, &e->again);
}

void engine_leave(struct engine *e, const char *reply)
{
	struct waiting w;

	/* It was looked at and never tried. */
	if (e->has_ahead && e->ahead.row.attempts > 0)
		queue_push(&e->queue, &e->ahead.row);
	if (e->has_ahead)
		mem_free(e->ahead.email);
	e->has_ahead = false;
	while (queue_take(&e->queue, INT64_MAX, &w)) {
		char key[33];
		struct result result = { .status = RESULT_DEFERRED,
			.email = email_again(e, &w),
			.reply = str_of(reply),
			.attempts = w.attempts,
			.relay = "",
			.reason = w.attempts == 0 ? "not-tried" : NULL,
			.row = w.number,
			.key = key };

		hex_encode(key, w.key, sizeof w.key);
		results_add(&e->results, &result, e->wall.wall);
	}
}
