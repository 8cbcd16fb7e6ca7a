#include <config.h>

#include "cmd/mailsend/deliver/deliver.h"

#include <stdio.h>

#include "base/mem.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cmd/mailsend/deliver/batch.h"
#include "cmd/mailsend/deliver/judge.h"
#include "cmd/mailsend/deliver/plan.h"
#include "io/clock.h"

/*
 * One session, transaction after transaction, until every recipient has a verdict. Two orders are a promise:
 *
 * - `before` is called before the last byte of the content is given to the session, never after: until then the
 * message cannot have been delivered, and afterwards the caller's record says that it may have been.
 * - From the end of the content to the verdict a signal does not end the session (`committed`), since what was
 * handed over would become unknown.
 */

#define BLOCK ((size_t)64 << 10)
#define PROGRESS_FROM ((uint64_t)1 << 20)

/* A delivery under way. */
struct delivery {
	struct session session;
	struct outgoing *o;
	struct envelope *e;
	const struct delivery_wants *wants;
	struct result *result;
	bool utf8_all; /* the header or the sender needs SMTPUTF8, so every transaction does */
	struct batch batch;
	struct smtp_rcpt rcpts[BATCH_MOST];
	struct buf chunk; /* of content that the session has no room for yet */
	uint64_t left;    /* of the content */
	bool drained;
	bool handed_over; /* the caller was told */
	size_t taken;     /* recipients of this transaction that the server took */
	bool left_over;   /* some are for another transaction, which was not known when this one began */
	struct progress progress;
};

static void fail_rest(struct delivery *d, enum verdict verdict, const char *text)
{
	for (size_t i = 0; i < d->e->n; i++) {
		struct recipient *r = &d->e->rcpts[i];

		if (r->verdict != VERDICT_NONE)
			continue;
		envelope_verdict(r, verdict, NULL, text);
		r->outcome = d->result->stopped;
	}
}

static struct outcome judge(const struct delivery *d, const struct recipient *r, const struct smtp_news *news)
{
	return judge_reply(d->e, r, d->session.server->url.host, news, news->rcpt == SIZE_MAX && d->batch.n != 1);
}

static bool start_transaction(struct delivery *d)
{
	struct batch *b = &d->batch;

	if (!batch_fill(b, d->e, d->session.smtp.caps.rcpt_max, d->utf8_all, d->wants->all_or_nothing))
		return false;
	if (!b->last && d->wants->all_or_nothing) {
		err_set(&d->result->err, ERR_UNAVAILABLE,
			"%zu recipients need more than one transaction with this server, so all or "
			"nothing cannot be promised",
			d->e->n);
		return false;
	}
	for (size_t i = 0; i < b->n; i++) {
		struct recipient *r = &d->e->rcpts[b->rcpts[i]];

		r->postponed = false;
		d->rcpts[i] = (struct smtp_rcpt){ .address = str_of(r->wire),
			.notify = d->wants->notify,
			.orcpt = d->wants->notify != NULL ? r->orcpt : NULL };
	}
	const struct smtp_mail mail = {
		.reverse_path = str_of(d->e->from),
		.rcpts = d->rcpts,
		.n_rcpts = b->n,
		.size = d->o->size,
		.eight_bit = d->o->eight_bit,
		.utf8 = b->utf8,
		.require_tls = d->wants->require_tls,
		.ret = d->wants->ret,
		.envid = d->wants->envid,
		.all_or_nothing = d->wants->all_or_nothing,
		.last = b->last,
	};

	d->session.committed = false;
	d->taken = 0;
	d->left_over = false;
	outgoing_rewind(d->o);
	buf_clear(&d->chunk);
	d->left = d->o->size;
	d->drained = false;
	smtp_mail(&d->session.smtp, &mail);
	return true;
}

/* From here on nobody can say that the message was not delivered: the caller writes that down first, or it stays. */
static bool hand_over(struct delivery *d)
{
	if (d->handed_over || d->wants->before == NULL)
		return true;
	d->handed_over = d->wants->before(d->wants->arg, &d->result->err);
	return d->handed_over;
}

/* As much content as the session has room for. False: it cannot be had. */
static bool give_content(struct delivery *d)
{
	struct smtp *smtp = &d->session.smtp;
	struct err *err = &d->result->err;
	size_t room;

	while ((room = smtp_content_room(smtp)) > 0) {
		if (buf_len(&d->chunk) == 0 && !d->drained) {
			int more = outgoing_read(d->o, BLOCK, &d->chunk, err);

			if (more < 0)
				return false;
			d->drained = more == 0;
		}
		struct str piece = str_sub(buf_str(&d->chunk), 0, room);

		if (piece.n == 0 && d->drained)
			break;
		d->left -= piece.n;
		if (d->left == 0 && !hand_over(d))
			return false;
		smtp_content(smtp, piece);
		buf_drop(&d->chunk, piece.n);
		progress_set(&d->progress, d->o->size - d->left);
	}
	if (d->drained && buf_len(&d->chunk) == 0) {
		/* A message without octets has no last ones. */
		if (!hand_over(d))
			return false;
		d->session.committed = true;
		smtp_content_end(smtp);
	}
	return true;
}

static enum verdict verdict_of(enum smtp_outcome outcome)
{
	switch (outcome) {
	case SMTP_ACCEPTED:
		return VERDICT_SENT;
	case SMTP_REFUSED_LATER:
		return VERDICT_DEFERRED;
	case SMTP_UNKNOWN:
		return VERDICT_UNKNOWN;
	case SMTP_NOT_SENT:
		return VERDICT_NOT_SENT;
	case SMTP_REFUSED_NEVER:
	case SMTP_REJECTED_HERE:
		break;
	}
	return VERDICT_REFUSED;
}

static void read_queue_id(struct result *result, const struct reply *reply)
{
	struct str id = reply_queue_id(reply);

	if (id.n > 0)
		snprintf(result->queue_id, sizeof result->queue_id, "%.*s", STR_ARGS(id));
}

/*
 * "Too many recipients" after some were taken is about this transaction (RFC 5321, 4.5.3.1.10): who is left goes into
 * the next one. Each takes at least one, so that it ends.
 */
static bool is_for_next(const struct delivery *d, const struct smtp_news *news, const struct outcome *o)
{
	bool many = o->reason == OUTCOME_RATE || (o->reason == OUTCOME_SERVER && news->reply->code == 452);

	return d->taken > 0 && many && !d->wants->all_or_nothing;
}

static void on_rcpt(struct delivery *d, const struct smtp_news *news)
{
	struct recipient *r = &d->e->rcpts[d->batch.rcpts[news->rcpt]];
	struct outcome o = { .reason = OUTCOME_NONE };

	if (news->outcome != SMTP_ACCEPTED && news->reply != NULL)
		o = judge(d, r, news);
	if (news->outcome == SMTP_ACCEPTED) {
		r->taken = true;
		d->taken++;
	} else if (news->reply != NULL && is_for_next(d, news, &o)) {
		d->left_over = true;
		r->postponed = true;
	} else {
		envelope_verdict(r, verdict_of(news->outcome), news->reply,
			news->err.kind != ERR_NONE ? news->err.text : NULL);
		r->outcome = judge(d, r, news);
	}
}

/* What stopped the session, with the server's name in it; the first cause stays. */
static void take_error(struct delivery *d, const struct err *why)
{
	struct err *err = &d->result->err;
	struct str name = str_of(d->result->server);

	if (err->kind != ERR_NONE || why->kind == ERR_NONE)
		return;
	*err = *why;
	if (str_search(str_of(err->text), name) == strlen(err->text))
		err_prefix(err, "%s", d->result->server);
}

static void on_verdict(struct delivery *d, const struct smtp_news *news)
{
	enum verdict verdict = verdict_of(news->outcome);
	const char *text = news->err.kind != ERR_NONE ? news->err.text : NULL;

	if (news->reply != NULL && verdict == VERDICT_SENT)
		read_queue_id(d->result, news->reply);
	if (news->rcpt != SIZE_MAX) {
		struct recipient *r = &d->e->rcpts[d->batch.rcpts[news->rcpt]];

		envelope_verdict(r, verdict, news->reply, text);
		r->outcome = judge(d, r, news);
		return;
	}
	/* All or nothing: who was taken is not refused, there was only no message. */
	if (d->wants->all_or_nothing && news->reply == NULL && verdict != VERDICT_UNKNOWN)
		verdict = VERDICT_NOT_SENT;
	/* "421 closing" to a command is a "later" to what it stopped. */
	if (verdict == VERDICT_NOT_SENT && news->reply != NULL && reply_class(news->reply) == REPLY_LATER)
		verdict = VERDICT_DEFERRED;
	if (verdict != VERDICT_UNKNOWN)
		take_error(d, &news->err);
	for (size_t i = 0; i < d->batch.n; i++) {
		struct recipient *r = &d->e->rcpts[d->batch.rcpts[i]];

		if (r->verdict != VERDICT_NONE || r->postponed)
			continue;
		envelope_verdict(r, verdict, news->reply, text);
		r->outcome = judge(d, r, news);
		d->result->message_refused = d->result->message_refused || verdict == VERDICT_REFUSED;
	}
}

static bool all_settled(const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == VERDICT_NONE)
			return false;
	return true;
}

/*
 * The session is over. A reply that answers nothing means that they are out of step: an acceptance
 * may have been the answer to something else. Words that are no reply at all say nothing of those
 * before, unless it was BDAT, after which all replies look alike.
 */
static void on_end(struct delivery *d, const struct smtp_news *news)
{
	bool doubt = news->err.kind == ERR_PROTOCOL &&
		(news->reply != NULL || (d->session.smtp.used & SMTP_CAP_CHUNKING) != 0);

	if (!doubt && (all_settled(d->e) || d->left_over))
		return;
	d->result->stopped = judge(d, NULL, news);
	take_error(d, &news->err);
	for (size_t i = 0; i < d->e->n && doubt; i++)
		if (d->e->rcpts[i].verdict == VERDICT_SENT)
			envelope_verdict(&d->e->rcpts[i], VERDICT_UNKNOWN, NULL, news->err.text);
}

/* Event by event to the end of the session. */
static void converse(struct delivery *d)
{
	struct smtp_news news;
	bool planned = false;

	for (;;) {
		switch (session_next(&d->session, &news)) {
		case SMTP_READY:
			if (!planned &&
				!plan_for(d->o, d->e, d->wants, d->session.server, d->session.smtp.caps.flags,
					d->result, &d->utf8_all)) {
				smtp_quit(&d->session.smtp);
				break;
			}
			if (!planned)
				progress_init(&d->progress, "B", d->o->size, d->wants->progress);
			d->progress.on = d->progress.on && d->o->size >= PROGRESS_FROM;
			planned = true;
			if (d->result->err.kind != ERR_NONE || !start_transaction(d))
				smtp_quit(&d->session.smtp);
			break;
		case SMTP_RCPT:
			on_rcpt(d, &news);
			break;
		case SMTP_CONTENT:
			if (!give_content(d))
				smtp_abort(&d->session.smtp);
			break;
		case SMTP_VERDICT:
			on_verdict(d, &news);
			d->session.committed = d->session.committed && !news.final;
			/* The answer to QUIT is worth a moment, not a minute. */
			if (news.final && all_settled(d->e))
				drive_set_deadline(&d->session.drive, clock_after(2 * CLOCK_SECOND));
			break;
		case SMTP_FAILED:
			on_end(d, &news);
			return;
		case SMTP_CLOSED:
			return;
		case SMTP_WAIT:
		case SMTP_STARTTLS:
		case SMTP_AUTH_AGAIN:
			break;
		}
	}
}

static void note_facts(struct delivery *d)
{
	struct result *r = d->result;

	r->used = d->session.smtp.used;
	r->flights = smtp_flights(&d->session.smtp);
	if (d->session.smtp.mechanism != NULL)
		snprintf(r->mechanism, sizeof r->mechanism, "%s", d->session.smtp.mechanism);
	r->tls = link_facts(&d->session.drive.connection.link, &r->facts);
}

void deliver(struct outgoing *o, struct envelope *e, struct account_server *server, const struct delivery_wants *wants,
	struct result *result)
{
	struct delivery d = { .o = o, .e = e, .wants = wants, .result = result };

	*result = (struct result){ .started = clock_now() };
	snprintf(result->server, sizeof result->server, "%s", server->label);
	/* QUIT may be on its way already when it turns out that somebody is left. */
	do {
		d.left_over = false;
		if (session_open(&d.session, server, wants->ends, false, &result->err)) {
			result->connected = clock_now();
			converse(&d);
			note_facts(&d);
		}
		progress_end(&d.progress);
		session_close(&d.session);
	} while (d.left_over && result->err.kind == ERR_NONE && drive_stop_signal() == 0);
	fail_rest(&d, VERDICT_NOT_SENT, result->err.kind != ERR_NONE ? result->err.text : NULL);
	result->ended = clock_now();
	buf_free(&d.chunk);
}
