#include <config.h>

#include "cmd/listscrub/run/crew.h"

#include <errno.h>
#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/listscrub/run/scrub.h"
#include "io/stop.h"

#define MEMBERS ((size_t)4)
/* A test makes shares small, and members where there is one processor. */
#ifndef CREW_SHARE
#define CREW_SHARE ((uint64_t)512 << 10)
#define CREW_LEAST ((size_t)1)
#endif
#define LONGEST_ROW (CREW_SHARE / 8) /* of those that begin in a share and end behind it */
#define WORTH_IT (4 * CREW_SHARE)
#define MOST_ROWS (CREW_SHARE / 32) /* in a batch: memory is bounded, however short they are */

/* What a member may come to need: octets read, a batch and its words, the labels that it knows, a stack. */
#define MEMBER_OCTETS ((size_t)8 << 20)

/* Enough for libidn2 and for printing a detail; the default of some megabytes counts against a limit of the address
 * space. */
#define STACK_OCTETS ((size_t)256 << 10)

#define UNKNOWN UINT64_MAX

struct member {
	struct crew *crew;
	pthread_t thread;
	struct judge judge;
	struct reader reader;
	struct csv csv;
	struct batch batch;
	const char *limit;     /* rows that begin behind it are of the next share */
	uint64_t end;          /* offset in the file of the end of what was read */
	uint64_t from;         /* and of the first row of the batch; UNKNOWN: there was none to be found */
	uint64_t upto;         /* and of the row behind it */
	uint64_t lines;        /* before the share: known when its turn comes */
	uint64_t foreign_line; /* of the first row that is not UTF-8, counted from there; 0: none */
};

struct crew {
	struct scrub *scrub;
	struct input_place start;
	off_t base;   /* what the file offset of `start` is to its descriptor */
	uint64_t end; /* offset where the last whole share ends */
	struct member members[MEMBERS];
	size_t n;
	size_t threads; /* the second member and those behind it have one of their own, so far as they could be had */

	/* Changed by the one whose turn it is alone. */
	struct input_place at; /* all rows before are worked off */
	uint64_t octets;       /* read of all lists at the start */
	struct err *err;
	bool ok;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next; /* share that nobody has taken */
	uint64_t turn; /* share that is worked off */
	bool over;
};

/* --- reading a share --- */

/* As much as there is, up to n octets; what cannot be read is for the caller of crew_run to say. */
static size_t read_at(int fd, char *p, size_t n, off_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t more = pread(fd, p + got, n - got, at + (off_t)got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	return got;
}

/* Rows that begin before the limit, so many as a batch may have; where they are short the rest has to wait. */
static void take_rows(struct member *m)
{
	const char *behind = csv_rest(&m->csv).p;
	struct csv_row row;
	struct err ignored;

	batch_clear(&m->batch);
	m->judge.unread = (struct judge_unread){ 0 };
	m->foreign_line = 0;
	m->from = m->end - csv_rest(&m->csv).n;
	while (behind < m->limit && m->batch.n < MOST_ROWS && csv_next(&m->csv, &row, &ignored) == CSV_ROW) {
		if (batch_take(&m->batch, &m->reader, &row) && m->foreign_line == 0)
			m->foreign_line = row.line;
		behind = m->csv.p + m->csv.off;
	}
	m->upto = m->end - csv_rest(&m->csv).n;
}

/* The rows that begin from `from` on and before `upto`. With guess the first one is the first behind a line end. */
static void read_rows(struct member *m, uint64_t from, uint64_t upto, bool guess)
{
	const struct crew *c = m->crew;
	uint64_t first = guess ? from - 1 : from;
	size_t room = (size_t)(upto - first) + LONGEST_ROW;

	m->from = m->upto = UNKNOWN;
	csv_resume(&m->csv, 1, c->start.cr_ends);
	char *p = csv_room(&m->csv, room);
	size_t n = read_at(c->scrub->in.fd, p, room, c->base + (off_t)(first - c->start.offset));

	csv_fed(&m->csv, n);
	if (guess) {
		size_t passed = str_find(str_at(p, n), c->start.cr_ends ? '\r' : '\n') + 1;

		if (passed > n)
			return;
		csv_drop(&m->csv, passed);
	}
	m->end = first + n;
	m->limit = p + (upto - first);
	take_rows(m);
}

/* --- a turn --- */

static void add_unread(struct judge_unread *sum, const struct judge_unread *u)
{
	sum->consent += u->consent;
	sum->active += u->active;
	sum->newest += u->newest;
	sum->hashes += u->hashes;
}

/* The lines and the rows before these are known by now. */
static void find_place(struct crew *c, struct member *m)
{
	struct scrub *s = c->scrub;
	struct batch *b = &m->batch;

	b->start = c->at;
	c->at.offset = m->upto;
	c->at.rows += b->n;
	c->at.line = m->lines + m->csv.line;
	b->end = c->at;
	b->before = s->judge.unread;
	add_unread(&s->judge.unread, &m->judge.unread);
	b->done = c->octets + (c->at.offset - c->start.offset);
	for (size_t i = 0; i < b->n && m->reader.keys; i++)
		b->rows[i].line += m->lines;
	if (m->foreign_line > 0)
		input_note_foreign(&s->in, m->lines + m->foreign_line);
}

/* False: that was all for the crew. */
static bool take_turn(struct crew *c, struct member *m, uint64_t upto)
{
	/* A row that began in an earlier share takes all of this one. */
	if (c->at.offset >= upto)
		return true;
	if (m->from != c->at.offset)
		read_rows(m, c->at.offset, upto, false);
	if (m->from == UNKNOWN || m->upto <= c->at.offset)
		return false;
	m->lines = c->at.line - 1;
	while (m->batch.n > 0 && c->ok) {
		find_place(c, m);
		c->ok = scrub_settle(c->scrub, &m->batch, c->err) && stop_signal() == 0;
		take_rows(m);
	}
	return c->ok;
}

/* The next share; false: there is none. */
static bool take_share(struct crew *c, uint64_t *share)
{
	pthread_mutex_lock(&c->lock);
	*share = c->next++;
	bool ok = !c->over && c->start.offset + (*share + 1) * CREW_SHARE <= c->end;

	pthread_mutex_unlock(&c->lock);
	return ok;
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
	struct member *m = arg;
	struct crew *c = m->crew;
	uint64_t share;

	while (take_share(c, &share)) {
		uint64_t from = c->start.offset + share * CREW_SHARE;

		read_rows(m, from, from + CREW_SHARE, share > 0);
		if (!await_turn(c, share))
			break;
		end_turn(c, !take_turn(c, m, from + CREW_SHARE));
	}
	return NULL;
}

/* --- the crew --- */

static void join(struct crew *c)
{
	struct member *m = &c->members[c->n++];

	m->crew = c;
	judge_join(&m->judge, &c->scrub->judge);
	m->reader = c->scrub->reader;
	m->reader.judge = &m->judge;
	csv_init(&m->csv, c->scrub->in.list.csv.delimiter);
}

static void leave(struct member *m)
{
	judge_leave(&m->judge);
	csv_free(&m->csv);
	batch_free(&m->batch);
}

/* Threads with an arena of malloc each need not wait for each other, but each reserves some megabytes of address space
 * for the little that it needs. */
static void share_arena(void)
{
#ifdef M_ARENA_MAX
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY)
		(void)mallopt(M_ARENA_MAX, 1);
#endif
}

/* A thread that cannot be had is done without. Signals are for the first one. */
static void start_threads(struct crew *c)
{
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;
	bool ok = pthread_attr_init(&attr) == 0;

	share_arena();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = ok && pthread_attr_setstacksize(&attr, STACK_OCTETS) == 0;
	while (ok && c->threads + 1 < c->n) {
		struct member *m = &c->members[c->threads + 1];

		ok = pthread_create(&m->thread, &attr, work, m) == 0;
		c->threads += ok;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
}

/* Those who have come are all there before the first one begins: from then on nothing of theirs may be looked at. */
static void run(struct crew *c, size_t members)
{
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	while (c->n < members)
		join(c);
	start_threads(c);
	work(&c->members[0]);
	for (size_t i = 0; i < c->threads; i++)
		pthread_join(c->members[i + 1].thread, NULL);
	for (size_t i = 0; i < c->n; i++)
		leave(&c->members[i]);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
}

static size_t processors(void)
{
#ifdef HAVE_SCHED_GETAFFINITY
	cpu_set_t set;
	size_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
#else
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = online > 0 ? (size_t)online : 1;
#endif

	if (n < CREW_LEAST)
		n = CREW_LEAST;
	return n < MEMBERS ? n : MEMBERS;
}

/* Is enough left of the file, and the rest of it whole? */
static bool measure(struct crew *c)
{
	const struct input *in = &c->scrub->in;
	off_t stands = in->seekable && list_reader_plain(&in->list) ? lseek(in->fd, 0, SEEK_CUR) : -1;
	struct stat st;

	if (stands < 0 || fstat(in->fd, &st) != 0)
		return false;
	c->start = c->at = input_here(in);
	c->base = stands - (off_t)csv_rest(&in->list.csv).n;
	c->octets = in->done - csv_rest(&in->list.csv).n;
	if (st.st_size - c->base < (off_t)WORTH_IT)
		return false;
	c->end = c->start.offset + (uint64_t)(st.st_size - c->base);
	return true;
}

bool crew_run(struct scrub *s, struct err *err)
{
	struct crew c = { .scrub = s, .err = err, .ok = true };
	size_t members = processors();

	if (s->crew_failed || s->mode == SCRUB_GATHER || s->judge.suggest != NULL || !s->in.list.csv.started ||
		members < 2 || !measure(&c) || !dedup_spares(2 * members * MEMBER_OCTETS))
		return true;
	s->dedup.others = members * MEMBER_OCTETS;
	run(&c, members);
	s->dedup.others = 0;
	s->crew_failed = c.at.offset - c.start.offset < WORTH_IT / 2;
	return c.ok && input_go_on(&s->in, &c.at, err);
}
