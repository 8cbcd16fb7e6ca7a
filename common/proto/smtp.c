#include <config.h>

#include "proto/smtp_state.h"

#include "base/mem.h"

/*
 * The session's turn: replies are read until there are none, then what may be sent is sent. The order matters. If
 * commands were sent while replies are read, a reply that nobody asked for could be taken for the reply to the
 * next command, and a message be reported as accepted that was not (STARTTLS injection works that way, too).
 */

void smtp_init(struct smtp *s, const struct smtp_params *params)
{
	*s = (struct smtp){ .state = mem_alloc(sizeof *s->state) };
	s->state->params = *params;
	s->state->tls = params->tls == TLS_IMPLICIT;
	s->state->window = SIZE_MAX;
	s->state->blocked = true;
	smtp_want_add(s, WANT_GREETING, NULL, 0);
}

void smtp_free(struct smtp *s)
{
	struct smtp_state *st = s->state;

	if (st == NULL)
		return;
	while (st->first != NULL) {
		struct smtp_message *m = st->first;

		st->first = m->next;
		smtp_message_free(m);
	}
	smtp_message_free(st->gone);
	reply_free(&st->greeting);
	reply_free(&st->reply);
	reply_free(&st->last);
	buf_wipe(&st->response);
	buf_wipe(&st->line);
	mem_free(st->wants);
	mem_free(st);
	smtp_caps_clear(&s->caps);
	buf_wipe(&s->in);
	buf_wipe(&s->out);
	*s = (struct smtp){ 0 };
}

/* What a reply to a command is about. */
static const enum outcome_stage stages[] = {
	[WANT_GREETING] = OUTCOME_AT_GREETING,
	[WANT_EHLO] = OUTCOME_AT_EHLO,
	[WANT_HELO] = OUTCOME_AT_EHLO,
	[WANT_STARTTLS] = OUTCOME_AT_STARTTLS,
	[WANT_AUTH] = OUTCOME_AT_AUTH,
	[WANT_RSET] = OUTCOME_AT_UNKNOWN,
	[WANT_MAIL] = OUTCOME_AT_MAIL,
	[WANT_RCPT] = OUTCOME_AT_RCPT,
	[WANT_DATA] = OUTCOME_AT_DATA,
	[WANT_END] = OUTCOME_AT_CONTENT,
	[WANT_BDAT] = OUTCOME_AT_CONTENT,
	[WANT_PROOF] = OUTCOME_AT_MAIL,
	[WANT_QUIT] = OUTCOME_AT_QUIT,
};

/* Take one reply and act on it. 1: an event, 0: go on reading, -1: there is no whole reply. */
static int read_reply(struct smtp *s, struct smtp_news *news, enum smtp_event *event)
{
	struct smtp_state *st = s->state;
	struct err err = { 0 };
	int rc = reply_take(&st->reply, &s->in, &err);

	if (rc < 0) {
		smtp_session_end(s, err.kind, err.text, false);
		return 0;
	}
	if (rc == 0)
		return -1;
	if (smtp_want_first(s) == NULL) {
		smtp_reply_stray(s);
		return 0;
	}
	struct want w = *smtp_want_first(s);

	smtp_want_drop(s);
	st->reply.stage = stages[w.kind];
	if (w.kind <= WANT_AUTH) {
		smtp_login_handle(s, w.kind);
		return 0;
	}
	return smtp_reply_handle(s, &w, news, event);
}

/* Half a reply where none is due: it was there before what we are about to say. */
static bool has_surplus(const struct smtp *s)
{
	const struct smtp_state *st = s->state;
	bool idle = st->send == NULL && !st->quit_wanted;
	bool content = st->send != NULL && st->send->stage == STAGE_CONTENT && st->send->given > 0;

	if (smtp_want_first(s) != NULL || (buf_len(&s->in) == 0 && !st->reply.open))
		return false;
	if (st->phase == PHASE_UP)
		return !idle && !content;
	return st->phase != PHASE_AUTH_AGAIN;
}

static void end_of_stream(struct smtp *s)
{
	struct smtp_state *st = s->state;
	const char *waiting = smtp_waiting_for(s);
	char text[120];
	struct err what = { 0 };

	/* A server need not answer QUIT when all is said. */
	if (st->phase == PHASE_QUIT && st->first == NULL) {
		smtp_session_close(s);
		return;
	}
	err_set(&what, ERR_TEMP, "the server closed the connection%s%s",
		waiting[0] != '\0' ? " instead of giving the " : "", waiting);
	memcpy(text, what.text, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	if (st->eof_why.kind != ERR_NONE)
		smtp_session_end(s, st->eof_why.kind, st->eof_why.text, false);
	else
		smtp_session_end(s, ERR_TEMP, text, false);
}

static enum smtp_event wait_for(struct smtp *s)
{
	struct smtp_state *st = s->state;

	if (st->send == NULL || st->send->stage != STAGE_CONTENT)
		st->blocked = true;
	return SMTP_WAIT;
}

enum smtp_event smtp_next(struct smtp *s, struct smtp_news *news)
{
	struct smtp_state *st = s->state;
	enum smtp_event event = SMTP_WAIT;

	*news = (struct smtp_news){ .rcpt = SIZE_MAX };
	smtp_message_free(st->gone);
	st->gone = NULL;
	for (;;) {
		int rc = 0;

		while (st->phase != PHASE_OVER && rc == 0)
			rc = read_reply(s, news, &event);
		if (st->phase == PHASE_OVER && rc <= 0)
			return smtp_session_over(s, news);
		if (rc > 0)
			return event;
		if (st->eof)
			end_of_stream(s);
		else if (has_surplus(s))
			smtp_session_end(s, ERR_PROTOCOL, "the server says something that answers nothing", false);
		else if (smtp_login_send(s, news, &event) || smtp_mail_send(s, news, &event))
			return event;
		else if (st->phase != PHASE_OVER)
			return wait_for(s);
	}
}

void smtp_tls_started(struct smtp *s)
{
	struct smtp_state *st = s->state;

	if (st->phase != PHASE_TLS)
		return;
	if (buf_len(&s->in) > 0) {
		smtp_session_end(s, ERR_PROTOCOL, "the server spoke before TLS stood", false);
		return;
	}
	smtp_caps_clear(&s->caps);
	st->tls = true;
	st->phase = PHASE_HELLO;
	s->used |= SMTP_CAP_STARTTLS;
}

void smtp_auth_retry(struct smtp *s)
{
	if (s->state->phase == PHASE_AUTH_AGAIN)
		s->state->phase = PHASE_AUTH;
}

void smtp_quit(struct smtp *s)
{
	struct smtp_state *st = s->state;

	st->quit_wanted = true;
	/* Before there is a session to end there is only a connection. */
	if (st->phase == PHASE_AUTH_AGAIN)
		smtp_login_refused(s);
	else if (st->phase < PHASE_UP)
		smtp_session_close(s);
}

void smtp_eof(struct smtp *s, const struct err *err)
{
	s->state->eof = true;
	if (err != NULL)
		s->state->eof_why = *err;
}

unsigned smtp_flights(const struct smtp *s)
{
	return s->state->flights;
}

const char *smtp_waiting_for(const struct smtp *s)
{
	static const char *const names[] = {
		[WANT_GREETING] = "greeting",
		[WANT_EHLO] = "reply to EHLO",
		[WANT_HELO] = "reply to HELO",
		[WANT_STARTTLS] = "reply to STARTTLS",
		[WANT_AUTH] = "reply to AUTH",
		[WANT_RSET] = "reply to RSET",
		[WANT_MAIL] = "reply to MAIL",
		[WANT_RCPT] = "reply to RCPT",
		[WANT_DATA] = "reply to DATA",
		[WANT_END] = "reply to the end of the message",
		[WANT_BDAT] = "reply to the end of the message",
		[WANT_PROOF] = "reply to MAIL",
		[WANT_QUIT] = "reply to QUIT",
	};
	const struct want *w = smtp_want_first(s);

	return w != NULL ? names[w->kind] : "";
}
