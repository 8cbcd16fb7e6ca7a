#include <config.h>

#include "proto/pop3_state.h"

#include <stdio.h>

#include "proto/sasl.h"

/* From the greeting to the login: CAPA, STLS, CAPA again, UTF8, AUTH or USER and PASS, CAPA once more. */

#define AUTH_LINE_MAX ((size_t)255) /* RFC 2449, 4: a command with its arguments */

void pop3_login_capa_line(struct pop3 *p, struct str line)
{
	static const struct {
		const char *name;
		unsigned cap;
	} known[] = { { "TOP", POP3_CAP_TOP }, { "UIDL", POP3_CAP_UIDL }, { "USER", POP3_CAP_USER }, { "SASL", POP3_CAP_SASL },
		{ "STLS", POP3_CAP_STLS }, { "PIPELINING", POP3_CAP_PIPELINING }, { "RESP-CODES", POP3_CAP_RESP_CODES },
		{ "AUTH-RESP-CODE", POP3_CAP_RESP_CODES }, { "UTF8", POP3_CAP_UTF8 } };
	struct pop3_state *st = p->state;

	if (++st->capa_lines > POP3_CAPA_MAX)
		return;
	buf_add(&p->caps_lines, line);
	buf_add_char(&p->caps_lines, '\n');
	struct str word = str_cut(&line, ' ');

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!str_ieq(word, str_of(known[i].name)))
			continue;
		p->caps |= known[i].cap;
		if (known[i].cap == POP3_CAP_SASL) {
			buf_clear(&st->mechanisms);
			buf_add(&st->mechanisms, line);
		}
	}
}

static void forget_caps(struct pop3 *p)
{
	p->caps = 0;
	p->state->capa_lines = 0;
	buf_clear(&p->caps_lines);
	buf_clear(&p->state->mechanisms);
}

static void ask_caps(struct pop3 *p)
{
	forget_caps(p);
	pop3_command(p, WANT_CAPA, 0, "CAPA");
}

/* USER and PASS: when no mechanism of SASL is to be had and the password may be shown. */
static bool start_user(struct pop3 *p, struct pop3_news *news, enum pop3_event *event)
{
	struct str user = sasl_user(p->state->params.sasl);
	struct buf line = { 0 };

	if (!str_clean(user) || !str_clean(sasl_password(p->state->params.sasl))) {
		*event = pop3_fail(p, news, ERR_CONFIG, "a user name or password with control characters cannot be sent");
		return true;
	}
	buf_add_text(&line, "USER ");
	buf_add(&line, user);
	pop3_command(p, WANT_USER, 0, buf_text(&line));
	buf_free(&line);
	return false;
}

static bool start_auth(struct pop3 *p, const char *mechanism, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	struct buf line = { .limit = (size_t)64 << 10 };
	struct buf first = { .limit = (size_t)64 << 10 };
	bool initial = false;
	struct err err;

	if (!sasl_start(st->params.sasl, &first, &initial, &err)) {
		*event = pop3_fail(p, news, err.kind, "%s", err.text);
		return true;
	}
	buf_printf(&line, "AUTH %s", mechanism);
	/* An initial response that does not fit waits for an empty challenge (RFC 5034, 4). */
	if (initial && buf_len(&line) + 3 + buf_len(&first) <= AUTH_LINE_MAX) {
		buf_add_char(&line, ' ');
		buf_add(&line, buf_len(&first) > 0 ? buf_str(&first) : STR_LIT("="));
		initial = false;
	}
	buf_wipe(&st->line);
	if (initial)
		buf_add(&st->initial, buf_str(&first));
	st->has_initial = initial;
	pop3_command(p, WANT_AUTH, 0, buf_text(&line));
	buf_wipe(&line);
	buf_wipe(&first);
	return false;
}

bool pop3_login_start(struct pop3 *p, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	bool secure = st->tls_up || st->params.clear_auth;
	struct err err = { 0 };

	st->phase = PHASE_LOGIN;
	if (st->params.sasl == NULL) {
		*event = pop3_fail(p, news, ERR_AUTH, "no user name and password are given");
		return true;
	}
	if ((p->caps & POP3_CAP_UTF8) && !st->utf8_on) {
		st->utf8_on = true;
		pop3_command(p, WANT_UTF8, 0, "UTF8");
		return false;
	}
	const char *mechanism = NULL;

	if (buf_len(&st->mechanisms) > 0)
		mechanism = sasl_choose(st->params.sasl, buf_str(&st->mechanisms), secure, &err);
	if (mechanism != NULL)
		return start_auth(p, mechanism, news, event);
	if (st->params.user_pass && secure && !sasl_is_token(st->params.sasl))
		return start_user(p, news, event);
	if (err.kind != ERR_NONE)
		*event = pop3_fail(p, news, err.kind, "%s", err.text);
	else if (!secure)
		*event = pop3_fail(p, news, ERR_AUTH, "the connection is not encrypted: the password is not sent");
	else
		*event = pop3_fail(p, news, ERR_AUTH, "the server offers no way of logging in that may be used");
	return true;
}

/* CAPA is over (or unknown to the server, which then has none): what is next? */
bool pop3_login_capa_end(struct pop3 *p, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	enum pop3_tls tls = st->params.tls;

	if (st->capa_after) {
		pop3_list_start(p);
		return false;
	}
	/* A server without CAPA may have STLS all the same: where TLS is required, it is tried. */
	if (!st->tls_up && tls != POP3_TLS_OFF &&
	    ((p->caps & POP3_CAP_STLS) || (tls == POP3_TLS_REQUIRE && st->capa_lines == 0))) {
		st->phase = PHASE_STLS;
		pop3_command(p, WANT_STLS, 0, "STLS");
		return false;
	}
	if (!st->tls_up && tls == POP3_TLS_REQUIRE) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "the server offers no TLS (STLS), which is required");
		return true;
	}
	return pop3_login_start(p, news, event);
}

static bool logged_in(struct pop3 *p, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;

	(void)news;
	(void)event;
	/* Some servers say what they have only to those who are in. */
	st->capa_after = true;
	ask_caps(p);
	return false;
}

static bool refused(struct pop3 *p, struct str text, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	enum err_kind kind = pop3_refusal(text, ERR_AUTH);

	if (kind == ERR_AUTH && sasl_is_token(st->params.sasl) && !st->auth_tried) {
		st->auth_tried = true;
		st->phase = PHASE_AGAIN;
		*event = POP3_AUTH_AGAIN;
		return true;
	}
	*event = pop3_fail(p, news, kind, "login refused: %.*s", STR_ARGS(text));
	return true;
}

bool pop3_login_challenge(struct pop3 *p, struct str text, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	struct buf line = { .limit = (size_t)64 << 10 };
	struct err err = { 0 };
	bool ok = true;

	if (st->has_initial) {
		buf_add(&line, buf_str(&st->initial));
		buf_wipe(&st->initial);
		st->has_initial = false;
	} else {
		ok = sasl_step(st->params.sasl, text, &line, &err);
	}
	if (!ok) {
		/* RFC 5034, 4: a lone "*" cancels; the session cannot go on after that in any case. */
		*event = pop3_fail(p, news, err.kind, "%s", err.text);
		buf_wipe(&line);
		return true;
	}
	pop3_command(p, WANT_AUTH, 0, buf_text(&line));
	buf_wipe(&line);
	return false;
}

static bool user_answer(struct pop3 *p, bool ok, struct str text, struct pop3_news *news, enum pop3_event *event)
{
	struct buf line = { 0 };

	if (!ok)
		return refused(p, text, news, event);
	buf_add_text(&line, "PASS ");
	buf_add(&line, sasl_password(p->state->params.sasl));
	pop3_command(p, WANT_PASS, 0, buf_text(&line));
	buf_wipe(&line);
	return false;
}

static bool stls_answer(struct pop3 *p, bool ok, struct str text, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;

	if (!ok && st->params.tls == POP3_TLS_TRY)
		return pop3_login_start(p, news, event);
	if (!ok) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "the server refuses TLS, which is required: %.*s", STR_ARGS(text));
		return true;
	}
	if (buf_len(&p->in) > st->drop) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "octets behind the answer to STLS: somebody is putting words into the "
			"server's mouth");
		return true;
	}
	st->phase = PHASE_TLS;
	*event = POP3_STLS;
	return true;
}

bool pop3_login_answer(struct pop3 *p, const struct pop3_order *order, bool ok, struct str text, struct pop3_news *news,
		       enum pop3_event *event)
{
	struct pop3_state *st = p->state;

	switch (order->want) {
	case WANT_GREETING:
		if (!ok) {
			*event = pop3_fail(p, news, pop3_refusal(text, ERR_UNAVAILABLE), "greeting: %.*s", STR_ARGS(text));
			return true;
		}
		st->phase = PHASE_CAPA;
		ask_caps(p);
		return false;
	case WANT_CAPA:
		if (!ok)
			return pop3_login_capa_end(p, news, event);
		st->in_body = true;
		st->line_start = true;
		return false;
	case WANT_STLS:
		return stls_answer(p, ok, text, news, event);
	case WANT_UTF8:
		return pop3_login_start(p, news, event);
	case WANT_USER:
		return user_answer(p, ok, text, news, event);
	case WANT_AUTH:
		if (ok && !sasl_finished(st->params.sasl)) {
			*event = pop3_fail(p, news, ERR_PROTOCOL, "the server calls the login done before it proved that it knows the "
				"password");
			return true;
		}
		return ok ? logged_in(p, news, event) : refused(p, text, news, event);
	default:
		return ok ? logged_in(p, news, event) : refused(p, text, news, event);
	}
}

void pop3_tls_started(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	st->tls_up = true;
	if (st->phase != PHASE_TLS)
		return;
	/* RFC 2595, 4: what was said before does not count. */
	st->phase = PHASE_CAPA;
	ask_caps(p);
}

void pop3_auth_retry(struct pop3 *p)
{
	struct pop3_news news;
	enum pop3_event event;

	if (p->state->phase == PHASE_AGAIN)
		pop3_login_start(p, &news, &event);
}
