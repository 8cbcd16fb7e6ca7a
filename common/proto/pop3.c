#include <config.h>

#include "proto/pop3_state.h"

#include "base/mem.h"

/* The session's turn: answers are read until there are none, then what may be sent is sent. */

#define STATUS_LIMIT ((size_t)16 << 10)
#define LIST_LIMIT ((size_t)4 << 10)
#define FIRST_WINDOW 32
#define TAIL 0x0a2e0d0au /* LF . CR LF */

void pop3_init(struct pop3 *p, const struct pop3_params *params)
{
	*p = (struct pop3){ .state = mem_alloc(sizeof *p->state) };
	p->state->params = *params;
	if (params->window == 0)
		p->state->params.window = 256;
	p->state->tls = params->tls == TLS_IMPLICIT;
	p->state->lf_only = true;
	p->state->window = 1;
	pop3_step_init(p);
	pop3_want(p, POP3_WANT_GREETING);
}

void pop3_free(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	if (st == NULL)
		return;
	buf_free(&st->mechanisms);
	buf_wipe(&st->response);
	buf_wipe(&st->line);
	buf_free(&st->uids);
	mem_free(st->queue);
	mem_free(st);
	mem_free(p->items);
	buf_free(&p->caps_lines);
	buf_wipe(&p->in);
	buf_wipe(&p->out);
	*p = (struct pop3){ 0 };
}

/* The listing is through as far as it goes. */
static void next_listing(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	if (st->list_next < 3 || pop3_first_want(p) != NULL || st->phase != POP3_PHASE_LISTING)
		return;
	st->phase = POP3_PHASE_UP;
	st->announced = false;
	st->answers = 0;
	if ((p->caps & POP3_CAP_PIPELINING) && !st->params.lock_step)
		st->window = st->params.window < FIRST_WINDOW ? st->params.window : FIRST_WINDOW;
}

static void list_line(struct pop3 *p, struct str line)
{
	struct pop3_state *st = p->state;
	enum pop3_want_kind kind = pop3_first_want(p)->kind;

	if (!str_eq(line, STR_LIT("."))) {
		line = str_sub(line, str_starts(line, STR_LIT(".")) ? 1 : 0, line.n);
		if (kind == POP3_WANT_CAPA)
			pop3_caps_line(p, line);
		else
			pop3_list_line(p, kind, line);
		return;
	}
	st->in_list = false;
	if (kind != POP3_WANT_CAPA)
		pop3_list_end(p);
	pop3_drop_want(p);
	if (kind == POP3_WANT_CAPA)
		pop3_login_listed(p);
	else
		next_listing(p);
}

/* STAT, LIST or UIDL was refused. */
static void listing_refused(struct pop3 *p, enum pop3_want_kind kind, struct str words)
{
	bool empty = kind != POP3_WANT_STAT && p->state->count == 0;
	bool announced = (p->caps & POP3_CAP_UIDL) != 0;

	if (kind == POP3_WANT_UIDL && !empty && (announced || pop3_is_temporary(words)))
		/* Not the same as a server without UIDL: all would be fetched again. */
		pop3_refused(p, ERR_TEMP, "the server does not tell the UIDs", words);
	else if (kind != POP3_WANT_UIDL && !empty)
		pop3_refused(p, ERR_UNAVAILABLE, "the server does not list the mailbox", words);
	pop3_drop_want(p);
	next_listing(p);
}

static void listing_status(struct pop3 *p, enum pop3_want_kind kind, int status, struct str words)
{
	if (status == 0) {
		listing_refused(p, kind, words);
	} else if (kind == POP3_WANT_STAT) {
		pop3_list_stat(p, words);
		pop3_drop_want(p);
	} else {
		p->state->in_list = true;
	}
}

/* An answer to RETR, TOP or DELE: always an event. */
static enum pop3_event message_status(struct pop3 *p, int status, struct str words, struct pop3_news *news)
{
	struct pop3_state *st = p->state;
	struct pop3_want w = *pop3_first_want(p);

	news->number = w.number;
	news->text = words;
	if (status > 0 && w.kind != POP3_WANT_DELE) {
		st->in_body = st->line_start = true;
		st->cr = false;
		st->tail = 0;
		st->dots = st->crlf = 0;
		return POP3_BEGIN;
	}
	pop3_drop_want(p);
	if (status == 0)
		return POP3_REFUSED;
	st->deleted = true;
	return POP3_DELETED;
}

static void on_quit(struct pop3 *p, int status, struct str words)
{
	if (status > 0 || !p->state->deleted)
		pop3_close(p);
	else
		pop3_refused(p, ERR_TEMP, "the server did not remove what was deleted", words);
}

static enum pop3_event status_line(struct pop3 *p, struct str line, struct pop3_news *news)
{
	struct str words = STR_NONE;
	enum pop3_want_kind kind = pop3_first_want(p)->kind;
	int status = pop3_status(line, &words);

	if (kind == POP3_WANT_STEP && (status >= 0 || p->state->step.skip))
		return pop3_step_reply(p, status, words);
	if (status < 0 && kind == POP3_WANT_AUTH && str_starts(line, STR_LIT("+")) && pop3_login_challenge(p, line))
		return POP3_WAIT;
	if (status < 0) {
		struct err err = { 0 };

		err_set(&err, ERR_PROTOCOL, "instead of the %s the server says: %.*s", pop3_waiting_for(p),
			line.n > 100 ? 100 : (int)line.n, line.p);
		pop3_end(p, ERR_PROTOCOL, err.text);
	} else if (kind >= POP3_WANT_RETR && kind <= POP3_WANT_DELE) {
		return message_status(p, status, words, news);
	} else if (kind >= POP3_WANT_STAT && kind <= POP3_WANT_UIDL) {
		listing_status(p, kind, status, words);
	} else if (kind == POP3_WANT_CAPA && status > 0) {
		pop3_caps_clear(p);
		p->state->in_list = true;
	} else {
		pop3_drop_want(p);
		if (kind == POP3_WANT_QUIT)
			on_quit(p, status, words);
		else
			pop3_login_status(p, kind, status, words);
	}
	return POP3_WAIT;
}

/* Something came that nobody asked for: a goodbye, or it would be taken for the answer to what is said next. */
static void unasked(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	bool idle = st->phase == POP3_PHASE_UP && st->n_queue == 0 && !st->quit_wanted;
	struct str line;
	struct str words;

	if (pop3_take_line(p, STATUS_LIMIT, &line) && pop3_status(line, &words) == 0)
		pop3_refused(p, ERR_TEMP, "the server ends the session", words);
	else if (!idle || st->given > 0)
		pop3_end(p, ERR_PROTOCOL, "the server says something that answers nothing");
}

/* Read on: true with an event; false when more octets are needed or the session is over. */
static bool read_on(struct pop3 *p, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	struct str line;

	while (st->phase != POP3_PHASE_OVER) {
		buf_drop(&p->in, st->given);
		st->given = 0;
		*event = POP3_WAIT;
		if (st->in_body) {
			*event = pop3_body_next(p, news);
			return *event != POP3_WAIT;
		}
		if (pop3_first_want(p) == NULL) {
			/* The rest of a list that was not asked for ends with the next reply (pop3_step). */
			if (buf_len(&p->in) > 0 && !st->step.skip)
				unasked(p);
			return false;
		}
		if (!pop3_take_line(p, st->in_list ? LIST_LIMIT : STATUS_LIMIT, &line))
			return false;
		if (st->in_list && pop3_first_want(p)->kind != POP3_WANT_STEP)
			list_line(p, line);
		else if (st->in_list) {
			if ((*event = pop3_step_line(p, line)) != POP3_WAIT)
				return true;
		} else if ((*event = status_line(p, line, news)) != POP3_WAIT)
			return true;
	}
	return false;
}

static void send_message_command(struct pop3 *p, const struct pop3_want *w)
{
	static const char *const verbs[] = { "RETR ", "TOP ", "DELE " };
	struct buf argument = { .limit = 64 };

	buf_add_number(&argument, w->number);
	if (w->kind == POP3_WANT_TOP)
		buf_printf(&argument, " %u", w->lines);
	pop3_say(p, verbs[w->kind - POP3_WANT_RETR], buf_str(&argument));
	buf_free(&argument);
}

/* Questions about the step are short and so are their answers: they need not wait for the window. */
static void send_queued(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	while (st->phase == POP3_PHASE_UP) {
		if (st->n_sent == st->n_queue && !pop3_step_idle(p))
			return;
		const struct pop3_want *w = &st->queue[st->queue_at + st->n_sent];

		if (w->kind == POP3_WANT_STEP) {
			if (st->n_sent > 0 && st->window == 1)
				return;
			pop3_step_send(p, w);
			st->n_sent++;
			continue;
		}
		if (st->n_sent >= st->window)
			return;
		if (pop3_step_before(p, w)) {
			if (st->step.trying > 0 && st->n_sent > 0)
				return;
			continue;
		}
		st->piped = st->piped || st->n_sent > 0;
		st->n_sent++;
		send_message_command(p, w);
	}
}

/* What may be sent now; true: there is an event. */
static bool send_on(struct pop3 *p, enum pop3_event *event)
{
	struct pop3_state *st = p->state;

	if (st->phase < POP3_PHASE_UP)
		return pop3_login_send(p, event);
	if (st->phase != POP3_PHASE_UP)
		return false;
	if (!st->announced) {
		st->announced = true;
		*event = POP3_READY;
		return true;
	}
	send_queued(p);
	/* The goodbye goes with the last commands. */
	if (st->quit_wanted && st->n_sent == st->n_queue && st->n_sent < st->window && st->phase == POP3_PHASE_UP) {
		st->phase = POP3_PHASE_QUIT;
		pop3_say(p, "QUIT", STR_NONE);
		pop3_want(p, POP3_WANT_QUIT);
	}
	return false;
}

static void end_of_stream(struct pop3 *p)
{
	struct pop3_state *st = p->state;
	struct err err = { 0 };

	bool only_quit = st->phase == POP3_PHASE_QUIT && st->n_queue == 1 && !st->deleted;

	/* Nothing hangs on the answer when nothing was deleted. */
	p->uidl_silent = st->in_list && st->list_lines == 0 && pop3_first_want(p)->kind == POP3_WANT_UIDL &&
		!(p->caps & POP3_CAP_UIDL);
	if (only_quit) {
		pop3_close(p);
	} else if (st->eof_why.kind != ERR_NONE) {
		pop3_end(p, st->eof_why.kind, st->eof_why.text);
	} else {
		err_set(&err, ERR_TEMP, "the server closed the connection%s%s",
			pop3_first_want(p) != NULL ? " instead of giving the " : "", pop3_waiting_for(p));
		pop3_end(p, ERR_TEMP, err.text);
	}
}

enum pop3_event pop3_next(struct pop3 *p, struct pop3_news *news)
{
	struct pop3_state *st = p->state;
	enum pop3_event event = POP3_WAIT;

	*news = (struct pop3_news){ .number = 0 };
	if (read_on(p, news, &event))
		return event;
	if (st->phase != POP3_PHASE_OVER && st->eof)
		end_of_stream(p);
	if (st->phase != POP3_PHASE_OVER && send_on(p, &event))
		return event;
	if (st->phase != POP3_PHASE_OVER)
		return POP3_WAIT;
	news->err = st->why;
	return st->in_order ? POP3_CLOSED : POP3_FAILED;
}

void pop3_tls_started(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	if (st->phase != POP3_PHASE_TLS)
		return;
	if (buf_len(&p->in) > st->given) {
		pop3_end(p, ERR_PROTOCOL, "the server spoke before TLS stood");
		return;
	}
	/* What was said in clear counts no more. */
	pop3_caps_clear(p);
	st->tls = true;
	st->capa_known = false;
	st->phase = POP3_PHASE_CAPA;
}

void pop3_auth_retry(struct pop3 *p)
{
	if (p->state->phase == POP3_PHASE_AUTH_AGAIN)
		p->state->phase = POP3_PHASE_AUTH;
}

void pop3_quit(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	st->quit_wanted = true;
	if (st->phase == POP3_PHASE_AUTH_AGAIN)
		pop3_login_refused(p, STR_NONE);
	else if (st->phase < POP3_PHASE_UP)
		pop3_close(p); /* there is only a connection to end */
}

void pop3_eof(struct pop3 *p, const struct err *err)
{
	p->state->eof = true;
	if (err != NULL)
		p->state->eof_why = *err;
}

bool pop3_looks_ended(const struct pop3 *p)
{
	return p->state != NULL && p->state->in_body && p->state->tail == TAIL && buf_len(&p->in) <= p->state->given;
}

uint32_t pop3_replying(const struct pop3 *p)
{
	const struct pop3_want *w = p->state != NULL ? pop3_first_want(p) : NULL;

	return w != NULL && (w->kind == POP3_WANT_RETR || w->kind == POP3_WANT_TOP) ? w->number : 0;
}
