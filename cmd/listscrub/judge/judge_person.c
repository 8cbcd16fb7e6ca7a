#include <config.h>

#include "cmd/listscrub/judge/judge.h"

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

/* As words of one piece: "Opt in" is "Opt-in". Long ones are none of ours. */
static bool says(struct str cell, const char *words)
{
	char text[24];

	for (size_t i = 0; i < cell.n && i < sizeof text; i++)
		text[i] = cell.p[i];
	for (size_t i = 0; i < cell.n && i < sizeof text; i++)
		if (cell.p[i] == ' ' || cell.p[i] == '_')
			text[i] = '-';
	return cell.n <= sizeof text && str_among(str_at(text, cell.n), words);
}

/* Yes, or the date on which somebody said yes. What cannot be read is no yes. */
enum reason judge_consent(struct judge *j, struct str cell, struct verdict *v)
{
	static const char yes[] =
		"yes y true t 1 x on ok opt-in optin opted-in double-opt-in confirmed granted given agreed accepted "
		"consented subscribed ja oui si "
		"s\xc3\xad s\xc3\x8d s\xc3\xac s\xc3\x8c s\xed s\xcd s\xec s\xcc "
		"\xe2\x9c\x93 \xe2\x9c\x94 \xe2\x9c\x94\xef\xb8\x8f \xe2\x98\x91 \xe2\x98\x91\xef\xb8\x8f "
		"\xe2\x9c\x85"; /* with accents also in capitals and in Latin-1; marks also as emoji */
	static const char no[] =
		"no n false f 0 off opt-out optout opted-out none never denied revoked withdrawn unconfirmed pending "
		"unsubscribed nein non null n/a undefined -";
	struct date_reading date;

	cell = address_trim(cell);
	if (says(cell, yes))
		return REASON_NONE;
	if (cell.n > 0 && !says(cell, no)) {
		date_read(cell, j->set->dates, &date);
		if (date.kind == DATE_READ)
			return REASON_NONE;
		j->unread.consent += date.kind == DATE_UNREADABLE;
		if (j->details)
			v->detail = shown(j, cell,
				date.kind == DATE_NONE ? "is a placeholder, not a date"
						       : "is neither yes nor no nor a date");
		return REASON_NO_CONSENT;
	}
	if (j->details)
		v->detail = cell.n > 0 ? shown(j, cell, "is no consent") : STR_LIT("nothing is recorded");
	return REASON_NO_CONSENT;
}

struct str judge_cell(const struct csv_row *row, size_t at)
{
	return at < row->n ? row->cells[at].value : STR_LIT("");
}

/* --- dates --- */

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

void judge_settle_dates(struct judge *j)
{
	for (size_t i = 0; i < j->actives; i++)
		j->active[i].orders = j->active[i].noted;
	j->newest.orders = j->newest.noted;
	j->notes_dates = j->only_dates = false;
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
