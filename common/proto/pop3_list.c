#include <config.h>

#include "proto/pop3_state.h"

#include <stdlib.h>

#include "base/mem.h"

/* What lies on the server, as its STAT, LIST and UIDL have it. Nothing is allocated by its word, only by lines that came. */

void pop3_list_start(struct pop3 *p)
{
	p->state->phase = PHASE_LISTING;
	pop3_command(p, WANT_STAT, 0, "STAT");
	if (pop3_pipelines(p)) {
		pop3_command(p, WANT_LIST, 0, "LIST");
		pop3_command(p, WANT_UIDL, 0, "UIDL");
	}
}

/* The first word of *rest as a number. */
static bool take_number(struct str *rest, uint64_t max, uint64_t *value)
{
	struct str word;

	*rest = str_trim(*rest);
	word = str_cut(rest, ' ');
	return str_number(word, max, value);
}

static int by_number(const void *a, const void *b)
{
	const struct pop3_item *x = a;
	const struct pop3_item *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static struct pop3_item *find_item(struct pop3 *p, uint32_t number)
{
	struct pop3_item key = { .number = number };

	return p->n_items > 0 ? bsearch(&key, p->items, p->n_items, sizeof *p->items, by_number) : NULL;
}

static bool list_line(struct pop3 *p, struct str line, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	uint64_t number;
	uint64_t size;

	if (!take_number(&line, st->count, &number) || number == 0 || !take_number(&line, UINT64_MAX, &size)) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "LIST: a line that names none of the %u messages", st->count);
		return true;
	}
	if (p->n_items == st->items_cap) {
		st->items_cap = st->items_cap > 0 ? 2 * st->items_cap : 64;
		p->items = mem_resize(p->items, st->items_cap, sizeof *p->items);
	}
	p->items[p->n_items++] = (struct pop3_item){ .number = (uint32_t)number, .size = size };
	if (p->n_items > st->count) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "LIST: more lines than messages (%u)", st->count);
		return true;
	}
	return false;
}

/* A UID is what stands there, whatever it is, as long as it can be kept as a word of a line: no blanks, no controls, 1,000 octets. */
static bool usable_uid(struct str uid)
{
	for (size_t i = 0; i < uid.n; i++)
		if (uid.p[i] == ' ' || ascii_control(uid.p[i]))
			return false;
	return uid.n > 0 && uid.n <= 1000;
}

static bool uidl_line(struct pop3 *p, struct str line, struct pop3_news *news, enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	struct pop3_item *item;
	uint64_t number;

	if (!take_number(&line, UINT32_MAX, &number)) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "UIDL: a line without a message's number");
		return true;
	}
	item = find_item(p, (uint32_t)number);
	if (item == NULL || item->uid.n > 0) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "UIDL: message %u is not listed, or twice", (unsigned)number);
		return true;
	}
	/* A server may put more than one blank before it. */
	struct str uid = str_trim(line);

	if (!usable_uid(uid))
		return false;
	/* The buffer moves while it grows: offsets until the end of the listing. */
	item->uid = (struct str){ "", uid.n };
	st->uid_at[item - p->items] = buf_len(&st->uids);
	if (!buf_add(&st->uids, uid)) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "UIDL: more than a mailbox can have");
		return true;
	}
	return false;
}

bool pop3_list_line(struct pop3 *p, const struct pop3_order *order, struct str line, struct pop3_news *news,
		    enum pop3_event *event)
{
	return order->want == WANT_LIST ? list_line(p, line, news, event) : uidl_line(p, line, news, event);
}

bool pop3_list_end(struct pop3 *p, const struct pop3_order *order, struct pop3_news *news, enum pop3_event *event)
{
	if (order->want == WANT_LIST) {
		if (p->n_items > 0)
			qsort(p->items, p->n_items, sizeof *p->items, by_number);
		for (size_t i = 1; i < p->n_items; i++) {
			if (p->items[i].number == p->items[i - 1].number) {
				*event = pop3_fail(p, news, ERR_PROTOCOL, "LIST: message %u twice",
					p->items[i].number);
				return true;
			}
		}
		p->state->uid_at = mem_array(p->n_items, sizeof *p->state->uid_at);
		if (!pop3_pipelines(p))
			pop3_command(p, WANT_UIDL, 0, "UIDL");
		return false;
	}
	for (size_t i = 0; i < p->n_items; i++) {
		struct str *uid = &p->items[i].uid;

		if (uid->n > 0)
			uid->p = buf_str(&p->state->uids).p + p->state->uid_at[i];
	}
	p->state->phase = PHASE_UP;
	return false;
}

bool pop3_list_answer(struct pop3 *p, const struct pop3_order *order, bool ok, struct str text, struct pop3_news *news,
		      enum pop3_event *event)
{
	struct pop3_state *st = p->state;
	uint64_t count;

	if (!ok && order->want == WANT_UIDL) {
		/* A server that has UIDL and does not say it now must not make everything look new. */
		if ((p->caps & POP3_CAP_UIDL) || pop3_refusal(text, ERR_NONE) == ERR_TEMP) {
			*event = pop3_fail(p, news, ERR_TEMP, "UIDL: %.*s", STR_ARGS(text));
			return true;
		}
		st->phase = PHASE_UP;
		return false;
	}
	if (!ok) {
		*event = pop3_fail(p, news, pop3_refusal(text, ERR_UNAVAILABLE), "%s: %.*s",
			order->want == WANT_STAT ? "STAT" : "LIST", STR_ARGS(text));
		return true;
	}
	if (order->want != WANT_STAT) {
		st->in_body = true;
		st->line_start = true;
		return false;
	}
	if (!take_number(&text, UINT32_MAX, &count)) {
		*event = pop3_fail(p, news, ERR_PROTOCOL, "STAT: no number of messages");
		return true;
	}
	st->count = (uint32_t)count;
	if (!pop3_pipelines(p))
		pop3_command(p, WANT_LIST, 0, "LIST");
	return false;
}
