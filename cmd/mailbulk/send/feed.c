#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "io/clock.h"
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
struct str feed_written(const struct engine *e, const struct values *v)
{
	return buf_len(&v->written) > 0 && buf_len(&e->campaign->test_mailbox) == 0 ? buf_str(&v->written)
										    : email_of(e, v);
}

/* A row that an earlier run settled: its result is what that run heard. */
static void tell_earlier(struct engine *e, const struct values *v, enum result_status status,
	const struct ledger_words *w, const char *reply)
{
	enum outcome_reason reason = OUTCOME_NONE;
	struct result result = { .status = status,
		.email = str_trim(feed_written(e, v)),
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

/* Who was only reserved has no Message-ID in the journal: the one that its message has, if it left. */
static void make_id(const struct engine *e, const struct values *v, struct buf *room, struct ledger_words *w)
{
	struct letter letter = { 0 };
	struct err err;

	if (w->message_id.n == 0 && letter_render(&letter, e->campaign, v, &e->wall, false, &err)) {
		buf_clear(room);
		buf_add(room, str_sub(buf_str(&letter.message_id), 1, buf_len(&letter.message_id) - 2));
		*w = (struct ledger_words){ .message_id = buf_str(room) };
	}
	letter_free(&letter);
}

static bool tries_refused(const struct settings *s, const struct ledger_words *w)
{
	enum outcome_reason reason;

	if (s->retry_refused_text == NULL || s->retry_refused == 0)
		return s->retry_refused_text != NULL;
	return outcome_reason_parse(w->reason, &reason) && (s->retry_refused >> reason & 1) != 0;
}

/* What an earlier run says of a row that it deferred: perhaps not to be tried before some time. */
static void go_on(struct engine *e, const struct values *v, struct waiting *row)
{
	struct ledger_words w;

	book_recall(&e->book, v->key, e->selection.earlier, &e->recalled, &w);
	row->puts = (uint16_t)w.puts;
	if (w.not_before > e->wall.wall)
		row->due = e->now + (w.not_before - e->wall.wall) * CLOCK_SECOND;
}

/* What an earlier run says of a row. True: it may be tried. */
static bool may_try(struct engine *e, const struct values *v, struct waiting *row)
{
	enum ledger_state state =
		e->book.used ? ledger_state_of(&e->book.ledger, v->key, e->selection.earlier) : LEDGER_NEW;
	struct ledger_words w;

	if (state == LEDGER_DEFERRED)
		go_on(e, v, row);
	if (state == LEDGER_NEW || state == LEDGER_DEFERRED || state == LEDGER_RESERVED)
		return true;
	if (state != LEDGER_SENT && state != LEDGER_REFUSED && e->settings->resend_unknown)
		return true;
	book_recall(&e->book, v->key, e->selection.earlier, &e->recalled, &w);
	if (state == LEDGER_SENT) {
		tell_earlier(e, v, RESULT_SKIPPED, &w, "sent by an earlier run");
	} else if (state != LEDGER_REFUSED) {
		make_id(e, v, &e->recalled, &w);
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
	struct str written = feed_written(e, v);

	*t = (struct ticket){ .row = *row, .email = mem_alloc(email.n + written.n + 2) };
	memcpy(t->email, email.p, email.n);
	memcpy(t->email + email.n + 1, written.p, written.n);
	t->written = t->email + email.n + 1;
	memcpy(t->key, v->key, sizeof t->key);
	t->row.drawn = e->now;
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

/* The row at its place in the list, into e->again. False: it is not to be sent, or the run stops. */
static bool read_again(struct engine *e, const struct waiting *w)
{
	struct err err = { 0 };

	e->again_row = (struct row){ .number = w->number, .line = w->line, .offset = w->offset, .octets = w->octets };
	switch (selection_again(&e->selection, w->key, &e->again_row, &e->again, &err)) {
	case CHOICE_TAKEN:
		return true;
	case CHOICE_SUPPRESSED:
		engine_skip(e, RESULT_SKIPPED, w->number, feed_written(e, &e->again), err.text);
		return false;
	default:
		queue_push(&e->queue, w);
		engine_stop(e, &err);
		return false;
	}
}

bool feed_read(struct engine *e, const struct ticket *t, const struct values **v)
{
	struct provider *p = provider_find(&e->providers, str_of(t->email));

	/* It pushed back since the row was drawn. */
	if (p != NULL && provider_stopped(p, t->row.drawn, e->now)) {
		provider_hold(&e->providers, p, &t->row);
		return false;
	}
	*v = &e->again;
	if (!read_again(e, &t->row))
		return false;
	struct str domain = buf_str(&e->again.address.ascii);

	if (pace_goes(&e->pace, domain, e->now))
		return true;
	struct waiting w = t->row;

	w.due = pace_domain(&e->pace, domain, e->now);
	queue_push(&e->queue, &w);
	return false;
}

/* A row whose time has come. 1 there is one, 0 look again, -1 none. */
int feed_waiting(struct engine *e, struct ticket *t)
{
	struct waiting w;
	bool ready = provider_take(&e->providers, e->now, &w);

	if (!ready && !queue_take(&e->queue, e->now, &w))
		return -1;
	w.urgent = false;
	if (!read_again(e, &w))
		return e->stopping ? -1 : 0;
	if (!may_go(e, &e->again, &w, ready))
		return 0;
	fill(t, e, &e->again, &w);
	return 1;
}

/* The next row of the list. 1 there is one, 0 look again, -1 none. */
int feed_fresh(struct engine *e, struct ticket *t)
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
		engine_skip(e, RESULT_SKIPPED, s->row.number, feed_written(e, &s->values), why.text);
		return 0;
	case CHOICE_TAKEN:
		break;
	}
	e->left -= e->left > 0;
	struct waiting w = {
		.number = s->row.number, .line = s->row.line, .offset = s->row.offset, .octets = s->row.octets
	};

	if (!may_try(e, &s->values, &w))
		return 0;

	hex_decode(w.key, str_of(s->values.key));
	if (w.due > e->now) {
		queue_push(&e->queue, &w);
		return 0;
	}
	if (!may_go(e, &s->values, &w, false))
		return 0;
	fill(t, e, &s->values, &w);
	return 1;
}

int feed_draw(struct engine *e, struct ticket *t)
{
	int found = feed_waiting(e, t);

	return found < 0 && !e->stopping ? feed_fresh(e, t) : found;
}
