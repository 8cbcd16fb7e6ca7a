#include <config.h>

#include "cmd/listscrub/run/crew_state.h"

#include "io/clock.h"

/* Reading a share and taking its rows. */

#define MOST_ROWS (CREW_SHARE / 32)  /* in a batch: memory is bounded, however short they are */
#define PATIENCE (CLOCK_SECOND / 10) /* a share that is not full by then is of a list that comes slowly */

/* Fill up to n octets. Less is there at the end, and where whoever writes is slow: nothing more is read then. */
static size_t read_octets(struct crew *c, char *p, size_t n)
{
	int64_t deadline = clock_after(PATIENCE);
	size_t got = 0;

	while (got < n && !c->dry) {
		long more = input_read_ahead(&c->scrub->in, p + got, n - got, deadline, &c->damage);

		if (more <= 0)
			c->dry = true;
		else
			got += (size_t)more;
	}
	return got;
}

/* The octets after the last line end, where a row may begin that is not whole. */
static size_t tail_of(struct str octets, char line_end)
{
	size_t n = 0;

	while (n < octets.n && octets.p[octets.n - n - 1] != line_end)
		n++;
	return n;
}

bool crew_read_share(struct crew_member *m)
{
	struct crew *c = m->crew;
	struct str tail = buf_str(&c->tail);
	size_t before = tail.n;
	char *p;
	size_t n;

	if (c->dry)
		return false;
	csv_resume(&m->csv, 1, c->start.cr_ends);
	p = csv_room(&m->csv, before + CREW_SHARE);
	if (before > 0)
		memcpy(p, tail.p, before);
	n = before + read_octets(c, p + before, CREW_SHARE);
	m->start = c->tail_from;
	m->octets = n - tail_of(str_at(p, n), c->start.cr_ends ? '\r' : '\n');
	buf_clear(&c->tail);
	buf_add(&c->tail, str_at(p + m->octets, n - m->octets));
	c->tail_from += m->octets;
	/* A row longer than a share. */
	c->dry = c->dry || m->octets == 0;
	csv_fed(&m->csv, m->octets);
	m->share = c->next++;
	m->loaded = true;
	return true;
}

void crew_take_rows(struct crew_member *m)
{
	struct csv_row row;
	struct err ignored;

	batch_clear(&m->batch);
	m->judge.unread = (struct judge_unread){ 0 };
	judge_drop_notes(&m->judge);
	m->foreign_line = 0;
	while (m->batch.n < MOST_ROWS && csv_next(&m->csv, &row, &ignored) == CSV_ROW) {
		/* What may have to be mended is for who reads alone. */
		if (row.torn > 0) {
			csv_back(&m->csv, &row);
			break;
		}
		if (batch_take(&m->batch, &m->reader, &row) && m->foreign_line == 0)
			m->foreign_line = row.line;
	}
}

void crew_read_again(struct crew_member *m)
{
	struct crew *c = m->crew;
	struct str left = buf_str(&c->left);
	struct buf octets = { .limit = SIZE_MAX };

	buf_add(&octets, left);
	buf_add(&octets, str_at(m->csv.p, m->octets));
	m->start -= left.n;
	m->octets += left.n;
	csv_resume(&m->csv, 1, c->start.cr_ends);
	memcpy(csv_room(&m->csv, m->octets), buf_str(&octets).p, m->octets);
	csv_fed(&m->csv, m->octets);
	buf_free(&octets);
	crew_take_rows(m);
}
