#include <config.h>

#include "cmd/listscrub/run/crew_state.h"

#include <pthread.h>
#include <signal.h>

#include "cmd/listscrub/run/threads.h"
#include "io/stop.h"

#define WORTH_IT (4 * CREW_SHARE) /* of a file */
#define WAITING (CREW_SHARE / 8)  /* in a pipe: whoever writes it is faster than one of us */

/* What a member may come to need: octets read, a batch and its words, the labels that it knows, a stack. */
#define MEMBER_OCTETS ((size_t)8 << 20)

/* Enough for libidn2 and for printing a detail; the default of some megabytes counts against a limit of the address
 * space. */
#define STACK_OCTETS ((size_t)256 << 10)

/* --- a turn --- */

/* The lines and the rows before these are known by now. */
static void find_place(struct crew *c, struct crew_member *m)
{
	struct scrub *s = c->scrub;
	struct batch *b = &m->batch;

	b->start = c->at;
	c->at.offset = m->start + m->octets - csv_rest(&m->csv).n;
	c->at.rows += b->n;
	c->at.line = m->lines + m->csv.line;
	b->end = c->at;
	b->before = s->judge.unread;
	judge_add_unread(&s->judge.unread, &m->judge.unread);
	judge_take_notes(&s->judge, &m->judge, m->lines);
	b->done = c->octets + (c->at.offset - c->start.offset);
	for (size_t i = 0; i < b->n && m->reader.keys; i++)
		b->rows[i].line += m->lines;
	if (m->foreign_line > 0)
		input_note_foreign(&s->in, m->lines + m->foreign_line);
}

/* What comes through a pipe cannot be read again from the start of the batch: its rows have to be sure to fit. */
static bool has_room(struct crew *c, const struct crew_member *m)
{
	struct scrub *s = c->scrub;

	return input_is_lasting(&s->in) || s->table_full || s->losers_known || s->set->no_dedupe ||
		dedup_reserve(&s->dedup, m->batch.n + BATCH_ROWS);
}

/* What is not worked off is kept for the next one. */
static void keep_left(struct crew *c, struct crew_member *m)
{
	struct str octets = str_at(m->csv.p, m->octets);

	buf_clear(&c->left);
	buf_add(&c->left, str_sub(octets, (size_t)(c->at.offset - m->start), octets.n));
	m->loaded = false;
}

/* False: that was all for the crew. */
static bool take_turn(struct crew *c, struct crew_member *m)
{
	uint64_t before = c->at.offset;
	bool fits = true;

	if (buf_len(&c->left) > 0)
		crew_read_again(m);
	m->lines = c->at.line - 1;
	while (m->batch.n > 0 && c->ok && (fits = has_room(c, m))) {
		find_place(c, m);
		c->ok = scrub_settle(c->scrub, &m->batch, c->err) && stop_signal() == 0;
		crew_take_rows(m);
	}
	keep_left(c, m);
	return c->ok && fits && c->at.offset > before;
}

static bool await_turn(struct crew *c, uint64_t share)
{
	pthread_mutex_lock(&c->lock);
	while (!c->over && c->turn != share)
		pthread_cond_wait(&c->changed, &c->lock);
	bool ok = !c->over;

	pthread_mutex_unlock(&c->lock);
	return ok;
}

static void end_turn(struct crew *c, bool over)
{
	pthread_mutex_lock(&c->lock);
	c->turn++;
	c->over = over;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static void *work(void *arg)
{
	struct crew_member *m = arg;
	struct crew *c = m->crew;

	for (;;) {
		pthread_mutex_lock(&c->reading);
		bool found = crew_read_share(m);

		pthread_mutex_unlock(&c->reading);
		if (!found)
			return NULL;
		crew_take_rows(m);
		if (!await_turn(c, m->share))
			return NULL;
		end_turn(c, !take_turn(c, m));
	}
}

/* --- the crew --- */

static void join(struct crew *c)
{
	struct crew_member *m = &c->members[c->n++];

	m->crew = c;
	judge_join(&m->judge, &c->scrub->judge);
	m->reader = c->scrub->reader;
	m->reader.judge = &m->judge;
	csv_init(&m->csv, c->scrub->in.list.csv.delimiter);
}

static void leave(struct crew_member *m)
{
	judge_leave(&m->judge);
	csv_free(&m->csv);
	batch_free(&m->batch);
}

/* A thread that cannot be had is done without. Signals are for the first one. */
static void start_threads(struct crew *c)
{
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;
	bool ok = pthread_attr_init(&attr) == 0;

	threads_share_arena();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = ok && pthread_attr_setstacksize(&attr, STACK_OCTETS) == 0;
	while (ok && c->threads + 1 < c->n) {
		struct crew_member *m = &c->members[c->threads + 1];

		ok = pthread_create(&m->thread, &attr, work, m) == 0;
		c->threads += ok;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
}

/* What was read and not worked off, in its order, goes back to where the caller reads. */
static void give_back(struct crew *c)
{
	for (uint64_t share = c->turn; share < c->next; share++)
		for (size_t i = 0; i < c->n; i++)
			if (c->members[i].loaded && c->members[i].share == share)
				buf_add(&c->left, str_at(c->members[i].csv.p, c->members[i].octets));
	buf_add(&c->left, buf_str(&c->tail));
	input_take_back(&c->scrub->in, &c->at, buf_str(&c->left));
}

/* Those who have come are all there before the first one begins: from then on nothing of theirs may be looked at. */
static void run(struct crew *c, size_t members)
{
	pthread_mutex_init(&c->reading, NULL);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	while (c->n < members)
		join(c);
	start_threads(c);
	work(&c->members[0]);
	for (size_t i = 0; i < c->threads; i++)
		pthread_join(c->members[i + 1].thread, NULL);
	give_back(c);
	for (size_t i = 0; i < c->n; i++)
		leave(&c->members[i]);
	buf_free(&c->tail);
	buf_free(&c->left);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->reading);
}

/* What was read already of the row that comes next, and where that begins. */
static void begin(struct crew *c)
{
	struct input *in = &c->scrub->in;
	struct str rest = csv_rest(&in->list.csv);

	c->start = c->at = input_here(in);
	c->tail_from = c->start.offset;
	c->octets = in->done - rest.n;
	c->tail.limit = c->left.limit = SIZE_MAX;
	buf_add(&c->tail, rest);
}

bool crew_run(struct scrub *s, struct err *err)
{
	struct crew c = { .scrub = s, .err = err, .ok = true };
	size_t n = threads_processors();
	size_t members = n < CREW_LEAST ? CREW_LEAST : n < MEMBERS ? n : MEMBERS;

	if (s->crew_failed || (s->mode == SCRUB_GATHER && !s->judge.only_notes) || s->judge.suggest != NULL ||
		!s->in.list.csv.started || s->in.list.csv.eof || !list_reader_plain(&s->in.list) || members < 2 ||
		input_ahead(&s->in) < (s->in.seekable ? WORTH_IT : WAITING) ||
		!dedup_spares(2 * members * MEMBER_OCTETS))
		return true;
	begin(&c);
	s->dedup.others = members * MEMBER_OCTETS;
	run(&c, members);
	s->dedup.others = 0;
	s->crew_failed = c.at.offset == c.start.offset;
	/* What was read before that was worked off as far as it is whole. */
	if (c.ok && c.damage.kind != ERR_NONE)
		*err = c.damage;
	return c.ok && c.damage.kind == ERR_NONE;
}
