#ifndef PIPEMAIL_TEXT_DATE_H
#define PIPEMAIL_TEXT_DATE_H

#include "base/str.h"

struct buf;

/* Dates as pure arithmetic on seconds since 1970 UTC (int64_t), without the C library's time zone.
 * The writers return false, with nothing written, for a year that has not four digits. */

/* RFC 5322 date-time: "Mon, 23 Nov 2026 09:05:00 +0100"; offset in minutes east of UTC. */
bool date_add_mail(struct buf *out, int64_t seconds, int offset);
/* asctime form for mbox From_ lines, UTC: "Mon Nov 23 08:05:00 2026". */
bool date_add_mbox(struct buf *out, int64_t seconds);
/* RFC 3339 in UTC: "2026-11-23T08:05:00Z". */
bool date_add_iso(struct buf *out, int64_t seconds);

/* RFC 5322 with obsolete forms (two-digit years, zone names, comments); without a zone it
 * is UTC. */
bool date_parse_mail(struct str s, int64_t *seconds);

/*
 * What people keep in lists: ISO 8601 (date, or date and time with T or a blank, fraction, Z or an offset; weeks as
 * 2026-W48, which is their last day), RFC 5322, 23.11.2026, 11/23/2026 and 23/11/2026, 2026/11/23, 20261123,
 * "23 Nov 2026", "23-Nov-2026", "Nov 23rd, 2026", each with a time of day behind it or none (also with AM or PM, to
 * 24:00), the months in ten languages; what date(1), asctime and JavaScript print; 20261123080500; the days of
 * spreadsheets, such as 46349.5; seconds since 1970 of 9 or 10 digits, also with a fraction, milliseconds of 13,
 * microseconds of 16. Without a zone it is UTC. A year of two digits is 1950 to 2049. DATE_AMBIGUOUS: 03/04/2026, as
 * the numbers may stand in several orders.
 */
enum date_verdict { DATE_OK, DATE_BAD, DATE_AMBIGUOUS };
enum date_verdict date_parse_any(struct str s, int64_t *seconds);

/* The order of day, month and year in dates that are three numbers. Sets of them are bits, 1 << order. */
enum date_order { DATE_DMY, DATE_MDY, DATE_YMD, DATE_ORDERS };
#define DATE_ANY_ORDER ((1u << DATE_ORDERS) - 1)

/*
 * A cell of a column of dates. Orders: those in which it is a date; all of them where its form leaves no doubt. The
 * orders that all dates of a column have in common are those in which the column may be written.
 */
struct date_reading {
	enum date_kind {
		DATE_NONE, /* blank, a word such as "never", or a placeholder: 0000-00-00, 1970-01-01, 9999-12-31 */
		DATE_UNREADABLE,
		DATE_READ,
	} kind;
	unsigned orders;
	int64_t at[DATE_ORDERS]; /* seconds since 1970 */
};

/* forced: 0, or the one order (a bit) in which dates of three numbers are written. */
void date_read(struct str cell, unsigned forced, struct date_reading *r);
/* Of a date that was read: the earliest and the latest time that it may be in a column of these orders. Where it has
 * none of them, as in a column whose dates have no order in common, each of its own orders counts. */
void date_span(const struct date_reading *r, unsigned orders, int64_t *first, int64_t *last);

/* An age such as "90d", "12w", "18m" (30 days each), "2y" (365 days), "36h" or "90s" in seconds. */
bool date_parse_age(struct str s, int64_t *seconds);

/* Days since 1970-01-01 of a proleptic Gregorian date; false for a date that is none. */
bool date_days(int64_t year, int month, int day, int64_t *days);

#endif
