#include <config.h>

#include "cmd/listscrub/run/scrub.h"

#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/returns/bounces.h"
#include "cmd/listscrub/write/report.h"

/* Working a batch off: duplicates are found, rows are written and counted. */

#define COMMIT_AT ((size_t)128 << 10)

/* Rows whose places are being fetched while those before them are looked up. */
#define FETCH_AHEAD 32

static bool compares(const struct scrub *s, const struct pending *p)
{
	return p->reason == REASON_NONE && !s->set->no_dedupe;
}

/* Tokens are of the plain form of an address. */
static void offer(struct bounces *b, const struct pending *p)
{
	struct str cell = str_trim(p->more->cell);
	struct buf key = { .limit = 0 };
	struct buf plain = { .limit = 0 };

	if (cell.n > 1 && cell.p[0] == '"')
		cell = str_trim(str_sub(cell, 1, cell.n - 2));
	if (bounces_key(b, cell, &key, &plain))
		bounces_offer(b, buf_str(&plain), cell);
	buf_free(&key);
	buf_free(&plain);
}

static bool gather(struct scrub *s, const struct pending *p, struct err *err)
{
	if (s->back != NULL && p->key.n > 0 && p->more != NULL && bounces_asks(s->back))
		offer(s->back, p);
	if (p->reason == REASON_SUPPRESSED && s->set->fold)
		(void)suppress_add(&s->judge.suppress, p->key, p->more->detail, STR_LIT(""));
	return p->reason != REASON_NONE || s->mx == NULL || mx_note(s->mx, p->more->domain, err);
}

/* Where it is, for people: of one number, as there may be many. */
#define LINE_BITS 40

static struct dedup_row compared(const struct scrub *s, const struct pending *p, uint64_t row)
{
	return (struct dedup_row){ p->hash, row, p->date, (uint64_t)s->file << LINE_BITS | p->line };
}

/* A row lost against another one: this one, or one that led until now. */
static bool scan(struct scrub *s, const struct pending *p, uint64_t row, struct err *err)
{
	struct dedup_row in = compared(s, p, row);
	struct dedup_loss loss;

	if (!compares(s, p))
		return true;
	if (s->table_full && dedup_find(&s->dedup, p->hash) == SIZE_MAX)
		return spill_add(&s->spill, in, err);
	if (!dedup_contest(&s->dedup, &in, &loss))
		return true;
	rowset_add(&s->losers, loss.row);
	if (s->tells)
		winners_add(&s->winners, &loss);
	return true;
}

/* With several lists, a person looks for the other row. */
static void name_winner(struct scrub *s, struct pending *p, uint64_t place)
{
	buf_clear(&s->winner);
	buf_add(&s->winner, p->key);
	buf_add_text(&s->winner, "; kept: ");
	buf_add_text(&s->winner, s->in.files[place >> LINE_BITS].name);
	buf_add_text(&s->winner, ", line ");
	buf_add_number(&s->winner, place & (((uint64_t)1 << LINE_BITS) - 1));
	p->key = buf_str(&s->winner);
}

static bool is_duplicate(struct scrub *s, struct pending *p, uint64_t row)
{
	struct dedup_row in = compared(s, p, row);
	struct dedup_loss loss = { .place = 0 };

	if (s->losers_known        ? !rowset_has(&s->losers, row)
			: s->tells ? !dedup_contest(&s->dedup, &in, &loss)
				   : dedup_add(&s->dedup, p->hash))
		return false;
	if (s->tells)
		name_winner(s, p, s->losers_known ? winners_place(&s->winners, row) : loss.place);
	return true;
}

static void emit(struct scrub *s, struct pending *p, uint64_t row)
{
	if (compares(s, p) && is_duplicate(s, p, row))
		p->reason = REASON_DUPLICATE;
	rows_write(&s->rows, p);
	if (p->reason == REASON_ELSEWHERE) {
		s->counts.elsewhere++;
		return;
	}
	if (p->reason == REASON_BLANK) {
		s->counts.blank++;
		return;
	}
	s->counts.read++;
	if (p->reason == REASON_NONE) {
		s->counts.kept++;
		s->counts.padded += p->missing > 0 || (p->more != NULL && p->more->surplus.p != NULL);
		s->counts.normalised += p->more != NULL && p->more->address.p != NULL;
		s->counts.fixed += p->more != NULL && p->more->fixed.n > 0;
		s->counts.unknown_tld += p->more != NULL && p->more->tld.n > 0;
	} else {
		s->counts.rejected[p->reason]++;
	}
	s->counts.suggestions += p->more != NULL && p->more->suggestion.n > 0;
	if (p->more != NULL && p->more->tld.n > 0)
		values_add(&s->tlds, p->more->tld);
	if (p->more != NULL && p->more->unread.n > 0)
		values_add(&s->unread_values, p->more->unread);
	if (s->report != NULL)
		report_row(s->report, p);
}

/* The table takes no more: what comes from there on is only looked at, and read again when the duplicates are known. */
static bool fill_up(struct scrub *s, const struct input_place *from, const struct judge_unread *unread, struct err *err)
{
	s->table_full = true;
	if (s->mode == SCRUB_SCAN)
		return true;
	s->mode = SCRUB_SCAN;
	s->losers.first = from->rows;
	s->unread = *unread;
	s->again = *from;
	return input_keep(&s->in, err);
}

static inline void fetch(const struct scrub *s, const struct batch *b, size_t i)
{
	if (i < b->n && b->rows[i].reason == REASON_NONE)
		dedup_prefetch(&s->dedup, b->rows[i].hash);
}

static bool work_off(struct scrub *s, const struct batch *b, bool looks_up, struct err *err)
{
	bool ok = true;

	s->file = b->start.file;
	if (s->rows.file != NULL)
		s->rows.file = s->in.files[b->start.file].name;
	for (size_t i = 0; i < FETCH_AHEAD && looks_up; i++)
		fetch(s, b, i);
	for (size_t i = 0; i < b->n && ok; i++) {
		if (looks_up)
			fetch(s, b, i + FETCH_AHEAD);
		switch (s->mode) {
		case SCRUB_GATHER:
			ok = gather(s, &b->rows[i], err);
			break;
		case SCRUB_SCAN:
			ok = scan(s, &b->rows[i], b->start.rows + i, err);
			break;
		case SCRUB_EMIT:
			emit(s, &b->rows[i], b->start.rows + i);
			break;
		}
	}
	rows_settle(&s->rows);
	return ok;
}

bool scrub_commit(struct scrub *s, struct err *err)
{
	bool ok = rows_commit(&s->rows, err);

	s->unwritable = !ok;
	/* What the reader of the output did not want to see was judged all the same, and its rejects are written. */
	if (ok || s->rows.outputs[ROWS_KEPT].gone)
		s->committed = s->counts;
	return ok;
}

/* How many rows will come, by the length of those that came; a little more, so that it is enough. */
static void expect_rows(struct scrub *s, const struct batch *b)
{
	uint64_t octets = b->done / (b->end.rows + 1) + 1;

	if (s->in.total > b->done && b->end.rows > 1000)
		s->dedup.expected = (size_t)(s->in.total / octets) + (size_t)(s->in.total / octets / 32);
}

/* What comes through a pipe is passed on as it comes; files are written in large pieces. */
static bool write_some(struct scrub *s, const struct batch *b, struct err *err)
{
	size_t waiting = s->rows.outputs[ROWS_KEPT].n + s->rows.outputs[ROWS_REJECTS].n + s->rows.outputs[ROWS_FIXES].n;

	progress_set(&s->progress, b->done);
	expect_rows(s, b);
	return (waiting < COMMIT_AT && !(b->live && b->more)) || scrub_commit(s, err);
}

bool scrub_settle(struct scrub *s, struct batch *b, struct err *err)
{
	bool looks_up = s->mode != SCRUB_GATHER && !s->losers_known && !s->set->no_dedupe;

	if (looks_up && !s->table_full && !dedup_reserve(&s->dedup, b->n) && !fill_up(s, &b->start, &b->before, err))
		return false;
	if (!work_off(s, b, looks_up, err) || !write_some(s, b, err))
		return false;
	/* What comes next through a pipe cannot be read again: it must be sure to fit before it is read. */
	if (looks_up && !s->table_full && !dedup_reserve(&s->dedup, BATCH_ROWS))
		return fill_up(s, &b->end, &s->judge.unread, err);
	return true;
}
