#ifndef PIPEMAIL_TEXT_DATE_LOCAL_H
#define PIPEMAIL_TEXT_DATE_LOCAL_H

#include "text/date.h"

/*
 * What the readers of dates share and nobody else needs. One cursor reads every form: it takes numbers and words, and
 * passes over blanks, line ends and comments between them as RFC 5322 allows; the forms of lists have no comments.
 * False: not there, and the cursor may have moved.
 */
struct date_cursor {
	struct str rest;
	bool comments;
};

struct date_moment {
	uint64_t year, month, day, hour, minute, second;
	int64_t zone; /* seconds east of UTC */
	/* Three numbers whose order the form does not tell (DATE_AMBIGUOUS). */
	uint64_t parts[3];
	bool year_short; /* two digits */
	char mark;       /* between them */
	bool counted;    /* days since 1970 instead of year, month and day */
	int64_t days;
};

void date_skip(struct date_cursor *c);
bool date_take_char(struct date_cursor *c, char wanted);
/* A run of 1 to 16 digits, and how many there were. */
bool date_take_number(struct date_cursor *c, uint64_t *value, size_t *digits);
/* The letters at the cursor, or none. */
struct str date_take_word(struct date_cursor *c);
/* The letters at the cursor without their accents and in lower case; a longer word is cut, as no name is so long. */
#define DATE_LETTERS 16
struct str date_take_letters(struct date_cursor *c, char word[DATE_LETTERS]);
/* The cell without words that add nothing, in room; the cell where there is no room. */
#define DATE_WORDS_ROOM 96
struct str date_without_words(struct str cell, char room[DATE_WORDS_ROOM]);
/* From 1 on: the name of a month in one of ten languages, whole or cut to three letters; or 0. */
unsigned date_take_month(struct date_cursor *c);
/* One cell with every form that lists have, up to its end. DATE_OK: *seconds. DATE_AMBIGUOUS: m has the parts, and all
 * but they is right. */
enum date_verdict date_take_any(struct str s, struct date_moment *m, struct date_cursor *end, int64_t *seconds);
/* A weekday with its comma in front; a date may do without. */
void date_take_weekday(struct date_cursor *c);
/* A year of mail: two digits are 1950 to 2049, three count from 1900 (RFC 5322, 4.3). */
bool date_take_year(struct date_cursor *c, uint64_t *year);
/* HH:MM[:SS[.fraction]] [AM|PM]. */
bool date_take_time(struct date_cursor *c, struct date_moment *m);
/* +0100, +01:00, +01, Z, a zone's name, or nothing. Unknown names are UTC, as RFC 5322, 4.3 says. */
bool date_take_zone(struct date_cursor *c, struct date_moment *m);
/* Put it together; a leap second is the one after it, and in lists 24:00 is the day's end. Nothing but blanks may be
 * left. */
bool date_finish(struct date_cursor *c, const struct date_moment *m, int64_t *seconds);

#endif
