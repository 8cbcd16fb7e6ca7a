#include <config.h>

#include "proto/pop3_state.h"

#include "proto/sasl.h"

/* From the greeting to the listing: CAPA, STLS, CAPA again, UTF8, AUTH or USER and PASS. */

/* RFC 5034, 4: a command with an initial response has at most 255 octets. */
#define AUTH_LINE 253

static void begin_auth(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	bool secure = st->tls || st->params.clear_auth;
	struct err err = { 0 };
	struct err no_user = { 0 };
	bool user = (p->caps & POP3_CAP_USER) || !st->capa_known || buf_len(&st->mechanisms) == 0;

	st->user_pass = false;
	st->phase = POP3_PHASE_AUTH;
	if (st->params.sasl == NULL) {
		pop3_end(p, ERR_AUTH, "there is no user name to log in with");
		return;
	}
	st->mechanism = NULL;
	if (buf_len(&st->mechanisms) > 0)
		st->mechanism = sasl_choose(st->params.sasl, buf_str(&st->mechanisms), secure, &err);
	if (st->mechanism != NULL)
		return;
	/* USER and PASS show the password as PLAIN does: where the one may be used the other may. */
	st->user_pass = user && sasl_choose(st->params.sasl, STR_LIT("PLAIN LOGIN"), secure, &no_user) != NULL;
	if (st->user_pass)
		return;
	if (err.kind == ERR_NONE)
		err = no_user;
	pop3_end(p, err.kind, err.text);
}

/* After CAPA, or without it: TLS is next where it is wanted. */
static void settle_tls(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	bool offered = (p->caps & POP3_CAP_STLS) != 0;

	if (st->tls || st->params.tls == TLS_OFF || (st->params.tls == TLS_TRY && !offered))
		st->phase = POP3_PHASE_UTF8;
	else if (offered || !st->capa_known) /* who has no CAPA may have STLS all the same */
		st->phase = POP3_PHASE_STLS;
	else
		pop3_end(p, ERR_PROTOCOL, "the server does not offer STLS, and TLS is required");
}

void pop3_login_listed(struct pop3 *p)
{
	p->state->capa_known = true;
	if (p->state->phase == POP3_PHASE_CAPA)
		settle_tls(p);
	else
		p->state->phase = POP3_PHASE_LISTING;
}

static void on_stls(struct pop3 *p, int status, struct str words)
{
	struct pop3_state *st = p->state;

	/* What is already there came in clear, to be taken for the server's word inside TLS. */
	if (status > 0 && buf_len(&p->in) > st->given) {
		pop3_end(p, ERR_PROTOCOL, "something was put behind the server's answer to STLS");
	} else if (status > 0) {
		st->phase = POP3_PHASE_TLS;
		st->announced = false;
	} else if (st->params.tls == TLS_TRY) {
		st->phase = POP3_PHASE_UTF8;
	} else {
		pop3_refused(p, ERR_PROTOCOL, "the server refuses STLS", words);
	}
}

static void logged_in(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	unsigned wanted = POP3_CAP_PIPELINING | POP3_CAP_UIDL | POP3_CAP_TOP;

	buf_wipe(&st->response);
	st->phase = st->capa_known && (p->caps & wanted) != wanted ? POP3_PHASE_CAPA_AGAIN : POP3_PHASE_LISTING;
}

void pop3_login_refused(struct pop3 *p, struct str words)
{
	struct buf what = { .limit = 0 };

	sasl_add_refusal(p->state->params.sasl, &what);
	pop3_refused(p, ERR_AUTH, buf_text(&what), words);
	buf_free(&what);
}

static void refused(struct pop3 *p, struct str words)
{
	struct pop3_state *st = p->state;

	buf_wipe(&st->response);
	if (st->cancelled) {
		struct err err = st->why;

		pop3_end(p, err.kind, err.text);
	} else if (sasl_is_token(st->params.sasl) && !st->auth_retried && !pop3_is_temporary(words)) {
		st->auth_retried = true;
		st->announced = false;
		st->phase = POP3_PHASE_AUTH_AGAIN;
	} else {
		pop3_login_refused(p, words);
	}
}

static void on_auth(struct pop3 *p, int status, struct str words)
{
	struct pop3_state *st = p->state;

	if (status == 0)
		refused(p, words);
	else if (st->cancelled)
		pop3_end(p, ERR_PROTOCOL, "the server goes on with AUTH after it was cancelled");
	else if (st->held_initial)
		pop3_end(p, ERR_PROTOCOL, "the server accepts a login before it has seen it");
	else if (!sasl_finished(st->params.sasl))
		pop3_end(p, ERR_PROTOCOL,
			"the server accepts the login without having proved that it knows the password");
	else
		logged_in(p);
}

bool pop3_login_challenge(struct pop3 *p, struct str line)
{
	struct pop3_state *st = p->state;
	struct err err = { 0 };
	bool first = st->held_initial;

	if (st->phase != POP3_PHASE_AUTH || st->user_pass || (line.n > 1 && line.p[1] != ' '))
		return false;
	pop3_drop_want(p);
	st->held_initial = false;
	if (st->cancelled) {
		pop3_end(p, ERR_PROTOCOL, "the server goes on with AUTH after it was cancelled");
		return true;
	}
	st->has_response = true;
	if (first) /* whatever stands in this challenge asks for our first word */
		return true;
	buf_wipe(&st->response);
	if (!sasl_step(st->params.sasl, str_sub(line, 2, line.n), &st->response, &err)) {
		st->why = err;
		st->cancelled = true;
		buf_clear(&st->response);
		buf_add_text(&st->response, "*");
	}
	return true;
}

void pop3_login_status(struct pop3 *p, enum pop3_want_kind kind, int status, struct str words)
{
	struct pop3_state *st = p->state;

	switch (kind) {
	case POP3_WANT_GREETING:
		if (status > 0)
			st->phase = POP3_PHASE_CAPA;
		else
			pop3_refused(p, ERR_UNAVAILABLE, "the server refuses the connection", words);
		break;
	case POP3_WANT_CAPA: /* -ERR: an old server */
		if (st->phase == POP3_PHASE_CAPA)
			settle_tls(p);
		else
			st->phase = POP3_PHASE_LISTING;
		break;
	case POP3_WANT_STLS:
		on_stls(p, status, words);
		break;
	case POP3_WANT_UTF8: /* refused is as good */
		begin_auth(p);
		break;
	case POP3_WANT_USER:
		if (status == 0)
			refused(p, words);
		else
			st->has_response = pop3_first_want(p) == NULL; /* PASS is next, or was sent */
		break;
	case POP3_WANT_PASS:
		if (status == 0)
			refused(p, words);
		else
			logged_in(p);
		break;
	default:
		on_auth(p, status, words);
		break;
	}
}

static void send_auth(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	struct buf line = { .limit = 16384 };
	struct err err = { 0 };
	bool initial = false;

	buf_wipe(&st->response);
	if (!sasl_start(st->params.sasl, &st->response, &initial, &err)) {
		pop3_end(p, err.kind, err.text);
		return;
	}
	buf_add_text(&line, st->mechanism);
	/* Microsoft's server breaks off when XOAUTH2 comes in one line. */
	st->held_initial = initial &&
		(buf_len(&st->response) + buf_len(&line) + 6 > AUTH_LINE || strcmp(st->mechanism, "XOAUTH2") == 0);
	if (initial && !st->held_initial) {
		buf_add_char(&line, ' ');
		buf_add(&line, buf_len(&st->response) == 0 ? STR_LIT("=") : buf_str(&st->response));
		buf_wipe(&st->response);
	}
	pop3_say(p, "AUTH ", buf_str(&line));
	pop3_want(p, POP3_WANT_AUTH);
	buf_wipe(&line);
}

static void send_credentials(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	bool next = st->has_response;

	st->has_response = false;
	if (st->user_pass && next) {
		pop3_say(p, "PASS ", sasl_password(st->params.sasl));
		pop3_want(p, POP3_WANT_PASS);
	} else if (st->user_pass) {
		pop3_say(p, "USER ", sasl_user(st->params.sasl));
		pop3_want(p, POP3_WANT_USER);
		if ((p->caps & POP3_CAP_PIPELINING) && !st->params.lock_step) {
			pop3_say(p, "PASS ", sasl_password(st->params.sasl));
			pop3_want(p, POP3_WANT_PASS);
		}
	} else if (next) {
		pop3_say(p, "", buf_str(&st->response));
		buf_wipe(&st->response);
		pop3_want(p, POP3_WANT_AUTH);
	} else {
		send_auth(p);
	}
}

static bool announce(struct pop3 *p, enum pop3_event what, enum pop3_event *event)
{
	if (p->state->announced)
		return false;
	p->state->announced = true;
	*event = what;
	return true;
}

static void send_listing(struct pop3 *p)
{
	static const struct {
		const char *verb;
		enum pop3_want_kind kind;
	} commands[] = { { "STAT", POP3_WANT_STAT }, { "LIST", POP3_WANT_LIST }, { "UIDL", POP3_WANT_UIDL } };
	bool all = (p->caps & POP3_CAP_PIPELINING) && !p->state->params.lock_step;
	unsigned last = p->state->params.no_uidl ? 2 : 3;

	do {
		unsigned next = p->state->list_next++;

		if (p->state->list_next == last)
			p->state->list_next = 3;

		pop3_say(p, commands[next].verb, STR_NONE);
		pop3_want(p, commands[next].kind);
	} while (all && p->state->list_next < 3);
}

bool pop3_login_send(struct pop3 *p, enum pop3_event *event)
{
	struct pop3_state *st = p->state;

	if (pop3_first_want(p) != NULL)
		return false;
	switch (st->phase) {
	case POP3_PHASE_CAPA:
	case POP3_PHASE_CAPA_AGAIN:
		pop3_say(p, "CAPA", STR_NONE);
		pop3_want(p, POP3_WANT_CAPA);
		break;
	case POP3_PHASE_STLS:
		pop3_say(p, "STLS", STR_NONE);
		pop3_want(p, POP3_WANT_STLS);
		break;
	case POP3_PHASE_TLS:
		return announce(p, POP3_STLS, event);
	case POP3_PHASE_UTF8:
		/* Else Courier hides a message with raw UTF-8 in its header behind one of its own (RFC 6856, 2). */
		if (p->caps & POP3_CAP_UTF8) {
			pop3_say(p, "UTF8", STR_NONE);
			pop3_want(p, POP3_WANT_UTF8);
			break;
		}
		begin_auth(p);
		return pop3_login_send(p, event);
	case POP3_PHASE_AUTH:
		send_credentials(p);
		break;
	case POP3_PHASE_AUTH_AGAIN:
		return announce(p, POP3_AUTH_AGAIN, event);
	case POP3_PHASE_LISTING:
		send_listing(p);
		break;
	default:
		break;
	}
	return false;
}
