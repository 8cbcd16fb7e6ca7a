#include <config.h>

#include "proto/smtp_state.h"

#include "base/mem.h"

/*
 * How messages and sessions end. For a message that was under way there are three answers: refused, not sent (it
 * may be sent again without harm), or unknown. Not sent is only right when its last byte had not left (`end`
 * against smtp_octets_left): a server that has everything may have delivered it although its reply was lost.
 */

#define REFUSALS_BORNE 3

enum smtp_outcome smtp_outcome_of(const struct reply *r)
{
	switch (reply_class(r)) {
	case REPLY_OK:
		return SMTP_ACCEPTED;
	case REPLY_LATER:
		return SMTP_REFUSED_LATER;
	default:
		return SMTP_REFUSED_NEVER;
	}
}

enum smtp_outcome smtp_outcome_of_rcpts(const struct smtp_message *m)
{
	/* With all_or_nothing one that is refused for good is enough; else one that may be taken later gives hope. */
	if (m->mail.all_or_nothing)
		return m->never > 0 ? SMTP_REFUSED_NEVER : SMTP_REFUSED_LATER;
	return m->later > 0 ? SMTP_REFUSED_LATER : SMTP_REFUSED_NEVER;
}

uint64_t smtp_octets_left(const struct smtp *s)
{
	return s->state->position - buf_len(&s->out);
}

bool smtp_is_lost(const struct smtp_message *m)
{
	size_t refused = m->later + m->never;

	return m->mail_refused || (m->accepted == 0 && refused == m->mail.n_rcpts) ||
		(m->mail.all_or_nothing && refused > 0);
}

void smtp_message_free(struct smtp_message *m)
{
	if (m == NULL)
		return;
	reply_free(&m->why);
	mem_free(m->rcpts);
	mem_free(m);
}

static void unlink_message(struct smtp_state *st, struct smtp_message *m)
{
	struct smtp_message **link = &st->first;

	while (*link != m)
		link = &(*link)->next;
	*link = m->next;
	if (st->send == m)
		st->send = m->next;
	st->n_messages--;
	smtp_message_free(st->gone);
	st->gone = m;
}

/* Servers hang up after so many failures in a row (Postfix 10, Exim 4 to 11), and all that is in a window is then in
 * doubt. */
static void learn(struct smtp_state *st, const struct smtp_message *m, enum smtp_outcome outcome)
{
	if (outcome == SMTP_ACCEPTED) {
		st->proved = true;
		st->proved_chunk = st->proved_chunk || m->way != WAY_DATA;
		st->refusals = 0;
		st->dirty = false;
		st->window = st->window > SIZE_MAX / 2 ? SIZE_MAX : 2 * st->window;
	} else if (outcome != SMTP_REJECTED_HERE) {
		st->dirty = true;
		if (++st->refusals >= REFUSALS_BORNE)
			st->window = 1;
	}
}

static void say_refused(const struct smtp_message *m, enum smtp_outcome outcome, struct err *err)
{
	enum err_kind kind = outcome == SMTP_REFUSED_LATER ? ERR_TEMP : ERR_NOUSER;

	if (m->accepted == 0)
		err_set(err, kind, "no recipient was accepted");
	else
		err_set(err, kind, "%zu of %zu recipients were refused, so that nobody was to get it",
			m->later + m->never, m->mail.n_rcpts);
}

bool smtp_message_finish(struct smtp *s, struct smtp_message *m, enum smtp_outcome outcome, const struct reply *reply,
	struct smtp_news *news, enum smtp_event *event)
{
	learn(s->state, m, outcome);
	news->tag = m->mail.tag;
	news->rcpt = SIZE_MAX;
	news->outcome = outcome;
	news->final = true;
	news->reply = reply;
	if (outcome == SMTP_REJECTED_HERE)
		news->err = m->err;
	else if (reply == NULL && (outcome == SMTP_REFUSED_LATER || outcome == SMTP_REFUSED_NEVER))
		say_refused(m, outcome, &news->err);
	unlink_message(s->state, m);
	s->state->ready_due = true;
	*event = SMTP_VERDICT;
	return true;
}

static void end_now(struct smtp *s)
{
	struct smtp_state *st = s->state;

	st->left_at_end = smtp_octets_left(s);
	st->phase = PHASE_OVER;
	st->n_wants = 0;
	/* What has not left must not leave any more. */
	buf_clear(&s->out);
	buf_wipe(&st->response);
}

void smtp_session_end(struct smtp *s, enum err_kind kind, const char *text, bool with_reply)
{
	struct smtp_state *st = s->state;
	struct buf shown = { 0 };
	bool polite = smtp_want_first(s) == NULL && st->first == NULL && !st->eof && kind != ERR_PROTOCOL;

	if (st->phase == PHASE_OVER)
		return;
	if (with_reply) {
		reply_show(&st->reply, &shown);
		err_set(&st->why, kind, "%s: %.*s", text, STR_ARGS(buf_str(&shown)));
		buf_free(&shown);
		reply_move(&st->last, &st->reply);
	} else {
		err_set(&st->why, kind, "%s", text);
	}
	end_now(s);
	if (polite && st->last.code != 421)
		buf_add_text(&s->out, "QUIT\r\n");
}

void smtp_session_close(struct smtp *s)
{
	if (s->state->phase == PHASE_OVER)
		return;
	s->state->in_order = true;
	err_set(&s->state->why, ERR_TEMP, "the connection was closed");
	end_now(s);
}

/* LMTP has a verdict for each recipient: those without one are unknown one by one. */
static enum smtp_event unknown_rcpt(struct smtp *s, struct smtp_message *m, struct smtp_news *news)
{
	enum smtp_event event = SMTP_VERDICT;
	size_t rcpt = SIZE_MAX;
	size_t more = 0;

	for (size_t i = m->told; i < m->mail.n_rcpts; i++) {
		if (m->rcpts[i] != SMTP_ACCEPTED)
			continue;
		if (rcpt == SIZE_MAX)
			rcpt = i;
		else
			more++;
	}
	if (more == 0) {
		smtp_message_finish(s, m, SMTP_UNKNOWN, NULL, news, &event);
	} else {
		m->told = rcpt + 1;
		news->tag = m->mail.tag;
		news->outcome = SMTP_UNKNOWN;
	}
	news->rcpt = rcpt;
	return event;
}

/* The verdict of a message that was under way at the end. */
static enum smtp_event last_verdict(struct smtp *s, struct smtp_message *m, struct smtp_news *news)
{
	struct smtp_state *st = s->state;
	enum smtp_event event = SMTP_VERDICT;

	bool whole = m->whole && st->left_at_end >= m->end && (!st->cut || m == st->cut_at);
	/* Where replies do not fit, the refusal of its sender may have been another command's. */
	bool open = whole && m->mail_refused && !m->unread && st->why.kind == ERR_PROTOCOL;

	if (m->decided && !open) {
		smtp_message_finish(s, m, m->outcome, m->why.code != 0 ? &m->why : NULL, news, &event);
	} else if (smtp_is_lost(m) && !open) {
		smtp_message_finish(s, m, smtp_outcome_of_rcpts(m), NULL, news, &event);
	} else if (whole) {
		if (st->params.lmtp)
			event = unknown_rcpt(s, m, news);
		else
			smtp_message_finish(s, m, SMTP_UNKNOWN, NULL, news, &event);
		err_set(&news->err, ERR_OUTCOME, "the message was handed over and no verdict came: %s", st->why.text);
	} else {
		smtp_message_finish(s, m, SMTP_NOT_SENT, st->last.code == 421 ? &st->last : NULL, news, &event);
	}
	if (news->outcome == SMTP_NOT_SENT)
		news->err = st->why;
	return event;
}

enum smtp_event smtp_session_over(struct smtp *s, struct smtp_news *news)
{
	struct smtp_state *st = s->state;

	if (st->first != NULL)
		return last_verdict(s, st->first, news);
	if (st->in_order)
		return SMTP_CLOSED;
	news->err = st->why;
	news->reply = st->last.code != 0 ? &st->last : NULL;
	return SMTP_FAILED;
}

bool smtp_finish_lost(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event)
{
	s->state->dirty = true;
	if (!m->decided)
		m->outcome = smtp_outcome_of_rcpts(m);
	return smtp_message_finish(s, m, m->outcome, m->why.code != 0 ? &m->why : NULL, news, event);
}

void smtp_abort(struct smtp *s)
{
	smtp_session_end(s, ERR_IO, "the message could not be read to its end", false);
}
