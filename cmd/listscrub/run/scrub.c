#include <config.h>

#include "cmd/listscrub/run/scrub.h"

#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/judge/split.h"
#include "cmd/listscrub/returns/bounces.h"
#include "cmd/listscrub/run/crew.h"
#include "io/stop.h"

/* Rows, as many as are there and a batch takes. */
static enum csv_event fill(struct scrub *s, struct batch *b, struct err *damage)
{
	enum csv_event event = CSV_ROW;
	struct csv_row row;

	const struct input_file *file = &s->in.files[s->in.at];

	s->reader.map = file->map;
	s->reader.read_columns = file->columns;
	s->reader.read_delimiter = file->delimiter;
	batch_clear(b);
	b->start = input_here(&s->in);
	b->before = s->judge.unread;
	/* (A row may become several.) */
	while (b->n + (s->reader.splits ? SPLIT_MOST : 1) <= BATCH_ROWS &&
		(event = input_next(&s->in, &row, damage)) == CSV_ROW) {
		size_t before = b->n;

		if (batch_take(b, &s->reader, &row))
			input_note_foreign(&s->in, row.line);
		s->in.rows += b->n - before - 1;
	}
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
	s->crew_failed = false;
	s->reader =
		(struct reader){ .judge = &s->judge, .columns = s->in.form.columns, .delimiter = s->in.form.delimiter };
	/* A list that was empty when it was looked at may have grown. */
	if (s->reader.columns == 0)
		s->reader.columns = 1;
	bool asks = gathers && !s->judge.only_notes;

	s->reader.keys = asks || (!gathers && s->judge.details);
	s->reader.words = asks || (!gathers && s->report != NULL);
	s->reader.domains = asks || (!gathers && s->report != NULL);
	s->reader.compares = !gathers && !s->losers_known && !s->set->no_dedupe;
	s->reader.splits = s->set->split;
	s->reader.key = s->dedup.key;
	return read_all(s, err);
}

/* --- the passes --- */

static bool asks_addresses(const struct scrub *s)
{
	const struct suppress *list = &s->judge.suppress;

	/* An entry that does not fold may name one spelling of a mailbox: its other spellings are suppressed too. */
	return s->mx != NULL || (s->back != NULL && bounces_asks(s->back)) ||
		(s->set->fold && (list->domains.used > 0 || suppress_has_digests(list)));
}

static bool needs_gathering(const struct scrub *s)
{
	return asks_addresses(s) || judge_wants_dates(&s->judge) || judge_wants_noes(&s->judge);
}

static bool gather_all(struct scrub *s, const struct input_place *start, struct err *err)
{
	s->mode = SCRUB_GATHER;
	s->judge.details = true;
	judge_begin_notes(&s->judge);
	s->judge.only_notes = !asks_addresses(s);
	if (!pass(s, err) || (s->mx != NULL && !mx_finish(s->mx, err)))
		return false;
	s->judge.mx = s->mx;
	judge_end_notes(&s->judge);
	return input_rewind(&s->in, start, err);
}

/* The duplicates are known now: back to where the writing stopped, or never began. */
static bool emit_again(struct scrub *s, const struct input_place *from, struct err *err)
{
	if (!spill_resolve(&s->spill, &s->dedup, &s->losers, &s->winners, err))
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
	if (s->settle != NULL && !s->settle(s->settle_arg, err))
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
	else
		rows_no_header(&s->rows, s->in.form.columns, s->judge.email);
	s->mode = SCRUB_EMIT;
	if (!s->set->no_dedupe && !dedup_reserve(&s->dedup, BATCH_ROWS))
		ok = err_set(err, ERR_OS, "no memory for finding duplicates");
	ok = ok && run(s, err);
	/* Also what was done before an error or a signal is whole. */
	if (!s->unwritable && !scrub_commit(s, &late)) {
		ok = false;
		*err = late;
	}
	s->counts = s->committed;
	batch_free(&s->batch);
	return ok;
}

bool scrub_look(struct scrub *s, struct err *err)
{
	bool ok;

	s->mode = SCRUB_GATHER;
	s->judge.details = true;
	ok = pass(s, err);
	batch_free(&s->batch);
	return ok;
}
