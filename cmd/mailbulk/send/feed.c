#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "mail/returns/outcome.h"
#include "text/hex.h"

/* The rows that are to go, from the list and from those that wait. */

void engine_skip(struct engine *e, enum result_status status, uint64_t row, struct str email, const char *reply)
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

/* The last record of a row in the journal. What cannot be read is not told. */
static void recall(struct engine *e, const struct values *v, struct ledger_words *w)
{
	uint64_t at;
	struct err err = { 0 };

	*w = (struct ledger_words){ .code = 0 };
	if (ledger_at(&e->ledger, v->key, &at) && journal_at(&e->journal, at, &e->recalled, &err))
		ledger_read(buf_str(&e->recalled), v->key, w);
}

/* A row that an earlier run settled: its result is what that run heard. */
static void tell_earlier(struct engine *e, const struct values *v, enum result_status status,
	const struct ledger_words *w, const char *reply)
{
	enum outcome_reason reason = OUTCOME_NONE;
	struct result result = { .status = status,
		.email = str_trim(written_of(e, v)),
		.code = w->code,
		.enhanced = w->enhanced,
		.reply = w->reply.n > 0 && status == RESULT_SKIPPED ? w->reply : str_of(reply),
		.message_id = w->message_id,
		.relay = "",
		.row = v->row->number,
		.key = v->key };

	if (outcome_reason_parse(w->reason, &reason))
		result.reason = outcome_reason_name(reason);
	result.stage = outcome_stage_name(outcome_stage_parse(w->stage));
	results_add(&e->results, &result, e->wall.wall);
}

static bool tries_refused(const struct settings *s, const struct ledger_words *w)
{
	enum outcome_reason reason;

	if (s->retry_refused_text == NULL || s->retry_refused == 0)
		return s->retry_refused_text != NULL;
	return outcome_reason_parse(w->reason, &reason) && (s->retry_refused >> reason & 1) != 0;
}

/* What an earlier run says of a row. True: it may be tried. */
static bool may_try(struct engine *e, const struct values *v)
{
	enum ledger_state state = e->journalled ? ledger_state(&e->ledger, v->key) : LEDGER_NEW;
	struct ledger_words w;

	if (state == LEDGER_NEW || state == LEDGER_DEFERRED)
		return true;
	if (state != LEDGER_SENT && state != LEDGER_REFUSED && e->settings->resend_unknown)
		return true;
	recall(e, v, &w);
	if (state == LEDGER_SENT) {
		tell_earlier(e, v, RESULT_SKIPPED, &w, "sent by an earlier run");
	} else if (state != LEDGER_REFUSED) {
		tell_earlier(e, v, RESULT_UNKNOWN, &w,
			"an earlier run ended between sending it and the answer: it may have been delivered");
	} else {
		if (tries_refused(e->settings, &w))
			return true;
		e->earlier_bad++;
		tell_earlier(e, v, RESULT_SKIPPED, &w, "refused in an earlier run");
	}
	return false;
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

/* May the row go now? If not, it waits where it belongs. ready: its provider's slot is taken already. */
static bool may_go(struct engine *e, const struct values *v, struct waiting *w, bool ready)
{
	if (!w->paced) {
		w->paced = true;
		w->due = pace_domain(&e->pace, buf_str(&v->address.ascii), e->now);
		if (w->due > e->now) {
			queue_push(&e->queue, w);
			return false;
		}
	}
	struct provider *p = ready ? NULL : provider_find(&e->providers, email_of(e, v));

	if (p == NULL || provider_go(p, e->now))
		return true;
	provider_hold(&e->providers, p, w);
	return false;
}

/* A row whose time has come. 1 there is one, 0 look again, -1 none. */
static int take_waiting(struct engine *e, struct ticket *t, const struct values **v)
{
	struct waiting w;
	struct err err = { 0 };

	bool ready = provider_take(&e->providers, e->now, &w);

	if (!ready && !queue_take(&e->queue, e->now, &w))
		return -1;
	e->again_row = (struct row){ .number = w.number, .line = w.line, .offset = w.offset, .octets = w.octets };
	switch (selection_again(&e->selection, w.key, &e->again_row, &e->again, &err)) {
	case CHOICE_TAKEN:
		break;
	case CHOICE_SUPPRESSED:
		engine_skip(e, RESULT_SKIPPED, w.number, written_of(e, &e->again), err.text);
		return 0;
	default:
		queue_push(&e->queue, &w);
		engine_stop(e, &err);
		return -1;
	}
	if (!may_go(e, &e->again, &w, ready))
		return 0;
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
		engine_skip(e, RESULT_SKIPPED, s->row.number, s->row.cells[e->list->email], why.text);
		return 0;
	case CHOICE_SUPPRESSED:
	case CHOICE_DUPLICATE:
		engine_skip(e, RESULT_SKIPPED, s->row.number, written_of(e, &s->values), why.text);
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
	if (!may_go(e, &s->values, &w, false))
		return 0;
	fill(t, e, &s->values, &w);
	*v = &s->values;
	return 1;
}

bool engine_look_ahead(struct engine *e)
{
	e->hurry = false;
	if (e->has_ahead)
		return true;
	if (e->stopping || e->pace.left == 0 || pace_next(&e->pace) > e->now)
		return false;
	for (int looked = 0; !e->has_ahead && !e->stopping; looked++) {
		int found = take_waiting(e, &e->ahead, &e->ahead_values);

		if (found < 0 && !e->stopping)
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

/* A row that waits, for its result: its address stands in the list, if that is still the same list. */
static struct str email_again(struct engine *e, const struct waiting *w)
{
	struct err err = { 0 };

	e->again_row = (struct row){ .number = w->number, .line = w->line, .offset = w->offset, .octets = w->octets };
	if (selection_again(&e->selection, w->key, &e->again_row, &e->again, &err) == CHOICE_FAIL)
		return STR_LIT("");
	return written_of(e, &e->again);
}

/* Rows of the list that were not come to. One that an earlier run settled is told as ever. */
static void leave_unread(struct engine *e, const char *reply)
{
	struct ticket t;
	const struct values *v;

	/* They are not to be sent any more: no rate holds them, and each is looked at once. */
	while (!e->list_ended) {
		if (take_fresh(e, &t, &v) <= 0)
			continue;
		struct result result = { .status = RESULT_DEFERRED,
			.email = str_of(t.written),
			.reply = str_of(reply),
			.relay = "",
			.reason = "not-tried",
			.row = t.row.number,
			.key = t.key };

		results_add(&e->results, &result, e->wall.wall);
		mem_free(t.email);
		if (buf_len(&e->results.out) > 65536 && !results_flush(&e->results, &e->why))
			return;
	}
}

void engine_leave(struct engine *e, const char *reply)
{
	struct waiting w;

	if (e->has_ahead) {
		queue_push(&e->queue, &e->ahead.row);
		mem_free(e->ahead.email);
	}
	e->has_ahead = false;
	leave_unread(e, reply);
	while (queue_take(&e->queue, INT64_MAX, &w) || provider_drain(&e->providers, &w)) {
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
