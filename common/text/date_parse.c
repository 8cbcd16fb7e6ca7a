#include <config.h>

#include "text/date.h"

#include "text/cfws.h"

/*
 * One cursor reads every form: it takes numbers and words, and passes over blanks, line ends and
 * comments between them as RFC 5322 allows; the forms of lists have no comments.
 */
struct cursor {
	struct str rest;
	bool comments;
};

struct moment {
	uint64_t year, month, day, hour, minute, second;
	int64_t zone; /* seconds east of UTC */
};

static void skip(struct cursor *c)
{
	if (c->comments)
		c->rest = cfws_skip(c->rest);
	while (c->rest.n > 0 && cfws_is_blank(c->rest.p[0]))
		c->rest = str_sub(c->rest, 1, c->rest.n);
}

static bool take_char(struct cursor *c, char wanted)
{
	if (c->rest.n == 0 || c->rest.p[0] != wanted)
		return false;
	c->rest = str_sub(c->rest, 1, c->rest.n);
	return true;
}

/* A run of 1 to 13 digits, and how many there were. */
static bool take_number(struct cursor *c, uint64_t *value, size_t *digits)
{
	size_t n = 0;

	while (n < c->rest.n && ascii_digit(c->rest.p[n]))
		n++;
	if (n > 13 || !str_number(str_sub(c->rest, 0, n), UINT64_MAX, value))
		return false;
	*digits = n;
	c->rest = str_sub(c->rest, n, c->rest.n);
	return true;
}

static struct str take_word(struct cursor *c)
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

static unsigned month_number(struct str word)
{
	static const char *const names[] = { "January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December", NULL };

	if (str_ieq(word, STR_LIT("Sept")))
		return 9;
	return name_number(word, names);
}

static bool is_weekday(struct str word)
{
	static const char *const names[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
		"Friday", "Saturday", NULL };

	return name_number(word, names) > 0;
}

/* A weekday with its comma in front; a date may do without. */
static void take_weekday(struct cursor *c)
{
	struct cursor ahead = *c;

	if (!is_weekday(take_word(&ahead)))
		return;
	take_char(&ahead, '.');
	skip(&ahead);
	take_char(&ahead, ',');
	skip(&ahead);
	*c = ahead;
}

/* A year of mail: two digits are 1950 to 2049, three count from 1900 (RFC 5322, 4.3). */
static bool take_mail_year(struct cursor *c, uint64_t *year)
{
	size_t digits;

	if (!take_number(c, year, &digits) || digits < 2 || digits > 4)
		return false;
	if (digits == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (digits == 3)
		*year += 1900;
	return true;
}

/* HH:MM[:SS[.fraction]] [AM|PM]. */
static bool take_time(struct cursor *c, struct moment *m)
{
	size_t digits;

	m->second = 0;
	if (!take_number(c, &m->hour, &digits) || digits > 2)
		return false;
	skip(c);
	if (!take_char(c, ':'))
		return false;
	skip(c);
	if (!take_number(c, &m->minute, &digits) || digits != 2)
		return false;
	struct cursor ahead = *c;

	skip(&ahead);
	if (take_char(&ahead, ':')) {
		skip(&ahead);
		if (!take_number(&ahead, &m->second, &digits) || digits != 2)
			return false;
		*c = ahead;
		if (take_char(c, '.') || take_char(c, ','))
			while (c->rest.n > 0 && ascii_digit(c->rest.p[0]))
				c->rest = str_sub(c->rest, 1, c->rest.n);
	}
	ahead = *c;
	skip(&ahead);
	struct str half = take_word(&ahead);
	bool am = str_ieq(half, STR_LIT("AM"));

	if (!am && !str_ieq(half, STR_LIT("PM")))
		return true;
	*c = ahead;
	if (m->hour < 1 || m->hour > 12)
		return false;
	m->hour = m->hour % 12 + (am ? 0 : 12);
	return true;
}

/* +0100, +01:00, +01, Z, a zone's name. Unknown names are UTC, as RFC 5322, 4.3 says. */
static bool take_zone(struct cursor *c, struct moment *m)
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

	if (!take_char(c, '+') && !take_char(c, '-')) {
		struct str name = take_word(c);

		for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
			if (str_ieq(name, str_of(zones[i].name)))
				m->zone = zones[i].hours * 3600;
		return name.n > 0;
	}
	if (!take_number(c, &value, &digits) || (digits != 2 && digits != 4))
		return false;
	if (digits == 4) {
		minutes = value % 100;
		value /= 100;
	} else if (take_char(c, ':') && (!take_number(c, &minutes, &digits) || digits != 2)) {
		return false;
	}
	m->zone = (int64_t)(value * 3600 + minutes * 60) * (west ? -1 : 1);
	return minutes < 60;
}

/* Put it together; a leap second is the one after it. */
static bool finish(struct cursor *c, const struct moment *m, int64_t *seconds)
{
	int64_t days;

	skip(c);
	if (c->rest.n > 0 || m->hour > 23 || m->minute > 59 || m->second > 60 || m->year > 9999 ||
		!date_days((int64_t)m->year, (int)m->month, (int)m->day, &days))
		return false;
	*seconds = days * 86400 + (int64_t)(m->hour * 3600 + m->minute * 60 + m->second) - m->zone;
	return true;
}

bool date_parse_mail(struct str s, int64_t *seconds)
{
	struct cursor c = { s, true };
	struct moment m = { 0 };
	size_t digits;

	skip(&c);
	take_weekday(&c);
	if (!take_number(&c, &m.day, &digits) || digits > 2)
		return false;
	skip(&c);
	m.month = month_number(take_word(&c));
	skip(&c);
	if (m.month == 0 || !take_mail_year(&c, &m.year))
		return false;
	skip(&c);
	if (!take_time(&c, &m))
		return false;
	skip(&c);
	return take_zone(&c, &m) && finish(&c, &m, seconds);
}

/* Day and month of a date whose parts are numbers: the order is told by the one over 12. */
static enum date_verdict settle(struct moment *m, uint64_t first, uint64_t second)
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

/* 2026-11-23, 2026/11/23, 2026.11.23, 23.11.2026, 11/23/2026, 23-11-2026, 23-Nov-2026: what follows
 * the first number. */
static enum date_verdict take_numbers(
	struct cursor *c, struct moment *m, uint64_t first, size_t digits)
{
	uint64_t second;
	size_t n;
	char mark = c->rest.p[0];

	if (!take_char(c, '-') && !take_char(c, '/') && !take_char(c, '.'))
		return DATE_BAD;
	if (digits <= 2 && mark == '-' && c->rest.n > 0 && ascii_alpha(c->rest.p[0])) {
		m->day = first;
		m->month = month_number(take_word(c));
		return m->month > 0 && take_char(c, '-') && take_number(c, &m->year, &n) && n == 4
			       ? DATE_OK
			       : DATE_BAD;
	}
	if (!take_number(c, &second, &n) || n > 2 || !take_char(c, mark))
		return DATE_BAD;
	if (digits == 4) {
		m->year = first;
		m->month = second;
		return take_number(c, &m->day, &n) && n <= 2 ? DATE_OK : DATE_BAD;
	}
	if (digits > 2 || !take_number(c, &m->year, &n) || n != 4)
		return DATE_BAD;
	if (mark == '.') {
		m->day = first;
		m->month = second;
		return DATE_OK;
	}
	return settle(m, first, second);
}

/* "Nov 23, 2026" and "23 Nov 2026" (first: the number that was taken already, 0 for none). */
static enum date_verdict take_words(struct cursor *c, struct moment *m, uint64_t first)
{
	size_t digits;

	m->day = first;
	m->month = month_number(take_word(c));
	take_char(c, '.');
	skip(c);
	if (m->month == 0 || (first == 0 && (!take_number(c, &m->day, &digits) || digits > 2)))
		return DATE_BAD;
	skip(c);
	take_char(c, ',');
	skip(c);
	return take_number(c, &m->year, &digits) && digits == 4 ? DATE_OK : DATE_BAD;
}

/* The date of 20261123 and the time of 20261123T080500Z. */
static enum date_verdict take_basic(struct cursor *c, struct moment *m, uint64_t date)
{
	uint64_t time;
	size_t digits;

	m->year = date / 10000;
	m->month = date / 100 % 100;
	m->day = date % 100;
	if (!take_char(c, 'T'))
		return DATE_OK;
	if (!take_number(c, &time, &digits) || (digits != 6 && digits != 4))
		return DATE_BAD;
	if (digits == 4)
		time *= 100;
	m->hour = time / 10000;
	m->minute = time / 100 % 100;
	m->second = time % 100;
	return take_zone(c, m) ? DATE_OK : DATE_BAD;
}

/* The time of day behind a date, or nothing. */
static bool take_rest(struct cursor *c, struct moment *m)
{
	bool t = take_char(c, 'T') || take_char(c, 't');

	take_char(c, ',');
	skip(c);
	if (c->rest.n == 0)
		return !t;
	if (!take_time(c, m))
		return false;
	skip(c);
	return take_zone(c, m);
}

enum date_verdict date_parse_any(struct str s, int64_t *seconds)
{
	struct cursor c = { str_trim(s), false };
	struct moment m = { 0 };
	enum date_verdict verdict;
	uint64_t first = 0;
	size_t digits = 0;

	if (date_parse_mail(c.rest, seconds))
		return DATE_OK;
	take_weekday(&c);
	if (c.rest.n > 0 && ascii_alpha(c.rest.p[0])) {
		verdict = take_words(&c, &m, 0);
	} else if (!take_number(&c, &first, &digits)) {
		return DATE_BAD;
	} else if (c.rest.n == 0 && (digits == 9 || digits == 10 || digits == 13)) {
		*seconds = (int64_t)(digits == 13 ? first / 1000 : first);
		return DATE_OK;
	} else if (digits == 8) {
		verdict = take_basic(&c, &m, first);
	} else if (c.rest.n == 0) {
		return DATE_BAD;
	} else if (digits <= 2 && cfws_is_blank(c.rest.p[0])) {
		skip(&c);
		verdict = first > 0 ? take_words(&c, &m, first) : DATE_BAD;
	} else {
		verdict = take_numbers(&c, &m, first, digits);
	}
	if (verdict == DATE_BAD || !take_rest(&c, &m))
		return DATE_BAD;
	if (verdict == DATE_AMBIGUOUS) {
		/* A date either way, as both numbers are at most 12: only the rest is to
		 * be judged. */
		int64_t ignored;

		m.day = 1;
		m.month = 1;
		return finish(&c, &m, &ignored) ? DATE_AMBIGUOUS : DATE_BAD;
	}
	return finish(&c, &m, seconds) ? DATE_OK : DATE_BAD;
}
