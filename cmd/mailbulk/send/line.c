#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"

/*
 * The rows that go next, in order: as many as one reservation of the journal names. They are looked up before any
 * session asks for them, so that nobody dials for rows that are only skipped, and reserved when the first of them is
 * given to a session. What they hold is read again then.
 */

#define LOOKED_MOST 1000         /* rows: a long stretch of those that are only skipped does not hold up the loop */
#define STALE (2 * CLOCK_SECOND) /* a reservation that nobody takes from is given back */

/* Rows that the next reservation may name: all that rates permit in about one second. */
static size_t size_of(const struct engine *e)
{
	const struct line *l = &e->line;
	int64_t interval = e->settings->rate.interval;
	uint64_t most = l->most;

	if (interval > 0 && most > (uint64_t)(CLOCK_SECOND / interval) + 1)
		most = (uint64_t)(CLOCK_SECOND / interval) + 1;
	/* Transactions of identical messages are best filled. */
	if (e->campaign->identical && interval == 0)
		most += (BATCH_MAX - most % BATCH_MAX) % BATCH_MAX;
	if (most > LINE_MOST)
		most = e->campaign->identical ? LINE_MOST / BATCH_MAX * BATCH_MAX : LINE_MOST;
	return most < e->pace.left ? (size_t)most : (size_t)e->pace.left;
}

/* It grows while each is used up quickly. */
static void learn_size(struct engine *e)
{
	struct line *l = &e->line;

	if (l->most == 0)
		l->most = e->campaign->identical ? BATCH_MAX : e->n_peers;
	else if (l->slowed || e->now - l->reserved_at > CLOCK_SECOND)
		l->most = l->most / 2 > 0 ? l->most / 2 : 1;
	else if (e->now - l->reserved_at < CLOCK_SECOND / 2)
		l->most *= 2;
	l->most = l->most < LINE_MOST ? l->most : LINE_MOST;
	l->slowed = false;
}

static void refill(struct engine *e)
{
	struct line *l = &e->line;

	if (l->reserved || l->most == 0)
		learn_size(e);
	*l = (struct line){ .most = l->most };
	size_t most = size_of(e);

	for (int looked = 0; l->n < most && !e->stopping; looked++) {
		int found = feed_draw(e, &l->tickets[l->n]);

		if (found < 0)
			break;
		l->n += (size_t)found;
		e->hurry = looked == LOOKED_MOST;
		if (e->hurry)
			break;
	}
}

static void name_rows(const struct line *l, size_t at, struct book_row rows[LINE_MOST])
{
	for (size_t i = at; i < l->n; i++)
		rows[i - at] = (struct book_row){ l->tickets[i].key, l->tickets[i].email };
}

/* What is left of the reservation is given back. */
static void unreserve(struct engine *e)
{
	struct line *l = &e->line;
	struct book_row rows[LINE_MOST];

	if (l->reserved) {
		name_rows(l, l->at, rows);
		book_release(&e->book, rows, l->n - l->at);
	}
	l->reserved = false;
}

/* A row in whose turn a connection ended is tried again before all others, as long as what ended it may still be so:
 * only then it shows whether it was the row. False: in the next turn. */
static bool let_urgent_in(struct engine *e)
{
	struct line *l = &e->line;
	struct ticket rest[LINE_MOST];
	size_t n = line_left(e);

	if (!queue_urgent(&e->queue, e->now) || n == LINE_MOST)
		return true;
	if (!book_may_reserve(&e->book))
		return false;
	unreserve(e);
	memcpy(rest, l->tickets + l->at, n * sizeof *rest);
	l->at = l->n = 0;
	while (l->n + n < LINE_MOST && queue_urgent(&e->queue, e->now)) {
		int found = feed_waiting(e, &l->tickets[l->n]);

		if (found < 0)
			break;
		l->n += (size_t)found;
	}
	memcpy(l->tickets + l->n, rest, n * sizeof *rest);
	l->n += n;
	return true;
}

const struct ticket *line_head(struct engine *e)
{
	struct line *l = &e->line;

	e->hurry = false;
	if (e->stopping || e->pace.left == 0 || pace_next(&e->pace) > e->now)
		return NULL;
	/* A second reservation in this turn would have to wait for its sync. */
	e->hurry = !let_urgent_in(e) || (l->at == l->n && !book_may_reserve(&e->book));
	if (e->hurry)
		return NULL;
	if (l->at == l->n)
		refill(e);
	return l->at < l->n ? &l->tickets[l->at] : NULL;
}

static void reserve(struct engine *e)
{
	struct line *l = &e->line;
	struct book_row rows[LINE_MOST];

	if (l->reserved)
		return;
	name_rows(l, l->at, rows);
	book_reserve(&e->book, rows, l->n - l->at);
	l->reserved = true;
	l->reserved_at = e->now;
}

void line_give_back(struct engine *e, const struct ticket *t)
{
	const struct book_row row = { t->key, t->email };

	book_release(&e->book, &row, 1);
}

bool line_take(struct engine *e, struct ticket *t, const struct values **v)
{
	struct line *l = &e->line;

	reserve(e);
	*t = l->tickets[l->at++];
	l->taken_at = e->now;
	if (feed_read(e, t, v))
		return true;
	line_give_back(e, t);
	mem_free(t->email);
	t->email = NULL;
	return false;
}

size_t line_left(const struct engine *e)
{
	return e->line.n - e->line.at;
}

int64_t line_stale(struct engine *e)
{
	struct line *l = &e->line;

	if (!l->reserved || l->at == l->n || !e->book.used)
		return INT64_MAX;
	if (e->now - l->taken_at < STALE)
		return l->taken_at + STALE;
	unreserve(e);
	return INT64_MAX;
}

bool line_drain(struct engine *e, struct waiting *w)
{
	struct line *l = &e->line;

	if (l->at == l->n)
		return false;
	*w = l->tickets[l->at].row;
	mem_free(l->tickets[l->at++].email);
	return true;
}
