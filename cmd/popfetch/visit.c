#include <config.h>

#include "cmd/popfetch/visit.h"

#include "base/mem.h"
#include "cli/say.h"
#include "io/random.h"
#include "proto/sasl.h"

/* Put the batch away; what could not be is not fetched, and another connection would not help. */
static bool commit(struct visit *v, struct err *err)
{
	size_t n = sink_pending(v->sink);

	/* judge counts those of a command. */
	v->tally->fetched -= v->sink->kind == SINK_PIPE ? n : 0;
	if (sink_commit(v->sink, err))
		return true;
	v->tally->fetched -= v->sink->kind == SINK_PIPE ? 0 : n;
	v->course->over = true;
	return false;
}

static bool hand_over(struct visit *v)
{
	size_t n = v->sink->held;

	if (sink_hand_over(v->sink, &v->err))
		return true;
	v->tally->fetched -= n;
	v->course->over = true;
	return false;
}

/* What came is put away when the server has shown that it is what was asked for. */
void visit_confirm(struct visit *v)
{
	if (!v->confirming)
		pop3_confirm(&v->pop3);
	v->confirming = true;
}

/* Nothing is under way any more: what came is confirmed and stored, then the deletions, then QUIT. */
static bool finish(struct visit *v)
{
	if (v->quitting)
		return true;
	if (pop3_unconfirmed(&v->pop3)) {
		visit_confirm(v);
		return true;
	}
	v->quitting = true;
	if (v->sink != NULL && !hand_over(v))
		return false;
	if (v->sink != NULL)
		plan_delete(v);
	pop3_quit(&v->pop3);
	return true;
}

/* Ask for more where something did not count, and end when nothing is left to come. */
bool visit_go_on(struct visit *v)
{
	if (!v->quitting)
		plan_ask(v);
	return v->looks + v->wanted > 0 || finish(v);
}

static bool on_ready(struct visit *v)
{
	uint64_t octets = 0;

	plan(v);
	if (v->settings->list)
		return plan_print(v) && finish(v);
	for (size_t i = 0; i < v->pop3.n_items; i++)
		octets += v->fates[i] == FATE_WAIT ? v->pop3.items[i].size : 0;
	v->progress.total = v->settings->headers || v->settings->limit > 0 ? 0 : octets;
	return visit_go_on(v);
}

static bool on_confirmed(struct visit *v)
{
	v->confirming = false;
	return commit(v, &v->err) && visit_go_on(v);
}

static bool on_again(struct visit *v)
{
	if (!account_new_token(v->server, &v->err))
		return false;
	pop3_auth_retry(&v->pop3);
	return true;
}

/* The server said yes to QUIT: what was to be deleted is gone. */
static void on_closed(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items && v->fates != NULL; i++) {
		if (v->fates[i] != FATE_DELETED)
			continue;
		v->tally->deleted++;
		if (v->state != NULL && v->keys[i] != NULL && state_seen(v->state, str_of(v->keys[i])) >= 0 &&
			v->err.kind == ERR_NONE)
			state_deleted(v->state, str_of(v->keys[i]), &v->err);
	}
}

static bool turn(struct visit *v)
{
	/* What came before the end has been worked off: now it is the end. */
	if (v->ended) {
		pop3_eof(&v->pop3, v->end.kind != ERR_NONE ? &v->end : NULL);
		return true;
	}
	/* A message that came slowly must not wait for others that come slowly too. */
	if (v->sink != NULL && v->begun == SIZE_MAX && sink_due(v->sink))
		visit_confirm(v);
	enum wire_status status = drive_turn(&v->drive, &v->pop3.in, &v->pop3.out, pop3_waiting_for(&v->pop3), &v->end);

	if (status == WIRE_OK && drive_stop_signal() != 0)
		return err_set(&v->err, ERR_TEMP, "%s: interrupted", v->server->label);
	v->ended = status != WIRE_OK;
	/* Of an end in order the session knows best what it came instead of. */
	if (status == WIRE_EOF)
		v->end = (struct err){ 0 };
	return true;
}

/* One event; false when the session is over, for good (err.kind 0) or bad. */
static bool step(struct visit *v)
{
	struct pop3_news news;
	enum pop3_event event = pop3_next(&v->pop3, &news);

	if (event == POP3_WAIT)
		return turn(v);
	if (event != POP3_BODY) {
		v->moved = 0;
		drive_progress(&v->drive);
	}
	switch (event) {
	case POP3_STLS:
		if (!drive_start_tls(&v->drive, &v->pop3.in, &v->err))
			return false;
		pop3_tls_started(&v->pop3);
		return true;
	case POP3_READY:
		return on_ready(v);
	case POP3_AUTH_AGAIN:
		return on_again(v);
	case POP3_CONFIRMED:
		return on_confirmed(v);
	case POP3_CLOSED:
		on_closed(v);
		return false;
	case POP3_FAILED:
		v->err = news.err;
		/* What the connection says has the name already. */
		if (v->end.kind == ERR_NONE)
			err_prefix(&v->err, "%s", v->server->label);
		return false;
	default:
		return visit_message(v, event, &news);
	}
}

/* Where the session was lost: in the middle of a message, waiting for it, or at what came before it was confirmed. */
static size_t lost_at(const struct visit *v)
{
	uint32_t number = pop3_replying(&v->pop3);

	if (v->begun != SIZE_MAX)
		return v->begun;
	if (number > 0)
		return plan_index(v, number);
	return pop3_unconfirmed(&v->pop3) ? v->last : SIZE_MAX;
}

/* Whatever stopped us: what was not confirmed is dropped, since nobody knows whether it is what was asked for. It is
 * not known then, and comes again. */
static void put_away(struct visit *v)
{
	struct err late = { 0 };
	bool ok = true;

	if (v->sink == NULL)
		return;
	v->tally->fetched -= sink_pending(v->sink);
	sink_abandon(v->sink);
	size_t lost = v->err.kind != ERR_NONE && drive_stop_signal() == 0 ? lost_at(v) : SIZE_MAX;

	if (v->state != NULL && lost != SIZE_MAX && v->keys[lost] != NULL)
		ok = state_fault(v->state, str_of(v->keys[lost]), &late);
	if (lost != SIZE_MAX && (v->course->careful || v->endless))
		plan_lost(v, lost, v->endless);
	ok = ok && sink_discard(v->sink, &late);
	ok = ok && (v->state == NULL || journal_commit(&v->state->journal, &late));
	if (!ok && v->err.kind == ERR_NONE)
		v->err = late;
}

/* --pipe: what the command made of a message. One that it does not take keeps no other back. */
static void judge(void *arg, size_t i, const struct err *why)
{
	struct visit *v = arg;

	if (why == NULL) {
		v->tally->fetched++;
		return;
	}
	v->fates[i] = FATE_LEAVE;
	if (why->kind == ERR_TEMP)
		v->tally->deferred++;
	else
		v->tally->refused++;
	say_errorf("%s: message %u (UID %s) does not count as fetched: %s", v->server->label,
		(unsigned)v->pop3.items[i].number, visit_uid(v, i), why->text);
	if (v->state != NULL && v->keys[i] != NULL && v->err.kind == ERR_NONE)
		state_fault(v->state, str_of(v->keys[i]), &v->err);
}

bool visit(struct visit *v)
{
	uint64_t seed;

	random_bytes(&seed, sizeof seed);
	const struct pop3_params params = {
		.tls = v->server->tls,
		.clear_auth = v->server->clear_auth,
		.sasl = v->server->sasl,
		.lock_step = v->course->lock_step,
		.confirm = v->sink != NULL,
		.seed = seed,
		.every = v->course->careful ? 1 : 0,
	};

	v->begun = v->last = SIZE_MAX;
	if (v->sink != NULL) {
		v->sink->judge = judge;
		v->sink->judge_arg = v;
	}
	if (!drive_connect(&v->drive, v->server, INT64_MAX, &v->err))
		return false;
	pop3_init(&v->pop3, &params);
	buf_init(&v->head, VISIT_LOOK_MAX);
	progress_init(&v->progress, "B", 0, v->settings->account.progress);
	while (step(v))
		;
	progress_end(&v->progress);
	put_away(v);
	drive_close(&v->drive);
	return v->err.kind == ERR_NONE;
}

void visit_free(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items && v->keys != NULL; i++)
		mem_free(v->keys[i]);
	mem_free(v->keys);
	mem_free(v->fates);
	hash_drop(v);
	set_free(&v->hashes);
	buf_free(&v->head);
	pop3_free(&v->pop3);
}
