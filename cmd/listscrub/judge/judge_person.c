#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "mail/list/answer.h"
#include "text/csv.h"
#include "text/date.h"
#include "text/utf8.h"

/* A cell as a person may read it, cut to a length that fits beside others. */
static struct str shown(struct judge *j, struct str cell, const char *what)
{
	struct buf text = { .limit = 0 };
	struct str result;

	buf_add_char(&text, '\'');
	utf8_show(&text, cell, 60);
	buf_add_text(&text, "' ");
	buf_add_text(&text, what);
	result = arena_copy(j->arena, buf_str(&text));
	buf_free(&text);
	return result;
}

/* --- consent --- */

/* "COLUMN=value", so that a person can say what it means. */
static struct str unread(struct judge *j, const struct judge_answers *a, struct str cell)
{
	struct buf text = { .limit = 0 };
	struct str result;

	utf8_show(&text, a->name, 60);
	buf_add_char(&text, '=');
	utf8_show(&text, cell, 60);
	result = arena_copy(j->arena, buf_str(&text));
	buf_free(&text);
	return result;
}

/* As answer_read, and a date is when somebody said yes; a placeholder is that nobody did. */
enum answer judge_read_answer(const struct judge *j, const struct judge_answers *a, struct str cell, bool last,
	int64_t *at)
{
	struct date_reading date;
	enum answer answer;
	int64_t first;
	int64_t final;

	*at = INT64_MIN;
	if (a->values.p != NULL)
		return answer_among(cell, a->values) ? ANSWER_YES : cell.n == 0 ? ANSWER_NONE : ANSWER_NO;
	answer = answer_read(cell);
	if (answer != ANSWER_UNKNOWN)
		return answer;
	date_read(cell, j->set->dates, &date);
	if (date.kind != DATE_READ)
		return date.kind == DATE_NONE ? ANSWER_NONE : ANSWER_UNKNOWN;
	date_span(&date, DATE_ANY_ORDER, &first, &final);
	*at = last ? final : first;
	return ANSWER_YES;
}

/* Yes, or the date on which somebody said yes; in each of the columns. What cannot be read is not a yes. */
enum reason judge_consent(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	for (size_t i = 0; i < j->n_consents; i++) {
		const struct judge_answers *a = &j->consents[i];
		struct str cell = address_trim(judge_cell(row, a->at));
		int64_t at;
		enum answer answer = judge_read_answer(j, a, cell, false, &at);

		v->consented = at > v->consented ? at : v->consented;
		if (answer == ANSWER_YES || answer == ANSWER_IN)
			continue;
		if (answer == ANSWER_UNKNOWN) {
			j->unread.consent++;
			v->unread = unread(j, a, cell);
		}
		if (!j->details)
			return REASON_NO_CONSENT;
		if (cell.n == 0)
			v->detail = STR_LIT("nothing is recorded");
		else
			v->detail = shown(j, cell,
				answer == ANSWER_UNKNOWN        ? "is neither yes nor no nor a date"
					: answer == ANSWER_NONE ? "is a placeholder, not a date"
								: "is not consent");
		return REASON_NO_CONSENT;
	}
	return REASON_NONE;
}

/* What is not understood there may be a reason that somebody gave: nobody is mailed on a doubt about it. */
enum reason judge_opt_out(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	for (size_t i = 0; i < j->n_opt_outs; i++) {
		const struct judge_answers *a = &j->opt_outs[i];
		struct str cell = address_trim(judge_cell(row, a->at));
		int64_t at;
		enum answer answer = judge_read_answer(j, a, cell, true, &at);

		if (answer != ANSWER_YES && answer != ANSWER_OUT && answer != ANSWER_UNKNOWN)
			continue;
		if (answer == ANSWER_UNKNOWN) {
			j->unread.opt_out++;
			v->unread = unread(j, a, cell);
		}
		if (j->details)
			v->detail = unread(j, a, cell);
		return REASON_OPT_OUT;
	}
	return REASON_NONE;
}

/* --- dates --- */

struct str judge_cell(const struct csv_row *row, size_t at)
{
	return at < row->n ? row->cells[at].value : STR_LIT("");
}

bool judge_wants_dates(const struct judge *j)
{
	return j->set->dates == 0 && (j->actives > 0 || j->newest.at != LIST_NONE);
}

static void note_date(const struct judge *j, struct judge_dates *dates, const struct csv_row *row)
{
	struct date_reading date;

	date_read(address_trim(judge_cell(row, dates->at)), j->set->dates, &date);
	if (date.kind == DATE_READ)
		dates->noted &= date.orders;
}

void judge_note_dates(struct judge *j, const struct csv_row *row)
{
	for (size_t i = 0; i < j->actives; i++)
		note_date(j, &j->active[i], row);
	if (j->newest.at != LIST_NONE)
		note_date(j, &j->newest, row);
}

/* What one date of activity says. In this order: what is further down speaks for the subscriber. */
enum activity {
	ACTIVITY_NONE,
	ACTIVITY_OLD,
	ACTIVITY_CONTESTED,
	ACTIVITY_UNREADABLE,
	ACTIVITY_RECENT,
};

static enum activity read_activity(const struct judge *j, const struct judge_dates *dates, struct str cell)
{
	struct date_reading date;
	int64_t first;
	int64_t last;

	date_read(cell, j->set->dates, &date);
	if (date.kind != DATE_READ)
		return date.kind == DATE_NONE ? ACTIVITY_NONE : ACTIVITY_UNREADABLE;
	date_span(&date, dates->orders, &first, &last);
	if (last < j->active_since)
		return ACTIVITY_OLD;
	return first >= j->active_since ? ACTIVITY_RECENT : ACTIVITY_CONTESTED;
}

static struct str activity_detail(struct judge *j, enum activity activity, struct str cell)
{
	switch (activity) {
	case ACTIVITY_NONE:
		return cell.n == 0 ? STR_LIT("no date") : shown(j, cell, "is a placeholder, not a date");
	case ACTIVITY_OLD:
		return shown(j, cell, "is too long ago");
	case ACTIVITY_CONTESTED:
		return shown(j, cell, "may be two dates: day or month first?");
	case ACTIVITY_UNREADABLE:
		return shown(j, cell, "is not a date");
	case ACTIVITY_RECENT:
		break;
	}
	return STR_LIT("");
}

enum reason judge_activity(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	enum activity best = ACTIVITY_NONE;
	struct str told = STR_LIT("");

	for (size_t i = 0; i < j->actives && best != ACTIVITY_RECENT; i++) {
		struct str cell = address_trim(judge_cell(row, j->active[i].at));
		enum activity activity = read_activity(j, &j->active[i], cell);

		if (activity > best || told.n == 0)
			told = cell;
		if (activity > best)
			best = activity;
	}
	if (best == ACTIVITY_RECENT)
		return REASON_NONE;
	if (j->details)
		v->detail = activity_detail(j, best, told);
	j->unread.active += best == ACTIVITY_UNREADABLE;
	j->unread.active_contested += best == ACTIVITY_CONTESTED;
	return best <= ACTIVITY_OLD ? REASON_INACTIVE : REASON_NONE;
}

int64_t judge_newest(struct judge *j, const struct csv_row *row)
{
	struct date_reading date;
	int64_t first;
	int64_t last;

	date_read(address_trim(judge_cell(row, j->newest.at)), j->set->dates, &date);
	j->unread.newest += date.kind == DATE_UNREADABLE;
	if (date.kind != DATE_READ)
		return INT64_MIN;
	date_span(&date, j->newest.orders, &first, &last);
	j->unread.newest_contested += first != last;
	return first;
}
