#include <config.h>

#include "proto/smtp_state.h"

/*
 * What the server's replies to a message's commands mean. A reply that does not fit ends the session: from then on
 * it is not known which reply belongs to which message, and guessing would report messages as sent that were not,
 * or send them twice.
 */

/* Content still to be sent for which it is not worth going on when nobody will get it. */
#define NOT_WORTH ((uint64_t)64 << 10)

static bool out_of_step(struct smtp *s, const char *text)
{
	smtp_session_end(s, ERR_PROTOCOL, text, true);
	return false;
}

/* The message's fate is known; the reply is kept until it is told. */
static void decide(struct smtp *s, struct smtp_message *m, enum smtp_outcome outcome)
{
	m->decided = true;
	m->outcome = outcome;
	reply_move(&m->why, &s->state->reply);
}

/*
 * A BDAT whose message was refused has to be sent to its end all the same. If much of it is left, close the
 * connection instead.
 */
static void stop_chunk(struct smtp *s, const struct smtp_message *m)
{
	if (m->stage == STAGE_CONTENT && smtp_is_lost(m) && (m->mail.last || m->mail.size - m->given > NOT_WORTH))
		smtp_session_close(s);
}

static bool on_rset(struct smtp *s)
{
	enum reply_class class = reply_class(&s->state->reply);

	/* Nobody has a reason to refuse it: after BDAT that is the answer to the message before. */
	bool fits = (s->used & SMTP_CAP_CHUNKING) == 0 || s->state->reply.code == 421;

	if (fits && (class == REPLY_LATER || class == REPLY_NEVER))
		smtp_session_end(s, ERR_TEMP, "the server refuses RSET", true);
	else if (class != REPLY_OK)
		out_of_step(s, "the server answers RSET out of step");
	return false;
}

/* What is waited for after MAIL, RCPT, DATA and BDAT has a message.
 * NOLINTBEGIN(clang-analyzer-core.NullDereference) */
static bool on_mail(struct smtp *s, struct smtp_message *m)
{
	enum reply_class class = reply_class(&s->state->reply);

	if (class == REPLY_GO_ON)
		return out_of_step(s, "the server answers MAIL out of step");
	if (class != REPLY_OK) {
		m->mail_refused = true;
		decide(s, m, smtp_outcome_of(&s->state->reply));
		stop_chunk(s, m);
	}
	return false;
}

static bool on_rcpt(struct smtp *s, struct smtp_message *m, size_t rcpt, struct smtp_news *news, enum smtp_event *event)
{
	const struct reply *r = &s->state->reply;

	if (reply_class(r) == REPLY_GO_ON)
		return out_of_step(s, "the server answers RCPT out of step");
	if (m->mail_refused)
		return reply_class(r) == REPLY_OK &&
			out_of_step(s, "the server takes a recipient and had refused the sender");
	m->rcpts[rcpt] = smtp_outcome_of(r);
	m->accepted += m->rcpts[rcpt] == SMTP_ACCEPTED;
	m->later += m->rcpts[rcpt] == SMTP_REFUSED_LATER;
	m->never += m->rcpts[rcpt] == SMTP_REFUSED_NEVER;
	stop_chunk(s, m);
	news->tag = m->mail.tag;
	news->rcpt = rcpt;
	news->outcome = m->rcpts[rcpt];
	news->reply = r;
	*event = SMTP_RCPT;
	return true;
}

static bool on_go_ahead(struct smtp *s, struct smtp_message *m)
{
	if (m->mail_refused)
		return out_of_step(s, "the server wants a message and had refused its sender");
	if (!smtp_is_lost(m)) {
		m->stage = STAGE_CONTENT;
	} else if (m->accepted > 0) {
		/* Somebody would get even a lone dot's empty message: only the connection's end takes DATA back. */
		smtp_session_close(s);
	} else if (s->state->params.lmtp) {
		return out_of_step(s, "the server wants a message and had refused its recipients");
	} else {
		m->stage = STAGE_LONE_DOT; /* RFC 2920, 3.1 */
	}
	return false;
}

static bool on_data(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event)
{
	const struct reply *r = &s->state->reply;

	if (reply_class(r) == REPLY_GO_ON)
		return on_go_ahead(s, m);
	if (reply_class(r) == REPLY_OK)
		return out_of_step(s, "the server answers DATA out of step");
	if (smtp_is_lost(m))
		return smtp_finish_lost(s, m, news, event);
	return smtp_message_finish(s, m, smtp_outcome_of(r), r, news, event);
}

/* A verdict that comes before the message was there. */
static bool on_early(struct smtp *s, struct smtp_message *m)
{
	if (reply_class(&s->state->reply) == REPLY_OK || reply_class(&s->state->reply) == REPLY_GO_ON)
		return out_of_step(s, "the server answers the message before it had it");
	decide(s, m, smtp_outcome_of(&s->state->reply));
	smtp_session_end(s, ERR_TEMP,
		"the server refused the message before it had it, so that the connection was given up", false);
	return false;
}

static bool is_there(const struct smtp *s, const struct smtp_message *m)
{
	return m->whole && smtp_octets_left(s) >= m->end;
}

static bool on_end(struct smtp *s, struct smtp_message *m, size_t rcpt, struct smtp_news *news, enum smtp_event *event)
{
	const struct reply *r = &s->state->reply;

	if (!is_there(s, m))
		return on_early(s, m);
	if (reply_class(r) == REPLY_GO_ON)
		return out_of_step(s, "the server answers the end of the message out of step");
	if (smtp_is_lost(m))
		return smtp_finish_lost(s, m, news, event);
	if (m->wants == 0) {
		smtp_message_finish(s, m, smtp_outcome_of(r), r, news, event);
	} else {
		m->told = rcpt + 1;
		news->tag = m->mail.tag;
		news->outcome = smtp_outcome_of(r);
		news->reply = r;
		*event = SMTP_VERDICT;
	}
	news->rcpt = rcpt;
	return true;
}

static bool on_bdat(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event)
{
	const struct reply *r = &s->state->reply;

	if (reply_class(r) == REPLY_GO_ON)
		return out_of_step(s, "the server answers BDAT out of step");
	if (reply_class(r) == REPLY_OK && smtp_is_lost(m))
		return out_of_step(s, "the server takes a message that it had refused");
	if (r->code >= 500 && r->code <= 504 && r->code != 503) {
		/* Not understood: then the octets of the chunk were not read as such either. */
		m->decided = true;
		m->unread = true;
		if (!m->mail_refused)
			m->outcome = smtp_is_lost(m) ? smtp_outcome_of_rcpts(m) : SMTP_NOT_SENT;
		return out_of_step(s, "the server does not take the BDAT that it offers");
	}
	if (!is_there(s, m) && smtp_is_lost(m)) {
		smtp_session_close(s);
		return false;
	}
	if (!is_there(s, m))
		return on_early(s, m);
	if (smtp_is_lost(m))
		return smtp_finish_lost(s, m, news, event);
	return smtp_message_finish(s, m, smtp_outcome_of(r), r, news, event);
}

static bool on_quit(struct smtp *s)
{
	/* Whoever says no to QUIT was answering something else: what went before is not sure. */
	if (reply_class(&s->state->reply) == REPLY_OK)
		smtp_session_close(s);
	else
		out_of_step(s, "the server answers QUIT out of step");
	return false;
}

static bool on_closing(struct smtp *s, const struct want *w)
{
	struct smtp_message *m = w->message;

	if (w->kind == WANT_QUIT) {
		smtp_session_close(s);
		return false;
	}
	/* Replies come in order, and who closes the channel reads no more from it (RFC 5321, 3.8). */
	s->state->cut = true;
	if ((w->kind == WANT_END || w->kind == WANT_BDAT) && m->wants == 0 && !smtp_is_lost(m) && w->rcpt == SIZE_MAX) {
		decide(s, m, SMTP_REFUSED_LATER);
		smtp_session_end(s, ERR_TEMP, "the server closed the connection behind its verdict", false);
		return false;
	}
	s->state->cut_at = w->kind == WANT_END || w->kind == WANT_BDAT ? m : NULL;
	smtp_session_end(s, ERR_TEMP, "the server closes the connection", true);
	return false;
}
/* NOLINTEND(clang-analyzer-core.NullDereference) */

bool smtp_reply_handle(struct smtp *s, const struct want *w, struct smtp_news *news, enum smtp_event *event)
{
	struct smtp_message *m = w->message;

	if (m != NULL)
		m->wants--;
	if (s->state->reply.code == 421)
		return on_closing(s, w);
	switch (w->kind) {
	case WANT_RSET:
		return on_rset(s);
	case WANT_MAIL:
		return on_mail(s, m);
	case WANT_RCPT:
		return on_rcpt(s, m, w->rcpt, news, event);
	case WANT_DATA:
		return on_data(s, m, news, event);
	case WANT_END:
		return on_end(s, m, w->rcpt, news, event);
	case WANT_BDAT:
		return on_bdat(s, m, news, event);
	case WANT_PROOF:
		smtp_proof_handle(s, w->rcpt);
		return false;
	default:
		return on_quit(s);
	}
}

void smtp_reply_stray(struct smtp *s)
{
	struct smtp_message *m = s->state->send;

	if (m != NULL && m->stage == STAGE_CONTENT && m->given > 0)
		on_early(s, m);
	else if (s->state->reply.code == 421 && s->state->phase != PHASE_TLS)
		smtp_session_end(s, ERR_TEMP, "the server closes the connection", true);
	else
		out_of_step(s, "the server says something that answers nothing");
}
