#include <config.h>

#include "proto/pop3_state.h"

#include <stdlib.h>

#include "base/mem.h"

/* What the server says of itself and of the mailbox. Memory is taken for lines that came, never for numbers that were
 * named. */

#define MAX_ITEMS ((size_t)4 << 20)
#define MAX_CAPS 1000

void pop3_caps_clear(struct pop3 *p)
{
	p->caps = 0;
	buf_clear(&p->caps_lines);
	buf_clear(&p->state->mechanisms);
	p->state->list_lines = 0;
}

void pop3_caps_line(struct pop3 *p, struct str line)
{
	static const struct {
		const char *name;
		unsigned cap;
	} names[] = {
		{ "TOP", POP3_CAP_TOP },
		{ "UIDL", POP3_CAP_UIDL },
		{ "USER", POP3_CAP_USER },
		{ "SASL", POP3_CAP_SASL },
		{ "STLS", POP3_CAP_STLS },
		{ "PIPELINING", POP3_CAP_PIPELINING },
		{ "RESP-CODES", POP3_CAP_RESP_CODES },
		{ "UTF8", POP3_CAP_UTF8 },
	};
	struct str rest = line;
	struct str name = str_cut(&rest, ' ');

	if (++p->state->list_lines > MAX_CAPS) {
		pop3_end(p, ERR_PROTOCOL, "the server has more capabilities than can be");
		return;
	}
	buf_add(&p->caps_lines, line);
	buf_add_char(&p->caps_lines, '\n');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_ieq(name, str_of(names[i].name)))
			p->caps |= names[i].cap;
	if (str_ieq(name, STR_LIT("LOGIN-DELAY")))
		str_number(str_cut(&rest, ' '), 86400, &p->login_delay);
	if (str_ieq(name, STR_LIT("SASL"))) {
		buf_clear(&p->state->mechanisms);
		buf_add(&p->state->mechanisms, str_trim(rest));
	}
}

void pop3_list_stat(struct pop3 *p, struct str words)
{
	/* A hint, as sizes are: LIST tells what is there. */
	if (!str_number(str_cut(&words, ' '), UINT32_MAX, &p->state->count))
		p->state->count = 1;
}

/* "12 340": a message number, and the rest of the line. */
static bool read_number(struct pop3 *p, struct str line, uint32_t *number, struct str *rest)
{
	uint64_t n;

	if (!str_number(str_cut(&line, ' '), UINT32_MAX, &n) || n == 0) {
		pop3_end(p, ERR_PROTOCOL, "the server lists something that has no number");
		return false;
	}
	*number = (uint32_t)n;
	*rest = str_trim(line);
	return true;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct pop3_item *)a)->number;
	uint32_t y = ((const struct pop3_item *)b)->number;

	return (x > y) - (x < y);
}

/* Order, and no number twice: else the session ends, and it is false. */
static bool sort_items(struct pop3 *p)
{
	bool sorted = true;

	for (size_t i = 1; i < p->n_items && sorted; i++)
		sorted = p->items[i].number > p->items[i - 1].number;
	if (!sorted)
		qsort(p->items, p->n_items, sizeof *p->items, by_number);
	for (size_t i = 1; i < p->n_items; i++)
		if (p->items[i].number == p->items[i - 1].number) {
			pop3_end(p, ERR_PROTOCOL, "the server lists a message twice");
			return false;
		}
	return true;
}

static void add_item(struct pop3 *p, uint32_t number, uint64_t size)
{
	struct pop3_state *st = p->state;

	if (p->n_items > 0 && p->items[p->n_items - 1].number == number) {
		pop3_end(p, ERR_PROTOCOL, "the server lists a message twice");
		return;
	}
	if (p->n_items == MAX_ITEMS) {
		pop3_end(p, ERR_PROTOCOL, "the server lists more messages than can be");
		return;
	}
	if (p->n_items == st->items_room) {
		/* Lines that come again and again must not take memory. */
		if (p->n_items > 0 && !sort_items(p))
			return;
		st->items_room = st->items_room == 0 ? 64 : 2 * st->items_room;
		p->items = mem_resize(p->items, st->items_room, sizeof *p->items);
	}
	p->items[p->n_items++] = (struct pop3_item){ .number = number, .size = size };
}

/* Nearly always the listings are in order, and then the place is known. */
struct pop3_item *pop3_list_find(const struct pop3 *p, uint32_t number)
{
	struct pop3_item key = { .number = number };

	if (number > 0 && number <= p->n_items && p->items[number - 1].number == number)
		return &p->items[number - 1];
	return p->n_items > 0 ? bsearch(&key, p->items, p->n_items, sizeof *p->items, by_number) : NULL;
}

static void take_uid(struct pop3 *p, uint32_t number, struct str uid)
{
	struct pop3_state *st = p->state;
	struct pop3_item *item = pop3_list_find(p, number);

	/* One line again and again must not take memory, nor time without end. */
	if (++st->list_lines > p->n_items + MAX_CAPS) {
		pop3_end(p, ERR_PROTOCOL, "the server gives more UIDs than it listed messages");
		return;
	}
	if (item == NULL || item->uid_n > 0)
		return;
	if (uid.n == 0 || uid.n > POP3_UID_MAX || !str_clean(uid))
		return;
	item->uid_at = (uint32_t)buf_len(&st->uids);
	item->uid_n = (uint32_t)uid.n;
	st->uids.limit = (size_t)1 << 31;
	if (!buf_add(&st->uids, uid))
		pop3_end(p, ERR_PROTOCOL, "the server's UIDs are longer than can be");
}

void pop3_list_line(struct pop3 *p, enum pop3_want_kind kind, struct str line)
{
	uint32_t number;
	uint64_t size;
	struct str rest;

	if (!read_number(p, line, &number, &rest))
		return;
	if (kind == POP3_WANT_UIDL)
		take_uid(p, number, rest);
	else /* a size is a hint: one that cannot be read says nothing */
		add_item(p, number, str_number(str_cut(&rest, ' '), INT64_MAX, &size) ? size : 0);
}

void pop3_list_end(struct pop3 *p)
{
	p->state->list_lines = 0;
	if (pop3_first_want(p) != NULL && pop3_first_want(p)->kind == POP3_WANT_LIST)
		sort_items(p);
}

struct str pop3_uid(const struct pop3 *p, const struct pop3_item *item)
{
	return str_sub(buf_str(&p->state->uids), item->uid_at, item->uid_n);
}
