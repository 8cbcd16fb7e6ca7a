#include <config.h>

#include "text/date.h"

#include "text/cfws.h"
#include "text/date_local.h"

/* Dates as people, spreadsheets and programs write them into lists. */

/* Also the first octet of one with an accent. */
static bool is_letter(char c)
{
	return ascii_alpha(c) || (unsigned char)c >= 0xc3;
}

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

/* 23-Nov-2026, 23. Nov 2026: what follows the mark. */
static enum date_verdict take_named_month(struct date_cursor *c, struct date_moment *m, uint64_t day)
{
	size_t digits;

	m->day = day;
	m->month = date_take_month(c);
	date_take_char(c, '.');
	if (!date_take_char(c, '-') && !date_take_char(c, '/'))
		date_skip(c);
	return m->month > 0 && take_year(c, &m->year, &digits) ? DATE_OK : DATE_BAD;
}

static bool is_week(char c)
{
	return c == 'W' || c == 'w';
}

/* The week W48 of a year (ISO 8601), W48-1 or W481 with the day from Monday on: what follows the year. Without a day it
 * is the last one, as that is what somebody may have done at the latest. */
static enum date_verdict take_week(struct date_cursor *c, struct date_moment *m, uint64_t year)
{
	uint64_t number;
	uint64_t day = 7;
	size_t digits;
	int64_t fourth;
	int64_t next;

	c->rest = str_sub(c->rest, 1, c->rest.n);
	if (!date_take_number(c, &number, &digits) || (digits != 2 && digits != 3))
		return DATE_BAD;
	if (digits == 3) {
		day = number % 10;
		number /= 10;
	} else if (date_take_char(c, '-') && (!date_take_number(c, &day, &digits) || digits != 1)) {
		return DATE_BAD;
	}
	/* The first week is that of 4 January; 1970-01-01 was a Thursday. */
	if (number == 0 || day == 0 || day > 7 || !date_days((int64_t)year, 1, 4, &fourth) ||
		!date_days((int64_t)year + 1, 1, 4, &next))
		return DATE_BAD;
	fourth -= (fourth % 7 + 10) % 7;
	next -= (next % 7 + 10) % 7;
	m->days = fourth + (int64_t)(number - 1) * 7 + (int64_t)day - 1;
	m->counted = true;
	return m->days - (int64_t)day < next - 1 ? DATE_OK : DATE_BAD;
}

/* Only a month: its last day, as that is what somebody may have done at the latest. */
static enum date_verdict end_of_month(struct date_moment *m, uint64_t year, uint64_t month)
{
	int64_t next;

	if (month < 1 || month > 12 || !date_days((int64_t)year + (month == 12), (int)(month % 12) + 1, 1, &next))
		return DATE_BAD;
	m->days = next - 1;
	m->counted = true;
	return DATE_OK;
}

/* 2026-11-23, 2026/11/23, 2026.11.23, 23.11.2026, 11/23/2026, 23-11-2026, 11/23/26: what follows the first number. */
static enum date_verdict take_numbers(struct date_cursor *c, struct date_moment *m, uint64_t first, size_t digits)
{
	uint64_t second;
	uint64_t third;
	size_t n;
	char mark = c->rest.p[0];

	if (!date_take_char(c, '-') && !date_take_char(c, '/') && !date_take_char(c, '.'))
		return DATE_BAD;
	if (mark == '.')
		date_skip(c);
	if (digits == 4 && mark == '-' && ahead_is(c, is_week))
		return take_week(c, m, first);
	if (digits <= 2 && ahead_is(c, is_letter))
		return take_named_month(c, m, first);
	if (!date_take_number(c, &second, &n))
		return DATE_BAD;
	if (c->rest.n == 0 && (digits == 4) + (n == 4) == 1 && digits + n >= 5 && digits + n <= 6)
		return digits == 4 ? end_of_month(m, first, second) : end_of_month(m, second, first);
	if (n > 2 || !date_take_char(c, mark))
		return DATE_BAD;
	if (digits == 4) {
		m->year = first;
		m->month = second;
		return date_take_number(c, &m->day, &n) && n <= 2 ? DATE_OK : DATE_BAD;
	}
	if (mark == '.')
		date_skip(c);
	if (digits > 2 || !date_take_number(c, &third, &n) || (n != 2 && n != 4))
		return DATE_BAD;
	m->parts[0] = first;
	m->parts[1] = second;
	m->parts[2] = third;
	m->year_short = n == 2;
	m->mark = mark;
	return DATE_AMBIGUOUS;
}

/* "st", "nd", "rd", "th" and "er" after a day. */
static void take_ordinal(struct date_cursor *c)
{
	struct date_cursor ahead = *c;

	if (str_among(date_take_word(&ahead), "st nd rd th er"))
		*c = ahead;
}

/* As date(1) and asctime have it, "Nov 23 08:05:00 UTC 2026": what follows the day. */
static bool take_time_first(struct date_cursor *c, struct date_moment *m)
{
	struct date_cursor ahead = *c;
	struct date_moment then = *m;
	size_t digits;

	if (!date_take_time(&ahead, &then))
		return false;
	date_skip(&ahead);
	if (ahead_is(&ahead, ascii_alpha) && !date_take_zone(&ahead, &then))
		return false;
	date_skip(&ahead);
	if (!take_year(&ahead, &then.year, &digits) || digits != 4)
		return false;
	*c = ahead;
	*m = then;
	return true;
}

/* "Nov 23, 2026". */
static enum date_verdict take_month_first(struct date_cursor *c, struct date_moment *m)
{
	size_t digits;

	m->month = date_take_month(c);
	date_take_char(c, '.');
	date_skip(c);
	if (m->month == 0 || !date_take_number(c, &m->day, &digits) || (digits > 2 && digits != 4))
		return DATE_BAD;
	if (digits == 4)
		return end_of_month(m, m->day, m->month);
	take_ordinal(c);
	date_skip(c);
	if (take_time_first(c, m))
		return DATE_OK;
	date_take_char(c, ',');
	date_skip(c);
	return take_year(c, &m->year, &digits) && digits == 4 ? DATE_OK : DATE_BAD;
}

/* "23 de noviembre de 2026". */
static void take_particle(struct date_cursor *c)
{
	struct date_cursor ahead = *c;

	if (!str_among(date_take_word(&ahead), "de del of"))
		return;
	date_skip(&ahead);
	*c = ahead;
}

/* "23 Nov 2026", "23rd Nov 2026": what follows the number. */
static enum date_verdict take_day_first(struct date_cursor *c, struct date_moment *m, uint64_t day)
{
	size_t digits;

	take_ordinal(c);
	date_skip(c);
	take_particle(c);
	m->day = day;
	m->month = date_take_month(c);
	date_take_char(c, '.');
	date_skip(c);
	date_take_char(c, ',');
	date_skip(c);
	take_particle(c);
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

/* A day as spreadsheets count them, 1954 to 2119, with the time of day as a fraction; the comma is that of countries
 * that write one. */
static bool take_serial(const struct date_cursor *c, uint64_t value, size_t digits, int64_t *seconds)
{
	struct str rest = c->rest;
	uint64_t part = 0;
	uint64_t whole = 1;

	if (digits != 5 || value < 20000 || value >= 80000)
		return false;
	if (rest.n > 0 && ((rest.p[0] != '.' && rest.p[0] != ',') || !all_digits(str_sub(rest, 1, rest.n))))
		return false;
	for (size_t i = 1; i < rest.n && i <= 9; i++) {
		part = part * 10 + (uint64_t)(rest.p[i] - '0');
		whole *= 10;
	}
	/* Day 25569 is 1970-01-01. Fractions are rounded to the second that they were made of. */
	*seconds = ((int64_t)value - 25569) * 86400 + (int64_t)((part * 86400 + whole / 2) / whole);
	return true;
}

/* Seconds since 1970, also with a fraction, or of them thousandths, millionths or billionths. */
static bool take_epoch(const struct date_cursor *c, uint64_t value, size_t digits, int64_t *seconds)
{
	if (c->rest.n > 0 && (c->rest.p[0] != '.' || !all_digits(str_sub(c->rest, 1, c->rest.n))))
		return false;
	if (digits == 13 || digits == 16 || digits == 19)
		value /= digits == 13 ? 1000 : digits == 16 ? 1000000 : 1000000000;
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
	if (digits == 4 && is_week(c->rest.p[0]))
		return take_week(c, m, first);
	if (digits <= 2 && (cfws_is_blank(c->rest.p[0]) || is_letter(c->rest.p[0])))
		return take_day_first(c, m, first);
	return take_numbers(c, m, first, digits);
}

enum date_verdict date_take_any(struct str s, struct date_moment *m, struct date_cursor *end, int64_t *seconds)
{
	struct date_cursor *c = end;
	enum date_verdict verdict;
	uint64_t first = 0;
	size_t digits = 0;

	*c = (struct date_cursor){ str_trim(s), false };
	*m = (struct date_moment){ 0 };
	if (date_parse_mail(c->rest, seconds))
		return DATE_OK;
	date_take_weekday(c);
	if (ahead_is(c, is_letter))
		verdict = take_month_first(c, m);
	else if (!date_take_number(c, &first, &digits))
		return DATE_BAD;
	else if (take_epoch(c, first, digits, seconds) || take_serial(c, first, digits, seconds))
		return DATE_OK;
	else
		verdict = take_date(c, m, first, digits);
	if (verdict == DATE_BAD || !take_rest(c, m))
		return DATE_BAD;
	return verdict == DATE_AMBIGUOUS || date_finish(c, m, seconds) ? verdict : DATE_BAD;
}
