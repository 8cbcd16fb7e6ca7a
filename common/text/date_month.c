#include <config.h>

#include "text/date_local.h"
#include "text/utf8.h"

/* The names of months in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Romanian and Turkish, as
 * they are without their accents and in lower case; each may be cut to three letters. */
static const char *const months[12] = {
	"january januar janner jaenner janvier enero gennaio janeiro januari styczen stycznia ianuarie ocak",
	"february februar fevrier febrero febbraio fevereiro februari februarie luty lutego subat",
	"march marz maerz mrz mars marzo marco maart mrt marzec marca martie",
	"april avril abril aprile aprilie kwiecien kwietnia nisan",
	"may mai mayo maggio maio mei maja mayis",
	"june juni juin junio giugno junho czerwiec czerwca iunie haziran",
	"july juli juillet julio luglio julho lipiec lipca iulie temmuz",
	"august aout agosto augustus sierpien sierpnia agustos",
	"september septembre septiembre settembre setembro wrzesien wrzesnia septembrie eylul",
	"october oktober octobre octubre ottobre outubro pazdziernika octombrie ekim",
	"november novembre noviembre novembro listopada noiembrie kasim",
	"december dezember decembre diciembre dicembre dezembro decembrie grudzien grudnia aralik",
};

/* A letter of U+00C0 to U+017F without its accent; others as they are not in any name. */
static char base_letter(uint32_t code)
{
	static const char base[] = "aaaaaaaceeeeiiiidnooooo.ouuuuytsaaaaaaaceeeeiiiidnooooo.ouuuuyty"
				   "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
				   "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

	if (code < 0x80)
		return ascii_alpha((char)code) ? ascii_lower((char)code) : '\0';
	/* The comma below s and t of Romanian. */
	if (code >= 0x218 && code <= 0x21b)
		return code < 0x21a ? 's' : 't';
	return code >= 0xc0 && code < 0xc0 + sizeof base - 1 && base[code - 0xc0] != '.' ? base[code - 0xc0] : '\0';
}

/* The letters at the cursor; a longer word is cut, as no name is so long. Accents may be code points of their own. */
struct str date_take_letters(struct date_cursor *c, char word[DATE_LETTERS])
{
	size_t length = 0;
	uint32_t code;
	size_t n;

	while ((n = utf8_decode(c->rest, &code)) > 0) {
		char letter = base_letter(code);

		if (letter == '\0' && (code < 0x300 || code > 0x36f))
			break;
		if (letter != '\0' && length < DATE_LETTERS)
			word[length++] = letter;
		c->rest = str_sub(c->rest, n, c->rest.n);
	}
	return str_at(word, length);
}

static bool has_name(struct str names, struct str word)
{
	while (names.n > 0) {
		size_t n = str_find(names, ' ');

		if (str_starts(str_sub(names, 0, n), word))
			return true;
		names = str_sub(names, n + 1, names.n);
	}
	return false;
}

unsigned date_take_month(struct date_cursor *c)
{
	char room[DATE_LETTERS];
	struct str word = date_take_letters(c, room);

	/* June and July of French differ in the fourth letter. */
	if (word.n < 3 || str_eq(word, STR_LIT("jui")))
		return 0;
	for (unsigned i = 0; i < 12; i++)
		if (has_name(str_of(months[i]), word))
			return i + 1;
	return 0;
}
