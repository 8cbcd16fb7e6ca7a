#include <config.h>

#include "text/date.h"

#include "text/cfws.h"
#include "text/date_local.h"

/* Dates as people, spreadsheets and programs write them into lists. */

static bool ahead_is(const struct date_cursor *c, bool (*is)(char))
{
	return c->rest.n > 0 && is(c->rest.p[0]);
}

/* Four digits, or the two that are left of them. */
static bool take_year(struct date_cursor *c, uint64_t *year, size_t *digits)
{
	struct date_cursor ahead = *c;

	return date_take_number(&ahead, year, digits) && (*digits == 2 || *digits == 4) && date_take_year(c, year);
}

/* Day and month of a date whose parts are numbers: the order is told by the one over 12. */
static enum date_verdict settle(struct date_moment *m, uint64_t first, uint64_t second)
{
	bool day_first = first > 12;

	if (first == 0 || second == 0)
		return DATE_BAD;
	if (!day_first && second <= 12 && first != second)
		return DATE_AMBIGUOUS;
	m->day = day_first ? first : second;
	m->month = day_first ? second : first;
	return DATE_OK;
}

/* 23-Nov-2026, 23. Nov 2026: what follows the mark. */
static enum date_verdict take_named_month(struct date_cursor *c, struct date_moment *m, uint64_t day)
{
	size_t digits;

	m->day = day;
	m->month = date_month(date_take_word(c));
	if (!date_take_char(c, '-') && !date_take_char(c, '/') && !date_take_char(c, '.'))
		date_skip(c);
	return m->month > 0 && take_year(c, &m->year, &digits) ? DATE_OK : DATE_BAD;
}

/* 2026-11-23, 2026/11/23, 2026.11.23, 23.11.2026, 11/23/2026, 23-11-2026, 11/23/26: what follows the first number. */
static enum date_verdict take_numbers(struct date_cursor *c, struct date_moment *m, uint64_t first, size_t digits)
{
	uint64_t second;
	size_t n;
	char mark = c->rest.p[0];

	if (!date_take_char(c, '-') && !date_take_char(c, '/') && !date_take_char(c, '.'))
		return DATE_BAD;
	if (mark == '.')
		date_skip(c);
	if (digits <= 2 && ahead_is(c, ascii_alpha))
		return take_named_month(c, m, first);
	if (!date_take_number(c, &second, &n) || n > 2 || !date_take_char(c, mark))
		return DATE_BAD;
	if (digits == 4) {
		m->year = first;
		m->month = second;
		return date_take_number(c, &m->day, &n) && n <= 2 ? DATE_OK : DATE_BAD;
	}
	if (mark == '.')
		date_skip(c);
	if (digits > 2 || !take_year(c, &m->year, &n))
		return DATE_BAD;
	if (mark == '.') {
		m->day = first;
		m->month = second;
		return DATE_OK;
	}
	/* 25-11-23 may be short for 2025-11-23. */
	if (n == 2 && mark == '-' && first > 12 && second <= 12)
		return DATE_AMBIGUOUS;
	return settle(m, first, second);
}

/* "st", "nd", "rd" and "th" behind a day. */
static void take_ordinal(struct date_cursor *c)
{
	struct date_cursor ahead = *c;

	if (str_among(date_take_word(&ahead), "st nd rd th"))
		*c = ahead;
}

/* As date(1) and asctime have it, "Nov 23 08:05:00 UTC 2026": what follows the day. */
static bool take_time_first(struct date_cursor *c, struct date_moment *m)
{
	struct date_cursor ahead = *c;
	size_t digits;

	if (!date_take_time(&ahead, m))
		return false;
	date_skip(&ahead);
	if (ahead_is(&ahead, ascii_alpha) && !date_take_zone(&ahead, m))
		return false;
	date_skip(&ahead);
	if (!take_year(&ahead, &m->year, &digits) || digits != 4)
		return false;
	*c = ahead;
	return true;
}

/* "Nov 23, 2026". */
static enum date_verdict take_month_first(struct date_cursor *c, struct date_moment *m)
{
	size_t digits;

	m->month = date_month(date_take_word(c));
	date_take_char(c, '.');
	date_skip(c);
	if (m->month == 0 || !date_take_number(c, &m->day, &digits) || digits > 2)
		return DATE_BAD;
	take_ordinal(c);
	date_skip(c);
	if (take_time_first(c, m))
		return DATE_OK;
	date_take_char(c, ',');
	date_skip(c);
	return take_year(c, &m->year, &digits) && digits == 4 ? DATE_OK : DATE_BAD;
}

/* "23 Nov 2026", "23rd Nov 2026": what follows the number. */
static enum date_verdict take_day_first(struct date_cursor *c, struct date_moment *m, uint64_t day)
{
	size_t digits;

	take_ordinal(c);
	date_skip(c);
	m->day = day;
	m->month = date_month(date_take_word(c));
	date_take_char(c, '.');
	date_skip(c);
	date_take_char(c, ',');
	date_skip(c);
	return m->month > 0 && take_year(c, &m->year, &digits) ? DATE_OK : DATE_BAD;
}

static void set_time(struct date_moment *m, uint64_t time)
{
	m->hour = time / 10000;
	m->minute = time / 100 % 100;
	m->second = time % 100;
}

static void set_date(struct date_moment *m, uint64_t date)
{
	m->year = date / 10000;
	m->month = date / 100 % 100;
	m->day = date % 100;
}

/* The date of 20261123 and the time of 20261123T080500Z. */
static enum date_verdict take_basic(struct date_cursor *c, struct date_moment *m, uint64_t date)
{
	uint64_t time;
	size_t digits;

	set_date(m, date);
	if (!date_take_char(c, 'T'))
		return DATE_OK;
	if (!date_take_number(c, &time, &digits) || (digits != 6 && digits != 4))
		return DATE_BAD;
	set_time(m, digits == 4 ? time * 100 : time);
	return date_take_zone(c, m) ? DATE_OK : DATE_BAD;
}

/* A zone: names in capitals only, as other words behind a date are remarks; also GMT+0100, and the name once more in
 * brackets. */
static bool take_zone(struct date_cursor *c, struct date_moment *m)
{
	struct date_cursor ahead = *c;
	struct str name = date_take_word(&ahead);

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 'a' && !str_among(name, "z utc gmt"))
			return false;
	if (str_among(name, "UTC GMT") && ahead.rest.n > 0 && (ahead.rest.p[0] == '+' || ahead.rest.p[0] == '-'))
		*c = ahead;
	if (ahead_is(c, ascii_digit) || !date_take_zone(c, m))
		return false;
	date_skip(c);
	if ((str_starts(c->rest, STR_LIT("(")) && str_ends(c->rest, STR_LIT(")"))) ||
		(str_starts(c->rest, STR_LIT("[")) && str_ends(c->rest, STR_LIT("]"))))
		c->rest = STR_LIT("");
	return true;
}

/* The time of day behind a date, or nothing. */
static bool take_rest(struct date_cursor *c, struct date_moment *m)
{
	bool t = date_take_char(c, 'T') || date_take_char(c, 't');

	date_take_char(c, ',');
	date_skip(c);
	if (c->rest.n == 0)
		return !t;
	if (!date_take_time(c, m))
		return false;
	date_skip(c);
	return take_zone(c, m);
}

static bool all_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	return n > 0 && n == s.n;
}

/* Seconds since 1970, also with a fraction, or of them thousandths or millionths. */
static bool take_epoch(const struct date_cursor *c, uint64_t value, size_t digits, int64_t *seconds)
{
	if (c->rest.n > 0 && (c->rest.p[0] != '.' || !all_digits(str_sub(c->rest, 1, c->rest.n))))
		return false;
	if (digits == 13 || digits == 16)
		value /= digits == 13 ? 1000 : 1000000;
	else if (digits != 9 && digits != 10)
		return false;
	*seconds = (int64_t)value;
	return true;
}

/* Everything but the time of day behind it. */
static enum date_verdict take_date(struct date_cursor *c, struct date_moment *m, uint64_t first, size_t digits)
{
	if (digits == 8)
		return take_basic(c, m, first);
	if (digits == 14 && c->rest.n == 0) {
		set_date(m, first / 1000000);
		set_time(m, first % 1000000);
		return DATE_OK;
	}
	if (c->rest.n == 0)
		return DATE_BAD;
	if (digits <= 2 && (cfws_is_blank(c->rest.p[0]) || ascii_alpha(c->rest.p[0])))
		return take_day_first(c, m, first);
	return take_numbers(c, m, first, digits);
}

enum date_verdict date_parse_any(struct str s, int64_t *seconds)
{
	struct date_cursor c = { str_trim(s), false };
	struct date_moment m = { 0 };
	enum date_verdict verdict;
	uint64_t first = 0;
	size_t digits = 0;

	if (date_parse_mail(c.rest, seconds))
		return DATE_OK;
	date_take_weekday(&c);
	if (ahead_is(&c, ascii_alpha))
		verdict = take_month_first(&c, &m);
	else if (!date_take_number(&c, &first, &digits))
		return DATE_BAD;
	else if (take_epoch(&c, first, digits, seconds))
		return DATE_OK;
	else
		verdict = take_date(&c, &m, first, digits);
	if (verdict == DATE_BAD || !take_rest(&c, &m))
		return DATE_BAD;
	if (verdict == DATE_AMBIGUOUS) {
		/* A date either way, as both numbers are at most 12: only the rest is to
		 * be judged. */
		int64_t ignored;

		m.day = 1;
		m.month = 1;
		return date_finish(&c, &m, &ignored) ? DATE_AMBIGUOUS : DATE_BAD;
	}
	return date_finish(&c, &m, seconds) ? DATE_OK : DATE_BAD;
}
