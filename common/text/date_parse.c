#include <config.h>

#include "text/date.h"

#include "text/cfws.h"
#include "text/date_local.h"

void date_skip(struct date_cursor *c)
{
	if (c->comments)
		c->rest = cfws_skip(c->rest);
	while (c->rest.n > 0 && cfws_is_blank(c->rest.p[0]))
		c->rest = str_sub(c->rest, 1, c->rest.n);
}

bool date_take_char(struct date_cursor *c, char wanted)
{
	if (c->rest.n == 0 || c->rest.p[0] != wanted)
		return false;
	c->rest = str_sub(c->rest, 1, c->rest.n);
	return true;
}

bool date_take_number(struct date_cursor *c, uint64_t *value, size_t *digits)
{
	size_t n = 0;

	while (n < c->rest.n && ascii_digit(c->rest.p[n]))
		n++;
	if (n > 19 || !str_number(str_sub(c->rest, 0, n), UINT64_MAX, value))
		return false;
	*digits = n;
	c->rest = str_sub(c->rest, n, c->rest.n);
	return true;
}

struct str date_take_word(struct date_cursor *c)
{
	size_t n = 0;

	while (n < c->rest.n && ascii_alpha(c->rest.p[n]))
		n++;
	struct str word = str_sub(c->rest, 0, n);

	c->rest = str_sub(c->rest, n, c->rest.n);
	return word;
}

/* The number of a name (from 1) in names, each of which may be cut to three letters; 0: none. */
static unsigned name_number(struct str word, const char *const *names)
{
	for (unsigned i = 0; names[i] != NULL; i++)
		if (word.n >= 3 && str_istarts(str_of(names[i]), word))
			return i + 1;
	return 0;
}

static unsigned english_month(struct str word)
{
	static const char *const names[] = { "January", "February", "March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December", NULL };

	if (str_ieq(word, STR_LIT("Sept")))
		return 9;
	return name_number(word, names);
}

static bool is_weekday(struct str word)
{
	static const char *const names[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
		"Saturday", NULL };

	return name_number(word, names) > 0;
}

void date_take_weekday(struct date_cursor *c)
{
	struct date_cursor ahead = *c;

	if (!is_weekday(date_take_word(&ahead)))
		return;
	date_take_char(&ahead, '.');
	date_skip(&ahead);
	date_take_char(&ahead, ',');
	date_skip(&ahead);
	*c = ahead;
}

bool date_take_year(struct date_cursor *c, uint64_t *year)
{
	size_t digits;

	if (!date_take_number(c, year, &digits) || digits < 2 || digits > 4)
		return false;
	if (digits == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (digits == 3)
		*year += 1900;
	return true;
}

bool date_take_time(struct date_cursor *c, struct date_moment *m)
{
	size_t digits;

	m->second = 0;
	if (!date_take_number(c, &m->hour, &digits) || digits > 2)
		return false;
	date_skip(c);
	if (!date_take_char(c, ':'))
		return false;
	date_skip(c);
	if (!date_take_number(c, &m->minute, &digits) || digits != 2)
		return false;
	struct date_cursor ahead = *c;

	date_skip(&ahead);
	if (date_take_char(&ahead, ':')) {
		date_skip(&ahead);
		if (!date_take_number(&ahead, &m->second, &digits) || digits != 2)
			return false;
		*c = ahead;
		if (date_take_char(c, '.') || date_take_char(c, ','))
			while (c->rest.n > 0 && ascii_digit(c->rest.p[0]))
				c->rest = str_sub(c->rest, 1, c->rest.n);
	}
	ahead = *c;
	date_skip(&ahead);
	struct str half = date_take_word(&ahead);
	bool am = str_ieq(half, STR_LIT("AM"));

	if (!am && !str_ieq(half, STR_LIT("PM")))
		return true;
	*c = ahead;
	if (m->hour < 1 || m->hour > 12)
		return false;
	m->hour = m->hour % 12 + (am ? 0 : 12);
	return true;
}

bool date_take_zone(struct date_cursor *c, struct date_moment *m)
{
	static const struct {
		char name[4];
		int hours;
	} zones[] = {
		{ "EST", -5 },
		{ "EDT", -4 },
		{ "CST", -6 },
		{ "CDT", -5 },
		{ "MST", -7 },
		{ "MDT", -6 },
		{ "PST", -8 },
		{ "PDT", -7 },
	};
	uint64_t value;
	uint64_t minutes = 0;
	size_t digits;

	m->zone = 0;
	if (c->rest.n == 0)
		return true;
	bool west = c->rest.p[0] == '-';

	if (!date_take_char(c, '+') && !date_take_char(c, '-')) {
		struct str name = date_take_word(c);

		for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
			if (str_ieq(name, str_of(zones[i].name)))
				m->zone = zones[i].hours * 3600;
		return name.n > 0;
	}
	if (!date_take_number(c, &value, &digits) || (digits != 2 && digits != 4))
		return false;
	if (digits == 4) {
		minutes = value % 100;
		value /= 100;
	} else if (date_take_char(c, ':') && (!date_take_number(c, &minutes, &digits) || digits != 2)) {
		return false;
	}
	m->zone = (int64_t)(value * 3600 + minutes * 60) * (west ? -1 : 1);
	return minutes < 60;
}

bool date_finish(struct date_cursor *c, const struct date_moment *m, int64_t *seconds)
{
	int64_t days;

	bool day_end = !c->comments && m->hour == 24 && m->minute == 0 && m->second == 0;

	date_skip(c);
	if (c->rest.n > 0 || (m->hour > 23 && !day_end) || m->minute > 59 || m->second > 60 || m->year > 9999)
		return false;
	if (m->counted)
		days = m->days;
	else if (!date_days((int64_t)m->year, (int)m->month, (int)m->day, &days))
		return false;
	*seconds = days * 86400 + (int64_t)(m->hour * 3600 + m->minute * 60 + m->second) - m->zone;
	return true;
}

bool date_parse_mail(struct str s, int64_t *seconds)
{
	struct date_cursor c = { s, true };
	struct date_moment m = { 0 };
	size_t digits;

	date_skip(&c);
	date_take_weekday(&c);
	if (!date_take_number(&c, &m.day, &digits) || digits > 2)
		return false;
	date_skip(&c);
	m.month = english_month(date_take_word(&c));
	date_skip(&c);
	if (m.month == 0 || !date_take_year(&c, &m.year))
		return false;
	date_skip(&c);
	if (!date_take_time(&c, &m))
		return false;
	date_skip(&c);
	return date_take_zone(&c, &m) && date_finish(&c, &m, seconds);
}
