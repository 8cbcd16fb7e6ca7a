#include <config.h>

#include "cmd/listscrub/scrub.h"

#include "base/mem.h"
#include "cmd/listscrub/mx.h"
#include "cmd/listscrub/report.h"
#include "io/stop.h"

#define COMMIT_AT ((size_t)128 << 10)

static uint64_t row_number(const struct scrub *s)
{
	return s->in.rows - 1;
}

/* --- taking rows in --- */

static bool compares(const struct scrub *s, const struct pending *p)
{
	return p->reason == REASON_NONE && !s->set->no_dedupe;
}

static void take_row(struct scrub *s, const struct csv_row *row)
{
	struct pending *p = &s->batch[s->n++];
	struct verdict v;

	judge_row(&s->judge, row, &v);
	pending_fill(p, row, s->in.sniff.columns, s->judge.email, &v);
	p->row = row_number(s);
	if ((s->mode == SCRUB_GATHER || s->judge.details) && v.key.n > 0)
		p->key = arena_copy(&s->judge.arena, v.folded);
	if ((s->mode == SCRUB_GATHER || s->report != NULL) && v.key.n > 0)
		p->domain = arena_copy(&s->judge.arena, v.domain);
	if (compares(s, p) && s->mode != SCRUB_GATHER && !(s->mode == SCRUB_EMIT && s->losers_known)) {
		p->hash = dedup_hash(&s->dedup, v.folded.p, v.folded.n);
		dedup_prefetch(&s->dedup, p->hash);
	}
}

/* --- working a batch off --- */

static bool gather(struct scrub *s, const struct pending *p, struct err *err)
{
	if (p->reason == REASON_SUPPRESSED && s->set->fold)
		(void)suppress_add(&s->judge.suppress, p->key, p->detail, STR_LIT(""));
	return p->reason != REASON_NONE || s->mx == NULL || mx_note(s->mx, p->domain, err);
}

/* A row lost against another one: this one, or one that led until now. */
static bool scan(struct scrub *s, const struct pending *p, struct err *err)
{
	uint64_t loser = UINT64_MAX;

	if (!compares(s, p))
		return true;
	if (s->table_full && dedup_find(&s->dedup, p->hash) == SIZE_MAX)
		return spill_add(&s->spill, (struct spill_record){ p->hash, p->row, p->date }, err);
	if (!s->dedup.newest) {
		loser = dedup_add(&s->dedup, p->hash) ? UINT64_MAX : p->row;
	} else if (!dedup_claim(&s->dedup, p->hash, (struct dedup_lead){ p->row, p->date }, &loser)) {
		loser = p->row;
	}
	if (loser != UINT64_MAX)
		rowset_add(&s->losers, loser);
	return true;
}

static bool is_duplicate(struct scrub *s, const struct pending *p)
{
	return s->losers_known ? rowset_has(&s->losers, p->row) : !dedup_add(&s->dedup, p->hash);
}

static void emit(struct scrub *s, struct pending *p)
{
	if (compares(s, p) && is_duplicate(s, p)) {
		p->reason = REASON_DUPLICATE;
		p->detail = p->key;
	}
	rows_write(&s->rows, p);
	if (p->reason == REASON_ELSEWHERE) {
		s->counts.elsewhere++;
		return;
	}
	s->counts.read++;
	if (p->reason == REASON_NONE) {
		s->counts.kept++;
		s->counts.normalised += p->address.p != NULL;
	} else {
		s->counts.rejected[p->reason]++;
	}
	s->counts.suggestions += p->suggestion.n > 0;
	if (s->report != NULL)
		report_row(s->report, p);
}

/* The table takes no more: what comes from here on is only looked at, and read again when the duplicates are known. */
static bool fill_up(struct scrub *s, struct err *err)
{
	s->table_full = true;
	if (s->mode == SCRUB_SCAN)
		return true;
	s->mode = SCRUB_SCAN;
	s->losers.first = s->in.rows;
	s->unread = s->judge.unread;
	return input_keep(&s->in, &s->again, err);
}

static bool settle(struct scrub *s, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < s->n && ok; i++) {
		switch (s->mode) {
		case SCRUB_GATHER:
			ok = gather(s, &s->batch[i], err);
			break;
		case SCRUB_SCAN:
			ok = scan(s, &s->batch[i], err);
			break;
		case SCRUB_EMIT:
			emit(s, &s->batch[i]);
			break;
		}
	}
	s->n = 0;
	rows_settle(&s->rows);
	arena_clear(&s->judge.arena);
	if (ok && s->mode != SCRUB_GATHER && !s->losers_known && !s->table_full && !s->set->no_dedupe &&
		!dedup_reserve(&s->dedup))
		ok = fill_up(s, err);
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
static void expect_rows(struct scrub *s)
{
	uint64_t octets = s->in.done / (s->in.rows + 1) + 1;

	if (s->in.total > s->in.done && s->in.rows > 1000)
		s->dedup.expected = (size_t)(s->in.total / octets) + (size_t)(s->in.total / octets / 32);
}

/* What comes through a pipe is passed on as it comes; files are read and written in large pieces. */
static bool read_on(struct scrub *s, struct err *err)
{
	size_t waiting = s->rows.outputs[ROWS_KEPT].n + s->rows.outputs[ROWS_REJECTS].n;

	progress_set(&s->progress, s->in.done);
	expect_rows(s);
	if ((waiting >= COMMIT_AT || !s->in.seekable) && !commit(s, err))
		return false;
	return stop_signal() == 0 && input_more(&s->in, err);
}

/* From where the input stands to its end, or to where it is damaged. */
static bool pass(struct scrub *s, struct err *err)
{
	struct err damage = { .kind = ERR_NONE };
	enum csv_event event = CSV_MORE;
	struct csv_row row;

	while (event == CSV_MORE || event == CSV_ROW) {
		event = input_next(&s->in, &row, &damage);
		if (event == CSV_ROW)
			take_row(s, &row);
		if ((event != CSV_ROW || s->n == DEDUP_BATCH) && !settle(s, err))
			return false;
		if (event == CSV_MORE && !read_on(s, err))
			return false;
	}
	if (event == CSV_ERROR && s->mode == SCRUB_EMIT) {
		*err = damage;
		input_name_rest(&s->in, err);
		return false;
	}
	return true;
}

/* --- the passes --- */

static bool needs_gathering(const struct scrub *s)
{
	const struct suppress *list = &s->judge.suppress;

	/* An entry that does not fold may name one spelling of a mailbox: its other spellings are suppressed too. */
	return s->mx != NULL || (s->set->fold && list->sums.used + list->domains.used > 0);
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
	struct input_place start;

	if ((needs_gathering(s) || s->set->newest != NULL) && !input_keep(&s->in, &start, err))
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

	s->batch = mem_array(DEDUP_BATCH, sizeof *s->batch);
	if (s->in.sniff.header == SNIFF_HEADER)
		rows_header(&s->rows, buf_str(&s->in.header));
	s->mode = SCRUB_EMIT;
	if (!s->set->no_dedupe && !dedup_reserve(&s->dedup))
		ok = err_set(err, ERR_OS, "no memory for finding duplicates");
	ok = ok && run(s, err);
	/* Also what was done before an error or a signal is whole. */
	if (!s->unwritable && !commit(s, &late)) {
		ok = false;
		*err = late;
	}
	s->counts = s->committed;
	mem_free(s->batch);
	return ok;
}
