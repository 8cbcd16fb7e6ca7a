#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "text/date.h"

#define NOV_23 INT64_C(1795392000) /* 2026-11-23T00:00:00Z, a Monday */
#define AT_0805 (NOV_23 + 8 * 3600 + 5 * 60)

static void test_write(void)
{
	struct buf b = { .limit = 0 };

	date_add_mail(&b, AT_0805, 60);
	check_same(buf_str(&b), "Mon, 23 Nov 2026 09:05:00 +0100", "mail");
	buf_clear(&b);
	date_add_mail(&b, AT_0805, -9 * 60 - 30);
	check_same(buf_str(&b), "Sun, 22 Nov 2026 22:35:00 -0930", "west, the day before");
	buf_clear(&b);
	date_add_mbox(&b, AT_0805 + 10 * 86400);
	check_same(buf_str(&b), "Thu Dec  3 08:05:00 2026", "mbox");
	buf_clear(&b);
	date_add_iso(&b, -1);
	check_same(buf_str(&b), "1969-12-31T23:59:59Z", "before the epoch");
	buf_clear(&b);
	date_add_iso(&b, INT64_C(253402300799));
	check_same(buf_str(&b), "9999-12-31T23:59:59Z", "the last second that can be written");
	buf_clear(&b);
	check(!date_add_iso(&b, INT64_C(253402300800)) && !date_add_mail(&b, INT64_MAX, 60) &&
			!date_add_mail(&b, INT64_MIN, -60) && !date_add_mbox(&b, INT64_MIN) &&
			!date_add_mail(&b, 0, 1440) && buf_len(&b) == 0,
		"what cannot be written is told");
	buf_free(&b);
}

static void test_mail(void)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "Mon, 23 Nov 2026 09:05:00 +0100", AT_0805 },
		{ "23 Nov 2026 08:05 GMT", AT_0805 },
		{ "Mon , 23 Nov\r\n\t2026 08:05:00 +0000 (comment (nested \\) one))", AT_0805 },
		{ "(x) Monday, (y) 23 (z) November 26 (a) 08 : 05 : 00 UT", AT_0805 },
		{ "23 nov 2026 03:05:00 EST", AT_0805 },
		{ "23 Nov 2026 01:05:00 pdt", AT_0805 },
		{ "23 Nov 2026 08:05:00 Z", AT_0805 },
		{ "23 Nov 2026 08:05:00 XYZ", AT_0805 },
		{ "23 Nov 2026 08:05:00", AT_0805 },
		{ "23 Nov 2026 08:05:00 -0000", AT_0805 },
		{ "1 Jan 70 00:00:00 +0000", 0 },
		{ "1 Jan 49 00:00:00 +0000", INT64_C(2493072000) },
		{ "1 Jan 100 00:00:00 +0000", INT64_C(946684800) },
		{ "31 Dec 2016 23:59:60 +0000", INT64_C(1483228800) },
		{ "1 Jan 7 00:00:00 +0000", -1 },
		{ "1 Jan 20261 00:00:00 +0000", -1 },
		{ "30 Feb 2026 00:00:00 +0000", -1 },
		{ "23 Nov 2026 24:00:00 +0000", -1 },
		{ "23 Nov 2026 08:60:00 +0000", -1 },
		{ "23 Nov 2026 08:5:00 +0000", -1 },
		{ "23 Nov 2026 08:05:00 +0060", -1 },
		{ "23 Nov 2026 08:05:00 +01000", -1 },
		{ "23 Nov 2026", -1 },
		{ "23 Foo 2026 08:05:00 +0000", -1 },
		{ "23 Nov 2026 08:05:00 +0100 x", -1 },
		{ "23 Nov 2026 08:05:00 +0100 (open", AT_0805 - 3600 },
		{ "99999999999999999999 Nov 2026 08:05:00 +0100", -1 },
		{ "", -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t seconds = -1;
		bool ok = date_parse_mail(str_of(cases[i].text), &seconds);

		check(ok == (cases[i].want != -1) && seconds == cases[i].want, "mail: %s", cases[i].text);
	}
}

static void test_any(void)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused, -2: ambiguous */
	} cases[] = {
		{ "2026-11-23", NOV_23 }, { "2026-11-23T08:05:00Z", AT_0805 }, { "2026-11-23 08:05", AT_0805 },
		{ "2026-11-23 08:05:00.123456+00:00", AT_0805 }, { "2026-11-23T09:05:00,5+01", AT_0805 },
		{ "2026-11-23T09:05:00 +0100", AT_0805 }, { "2026-11-23 08:05:00 UTC", AT_0805 },
		{ "20261123", NOV_23 }, { "20261123T080500Z", AT_0805 }, { "20261123T0805", AT_0805 },
		{ "2026/11/23", NOV_23 }, { "2026.11.23", NOV_23 }, { "23.11.2026", NOV_23 },
		{ "3.4.2026 08:05", INT64_C(1775203500) }, { "11/23/2026", NOV_23 }, { "11/23/2026 8:05 AM", AT_0805 },
		{ "11/23/2026 12:00:00 AM", NOV_23 }, { "11/23/2026 8:05pm", AT_0805 + 12 * 3600 },
		{ "23/11/2026", NOV_23 }, { "23-11-2026", NOV_23 }, { "23-Nov-2026", NOV_23 },
		{ "23 Nov 2026", NOV_23 }, { " Nov 23, 2026 ", NOV_23 }, { "November 23 2026 08:05", AT_0805 },
		{ "Monday, November 23, 2026", NOV_23 }, { "Mon, 23 Nov 2026 09:05:00 +0100", AT_0805 },
		{ "1795421100", AT_0805 }, { "999999999", 999999999 }, { "1795421100999", AT_0805 },
		{ "123456789012", -1 }, { "3/3/2026", INT64_C(1772496000) }, { "2/29/2028", INT64_C(1835395200) },
		{ "03/04/2026", -2 }, { "03-04-2026 10:00", -2 }, { "03/04/2026 25:00", -1 }, { "0/5/2026", -1 },
		{ "2/29/2026", -1 }, { "13/13/2026", -1 }, { "2026-13-01", -1 }, { "2026-02-30", -1 },
		{ "2026-11", INT64_C(1795996800) }, { "2026", -1 }, { "12345678901", -1 }, { "0", -1 }, { "never", -1 },
		{ "", -1 }, { "2026-11-23T", -1 }, { "2026-11-23x", -1 }, { "2026-11-23 08:05:00 +1:00", -1 },
		{ "11/23/2026 13:05 PM", -1 }, { "11/23/26", NOV_23 }, { "23/11/26 8:05", AT_0805 },
		{ "23.11.26", NOV_23 }, { "3/4/26", -2 }, { "23-11-26", -2 }, /* or 2023-11-26 */
		{ "23-Nov-26", NOV_23 }, { "23 Nov 26", NOV_23 }, { "23. 11. 2026", NOV_23 },
		{ "23. Nov 2026", NOV_23 }, { "November 23rd, 2026", NOV_23 }, { "23rd November 2026", NOV_23 },
		{ "Nov 23 26", -1 }, { "1/2/3", -1 }, { "Mon Nov 23 08:05:00 2026", AT_0805 },
		{ "Mon Nov 23 08:05:00 UTC 2026", AT_0805 },
		{ "Mon Nov 23 2026 09:05:00 GMT+0100 (Central European Standard Time)", AT_0805 },
		{ "2026-11-23T08:05Z[UTC]", AT_0805 }, { "2026-11-23 08:05 never", -1 }, { "20261123080500", AT_0805 },
		{ "20261323080500", -1 }, { "1795421100.25", AT_0805 }, { "1795421100.", -1 },
		{ "1795421100.5.2026", -1 }, { "1795421100999999", AT_0805 },
		{ "2026W48", NOV_23 + 6 * 86400 }, /* the last day of it */
		{ "2026-W48-1", NOV_23 }, { "2026W481", NOV_23 }, { "2026-W48-1T08:05Z", AT_0805 },
		{ "2026-W53-7", INT64_C(1798934400) }, { "2025-W53-1", -1 }, { "2026-W00-1", -1 }, { "2026-W48-8", -1 },
		{ "2026W4", -1 }, { "2026-11-22T24:00", NOV_23 }, { "2026-11-22 24:00:00", NOV_23 },
		{ "22.11.2026 24:00", NOV_23 }, { "2026-11-22 24:01", -1 }, { "46349", NOV_23 },
		{ "46349.336805556", AT_0805 }, { "46349,336805556", AT_0805 }, { "46349.", -1 }, { "19999", -1 },
		{ "80000", -1 }, { "23. M\xc3\xa4rz 2026", INT64_C(1774224000) },
		{ "23 MARZ 2026", INT64_C(1774224000) }, { "23. Ma\xcc\x88rz 2026", INT64_C(1774224000) },
		{ "23-d\xc3\xa9"
		  "c.-2026",
			INT64_C(1797984000) },
		{ "23 D\xc3\x89"
		  "CEMBRE 2026",
			INT64_C(1797984000) },
		{ "1er ao\xc3\xbbt 2026", INT64_C(1785542400) }, { "23 juin 2026", INT64_C(1782172800) },
		{ "23 juil. 2026", INT64_C(1784764800) }, { "23 jui 2026", -1 }, { "23 de noviembre de 2026", NOV_23 },
		{ "23 set 2026", INT64_C(1790121600) }, { "23 ottobre 2026", INT64_C(1792713600) },
		{ "23 maart 2026", INT64_C(1774224000) },
		{ "23 pa\xc5\xba"
		  "dziernika 2026",
			INT64_C(1792713600) },
		{ "23 \xc5\x9eubat 2026", INT64_C(1771804800) }, { "23 noiembrie 2026", NOV_23 },
		{ "23 novem\xff 2026", -1 }, { "23 no 2026", -1 }, { "3-3-26", -2 }, /* or 2003-03-26 */
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t seconds = -1;
		enum date_verdict verdict = date_parse_any(str_of(cases[i].text), &seconds);
		enum date_verdict want = cases[i].want == -1 ? DATE_BAD
			: cases[i].want == -2                ? DATE_AMBIGUOUS
							     : DATE_OK;

		check(verdict == want && (want != DATE_OK || seconds == cases[i].want), "any: %s", cases[i].text);
	}
}

static void test_read(void)
{
	enum { D = 1 << DATE_DMY, M = 1 << DATE_MDY, Y = 1 << DATE_YMD, ALL = D | M | Y };
	static const struct {
		const char *text;
		unsigned forced;
		enum date_kind kind;
		unsigned orders;
	} cases[] = {
		{ "2026-11-23", 0, DATE_READ, ALL },
		{ "2026-11-23", M, DATE_READ, ALL },
		{ "10/11/2026", 0, DATE_READ, D | M },
		{ "10/11/2026", M, DATE_READ, M },
		{ "23/11/2026", 0, DATE_READ, D },
		{ "23/11/2026", M, DATE_UNREADABLE, 0 },
		{ "11/23/2026", 0, DATE_READ, M },
		{ "10-11-12", 0, DATE_READ, ALL },
		{ "23-11-26", 0, DATE_READ, D | Y },
		{ "10.11.2026", 0, DATE_READ, ALL },
		{ "10.11.2026", M, DATE_READ, M },
		{ "26/11/23", Y, DATE_READ, Y },
		{ "10/11/2026", Y, DATE_UNREADABLE, 0 },
		{ "soon", 0, DATE_UNREADABLE, 0 },
		{ "2026-13-45", 0, DATE_UNREADABLE, 0 },
		{ "2026", 0, DATE_UNREADABLE, 0 },
		{ "", 0, DATE_NONE, 0 },
		{ " ", 0, DATE_NONE, 0 },
		{ "Never", 0, DATE_NONE, 0 },
		{ "N/A", 0, DATE_NONE, 0 },
		{ "0", 0, DATE_NONE, 0 },
		{ "0000-00-00 00:00:00", 0, DATE_NONE, 0 },
		{ "0000-00-00T00:00:00Z", 0, DATE_NONE, 0 },
		{ "00/00/0000", 0, DATE_NONE, 0 },
		{ "9999-99-99", 0, DATE_NONE, 0 },
		{ "9999-12-31T23:59:59Z", 0, DATE_NONE, ALL },
		{ "99991231", 0, DATE_NONE, ALL },
		{ "11.23.2026", 0, DATE_UNREADABLE, 0 },
		{ "31/12/9999", 0, DATE_NONE, D },
		{ "1900-01-01", 0, DATE_NONE, ALL },
		{ "01.01.1970", 0, DATE_NONE, D },
		{ "1970-01-01T01:00:00+01:00", 0, DATE_NONE, ALL },
		{ "1969-12-31 19:00:00", 0, DATE_NONE, ALL },
		{ "1970-01-02 18:00:00", 0, DATE_READ, ALL },
		{ "25569", 0, DATE_NONE, ALL },
	};
	struct date_reading r;
	int64_t first;
	int64_t last;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		date_read(str_of(cases[i].text), cases[i].forced, &r);
		check(r.kind == cases[i].kind && (r.kind != DATE_READ || r.orders == cases[i].orders), "read: %s",
			cases[i].text);
	}
	date_read(STR_LIT("11/10/2026"), 0, &r);
	date_span(&r, ALL, &first, &last);
	check(first == NOV_23 - 43 * 86400 && last == NOV_23 - 13 * 86400, "both readings of 11/10/2026");
	date_span(&r, D, &first, &last);
	check(first == NOV_23 - 43 * 86400 && last == first, "with the day first");
	date_span(&r, M, &first, &last);
	check(first == NOV_23 - 13 * 86400 && last == first, "with the month first");
	date_span(&r, 0, &first, &last);
	check(first < last, "a column without an order leaves both");
}

static void test_age(void)
{
	int64_t s = 0;

	check(date_parse_age(STR_LIT("90d"), &s) && s == 90 * 86400, "days");
	check(date_parse_age(STR_LIT("12W"), &s) && s == 84 * 86400, "weeks");
	check(date_parse_age(STR_LIT("18m"), &s) && s == 540 * 86400, "months");
	check(date_parse_age(STR_LIT("2y"), &s) && s == 730 * 86400, "years");
	check(date_parse_age(STR_LIT("36h"), &s) && s == 36 * 3600, "hours");
	check(!date_parse_age(STR_LIT("90"), &s) && !date_parse_age(STR_LIT("d"), &s) &&
			!date_parse_age(STR_LIT("-1d"), &s) && !date_parse_age(STR_LIT("1x"), &s) &&
			!date_parse_age(STR_LIT("99999999d"), &s),
		"no ages");
}

static void test_calendar(void)
{
	struct buf b = { .limit = 0 };
	int64_t days = 0;
	bool ok = true;

	/* From the year 1000, as three digits would mean another century; each day of the 400 years' cycle comes up. */
	for (int64_t d = -354285; d <= 2932896; d += 5) {
		int64_t back = 0;

		buf_clear(&b);
		date_add_mail(&b, d * 86400, 0);
		ok = ok && date_parse_mail(buf_str(&b), &back) && back == d * 86400;
	}
	check(ok, "the days of years 1000 to 9999 come back");
	check(date_days(2000, 2, 29, &days) && !date_days(1900, 2, 29, &days) && !date_days(2026, 4, 31, &days) &&
			!date_days(2026, 0, 1, &days) && !date_days(2026, 1, 0, &days),
		"days that are none");
	ok = true;
	for (int i = 0; i < 20000; i++) {
		int64_t want = (int64_t)random_below_64(8000000000u);
		int64_t got = -1;
		int offset = (int)random_below(28 * 60) - 14 * 60;

		buf_clear(&b);
		date_add_mail(&b, want, offset);
		ok = ok && date_parse_mail(buf_str(&b), &got) && got == want;
		buf_clear(&b);
		date_add_iso(&b, want);
		ok = ok && date_parse_any(buf_str(&b), &got) == DATE_OK && got == want;
	}
	check(ok, "parse(write(t)) is t");
	buf_free(&b);
}

int main(void)
{
	test_write();
	test_mail();
	test_any();
	test_read();
	test_age();
	test_calendar();
	return tap_done();
}
