#include <config.h>

#include "proto/smtp_state.h"

#include "proto/sasl.h"

/*
 * From the greeting to where a message may be sent: EHLO, STARTTLS, EHLO again, AUTH. Nothing the server said
 * before TLS is used after it. A login counts only when the mechanism has what it needs from the server
 * (sasl_finished): a forged 235 does not.
 */

static void refuse(struct smtp *s, enum err_kind never, const char *what)
{
	smtp_session_end(s, reply_class(&s->state->reply) == REPLY_LATER ? ERR_TEMP : never, what, true);
}

void smtp_login_refused(struct smtp *s)
{
	struct buf what = { .limit = 0 };

	/* The reader of replies has gone on since. */
	if (s->state->phase == PHASE_AUTH_AGAIN)
		reply_move(&s->state->reply, &s->state->last);
	sasl_add_refusal(s->state->params.sasl, &what);
	refuse(s, ERR_AUTH, buf_text(&what));
	buf_free(&what);
}

/* Everything that had to be settled with the server is. */
static void up(struct smtp *s)
{
	s->state->phase = PHASE_UP;
	s->state->ready_due = true;
}

static void begin_auth(struct smtp *s)
{
	struct smtp_state *st = s->state;
	struct err err = { 0 };
	bool secure = st->tls || st->params.clear_auth;

	if (st->params.sasl == NULL) {
		up(s);
		return;
	}
	if (!(s->caps.flags & SMTP_CAP_AUTH)) {
		if (st->params.probe)
			up(s);
		else
			smtp_session_end(s, ERR_AUTH, "the server offers no authentication", false);
		return;
	}
	s->mechanism = sasl_choose(st->params.sasl, buf_str(&s->caps.auth), secure, &err);
	if (s->mechanism == NULL && st->params.probe)
		up(s);
	else if (s->mechanism == NULL)
		smtp_session_end(s, err.kind, err.text, false);
	else
		st->phase = PHASE_AUTH;
}

/* EHLO (or HELO) was taken: TLS is next where it is wanted, else AUTH. */
static void settle_tls(struct smtp *s)
{
	struct smtp_state *st = s->state;
	enum tls_policy tls = st->params.tls;

	st->trust = smtp_trust_of(&st->greeting, &s->caps);
	if (st->tls || tls == TLS_OFF || (tls == TLS_TRY && !(s->caps.flags & SMTP_CAP_STARTTLS)))
		begin_auth(s);
	else if (s->caps.flags & SMTP_CAP_STARTTLS)
		st->phase = PHASE_STARTTLS;
	else if (st->params.probe)
		up(s); /* to look at, without a secret */
	else
		smtp_session_end(s, ERR_PROTOCOL, "the server does not offer STARTTLS, and TLS is required", false);
}

static void on_greeting(struct smtp *s)
{
	struct smtp_state *st = s->state;

	if (reply_class(&st->reply) == REPLY_OK) {
		st->phase = PHASE_HELLO;
		reply_move(&st->greeting, &st->reply);
	} else if (reply_class(&st->reply) == REPLY_GO_ON) {
		smtp_session_end(s, ERR_PROTOCOL, "the server greets with a reply that is no greeting", true);
	} else {
		refuse(s, ERR_UNAVAILABLE, "the server refuses the connection");
	}
}

static void on_ehlo(struct smtp *s)
{
	struct smtp_state *st = s->state;
	bool needs_esmtp = st->params.lmtp ||
		(!st->params.probe && ((st->params.tls == TLS_REQUIRE && !st->tls) || st->params.sasl != NULL));

	if (reply_class(&st->reply) == REPLY_OK) {
		smtp_caps_read(&s->caps, buf_str(&st->reply.text));
		settle_tls(s);
	} else if (reply_class(&st->reply) == REPLY_NEVER && !needs_esmtp) {
		st->ehlo_refused = true;
	} else if (reply_class(&st->reply) == REPLY_GO_ON) {
		smtp_session_end(s, ERR_PROTOCOL, "the server answers EHLO out of step", true);
	} else {
		refuse(s, ERR_UNAVAILABLE, st->params.lmtp ? "the server refuses LHLO" : "the server refuses EHLO");
	}
}

static void on_helo(struct smtp *s)
{
	if (reply_class(&s->state->reply) == REPLY_OK) {
		smtp_caps_clear(&s->caps);
		settle_tls(s);
	} else if (reply_class(&s->state->reply) == REPLY_GO_ON) {
		smtp_session_end(s, ERR_PROTOCOL, "the server answers HELO out of step", true);
	} else {
		refuse(s, ERR_UNAVAILABLE, "the server refuses HELO");
	}
}

static void on_starttls(struct smtp *s)
{
	struct smtp_state *st = s->state;

	if (reply_class(&st->reply) == REPLY_OK) {
		/* What is already there came in clear, to be taken for the server's word inside TLS (RFC 3207, 6). */
		if (buf_len(&s->in) > 0)
			smtp_session_end(s, ERR_PROTOCOL, "something was put behind the server's answer to STARTTLS",
				true);
		else
			st->phase = PHASE_TLS;
	} else if (reply_class(&st->reply) == REPLY_GO_ON) {
		smtp_session_end(s, ERR_PROTOCOL, "the server answers STARTTLS out of step", true);
	} else if (st->params.tls == TLS_TRY) {
		begin_auth(s);
	} else if (st->params.probe) {
		up(s);
	} else {
		refuse(s, ERR_PROTOCOL, "the server refuses STARTTLS");
	}
}

static void cancel_auth(struct smtp *s, const struct err *err)
{
	struct smtp_state *st = s->state;

	st->why = *err;
	st->cancelled = true;
	buf_clear(&st->response);
	buf_add_text(&st->response, "*");
	st->has_response = true;
}

static void on_challenge(struct smtp *s)
{
	struct smtp_state *st = s->state;
	struct err err = { 0 };

	if (st->cancelled) {
		smtp_session_end(s, ERR_PROTOCOL, "the server goes on with AUTH after it was cancelled", true);
	} else if (st->held_initial) {
		/* Our first word was too long for the command line; whatever stands in this challenge asks for it. */
		st->held_initial = false;
		st->has_response = true;
	} else {
		buf_wipe(&st->response);
		st->has_response = sasl_step(st->params.sasl, buf_str(&st->reply.text), &st->response, &err);
		if (!st->has_response)
			cancel_auth(s, &err);
	}
}

static void on_auth(struct smtp *s)
{
	struct smtp_state *st = s->state;

	if (st->reply.code == 334) {
		on_challenge(s);
	} else if (st->cancelled) {
		struct err err = st->why;

		smtp_session_end(s, err.kind, err.text, true);
	} else if (reply_class(&st->reply) == REPLY_OK && st->held_initial) {
		smtp_session_end(s, ERR_PROTOCOL, "the server accepts a login before it has seen it", true);
	} else if (reply_class(&st->reply) == REPLY_OK && !sasl_finished(st->params.sasl)) {
		smtp_session_end(s, ERR_PROTOCOL,
			"the server accepts the login without having proved that it knows the password", true);
	} else if (reply_class(&st->reply) == REPLY_OK) {
		s->used |= SMTP_CAP_AUTH;
		up(s);
	} else if (reply_class(&st->reply) == REPLY_GO_ON) {
		smtp_session_end(s, ERR_PROTOCOL, "the server answers AUTH out of step", true);
	} else if (st->reply.code == 535 && sasl_is_token(st->params.sasl) && !st->auth_retried) {
		st->auth_retried = true;
		st->announced = false;
		reply_move(&st->last, &st->reply);
		st->phase = PHASE_AUTH_AGAIN;
	} else {
		smtp_login_refused(s);
	}
	if (st->phase != PHASE_AUTH)
		buf_wipe(&st->response);
}

void smtp_login_handle(struct smtp *s, enum want_kind kind)
{
	struct smtp_state *st = s->state;

	if (st->reply.code == 421 && !(kind == WANT_AUTH && st->cancelled)) {
		refuse(s, ERR_TEMP, "the server closes the connection");
		return;
	}
	switch (kind) {
	case WANT_GREETING:
		on_greeting(s);
		break;
	case WANT_EHLO:
		on_ehlo(s);
		break;
	case WANT_HELO:
		on_helo(s);
		break;
	case WANT_STARTTLS:
		on_starttls(s);
		break;
	default:
		on_auth(s);
		break;
	}
}

static void send_hello(struct smtp *s)
{
	struct smtp_state *st = s->state;

	smtp_line_begin(s, st->ehlo_refused ? "HELO " : st->params.lmtp ? "LHLO " : "EHLO ");
	smtp_line_add(s, str_of(st->params.ehlo));
	if (smtp_line_send(s))
		smtp_want_add(s, st->ehlo_refused ? WANT_HELO : WANT_EHLO, NULL, 0);
}

static void send_auth(struct smtp *s)
{
	struct smtp_state *st = s->state;
	struct err err = { 0 };
	bool initial = false;

	buf_wipe(&st->response);
	if (!sasl_start(st->params.sasl, &st->response, &initial, &err)) {
		smtp_session_end(s, err.kind, err.text, false);
		return;
	}
	smtp_line_begin(s, "AUTH ");
	smtp_line_add(s, str_of(s->mechanism));
	/* RFC 4954, 4: a command line stays a command line; what is longer waits for the server's first challenge. */
	st->held_initial = initial && buf_len(&st->response) + buf_len(&st->line) + 1 > 510;
	if (initial && !st->held_initial) {
		smtp_line_add(s, STR_LIT(" "));
		smtp_line_add(s, buf_len(&st->response) == 0 ? STR_LIT("=") : buf_str(&st->response));
		buf_wipe(&st->response);
	}
	if (smtp_line_send(s))
		smtp_want_add(s, WANT_AUTH, NULL, 0);
}

static void send_response(struct smtp *s)
{
	struct smtp_state *st = s->state;

	st->has_response = false;
	smtp_line_begin(s, "");
	smtp_line_add(s, buf_str(&st->response));
	buf_wipe(&st->response);
	if (smtp_line_send(s))
		smtp_want_add(s, WANT_AUTH, NULL, 0);
}

/* An event that is told once and then waited upon. */
static bool announce(struct smtp *s, enum smtp_event what, enum smtp_event *event)
{
	if (s->state->announced)
		return false;
	s->state->announced = true;
	*event = what;
	return true;
}

bool smtp_login_send(struct smtp *s, struct smtp_news *news, enum smtp_event *event)
{
	struct smtp_state *st = s->state;

	if (smtp_want_first(s) != NULL)
		return false;
	switch (st->phase) {
	case PHASE_HELLO:
		send_hello(s);
		break;
	case PHASE_STARTTLS:
		smtp_line_begin(s, "STARTTLS");
		if (smtp_line_send(s))
			smtp_want_add(s, WANT_STARTTLS, NULL, 0);
		st->announced = false;
		break;
	case PHASE_TLS:
		return announce(s, SMTP_STARTTLS, event);
	case PHASE_AUTH:
		if (st->has_response)
			send_response(s);
		else
			send_auth(s);
		break;
	case PHASE_AUTH_AGAIN:
		news->reply = &st->last;
		return announce(s, SMTP_AUTH_AGAIN, event);
	default:
		break;
	}
	return false;
}
