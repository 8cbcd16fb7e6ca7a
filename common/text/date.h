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
 * What people keep in lists: ISO 8601 (date, or date and time with T or a blank, fraction, Z or an
 * offset), RFC 5322, 23.11.2026, 11/23/2026 and 23/11/2026 where a number over 12 settles which,
 * and 2026/11/23, 20261123, "23 Nov 2026", "23-Nov-2026", "Nov 23rd, 2026", each with a time of day
 * behind it or none (also with AM or PM), the year of two digits where that leaves one reading; what
 * date(1), asctime and JavaScript print; 20261123080500; seconds since 1970 of 9 or 10 digits, also
 * with a fraction, milliseconds of 13, microseconds of 16. Without a zone it is UTC. DATE_AMBIGUOUS:
 * 03/04/2026.
 */
enum date_verdict { DATE_OK, DATE_BAD, DATE_AMBIGUOUS };
enum date_verdict date_parse_any(struct str s, int64_t *seconds);

/* An age such as "90d", "12w", "18m" (30 days each), "2y" (365 days), "36h" or "90s" in seconds. */
bool date_parse_age(struct str s, int64_t *seconds);

/* Days since 1970-01-01 of a proleptic Gregorian date; false for a date that is none. */
bool date_days(int64_t year, int month, int day, int64_t *days);

#endif
