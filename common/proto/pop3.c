#include <config.h>

#include "proto/pop3_state.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define WINDOW_FIRST 4u /* some servers race when much comes at once: the first answer opens the window */
#define WINDOW_DEFAULT 64u

void pop3_init(struct pop3 *p, const struct pop3_params *params)
{
	struct pop3_state *st = mem_alloc(sizeof *st);

	*p = (struct pop3){ .state = st };
	/* Some rooms for one read; a body is given out before more is taken in. */
	buf_init(&p->in, (size_t)1 << 20);
	st->params = *params;
	st->tls_up = params->tls == POP3_TLS_ON;
	st->window = 1;
	buf_init(&st->line, POP3_LINE_MAX);
	buf_init(&st->uids, (size_t)1 << 30);
}

static void orders_free(struct pop3_orders *o)
{
	mem_free(o->p);
	*o = (struct pop3_orders){ 0 };
}

static void orders_add(struct pop3_orders *o, struct pop3_order order)
{
	if (o->first + o->n == o->cap && o->first > 0) {
		memmove(o->p, o->p + o->first, o->n * sizeof *o->p);
		o->first = 0;
	}
	if (o->first + o->n == o->cap) {
		o->cap = o->cap > 0 ? 2 * o->cap : 16;
		o->p = mem_resize(o->p, o->cap, sizeof *o->p);
	}
	o->p[o->first + o->n++] = order;
}

static struct pop3_order orders_take(struct pop3_orders *o)
{
	o->n--;
	return o->p[o->first++];
}

void pop3_free(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	if (st != NULL) {
		orders_free(&st->sent);
		orders_free(&st->waiting);
		buf_free(&st->mechanisms);
		buf_free(&st->uids);
		buf_wipe(&st->line);
		buf_wipe(&st->initial);
		mem_free(st->uid_at);
		mem_free(st);
	}
	buf_free(&p->in);
	buf_wipe(&p->out);
	buf_free(&p->caps_lines);
	mem_free(p->items);
	*p = (struct pop3){ 0 };
}

struct pop3_order *pop3_expects(struct pop3 *p)
{
	struct pop3_orders *sent = &p->state->sent;

	return sent->n > 0 ? &sent->p[sent->first] : NULL;
}

bool pop3_pipelines(const struct pop3 *p)
{
	return (p->caps & POP3_CAP_PIPELINING) && !p->state->params.lock_step;
}

/* The one place where a command line is written. */
void pop3_command(struct pop3 *p, enum pop3_want want, uint32_t number, const char *text)
{
	if (!str_clean(str_of(text))) {
		err_set(&p->state->err, ERR_SOFTWARE, "a command with a control character in it");
		p->state->phase = PHASE_FAILED;
		return;
	}
	buf_add_text(&p->out, text);
	buf_add_text(&p->out, "\r\n");
	orders_add(&p->state->sent, (struct pop3_order){ .want = want, .number = number });
}

enum pop3_event pop3_fail(struct pop3 *p, struct pop3_news *news, enum err_kind kind, const char *format, ...)
{
	char text[sizeof news->err.text];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	p->state->phase = PHASE_FAILED;
	err_set(&p->state->err, kind, "%s", text);
	news->err = p->state->err;
	return POP3_FAILED;
}

/* RFC 2449, 8; RFC 3206: [IN-USE], [LOGIN-DELAY], [SYS/TEMP] pass; [AUTH] and [SYS/PERM] stay. */
enum err_kind pop3_refusal(struct str text, enum err_kind otherwise)
{
	if (str_istarts(text, STR_LIT("[IN-USE")) || str_istarts(text, STR_LIT("[LOGIN-DELAY")) ||
	    str_istarts(text, STR_LIT("[SYS/TEMP")))
		return ERR_TEMP;
	if (str_istarts(text, STR_LIT("[AUTH")))
		return ERR_AUTH;
	if (str_istarts(text, STR_LIT("[SYS/PERM")))
		return ERR_UNAVAILABLE;
	return otherwise;
}

int pop3_take_line(struct pop3 *p, struct pop3_news *news)
{
	struct pop3_state *st = p->state;
	struct str all = buf_str(&p->in);
	size_t n = str_find(all, '\n');

	if (n == all.n && n <= POP3_LINE_MAX)
		return 0;
	if (n > POP3_LINE_MAX) {
		pop3_fail(p, news, ERR_PROTOCOL, "a line of more than %zu octets", POP3_LINE_MAX);
		return -1;
	}
	bool crlf = n > 0 && all.p[n - 1] == '\r';

	buf_clear(&st->line);
	buf_add(&st->line, str_sub(all, 0, crlf ? n - 1 : n));
	if (!st->in_body)
		st->lf_only = !crlf;
	buf_drop(&p->in, n + 1);
	return 1;
}

/* Send what the window lets go. */
static void send_waiting(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	char text[64];

	while (st->phase == PHASE_UP && st->waiting.n > 0 && st->sent.n < st->window) {
		struct pop3_order o = orders_take(&st->waiting);

		if (o.want == WANT_RETR)
			snprintf(text, sizeof text, "RETR %u", (unsigned)o.number);
		else if (o.want == WANT_TOP)
			snprintf(text, sizeof text, "TOP %u %u", (unsigned)o.number, o.lines);
		else if (o.want == WANT_DELE)
			snprintf(text, sizeof text, "DELE %u", (unsigned)o.number);
		else
			snprintf(text, sizeof text, "QUIT");
		pop3_command(p, o.want, o.number, text);
	}
}

static void order(struct pop3 *p, enum pop3_want want, uint32_t number, unsigned lines)
{
	orders_add(&p->state->waiting, (struct pop3_order){ .want = want, .number = number, .lines = lines });
}

void pop3_retr(struct pop3 *p, uint32_t number)
{
	order(p, WANT_RETR, number, 0);
}

void pop3_top(struct pop3 *p, uint32_t number, unsigned lines)
{
	order(p, WANT_TOP, number, lines);
}

void pop3_dele(struct pop3 *p, uint32_t number)
{
	order(p, WANT_DELE, number, 0);
}

void pop3_quit(struct pop3 *p)
{
	order(p, WANT_QUIT, 0, 0);
}

/* The window grows with the first answer that came as it should. */
static void open_window(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	if (!pop3_pipelines(p))
		st->window = 1;
	else if (st->window == 1)
		st->window = WINDOW_FIRST;
	else
		st->window = st->params.window > 0 ? st->params.window : WINDOW_DEFAULT;
}

/* An answer to RETR, TOP, DELE or QUIT. */
static enum pop3_event up_answer(struct pop3 *p, struct pop3_order o, bool ok, struct str text, struct pop3_news *news)
{
	struct pop3_state *st = p->state;

	news->number = o.number;
	news->text = text;
	if (o.want == WANT_QUIT) {
		if (!ok)
			return pop3_fail(p, news, ERR_TEMP, "the server did not delete: %.*s", STR_ARGS(text));
		st->phase = PHASE_CLOSED;
		return POP3_CLOSED;
	}
	if (!ok)
		return POP3_REFUSED;
	open_window(p);
	if (o.want == WANT_DELE) {
		st->deleted = true;
		return POP3_DELETED;
	}
	st->in_body = true;
	st->line_start = true;
	st->cr = false;
	return POP3_BEGIN;
}

/* One line of CAPA, LIST or UIDL; true with an event, false to go on. */
static bool listing_line(struct pop3 *p, struct str line, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	struct pop3_order o = *pop3_expects(p);

	if (str_eq(line, STR_LIT("."))) {
		st->in_body = false;
		orders_take(&st->sent);
		return o.want == WANT_CAPA ? pop3_login_capa_end(p, news, event) : pop3_list_end(p, &o, news, event);
	}
	if (str_starts(line, STR_LIT(".")))
		line = str_sub(line, 1, line.n);
	if (o.want != WANT_CAPA)
		return pop3_list_line(p, &o, line, news, event);
	pop3_login_capa_line(p, line);
	if (st->capa_lines <= POP3_CAPA_MAX)
		return false;
	*event = pop3_fail(p, news, ERR_PROTOCOL, "CAPA: more than %u lines", POP3_CAPA_MAX);
	return true;
}

/* One status line; true with an event, false to go on. */
static bool status_line(struct pop3 *p, struct str line, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	struct pop3_order o = *pop3_expects(p);
	bool ok = str_istarts(line, STR_LIT("+OK")) && (line.n == 3 || line.p[3] == ' ' || line.p[3] == '\t');
	bool err = str_istarts(line, STR_LIT("-ERR")) && (line.n == 4 || line.p[4] == ' ' || line.p[4] == '\t');
	struct str text = str_trim(str_sub(line, ok ? 3 : 4, line.n));
	bool many = ok && (o.want == WANT_CAPA || o.want == WANT_LIST || o.want == WANT_UIDL);

	if (o.want == WANT_AUTH && (str_starts(line, STR_LIT("+ ")) || str_eq(line, STR_LIT("+")))) {
		orders_take(&st->sent);
		return pop3_login_challenge(p, str_trim(str_sub(line, 1, line.n)), news, event);
	}
	if (!ok && !err) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "neither +OK nor -ERR, but: %.*s", STR_ARGS(str_sub(line, 0, 80)));
		return true;
	}
	if (!many && !(ok && (o.want == WANT_RETR || o.want == WANT_TOP)))
		orders_take(&st->sent);
	if (st->phase == PHASE_UP) {
		*event = up_answer(p, o, ok, text, news);
		return true;
	}
	if (st->phase == PHASE_LISTING)
		return pop3_list_answer(p, &o, ok, text, news, event);
	return pop3_login_answer(p, &o, ok, text, news, event);
}

static bool is_message(const struct pop3_order *o)
{
	return o->want == WANT_RETR || o->want == WANT_TOP;
}

/* Nothing is asked: what comes then is no answer to anything. */
static enum pop3_event idle(struct pop3 *p, struct pop3_news *news)
{
	struct pop3_state *st = p->state;

	if (buf_len(&p->in) > 0)
		return pop3_fail(p, news, ERR_PROTOCOL, "the server says something that it was not asked");
	if (st->phase == PHASE_UP && !st->ready_said) {
		st->ready_said = true;
		open_window(p);
		return POP3_READY;
	}
	return POP3_WAIT;
}

enum pop3_event pop3_next(struct pop3 *p, struct pop3_news *news)
{
	struct pop3_state *st = p->state;
	enum pop3_event event = POP3_WAIT;

	*news = (struct pop3_news){ 0 };
	buf_drop(&p->in, st->drop);
	st->drop = 0;
	if (!st->greeted) {
		st->greeted = true;
		orders_add(&st->sent, (struct pop3_order){ .want = WANT_GREETING });
	}
	for (;;) {
		struct pop3_order *o;

		if (st->phase == PHASE_FAILED) {
			news->err = st->err;
			return POP3_FAILED;
		}
		if (st->phase == PHASE_CLOSED)
			return POP3_CLOSED;
		send_waiting(p);
		o = pop3_expects(p);
		if (o == NULL)
			return idle(p, news);
		if (st->in_body && is_message(o)) {
			news->number = o->number;
			event = pop3_body_next(p, news);
			if (event == POP3_FINISH)
				orders_take(&st->sent);
			return event;
		}
		int whole = pop3_take_line(p, news);

		if (whole < 0)
			return POP3_FAILED;
		if (whole == 0)
			return POP3_WAIT;
		if (st->in_body ? listing_line(p, buf_str(&st->line), news, &event)
				: status_line(p, buf_str(&st->line), news, &event))
			return event;
	}
}

void pop3_eof(struct pop3 *p, const struct err *err)
{
	struct pop3_state *st = p->state;
	const struct pop3_order *o = pop3_expects(p);

	if (st->phase == PHASE_FAILED || st->phase == PHASE_CLOSED)
		return;
	/* Who asked for nothing but the end has it. */
	if (o != NULL && o->want == WANT_QUIT && !st->deleted && buf_len(&p->in) == 0) {
		st->phase = PHASE_CLOSED;
		return;
	}
	st->phase = PHASE_FAILED;
	if (err != NULL && err->kind != ERR_NONE)
		st->err = *err;
	else if (o != NULL && is_message(o) && st->in_body)
		err_set(&st->err, ERR_TEMP, "the connection ended in the middle of message %u", (unsigned)o->number);
	else
		err_set(&st->err, ERR_TEMP, "the connection ended instead of the %s", pop3_waiting_for(p));
}

const char *pop3_waiting_for(const struct pop3 *p)
{
	static const char *const names[] = { "greeting", "answer to CAPA", "answer to STLS", "answer to UTF8", "answer to AUTH",
		"answer to USER", "answer to PASS", "answer to STAT", "answer to LIST", "answer to UIDL", "answer to RETR",
		"answer to TOP", "answer to DELE", "answer to QUIT" };
	const struct pop3_orders *sent = &p->state->sent;

	return sent->n > 0 ? names[sent->p[sent->first].want] : "next command";
}
