#include <config.h>

#include "proto/pop3_state.h"

/*
 * Are replies in step with commands? Asked of the server between messages, in such a way that what a message contains
 * cannot answer: LIST or UIDL (by chance) of a message (by chance), whose answers the listing has told, often enough
 * that a guess hits once in 65,536 times. Where the server has neither of one message, NOOP and a command that does not
 * exist, in an order by chance; and where it takes any command, NOOP and LIST of everything.
 */

#define EVERY 25
#define EVERY_MOST 400
#define OCTETS ((uint64_t)2 << 20) /* a message of more, or so many together, are confirmed by themselves */
#define BITS 16
#define SKIP_MAX 100 /* lines beyond those of a listing */

void pop3_step_init(struct pop3 *p)
{
	struct pop3_step *s = &p->state->step;
	unsigned every = p->state->params.every;

	s->random = p->state->params.seed;
	s->every = every > 0 && every < EVERY ? every : EVERY;
}

/* splitmix64: evenly spread; what it starts with is nobody's to know. */
static uint64_t draw(struct pop3_step *s, uint64_t below)
{
	uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

static void queue_question(struct pop3 *p, uint32_t number, unsigned question)
{
	const struct pop3_want w = { POP3_WANT_STEP, number, question };

	pop3_want_next(p, &w);
}

static bool is_lock_step(const struct pop3 *p)
{
	return p->state->params.lock_step || !(p->caps & POP3_CAP_PIPELINING);
}

/* --- what may be asked --- */

static void say_question(struct pop3 *p, uint32_t number, unsigned question)
{
	struct buf argument = { .limit = 64 };

	buf_add_number(&argument, number);
	switch (question & ~(unsigned)(POP3_ASK_TRY | POP3_ASK_LAST)) {
	case POP3_ASK_LIST:
		pop3_say(p, "LIST ", buf_str(&argument));
		break;
	case POP3_ASK_UIDL:
		pop3_say(p, "UIDL ", buf_str(&argument));
		break;
	case POP3_ASK_NOOP:
		pop3_say(p, "NOOP", STR_NONE);
		break;
	case POP3_ASK_WHOLE:
		pop3_say(p, "LIST", STR_NONE);
		break;
	default:
		pop3_say(p, "XNOOP", STR_NONE);
		break;
	}
	buf_free(&argument);
}

void pop3_step_send(struct pop3 *p, const struct pop3_want *w)
{
	say_question(p, w->number, w->lines);
}

static void ask_at_once(struct pop3 *p, uint32_t number, unsigned question)
{
	say_question(p, number, question);
	queue_question(p, number, question);
	p->state->n_sent++;
	p->state->step.trying++;
}

/* Does the reply say of the message what the listing said? */
static bool is_told(const struct pop3 *p, unsigned question, uint32_t number, struct str words)
{
	const struct pop3_item *item = pop3_list_find(p, number);
	uint64_t n;

	if (item == NULL || !str_number(str_cut(&words, ' '), UINT32_MAX, &n) || n != number)
		return false;
	words = str_trim(words);
	if (question == POP3_ASK_UIDL)
		return item->uid_n > 0 && str_eq(words, pop3_uid(p, item));
	/* 0: LIST said nothing that could be read. */
	return item->size == 0 || (str_number(str_cut(&words, ' '), INT64_MAX, &n) && n == item->size);
}

/* A reply that is not the right one may be the start of a whole list: the next status line tells where that ends. */
static enum pop3_event on_try(struct pop3 *p, struct pop3_want w, int status, struct str words)
{
	struct pop3_step *s = &p->state->step;
	unsigned question = w.lines & ~(unsigned)POP3_ASK_TRY;

	if (status < 0) {
		if (++s->skipped > 2 * p->n_items + SKIP_MAX)
			pop3_end(p, ERR_PROTOCOL, "the server sends a list without end");
		return POP3_WAIT;
	}
	pop3_drop_want(p);
	s->trying--;
	if (question == POP3_ASK_NOTHING) {
		s->nothing = status == 0;
	} else if (status > 0 && question != POP3_ASK_NOOP) {
		bool told = is_told(p, question, w.number, words);

		s->lists = s->lists || (told && question == POP3_ASK_LIST);
		s->uidls = s->uidls || (told && question == POP3_ASK_UIDL);
		s->skip = s->skip || !told;
	}
	if (s->trying > 0)
		return POP3_WAIT;
	if (question <= POP3_ASK_UIDL && !s->lists && !s->uidls) {
		ask_at_once(p, 0, POP3_ASK_NOTHING | POP3_ASK_TRY);
		return POP3_WAIT;
	}
	if (question <= POP3_ASK_UIDL && s->skip) {
		ask_at_once(p, 0, POP3_ASK_NOOP | POP3_ASK_TRY);
		return POP3_WAIT;
	}
	s->skip = false;
	/* A size that differs from time to time must not stop a server for good. */
	if (is_lock_step(p) && s->uidls)
		s->lists = false;
	return POP3_WAIT;
}

/* --- asking --- */

static unsigned choose(struct pop3 *p, uint32_t *number)
{
	struct pop3_step *s = &p->state->step;
	unsigned either = (unsigned)draw(s, 2);

	*number = 0;
	if (!s->lists && !s->uidls)
		return either > 0 ? POP3_ASK_NOOP : s->nothing ? POP3_ASK_NOTHING : POP3_ASK_WHOLE;
	const struct pop3_item *item = &p->items[draw(s, p->n_items)];
	bool uidl = s->uidls && (either > 0 || !s->lists);

	/* There is one that has a UID: the one that was tried. */
	while (uidl && item->uid_n == 0)
		item = item + 1 < p->items + p->n_items ? item + 1 : p->items;
	*number = item->number;
	return uidl ? POP3_ASK_UIDL : POP3_ASK_LIST;
}

/* So many that a guess at all of them hits once in 2^BITS. */
static unsigned rounds(const struct pop3 *p)
{
	const struct pop3_step *s = &p->state->step;
	uint64_t choices = !s->lists && !s->uidls ? 2 : p->n_items * (s->lists && s->uidls ? 2 : 1);
	unsigned bits = 0;
	unsigned n;

	/* Nobody but the writer of the only message would be cheated. */
	if (p->n_items < 2)
		return 1;
	while (choices >> (bits + 1) > 0)
		bits++;
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): there are at least two choices, so one bit */
	n = (BITS + bits - 1) / bits;
	/* Each costs a round trip there. */
	return is_lock_step(p) && n > 4 ? 4 : n;
}

static void ask(struct pop3 *p)
{
	struct pop3_step *s = &p->state->step;
	unsigned last = POP3_ASK_LAST; /* each goes before those that were queued already */

	for (unsigned i = rounds(p); i > 0; i--, last = 0) {
		uint32_t number;
		unsigned question = choose(p, &number);

		queue_question(p, number, question | last);
	}
	s->pending++;
	s->since = 0;
	s->octets = 0;
	s->wanted = false;
}

bool pop3_step_before(struct pop3 *p, const struct pop3_want *w)
{
	struct pop3_step *s = &p->state->step;
	const struct pop3_item *item;

	if (!p->state->params.confirm || (w->kind != POP3_WANT_RETR && w->kind != POP3_WANT_TOP))
		return false;
	if (s->trying > 0)
		return true;
	if (p->n_items > 0 && !s->lists && !s->uidls && s->tried != p->items[0].number) {
		uint32_t number = p->items[0].number;

		s->tried = number;
		s->trying = 2;
		queue_question(p, number, POP3_ASK_UIDL | POP3_ASK_TRY);
		queue_question(p, number, POP3_ASK_LIST | POP3_ASK_TRY);
		return true;
	}
	item = pop3_list_find(p, w->number);
	uint64_t size = item != NULL && w->kind == POP3_WANT_RETR ? item->size : 0;

	if (s->since > 0 && (s->wanted || s->since >= s->every || s->octets >= OCTETS || size >= OCTETS)) {
		ask(p);
		return true;
	}
	s->since++;
	s->octets += size < OCTETS ? size : OCTETS;
	return false;
}

bool pop3_step_idle(struct pop3 *p)
{
	struct pop3_step *s = &p->state->step;

	if ((!s->wanted && !s->last) || s->since == 0)
		return false;
	ask(p);
	return true;
}

void pop3_confirm(struct pop3 *p)
{
	p->state->step.wanted = p->state->step.since > 0;
}

void pop3_confirm_last(struct pop3 *p)
{
	p->state->step.last = true;
}

bool pop3_unconfirmed(const struct pop3 *p)
{
	return p->state != NULL && (p->state->step.since > 0 || p->state->step.pending > 0);
}

/* A question was answered, rightly or not. */
static enum pop3_event answered(struct pop3 *p, bool good)
{
	struct pop3_step *s = &p->state->step;
	struct pop3_want w = *pop3_first_want(p);

	pop3_drop_want(p);
	if (!good) {
		pop3_end(p, ERR_PROTOCOL, "a reply belongs to another command than to the one that was sent");
		p->desynchronised = true;
		return POP3_WAIT;
	}
	if (!(w.lines & POP3_ASK_LAST))
		return POP3_WAIT;
	s->pending--;
	unsigned most = p->state->params.every > 0 ? EVERY : EVERY_MOST;

	s->every = 2 * s->every < most ? 2 * s->every : most;
	return POP3_CONFIRMED;
}

enum pop3_event pop3_step_reply(struct pop3 *p, int status, struct str words)
{
	struct pop3_want w = *pop3_first_want(p);
	unsigned question = w.lines & ~(unsigned)POP3_ASK_LAST;

	if (w.lines & POP3_ASK_TRY)
		return on_try(p, w, status, words);
	if (question == POP3_ASK_NOOP || question == POP3_ASK_NOTHING)
		return answered(p, status == (question == POP3_ASK_NOOP));
	if (question != POP3_ASK_WHOLE || status <= 0)
		return answered(p, status > 0 && is_told(p, question, w.number, words));
	p->state->in_list = true;
	p->state->step.whole = 0;
	return POP3_WAIT;
}

enum pop3_event pop3_step_line(struct pop3 *p, struct str line)
{
	struct pop3_step *s = &p->state->step;
	bool end = str_eq(line, STR_LIT("."));
	uint64_t n;

	if (!end && s->whole++ < p->n_items && str_number(str_cut(&line, ' '), UINT32_MAX, &n) &&
		pop3_list_find(p, (uint32_t)n) != NULL)
		return POP3_WAIT;
	p->state->in_list = false;
	return answered(p, end && s->whole == p->n_items);
}
