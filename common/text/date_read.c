#include <config.h>

#include "text/date_local.h"

/* Dates of a column: what each may mean, and what says that there is none. */

#define DAY INT64_C(86400)

/* Nothing that we ask about was before e-mail; databases write their day zero where there is no date, in any zone. */
#define FIRST_DATE (DAY + 14 * 3600)
/* 9000-01-01: "never ends". */
#define LAST_DATE INT64_C(221845392000)

static uint64_t full_year(uint64_t year)
{
	return year + (year < 50 ? 2000 : 1900);
}

/* The parts of a date in one order. False: no year stands there. */
static bool put_in_order(struct date_moment *m, enum date_order order)
{
	if (order == DATE_YMD) {
		m->year = full_year(m->parts[0]);
		m->month = m->parts[1];
		m->day = m->parts[2];
		return m->year_short;
	}
	m->year = m->year_short ? full_year(m->parts[2]) : m->parts[2];
	m->month = m->parts[order == DATE_DMY];
	m->day = m->parts[order != DATE_DMY];
	return true;
}

/* All readings of a cell; 0: it is not a date. */
static unsigned read_orders(struct str cell, unsigned forced, int64_t at[DATE_ORDERS])
{
	struct date_cursor end;
	struct date_moment m;
	int64_t seconds = 0;
	unsigned orders = 0;
	char room[DATE_WORDS_ROOM];
	enum date_verdict verdict = date_take_any(cell, &m, &end, &seconds);

	if (verdict == DATE_BAD)
		verdict = date_take_any(date_without_words(cell, room), &m, &end, &seconds);

	/* With points the day is first wherever people write so, which says nothing of other marks. */
	if (verdict == DATE_AMBIGUOUS && forced == 0 && m.mark == '.')
		verdict = put_in_order(&m, DATE_DMY) && date_finish(&end, &m, &seconds) ? DATE_OK : DATE_BAD;
	if (verdict != DATE_AMBIGUOUS) {
		for (unsigned i = 0; i < DATE_ORDERS; i++)
			at[i] = seconds;
		return verdict == DATE_OK ? DATE_ANY_ORDER : 0;
	}
	/* Nobody begins with a year of two digits before a slash. */
	unsigned usual = forced != 0 ? forced : m.mark == '/' ? 1u << DATE_DMY | 1u << DATE_MDY : DATE_ANY_ORDER;

	for (unsigned i = 0; i < DATE_ORDERS; i++) {
		struct date_cursor rest = end;

		if ((usual >> i & 1) != 0 && put_in_order(&m, (enum date_order)i) && date_finish(&rest, &m, &at[i]))
			orders |= 1u << i;
	}
	return orders;
}

/* "1/0/1900": the day 0 of spreadsheets. */
static bool is_day_zero(struct str cell)
{
	size_t at = str_search(cell, STR_LIT("1900"));

	for (size_t i = 0; i < cell.n; i++)
		if ((i < at || i >= at + 4) && str_find(STR_LIT("01-/.: T"), cell.p[i]) == 8)
			return false;
	return at < cell.n;
}

/* Zeros and marks only, or the year 9999, of whatever day. */
static bool is_placeholder(struct str cell)
{
	bool zeros = cell.n > 0;

	for (size_t i = 0; i < cell.n && zeros; i++)
		zeros = str_find(STR_LIT("0-/.: TZ"), cell.p[i]) < 8;
	if (zeros || is_day_zero(cell))
		return true;
	return str_starts(cell, STR_LIT("9999")) && cell.n > 4 &&
		(cell.n == 8 || str_find(STR_LIT("-/."), cell.p[4]) < 3);
}

/* Does every reading lie outside of the time in which there are dates? */
static bool is_sentinel(const struct date_reading *r)
{
	for (unsigned i = 0; i < DATE_ORDERS; i++)
		if ((r->orders >> i & 1) != 0 && r->at[i] >= FIRST_DATE && r->at[i] < LAST_DATE)
			return false;
	return true;
}

void date_read(struct str cell, unsigned forced, struct date_reading *r)
{
	static const char none[] =
		"- -- \xe2\x80\x93 \xe2\x80\x94 never none no null nil nan n/a na #n/a \\n (none) (null) (blank) "
		"(never) undefined nie niemals jamais "
		"nunca mai nooit nigdy hic";

	cell = str_trim(cell);
	r->kind = DATE_NONE;
	r->orders = 0;
	if (cell.n == 0 || str_among(cell, none) || is_placeholder(cell))
		return;
	r->orders = read_orders(cell, forced, r->at);
	r->kind = r->orders == 0 ? DATE_UNREADABLE : is_sentinel(r) ? DATE_NONE : DATE_READ;
}

void date_span(const struct date_reading *r, unsigned orders, int64_t *first, int64_t *last)
{
	*first = INT64_MAX;
	*last = INT64_MIN;
	if ((r->orders & orders) == 0)
		orders = r->orders;
	for (unsigned i = 0; i < DATE_ORDERS; i++) {
		if ((r->orders & orders & 1u << i) == 0)
			continue;
		if (r->at[i] < *first)
			*first = r->at[i];
		if (r->at[i] > *last)
			*last = r->at[i];
	}
}

enum date_verdict date_parse_any(struct str s, int64_t *seconds)
{
	struct date_reading r;
	int64_t last;

	r.orders = read_orders(s, 0, r.at);
	if (r.orders == 0)
		return DATE_BAD;
	date_span(&r, r.orders, seconds, &last);
	return *seconds == last ? DATE_OK : DATE_AMBIGUOUS;
}
