#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include <errno.h>

#include "cmd/mailbulk/settings.h"
#include "io/clock.h"
#include "io/stop.h"

#define IDLE_MOST (20 * CLOCK_SECOND) /* a session without work, while others wait for their time */
#define GOODBYE (2 * CLOCK_SECOND)    /* for the answers to QUIT */

/* Every server was given up: say why with the words of the last. */
static void check_relays(struct engine *e)
{
	const struct relay *last = NULL;

	for (size_t i = 0; i < e->n_relays; i++) {
		if (!e->relays[i].dead)
			return;
		last = &e->relays[i];
	}
	if (last != NULL && e->under_way == 0)
		engine_stop(e, &last->why);
}

/* Retries, pauses and new connections are each bounded, but together they could go on for days. */
static void check_patience(struct engine *e)
{
	const struct relay *last = NULL;
	struct err err = { 0 };

	if (e->trouble == 0 || e->stopping || e->now - e->trouble < e->patience)
		return;
	for (size_t i = 0; i < e->n_relays; i++)
		if (e->relays[i].failures > 0)
			last = &e->relays[i];
	err_set(&err, ERR_TEMP,
		"%s%sno message was taken for %lld s; the rest is left for another run (--retry-for sets how long to go "
		"on)",
		last != NULL ? last->why.text : "", last != NULL ? "; " : "", (long long)(e->patience / CLOCK_SECOND));
	engine_stop(e, &err);
}

static void look_at_clock(struct engine *e)
{
	e->now = clock_now();
	int64_t wall = clock_wall();

	if (wall != e->wall.wall)
		e->wall = (struct moment){ .wall = wall, .offset = clock_offset(wall) };
	e->book.wall = wall;
}

static void step_all(struct engine *e)
{
	bool moved = true;

	/* A verdict makes room, and what is admitted wants its first step: until all wait. */
	while (moved) {
		moved = engine_admit(e) > 0;
		for (size_t i = 0; i < e->n_peers; i++)
			moved |= step_peer(e, &e->peers[i]);
	}
}

/* Nothing leaves before this is done, and nothing is told. */
static bool commit(struct engine *e)
{
	struct err err = { 0 };

	if (!book_commit(&e->book, &err)) {
		engine_stop(e, &err);
		return false;
	}
	if (!results_flush(&e->results, &err))
		engine_stop(e, &err);
	return true;
}

static int64_t idle_end(struct engine *e)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *p = &e->peers[i];

		if (p->state != PEER_UP || !p->ready || p->jobs > 0 || p->quitting)
			continue;
		if (e->now - p->idle_since >= IDLE_MOST)
			peer_quit(p);
		else if (p->idle_since + IDLE_MOST < first)
			first = p->idle_since + IDLE_MOST;
	}
	return first;
}

static void wait_and_read(struct engine *e, int64_t until)
{
	int64_t deadline = e->hurry ? e->now : engine_admit_due(e);
	size_t n = 0;

	if (until < deadline)
		deadline = until;
	if (e->trouble != 0 && !e->stopping && e->trouble + e->patience < deadline)
		deadline = e->trouble + e->patience;
	for (size_t i = 0; i < e->n_peers; i++)
		n += peer_poll(&e->peers[i], e->fds + n, &deadline);
	for (size_t i = 0; i < e->n_relays; i++)
		n += relay_poll(&e->relays[i], e->fds + n, &deadline);
	e->fds[n] = (struct pollfd){ .fd = stop_signal() != 0 ? -1 : stop_fd(), .events = POLLIN };
	/* With nothing to wait for there is something to admit, or the caller ends the loop. */
	int left = deadline == INT64_MAX && n == 0 ? 0 : clock_left(deadline);

	if (poll(e->fds, n + 1, left) < 0 && errno == EINTR)
		return;
	look_at_clock(e);
	for (size_t i = 0; i < e->n_peers; i++)
		peer_read(e, &e->peers[i]);
	for (size_t i = 0; i < e->n_relays; i++)
		peer_take_token(e, &e->relays[i]);
}

static void abandon(struct engine *e, const char *text)
{
	struct err err;

	err_set(&err, ERR_TEMP, "%s", text);
	for (size_t i = 0; i < e->n_peers; i++)
		if (e->peers[i].state != PEER_FREE)
			peer_end(e, &e->peers[i], &err);
}

static bool is_over(const struct engine *e)
{
	return e->under_way == 0 && (e->stopping || !engine_more(e) || e->pace.left == 0);
}

static bool any_open(const struct engine *e)
{
	for (size_t i = 0; i < e->n_peers; i++)
		if (e->peers[i].state != PEER_FREE)
			return true;
	return false;
}

static int64_t earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* One turn; its order is the promise. */
static void turn(struct engine *e, int64_t until)
{
	look_at_clock(e);
	step_all(e);
	int64_t idle = idle_end(e);
	int64_t stale = line_stale(e);

	if (commit(e)) {
		for (size_t i = 0; i < e->n_peers; i++)
			peer_write(&e->peers[i]);
	} else {
		abandon(e, "the journal cannot be written");
		return;
	}
	progress_set(&e->progress, e->progress.total - e->left - e->queue.n - e->under_way - line_left(e));
	check_relays(e);
	check_patience(e);
	if (e->parting ? any_open(e) : !is_over(e))
		wait_and_read(e, earliest(stale, earliest(idle, until)));
}

/* Say goodbye to every server, for a short while. */
static void part(struct engine *e)
{
	int64_t until = clock_after(GOODBYE);

	engine_stop(e, NULL);
	e->parting = true;
	look_at_clock(e);
	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *p = &e->peers[i];

		if (p->state == PEER_UP && p->ready && !p->quitting)
			peer_quit(p);
		else if (p->state != PEER_FREE && !p->quitting)
			peer_end(e, p, NULL);
	}
	while (any_open(e) && e->now < until && !e->book.journal.failed)
		turn(e, until);
	abandon(e, "closed");
	commit(e);
}

void engine_run(struct engine *e)
{
	look_at_clock(e);
	while (!is_over(e)) {
		turn(e, e->stopping ? e->stop_by : INT64_MAX);
		if (stop_signal() != 0)
			engine_stop(e, NULL);
		if (e->stopping && e->now >= e->stop_by)
			abandon(e, "interrupted");
	}
	part(e);
}
