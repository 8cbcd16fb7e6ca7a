#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "base/mem.h"
#include "cli/safelist.h"
#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/judge/split.h"
#include "cmd/listscrub/judge/suggest.h"
#include "cmd/listscrub/returns/bounces.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/address/domain.h"
#include "text/csv.h"

size_t judge_email_at(const struct judge *j, const struct csv_row *row)
{
	if (j->n_more == 0 || str_trim(judge_cell(row, j->email)).n > 0)
		return j->email;
	for (size_t i = 0; i < j->n_more; i++)
		if (str_trim(judge_cell(row, j->more[i])).n > 0)
			return j->more[i];
	return j->email;
}

/* Are the cells from there on blank? */
static bool is_blank(const struct csv_row *row, size_t from)
{
	for (size_t i = from; i < row->n; i++)
		if (str_trim(row->cells[i].value).n > 0)
			return false;
	return true;
}

/* Does it take nothing but blank cells, added or left out, to make the row whole? Not in columns that speak for or
 * against a row: what is missing there may have been cut off. */
static bool is_padded(const struct judge *j, const struct csv_row *row)
{
	if (row->n > j->form->columns)
		return is_blank(row, j->form->columns);
	if (row->n <= judge_email_at(j, row))
		return false;
	for (size_t i = 0; i < j->n_consents; i++)
		if (row->n <= j->consents[i].at)
			return false;
	for (size_t i = 0; i < j->n_opt_outs; i++)
		if (row->n <= j->opt_outs[i].at)
			return false;
	for (size_t i = 0; i < j->actives; i++)
		if (row->n <= j->active[i].at)
			return false;
	return !judge_lacks_counts(j, row);
}

static enum reason check_shape(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	if (row->torn > 0) {
		v->detail = row->torn == CSV_NOT_A_ROW ? STR_LIT("more or fewer cells than this list has columns")
						       : STR_LIT("a quote in it is not closed");
		return REASON_RAGGED;
	}
	if (row->n == j->form->columns)
		return REASON_NONE;
	if (is_blank(row, 0)) {
		v->detail = STR_LIT("the row is blank");
		return REASON_BLANK;
	}
	size_t email = judge_email_at(j, row);

	if (row->n > email && str_trim(row->cells[email].value).n == 0) {
		v->detail = STR_LIT("the cell with the address is blank");
		return REASON_EMPTY;
	}
	if (!j->set->ragged_reject && is_padded(j, row))
		return REASON_NONE;
	if (j->details)
		v->detail = arena_printf(j->arena, "%zu cells for %zu columns", row->n, j->form->columns);
	return REASON_RAGGED;
}

/* What the list says; where that is nothing, which entry it was. */
static struct str suppressed_by(struct judge *j, const struct suppress_note *note)
{
	if (note->reason.n > 0 || note->date.n > 0)
		return arena_printf(j->arena, "%.*s%s%.*s", STR_ARGS(note->reason),
			note->reason.n > 0 && note->date.n > 0 ? ", " : "", STR_ARGS(note->date));
	if (note->hash != NULL)
		return arena_printf(j->arena, "its %s hash", note->hash);
	return arena_printf(j->arena, "%s%.*s", str_find(note->entry, '@') < note->entry.n ? "" : "@",
		STR_ARGS(note->entry));
}

/* Whoever may be on a list and cannot be looked up is not mailed, and the run does not end as if all were well. */
static enum reason check_suppressed(struct judge *j, struct verdict *v)
{
	const struct suppress *s = &j->suppress;
	struct suppress_note note;
	enum suppress_answer answer =
		s->entries == 0 ? SUPPRESS_NO : suppress_has_key(s, v->key, v->folded, v->domain, &note);

	if (answer == SUPPRESS_NO)
		return REASON_NONE;
	if (answer == SUPPRESS_UNKNOWN) {
		j->unread.hashes++;
		v->detail = STR_LIT("a hash of it could not be computed");
	} else if (j->details) {
		v->detail = suppressed_by(j, &note);
	}
	return REASON_SUPPRESSED;
}

static enum reason check_reserved(struct judge *j, struct verdict *v)
{
	if (j->set->allow_reserved || !domain_reserved(v->domain))
		return REASON_NONE;
	if (j->details)
		v->detail = arena_printf(j->arena, "%.*s is reserved", STR_ARGS(v->domain));
	return REASON_RESERVED;
}

static enum reason check_others(const struct judge *j, const struct verdict *v)
{
	if (j->set->except.n > 0 && others_have(&j->except, v->folded))
		return REASON_LISTED_BEFORE;
	return j->set->both.n > 0 && !others_have(&j->both, v->folded) ? REASON_NOT_LISTED : REASON_NONE;
}

/* What is known of the mailbox from elsewhere: lists, bounces. */
static enum reason check_history(struct judge *j, struct verdict *v)
{
	enum reason reason = check_reserved(j, v);

	if (reason == REASON_NONE)
		reason = check_suppressed(j, v);
	if (reason == REASON_NONE && j->bounces != NULL)
		reason = bounces_judge(j->bounces, v->folded, j->details ? j->arena : NULL, &v->detail);
	if (reason == REASON_NONE)
		reason = check_others(j, v);
	return reason;
}

static bool judges_person(const struct judge *j)
{
	return (j->n_consents | j->n_opt_outs | j->actives | j->engaged.least) > 0 || j->confirmed != NULL;
}

/* Only an address counts: neither a domain nor a hash said yes. */
static bool is_confirmed(const struct judge *j, const struct verdict *v)
{
	struct suppress_note note = { .hash = NULL };

	return j->confirmed->entries > 0 &&
		suppress_has_key(j->confirmed, v->key, v->folded, v->domain, &note) == SUPPRESS_YES &&
		note.hash == NULL && str_find(note.entry, '@') < note.entry.n;
}

static enum reason check_person(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	enum reason reason = judge_consent(j, row, v);

	if (reason == REASON_NONE && j->confirmed != NULL && !is_confirmed(j, v)) {
		v->detail = STR_LIT("no confirmation on record");
		reason = REASON_NOT_CONFIRMED;
	}
	if (reason == REASON_NONE)
		reason = judge_opt_out(j, row, v);
	if (reason == REASON_NONE && j->noes.n > 0)
		reason = judge_no(j, v);
	if (reason == REASON_NONE && j->engaged.least > 0)
		reason = judge_engagement(j, row, v);
	if (reason == REASON_NONE && j->actives > 0)
		reason = judge_activity(j, row, v);
	return reason;
}

/* What the address itself tells: role, throw-away, a domain without mail. */
static enum reason check_kind(struct judge *j, struct verdict *v)
{
	struct str local = str_sub(v->key, 0, v->key.n - v->domain.n - 1);
	struct str match;

	if (j->set->drop_role != NULL && lists_is_role(&j->lists, local)) {
		if (j->details)
			v->detail = arena_copy(j->arena, local);
		return REASON_ROLE;
	}
	if (j->set->drop_disposable != NULL && lists_is_disposable(&j->lists, v->domain, &match)) {
		if (j->details)
			v->detail = arena_copy(j->arena, match);
		return REASON_DISPOSABLE;
	}
	if (j->mx != NULL && mx_rejects(j->mx, v->domain, &v->detail))
		return REASON_NO_MAIL_DOMAIN;
	return REASON_NONE;
}

void judge_fold(struct judge *j, struct verdict *v)
{
	/* (Field by field: copied as a whole it waits for its halves to be written.) */
	v->folded.p = v->key.p;
	v->folded.n = v->key.n;
	if (!j->set->fold)
		return;
	buf_clear(&j->folded);
	if (address_key_fold(v->key, &j->folded) && buf_room(&j->folded, 8) != NULL)
		v->folded = buf_str(&j->folded);
}

/* The shares are the same with and without --fold; what is no address is shared out by its octets. */
static bool in_share(struct judge *j, const struct csv_row *row, const struct verdict *v)
{
	if (v->key.n == 0)
		return shard_has(&j->set->shard, str_trim(judge_cell(row, judge_email_at(j, row))));
	if (j->set->fold)
		return shard_has(&j->set->shard, v->folded);
	buf_clear(&j->folded);
	address_key_fold(v->key, &j->folded);
	return shard_has(&j->set->shard, buf_str(&j->folded));
}

/* One by one: to clear it as a whole costs as much as reading the row. */
static void verdict_clear(struct verdict *v)
{
	v->reason = REASON_NONE;
	v->detail.n = 0;
	v->address.p = NULL;
	v->suggestion.n = 0;
	v->fixed.n = 0;
	v->tld.n = 0;
	v->unread.n = 0;
	v->key.n = 0;
	v->folded.n = 0;
	v->domain.n = 0;
	v->date = 0;
	v->consented = INT64_MIN;
}

void judge_begin(struct judge *j)
{
	const struct settings *set = j->set;

	j->only_address = !set->fold && set->shard.n <= 1 && j->suppress.entries == 0 &&
		(set->except.n | set->both.n) == 0 && j->bounces == NULL && j->newest.at == LIST_NONE &&
		!judges_person(j) && set->drop_role == NULL && set->drop_disposable == NULL && j->mx == NULL &&
		j->suggest == NULL;
}

/* In a plain list quotes at its beginning may be part of it: "Ann Lee"@example.org. */
struct str judge_address_cell(const struct judge *j, const struct csv_row *row)
{
	const struct csv_cell *cell = &row->cells[judge_email_at(j, row)];
	size_t end = cell->raw.n;

	if (!j->set->quoted || !str_starts(cell->raw, STR_LIT("\"")))
		return cell->value;
	while (cell->raw.p[end - 1] != '"')
		end--;
	return str_find(str_sub(cell->raw, end, cell->raw.n), '@') < cell->raw.n - end ? cell->raw : cell->value;
}

/* What seems to be no address may be several, or one with something around it. Apart from where rows are judged one by
 * one: nearly all of them never come here. */
static enum reason __attribute__((noinline))
look_closer(struct judge *j, struct str cell, enum reason reason, struct verdict *v)
{
	struct str pieces[SPLIT_MOST];
	size_t n = reason == REASON_SYNTAX ? split_cell(cell, pieces) : 0;

	if (n == 0)
		return judge_repair(j, cell, reason, v);
	j->unread.several++;
	v->detail = arena_printf(j->arena, "%zu addresses in one cell (see --split)", n);
	return reason;
}

static enum reason whole_address(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	struct str cell = judge_address_cell(j, row);
	enum reason reason = judge_address(j, cell, v);

	if (reason == REASON_SYNTAX || (cell.n > 0 && cell.p[0] == '\''))
		reason = look_closer(j, cell, reason, v);
	if (reason == REASON_NONE && !j->set->no_tld_check)
		reason = judge_tld(j, v);
	if (reason != REASON_EMPTY || !is_blank(row, 0))
		return reason;
	v->detail = STR_LIT("the row is blank");
	return REASON_BLANK;
}

static enum reason judge_whole(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	enum reason reason;

	if (j->notes_dates)
		judge_note_dates(j, row);
	if (j->notes_noes)
		judge_note_no(j, row);
	if (j->only_notes)
		return REASON_ELSEWHERE;
	reason = check_shape(j, row, v);
	if (reason == REASON_NONE)
		reason = whole_address(j, row, v);
	if (reason == REASON_NONE)
		judge_fold(j, v);
	if (j->set->shard.n > 1 && !in_share(j, row, v))
		return REASON_ELSEWHERE;
	if (reason == REASON_NONE)
		reason = check_history(j, v);
	if (reason == REASON_NONE && judges_person(j))
		reason = check_person(j, row, v);
	if (reason == REASON_NONE)
		reason = check_kind(j, v);
	if (j->suggest != NULL && v->key.n > 0)
		judge_suggest(j, v);
	if (j->newest.at != LIST_NONE && reason == REASON_NONE)
		v->date = judge_newest(j, row);
	return reason;
}

void judge_row(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	verdict_clear(v);
	if (!j->only_address || row->n != j->form->columns || row->torn > 0) {
		v->reason = judge_whole(j, row, v);
		return;
	}
	v->reason = whole_address(j, row, v);
	if (v->reason != REASON_NONE)
		return;
	judge_fold(j, v);
	v->reason = check_reserved(j, v);
}
