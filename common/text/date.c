#include <config.h>

#include "text/date.h"

#include "base/buf.h"

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "SunMonTueWedThuFriSat";

#define DAY_SECONDS 86400

static bool leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool date_days(int64_t year, int month, int day, int64_t *days)
{
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (year < -999999 || year > 999999 || month < 1 || month > 12 || day < 1 ||
		day > length[month - 1] + (month == 2 && leap(year)))
		return false;
	/* Years from March on, so that the leap day is the last one: 400 of them have
	 * 146,097 days. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	*days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return true;
}

static void civil(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

struct moment {
	int64_t year;
	int month, day, weekday, hour, minute, second;
};

/* Only years of four digits can be written. */
static bool take_apart(int64_t seconds, struct moment *m)
{
	int64_t days = seconds / DAY_SECONDS;
	int rest = (int)(seconds % DAY_SECONDS);

	if (rest < 0) {
		rest += DAY_SECONDS;
		days--;
	}
	if (days < -719528 || days > 2932896)
		return false;
	civil(days, &m->year, &m->month, &m->day);
	m->weekday = (int)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
	m->hour = rest / 3600;
	m->minute = rest / 60 % 60;
	m->second = rest % 60;
	return true;
}

bool date_add_mail(struct buf *out, int64_t seconds, int offset)
{
	int east = offset < 0 ? -offset : offset;
	struct moment m;

	if (east >= 24 * 60 || seconds > INT64_MAX - DAY_SECONDS || seconds < INT64_MIN + DAY_SECONDS ||
		!take_apart(seconds + (int64_t)offset * 60, &m))
		return false;
	return buf_printf(out, "%.3s, %02d %.3s %04d %02d:%02d:%02d %c%02d%02d", day_names + (size_t)m.weekday * 3,
		m.day, month_names + (size_t)(m.month - 1) * 3, (int)m.year, m.hour, m.minute, m.second,
		offset < 0 ? '-' : '+', east / 60, east % 60);
}

static char *put_two(char *p, int n)
{
	*p++ = (char)('0' + n / 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

/* "08:05:09" */
static char *put_time(char *p, const struct moment *m)
{
	p = put_two(p, m->hour);
	*p++ = ':';
	p = put_two(p, m->minute);
	*p++ = ':';
	return put_two(p, m->second);
}

static char *put_year(char *p, const struct moment *m)
{
	return put_two(put_two(p, (int)m->year / 100), (int)m->year % 100);
}

bool date_add_mbox(struct buf *out, int64_t seconds)
{
	char text[32] = "";
	struct moment m;
	char *p = text;

	if (!take_apart(seconds, &m))
		return false;
	memcpy(p, day_names + (size_t)m.weekday * 3, 3);
	p[3] = ' ';
	memcpy(p + 4, month_names + (size_t)(m.month - 1) * 3, 3);
	p[7] = ' ';
	p = put_two(p + 8, m.day);
	if (m.day < 10)
		p[-2] = ' ';
	*p++ = ' ';
	p = put_time(p, &m);
	*p++ = ' ';
	p = put_year(p, &m);
	return buf_add(out, str_at(text, (size_t)(p - text)));
}

bool date_add_iso(struct buf *out, int64_t seconds)
{
	char text[32] = "";
	struct moment m;
	char *p;

	if (!take_apart(seconds, &m))
		return false;
	p = put_year(text, &m);
	*p++ = '-';
	p = put_two(p, m.month);
	*p++ = '-';
	p = put_two(p, m.day);
	*p++ = 'T';
	p = put_time(p, &m);
	*p++ = 'Z';
	return buf_add(out, str_at(text, (size_t)(p - text)));
}

bool date_parse_age(struct str s, int64_t *seconds)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {
		{ 's', 1 },
		{ 'h', 3600 },
		{ 'd', DAY_SECONDS },
		{ 'w', 7 * DAY_SECONDS },
		{ 'm', 30 * DAY_SECONDS },
		{ 'y', 365 * DAY_SECONDS },
	};
	uint64_t count;

	if (s.n < 2 || !str_number(str_sub(s, 0, s.n - 1), 1000000, &count))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (ascii_lower(s.p[s.n - 1]) == units[i].unit) {
			*seconds = (int64_t)count * units[i].seconds;
			return true;
		}
	return false;
}
