#include <config.h>

#include "text/date_local.h"
#include "text/utf8.h"

/*
 * Words around a date that add nothing to it: "Dienstag, 3. November 2026 um 10:15 Uhr". They are left out, so that what
 * is left can be read. Any other word stays, and the cell is not a date.
 */

/* As date_take_letters gives them: without accents and in lower case. Days of the week, whole and cut, in the languages
 * of months, then what stands between a date and its time. */
static const char weekdays[] =
	"monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun "
	"montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
	"lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim "
	"lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom "
	"lunedi martedi mercoledi giovedi venerdi domenica gio "
	"segunda terca quarta quinta sexta feira seg ter qua qui sex "
	"maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo "
	"poniedzialek wtorek sroda czwartek piatek sobota niedziela pon wt sr czw pt sob ndz "
	"luni marti miercuri joi vineri sambata duminica "
	"pazartesi sali carsamba persembe cuma cumartesi pazar";
static const char others[] = "at on um uhr den der am le a las alle ore as om godz o ora saat kl h heures utc gmt";

/* Does the cell go on with one of these? Its length, or 0. */
static size_t mark_length(struct str rest, char *becomes)
{
	static const struct {
		const char *text;
		char becomes;
	} marks[] = {
		{ "\xe5\xb9\xb4", '-' }, /* the year, month and day of CJK dates */
		{ "\xe6\x9c\x88", '-' },
		{ "\xe6\x97\xa5", ' ' },
		{ "\xeb\x85\x84", '-' },
		{ "\xec\x9b\x94", '-' },
		{ "\xec\x9d\xbc", ' ' },
		{ "\xc2\xa0", ' ' },
		{ "\xe2\x80\xaf", ' ' },
	};

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (str_starts(rest, str_of(marks[i].text))) {
			*becomes = marks[i].becomes;
			return strlen(marks[i].text);
		}
	return 0;
}

/* "Europe/Berlin": taken for UTC, as nothing here knows its hours; half a day decides nothing. */
static size_t zone_name_length(struct str rest)
{
	size_t slash = str_find(rest, '/');
	size_t n = 0;

	while (n < rest.n && (ascii_alpha(rest.p[n]) || rest.p[n] == '/' || rest.p[n] == '_'))
		n++;
	return slash > 2 && slash + 2 < n ? n : 0;
}

struct date_words {
	char *room;
	size_t n;
	bool date; /* a digit was met: words before it are no zone */
	bool time;
};

static void put(struct date_words *w, struct str s)
{
	for (size_t i = 0; i < s.n && w->n < DATE_WORDS_ROOM; i++)
		w->room[w->n++] = s.p[i];
}

/* "a.m." and "p. m." as AM and PM. */
static size_t half_length(struct str rest)
{
	char letters[2];
	size_t found = 0;
	size_t i = 0;

	for (; i < rest.n && found < 2; i++) {
		if (ascii_alpha(rest.p[i]))
			letters[found++] = ascii_lower(rest.p[i]);
		else if (rest.p[i] != '.' && rest.p[i] != ' ')
			return 0;
	}
	if (found < 2 || (letters[0] != 'a' && letters[0] != 'p') || letters[1] != 'm' || i < 3 ||
		(i < rest.n && ascii_alpha(rest.p[i])))
		return 0;
	return i + (i < rest.n && rest.p[i] == '.');
}

static void take_word(struct date_words *w, struct str *rest)
{
	char letters[DATE_LETTERS];
	struct date_cursor c = { *rest, false };
	struct str word = date_take_letters(&c, letters);
	struct str whole = str_sub(*rest, 0, rest->n - c.rest.n);
	size_t n = half_length(*rest);
	size_t zone = w->time ? zone_name_length(*rest) : 0;

	if (w->time && n > 0) {
		put(w, ascii_lower(rest->p[0]) == 'a' ? STR_LIT("AM") : STR_LIT("PM"));
		*rest = str_sub(*rest, n, rest->n);
	} else if (zone > 0) {
		*rest = str_sub(*rest, zone, rest->n);
	} else {
		bool skipped = str_among(word, weekdays) || (w->date && str_among(word, others)) ||
			(!w->date && str_among(word, "le den der am on el"));

		/* (A weekday may be the name of a month, cut: "mar. 3, 2026" was read before.) */
		*rest = c.rest;
		if (str_eq(word, STR_LIT("h")) && rest->n > 0 && ascii_digit(rest->p[0]))
			put(w, STR_LIT(":"));
		else if (!skipped)
			put(w, whole);
		/* "Di.," and the dash of "terca-feira". */
		for (size_t i = 0; skipped && i < 2 && rest->n > 0 && str_find(STR_LIT(".,-"), rest->p[0]) < 3; i++)
			*rest = str_sub(*rest, 1, rest->n);
	}
}

struct str date_without_words(struct str cell, char room[DATE_WORDS_ROOM])
{
	struct date_words w = { .room = room };
	struct str rest = cell;

	if (cell.n > DATE_WORDS_ROOM)
		return cell;
	while (rest.n > 0) {
		char becomes;
		size_t mark = mark_length(rest, &becomes);

		if (mark > 0) {
			put(&w, str_at(&becomes, 1));
			rest = str_sub(rest, mark, rest.n);
			while (becomes == '-' && str_starts(rest, STR_LIT(" ")))
				rest = str_sub(rest, 1, rest.n);
		} else if (ascii_alpha(rest.p[0]) || (unsigned char)rest.p[0] >= 0xc3) {
			size_t before = rest.n;

			take_word(&w, &rest);
			if (rest.n == before)
				return cell;
		} else {
			w.date = w.date || ascii_digit(rest.p[0]);
			w.time = w.time || rest.p[0] == ':';
			put(&w, str_sub(rest, 0, 1));
			rest = str_sub(rest, 1, rest.n);
		}
	}
	return str_trim(str_at(room, w.n));
}
