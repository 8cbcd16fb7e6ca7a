#include <config.h>

#include "cmd/popfetch/visit.h"

#include "base/mem.h"
#include "cli/say.h"
#include "io/random.h"
#include "proto/sasl.h"

#define LOOK_MAX ((size_t)256 << 10)
#define BLOCK ((uint64_t)16 << 10)
#define ENDLESS ((uint64_t)192 << 20)

/* Put the batch away; what could not be is not fetched. */
static bool commit(struct visit *v, struct err *err)
{
	size_t n = v->sink->n;

	if (sink_commit(v->sink, err))
		return true;
	v->tally->fetched -= n;
	return false;
}

/* What came is put away when the server has shown that it is what was asked for. */
static void confirm(struct visit *v)
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
		confirm(v);
		return true;
	}
	v->quitting = true;
	if (v->sink != NULL)
		plan_delete(v);
	pop3_quit(&v->pop3);
	return true;
}

/* Ask for more where something did not count, and end when nothing is left to come. */
static bool go_on(struct visit *v)
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
	return go_on(v);
}

static bool is_look(const struct visit *v, size_t i)
{
	return v->fates[i] == FATE_LOOK;
}

static bool on_begin(struct visit *v, size_t i)
{
	v->begun = v->last = i;
	v->octets = 0;
	buf_clear(&v->head);
	if (is_look(v, i))
		return true;
	if (v->state != NULL)
		hash_begin(v);
	return sink_begin(v->sink, &v->err);
}

/* LIST's sizes are hints, but not that wrong: a message without end would fill the disk. */
static bool is_endless(const struct visit *v, size_t i)
{
	uint64_t size = v->pop3.items[i].size;

	return v->octets > ENDLESS && v->octets / 4 > size;
}

static bool on_body(struct visit *v, size_t i, struct str octets)
{
	v->octets += octets.n;
	v->moved += octets.n;
	/* A trickle does not make the wait begin anew, a block does. */
	if (v->moved >= BLOCK) {
		v->moved = 0;
		drive_progress(&v->drive);
	}
	if (is_look(v, i)) {
		/* Of a header that is longer than any, the start is enough. */
		buf_add(&v->head, str_sub(octets, 0, LOOK_MAX - buf_len(&v->head)));
		return true;
	}
	v->endless = is_endless(v, i);
	if (v->endless)
		return err_set(&v->err, ERR_PROTOCOL,
			"%s: message %u is far longer than the %llu octets that the server listed", v->server->label,
			(unsigned)v->pop3.items[i].number, (unsigned long long)v->pop3.items[i].size);
	v->tally->octets += octets.n;
	progress_set(&v->progress, v->tally->octets);
	hash_add(v, octets);
	return sink_add(v->sink, octets, &v->err);
}

/* Its octets tell whether it is known where its UID does not; then it is let go again. */
static bool is_known(struct visit *v, size_t i)
{
	const struct state_note *note;
	bool same = true;
	int64_t when;

	if (v->hash == NULL)
		return false;
	if (v->keys[i] == NULL) {
		v->keys[i] = hash_end(v);
	} else {
		hash_sum(v);
		note = state_noted(v->state, str_of(v->keys[i]));
		same = note != NULL && note->size > 0 && note->hash == v->sum;
	}
	when = state_seen(v->state, str_of(v->keys[i]));
	if (when < 0 || !same || v->settings->all)
		return false;
	v->tally->known++;
	v->fates[i] = plan_kept(v, when);
	sink_abandon(v->sink);
	return true;
}

/* What the state shall know of a message, and whether its size speaks against it: then it stays on the server, and the
 * next run compares. */
static void note(struct visit *v, size_t i, const struct pop3_news *news)
{
	bool exact = v->settings->headers || plan_measure(v, i, v->octets, news->dots, news->crlf);

	v->fates[i] = exact ? plan_kept(v, -1) : FATE_KEPT;
	if (!exact)
		say_note(
			"%s: message %u (UID %s) has %llu bytes, and the server lists %llu; it is not deleted, and the next run "
			"fetches and compares it again",
			v->server->label, (unsigned)v->pop3.items[i].number,
			v->keys[i] != NULL && v->keys[i][0] == 'u' ? v->keys[i] + 1 : "none",
			(unsigned long long)v->octets, (unsigned long long)v->pop3.items[i].size);
	if (v->state != NULL && v->keys[i] != NULL && v->keys[i][0] == 'u')
		sink_note(v->sink, exact ? v->pop3.items[i].size + 1 : STATE_DOUBT, v->sum);
}

static bool on_finish(struct visit *v, size_t i, const struct pop3_news *news)
{
	v->begun = SIZE_MAX;
	if (is_look(v, i)) {
		plan_look(v, i, buf_str(&v->head));
		return go_on(v);
	}
	v->wanted--;
	if (is_known(v, i))
		return (v->keys[i][0] != 'u' ||
			       state_same(v->state, str_of(v->keys[i]), v->pop3.items[i].size + 1, &v->err)) &&
			go_on(v);
	note(v, i, news);
	v->tally->fetched++;
	if (!sink_end(v->sink, v->state != NULL ? str_of(v->keys[i]) : STR_NONE, &v->err))
		return false;
	if (sink_due(v->sink))
		confirm(v);
	return go_on(v);
}

static bool on_confirmed(struct visit *v)
{
	v->confirming = false;
	return commit(v, &v->err) && go_on(v);
}

/* One message that the server cannot give must not keep us from the others. */
static bool on_refused(struct visit *v, const struct pop3_news *news, size_t i)
{
	bool dele = v->fates[i] == FATE_DELETED;
	const char *what = dele ? "deletion" : is_look(v, i) ? "its header" : "it";

	say_errorf("%s: message %u (UID %s): the server refuses %s: %.*s", v->server->label, (unsigned)news->number,
		v->keys[i] != NULL && v->keys[i][0] == 'u' ? v->keys[i] + 1 : "none", what, STR_ARGS(news->text));
	v->tally->refused++;
	if (dele) {
		v->fates[i] = FATE_UNDELETED;
		return true;
	}
	if (is_look(v, i))
		v->looks--;
	else
		v->wanted--;
	v->fates[i] = FATE_LEAVE;
	return go_on(v);
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
		confirm(v);
	enum wire_status status = drive_turn(&v->drive, &v->pop3.in, &v->pop3.out, pop3_waiting_for(&v->pop3), &v->end);

	if (status == WIRE_OK && drive_stop_signal() != 0)
		return err_set(&v->err, ERR_TEMP, "%s: interrupted", v->server->label);
	v->ended = status != WIRE_OK;
	/* Of an end in order the session knows best what it came instead of. */
	if (status == WIRE_EOF)
		v->end = (struct err){ 0 };
	return true;
}

static bool on_message(struct visit *v, enum pop3_event event, const struct pop3_news *news)
{
	size_t i = plan_index(v, news->number);

	switch (event) {
	case POP3_BEGIN:
		return on_begin(v, i);
	case POP3_BODY:
		return on_body(v, i, news->octets);
	case POP3_FINISH:
		return on_finish(v, i, news);
	case POP3_REFUSED:
		return on_refused(v, news, i);
	default:
		return true; /* POP3_DELETED */
	}
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
		return on_message(v, event, &news);
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
	v->tally->fetched -= v->sink->n;
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
	if (!drive_connect(&v->drive, v->server, INT64_MAX, &v->err))
		return false;
	pop3_init(&v->pop3, &params);
	buf_init(&v->head, LOOK_MAX);
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
