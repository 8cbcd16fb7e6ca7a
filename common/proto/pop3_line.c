#include <config.h>

#include "proto/pop3_state.h"

#include "base/mem.h"

/* RFC 2449 has 255 octets for a command; RFC 5034 lets what follows AUTH be longer. */
#define COMMAND_LIMIT 12288
#define USUAL_PAUSE 60 /* seconds */

/* The one place where a command is written: no control character leaves in it, so no line of ours becomes two. */
void pop3_say(struct pop3 *p, const char *verb, struct str argument)
{
	struct buf *line = &p->state->line;

	buf_clear(line);
	buf_add_text(line, verb);
	buf_add(line, argument);
	if (line->full || buf_len(line) > COMMAND_LIMIT - 2 || !str_clean(buf_str(line))) {
		pop3_end(p, ERR_DATA, "a command to the server would be malformed: a control character or too long");
	} else {
		buf_add_text(line, "\r\n");
		if (!buf_add(&p->out, buf_str(line)))
			pop3_end(p, ERR_SOFTWARE, "more was given to the connection than it takes");
	}
	buf_wipe(line);
}

bool pop3_take_line(struct pop3 *p, size_t limit, struct str *line)
{
	struct str in = buf_str(&p->in);
	size_t n = str_find(str_sub(in, 0, limit), '\n');

	if (n == limit)
		pop3_end(p, ERR_PROTOCOL, "the server sent a line without end");
	if (n == limit || n >= in.n)
		return false;
	p->state->given = n + 1;
	if (n > 0 && in.p[n - 1] == '\r') {
		p->state->lf_only = false;
		n--;
	}
	*line = str_sub(in, 0, n);
	return true;
}

int pop3_status(struct str line, struct str *words)
{
	bool ok = str_starts(line, STR_LIT("+OK"));
	size_t n = ok ? 3 : 4;

	if (!ok && !str_starts(line, STR_LIT("-ERR")))
		return -1;
	if (line.n > n && !ascii_blank(line.p[n]))
		return -1;
	*words = str_trim(str_sub(line, n, line.n));
	return ok ? 1 : 0;
}

/* Is code the response code of a refusal ("SYS/TEMP", RFC 2449 8, 3206)? */
static bool has_code(struct str text, const char *code)
{
	struct str inner = str_sub(text, 1, str_find(text, ']') - 1);

	if (text.n == 0 || text.p[0] != '[' || str_find(text, ']') == text.n)
		return false;
	/* "LOGIN-DELAY 30": what stands behind the code is its own. */
	return str_ieq(str_sub(inner, 0, str_find(inner, ' ')), str_of(code));
}

/* Servers without response codes say it in words, and few say what RFC 1939 proposes. */
bool pop3_is_temporary(struct str words)
{
	static const char *const hints[] = { "in use", "busy", "try again", "temporar", "too many", "timeout",
		"timed out", "inactivity", "not available at this time", "unavailable", NULL };
	bool locked = str_isearch(words, STR_LIT("lock")) < words.n;

	if (has_code(words, "SYS/TEMP") || has_code(words, "IN-USE") || has_code(words, "LOGIN-DELAY"))
		return true;
	if (words.n > 0 && words.p[0] == '[')
		return false;
	if (locked &&
		(str_isearch(words, STR_LIT("maildrop")) < words.n || str_isearch(words, STR_LIT("mailbox")) < words.n))
		return true;
	for (size_t i = 0; hints[i] != NULL; i++)
		if (str_isearch(words, str_of(hints[i])) < words.n)
			return true;
	return false;
}

/* [LOGIN-DELAY] may have its seconds, or CAPA has them; a mailbox that is in use will not be for long. */
static uint64_t pause_of(const struct pop3 *p, struct str words)
{
	struct str text = str_sub(words, 0, str_find(words, ']'));
	uint64_t n = 0;

	if (!has_code(words, "LOGIN-DELAY") && !has_code(words, "IN-USE"))
		return 0;
	str_cut(&text, ' ');
	if (has_code(words, "LOGIN-DELAY") && str_number(str_trim(text), 86400, &n) && n > 0)
		return n;
	return p->login_delay > 0 ? p->login_delay : USUAL_PAUSE;
}

void pop3_end(struct pop3 *p, enum err_kind kind, const char *text)
{
	struct pop3_state *st = p->state;

	if (st->phase == POP3_PHASE_OVER)
		return;
	if (kind == ERR_PROTOCOL && (st->n_sent > 1 || st->piped))
		p->desynchronised = true;
	st->phase = POP3_PHASE_OVER;
	p->unanswered = st->n_sent;
	err_set(&st->why, kind, "%s", text);
}

void pop3_refused(struct pop3 *p, enum err_kind never, const char *what, struct str words)
{
	struct err err = { 0 };

	/* [AUTH] says that it is the credentials (RFC 3206); a code that says "not now" wins over what was asked. */
	enum err_kind kind = has_code(words, "AUTH") ? ERR_AUTH
		: has_code(words, "SYS/PERM")        ? ERR_UNAVAILABLE
		: pop3_is_temporary(words)           ? ERR_TEMP
						     : never;

	p->retry_after = pause_of(p, words);
	if (words.n == 0)
		err_set(&err, kind, "%s", what);
	else if (p->retry_after > 0)
		err_set(&err, kind, "%s: %.*s; try again in %llu s", what, STR_ARGS(words),
			(unsigned long long)p->retry_after);
	else
		err_set(&err, kind, "%s: %.*s", what, STR_ARGS(words));
	pop3_end(p, kind, err.text);
}

void pop3_close(struct pop3 *p)
{
	p->state->phase = POP3_PHASE_OVER;
	p->state->in_order = true;
}

/* One more command that is sent now or as the window allows. */
static void add(struct pop3 *p, struct pop3_want w)
{
	struct pop3_state *st = p->state;

	if (st->queue_at + st->n_queue == st->queue_room) {
		if (st->queue_at > 0 && st->queue_at >= st->n_queue) {
			memmove(st->queue, st->queue + st->queue_at, st->n_queue * sizeof *st->queue);
			st->queue_at = 0;
		} else {
			st->queue = mem_grow(st->queue, st->queue_at + st->n_queue, &st->queue_room, sizeof *st->queue);
		}
	}
	st->queue[st->queue_at + st->n_queue++] = w;
}

void pop3_want(struct pop3 *p, enum pop3_want_kind kind)
{
	if (p->state->phase == POP3_PHASE_OVER)
		return;
	add(p, (struct pop3_want){ .kind = kind });
	p->state->n_sent++;
}

void pop3_want_next(struct pop3 *p, const struct pop3_want *w)
{
	struct pop3_state *st = p->state;
	struct pop3_want *place;

	/* There may be a hundred thousand behind, and only a few before. */
	if (st->queue_at > 0) {
		st->queue_at--;
		st->n_queue++;
		memmove(st->queue + st->queue_at, st->queue + st->queue_at + 1, st->n_sent * sizeof *st->queue);
		st->queue[st->queue_at + st->n_sent] = *w;
		return;
	}
	add(p, *w);
	place = st->queue + st->queue_at + st->n_sent;
	memmove(place + 1, place, (st->n_queue - st->n_sent - 1) * sizeof *place);
	*place = *w;
}

void pop3_retr(struct pop3 *p, uint32_t number)
{
	add(p, (struct pop3_want){ .kind = POP3_WANT_RETR, .number = number });
}

void pop3_top(struct pop3 *p, uint32_t number, unsigned lines)
{
	add(p, (struct pop3_want){ .kind = POP3_WANT_TOP, .number = number, .lines = lines });
}

void pop3_dele(struct pop3 *p, uint32_t number)
{
	add(p, (struct pop3_want){ .kind = POP3_WANT_DELE, .number = number });
}

struct pop3_want *pop3_first_want(const struct pop3 *p)
{
	struct pop3_state *st = p->state;

	return st->n_sent > 0 ? &st->queue[st->queue_at] : NULL;
}

void pop3_drop_want(struct pop3 *p)
{
	struct pop3_state *st = p->state;

	st->queue_at++;
	st->n_sent--;
	if (--st->n_queue == 0)
		st->queue_at = 0;
	/* Trust grows: as many more as were answered. */
	if (++st->answers >= st->window && st->window > 1) {
		st->answers = 0;
		st->window = st->window * 2 > st->params.window ? st->params.window : st->window * 2;
	}
}

const char *pop3_waiting_for(const struct pop3 *p)
{
	static const char *const names[] = {
		[POP3_WANT_GREETING] = "greeting",
		[POP3_WANT_CAPA] = "reply to CAPA",
		[POP3_WANT_STLS] = "reply to STLS",
		[POP3_WANT_UTF8] = "reply to UTF8",
		[POP3_WANT_AUTH] = "reply to AUTH",
		[POP3_WANT_USER] = "reply to USER",
		[POP3_WANT_PASS] = "reply to PASS",
		[POP3_WANT_STAT] = "reply to STAT",
		[POP3_WANT_LIST] = "reply to LIST",
		[POP3_WANT_UIDL] = "reply to UIDL",
		[POP3_WANT_RETR] = "reply to RETR",
		[POP3_WANT_TOP] = "reply to TOP",
		[POP3_WANT_DELE] = "reply to DELE",
		[POP3_WANT_QUIT] = "reply to QUIT",
		[POP3_WANT_STEP] = "reply that shows that the session is in step",
	};
	const struct pop3_want *w = pop3_first_want(p);

	if (w == NULL)
		return "";
	return p->state->in_body ? "rest of a message" : p->state->in_list ? "rest of a list" : names[w->kind];
}
