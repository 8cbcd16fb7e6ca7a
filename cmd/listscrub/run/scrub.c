#include <config.h>

#include "cmd/listscrub/run/scrub.h"

#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/run/crew.h"
#include "cmd/listscrub/write/report.h"
#include "io/stop.h"

#define COMMIT_AT ((size_t)128 << 10)

/* Rows whose places are being fetched while those before them are looked up. */
#define FETCH_AHEAD 32

static bool compares(const struct scrub *s, const struct pending *p)
{
	return p->reason == REASON_NONE && !s->set->no_dedupe;
}

/* --- working a batch off --- */

static bool gather(struct scrub *s, const struct pending *p, struct err *err)
{
	if (p->reason == REASON_SUPPRESSED && s->set->fold)
		(void)suppress_add(&s->judge.suppress, p->key, p->more->detail, STR_LIT(""));
	return p->reason != REASON_NONE || s->mx == NULL || mx_note(s->mx, p->more->domain, err);
}

/* A row lost against another one: this one, or one that led until now. */
static bool scan(struct scrub *s, const struct pending *p, uint64_t row, struct err *err)
{
	uint64_t loser = UINT64_MAX;

	if (!compares(s, p))
		return true;
	if (s->table_full && dedup_find(&s->dedup, p->hash) == SIZE_MAX)
		return spill_add(&s->spill, (struct spill_record){ p->hash, row, p->date }, err);
	if (!s->dedup.newest) {
		loser = dedup_add(&s->dedup, p->hash) ? UINT64_MAX : row;
	} else if (!dedup_claim(&s->dedup, p->hash, (struct dedup_lead){ row, p->date }, &loser)) {
		loser = row;
	}
	if (loser != UINT64_MAX)
		rowset_add(&s->losers, loser);
	return true;
}

static bool is_duplicate(struct scrub *s, const struct pending *p, uint64_t row)
{
	return s->losers_known ? rowset_has(&s->losers, row) : !dedup_add(&s->dedup, p->hash);
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
	s->counts.read++;
	if (p->reason == REASON_NONE) {
		s->counts.kept++;
		s->counts.normalised += p->more != NULL && p->more->address.p != NULL;
	} else {
		s->counts.rejected[p->reason]++;
	}
	s->counts.suggestions += p->more != NULL && p->more->suggestion.n > 0;
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

static bool commit(struct scrub *s, struct err *err)
{
	if (!rows_commit(&s->rows, err)) {
		s->unwritable = true;
		return false;
	}
	s->committed = s->counts;
	return true;
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
	size_t waiting = s->rows.outputs[ROWS_KEPT].n + s->rows.outputs[ROWS_REJECTS].n;

	progress_set(&s->progress, b->done);
	expect_rows(s, b);
	return (waiting < COMMIT_AT && !(b->live && b->more)) || commit(s, err);
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

/* Rows, as many as are there and a batch takes. */
static enum csv_event fill(struct scrub *s, struct batch *b, struct err *damage)
{
	enum csv_event event = CSV_ROW;
	struct csv_row row;

	batch_clear(b);
	b->start = input_here(&s->in);
	b->before = s->judge.unread;
	while (b->n < BATCH_ROWS && (event = input_next(&s->in, &row, damage)) == CSV_ROW)
		if (batch_take(b, &s->reader, &row))
			input_note_foreign(&s->in, row.line);
	b->end = input_here(&s->in);
	b->done = s->in.done;
	b->live = !s->in.seekable;
	b->more = event == CSV_MORE;
	return event;
}

/* From where the input stands to its end, or to where it is damaged. */
static bool read_all(struct scrub *s, struct err *err)
{
	struct err damage = { .kind = ERR_NONE };
	enum csv_event event = CSV_MORE;

	while (event == CSV_MORE || event == CSV_ROW) {
		event = fill(s, &s->batch, &damage);
		if (!scrub_settle(s, &s->batch, err) || stop_signal() != 0)
			return false;
		if (event != CSV_MORE)
			continue;
		uint64_t rows = s->in.rows;

		/* Where the crew took some, the next look tells what is left. */
		if (!crew_run(s, err) || (s->in.rows == rows && !input_more(&s->in, err)))
			return false;
	}
	if (event == CSV_ERROR && s->mode == SCRUB_EMIT) {
		*err = damage;
		input_name_rest(&s->in, err);
		return false;
	}
	return true;
}

static bool pass(struct scrub *s, struct err *err)
{
	bool gathers = s->mode == SCRUB_GATHER;

	judge_begin(&s->judge);
	s->reader =
		(struct reader){ .judge = &s->judge, .columns = s->in.form.columns, .delimiter = s->in.form.delimiter };
	/* A list that was empty when it was looked at may have grown. */
	if (s->reader.columns == 0)
		s->reader.columns = 1;
	s->reader.keys = gathers || s->judge.details;
	s->reader.words = gathers || s->report != NULL;
	s->reader.domains = gathers || s->report != NULL;
	s->reader.compares = !gathers && !s->losers_known && !s->set->no_dedupe;
	s->reader.key = s->dedup.key;
	return read_all(s, err);
}

/* --- the passes --- */

static bool needs_gathering(const struct scrub *s)
{
	const struct suppress *list = &s->judge.suppress;

	/* An entry that does not fold may name one spelling of a mailbox: its other spellings are suppressed too. */
	return s->mx != NULL || (s->set->fold && (list->domains.used > 0 || suppress_has_digests(list)));
}

static bool gather_all(struct scrub *s, const struct input_place *start, struct err *err)
{
	s->mode = SCRUB_GATHER;
	s->judge.details = true;
	if (!pass(s, err) || (s->mx != NULL && !mx_finish(s->mx, err)))
		return false;
	s->judge.mx = s->mx;
	return input_rewind(&s->in, start, err);
}

/* The duplicates are known now: back to where the writing stopped, or never began. */
static bool emit_again(struct scrub *s, const struct input_place *from, struct err *err)
{
	if (!spill_resolve(&s->spill, &s->dedup, &s->losers, err))
		return false;
	s->losers_known = true;
	dedup_free(&s->dedup);
	spill_free(&s->spill);
	s->mode = SCRUB_EMIT;
	return input_rewind(&s->in, from, err) && pass(s, err);
}

static bool run(struct scrub *s, struct err *err)
{
	bool details = s->judge.details;
	struct input_place start = input_here(&s->in);

	if ((needs_gathering(s) || s->set->newest != NULL) && !input_keep(&s->in, err))
		return false;
	if (needs_gathering(s) && !gather_all(s, &start, err))
		return false;
	s->judge.details = details;
	s->judge.unread = s->unread;
	s->mode = s->set->newest != NULL ? SCRUB_SCAN : SCRUB_EMIT;
	if (!pass(s, err))
		return false;
	if (s->mode == SCRUB_EMIT)
		return true;
	/* s->unread is none, or what it was where the writing stopped. */
	s->judge.unread = s->unread;
	return emit_again(s, s->set->newest != NULL ? &start : &s->again, err);
}

bool scrub_run(struct scrub *s, struct err *err)
{
	struct err late;
	bool ok = true;

	if (s->in.form.separator != '\0' && s->in.form.columns > 0)
		rows_separator(&s->rows, s->in.form.separator);
	/* Nothing comes of nothing, also where a header was promised. */
	if (s->in.form.header == LIST_HEADER_YES && s->in.form.columns > 0)
		rows_header(&s->rows, buf_str(&s->in.header));
	s->mode = SCRUB_EMIT;
	if (!s->set->no_dedupe && !dedup_reserve(&s->dedup, BATCH_ROWS))
		ok = err_set(err, ERR_OS, "no memory for finding duplicates");
	ok = ok && run(s, err);
	/* Also what was done before an error or a signal is whole. */
	if (!s->unwritable && !commit(s, &late)) {
		ok = false;
		*err = late;
	}
	s->counts = s->committed;
	batch_free(&s->batch);
	return ok;
}
