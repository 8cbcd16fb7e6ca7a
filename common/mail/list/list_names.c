#include <config.h>

#include "mail/list/list_state.h"

/* What names of columns mean besides list_name_rank. */

#define NAME_ROOM 64

/* The next word of a name, in letters and digits. */
static struct str next_word(struct str *rest)
{
	size_t from = 0;
	size_t n = 0;

	while (from < rest->n && !ascii_alpha(rest->p[from]) && !ascii_digit(rest->p[from]) &&
		(unsigned char)rest->p[from] < 0x80)
		from++;
	while (from + n < rest->n &&
		(ascii_alpha(rest->p[from + n]) || ascii_digit(rest->p[from + n]) ||
			(unsigned char)rest->p[from + n] >= 0x80))
		n++;
	struct str word = str_sub(*rest, from, n);

	*rest = str_sub(*rest, from + n, rest->n);
	return word;
}

bool list_name_is_owner(struct str name)
{
	static const char words[] =
		"owner sender from manager agent rep representative host organizer organiser seller vendor assigned "
		"assignee createdby created staff employee advisor referrer inviter sponsor bearbeiter besitzer absender "
		"verantwortlich verantwortlicher betreuer ansprechpartner expediteur remitente propietario";

	if (str_isearch(name, STR_LIT("owner")) < name.n || str_isearch(name, STR_LIT("sender")) < name.n)
		return true;
	while (name.n > 0)
		if (str_among(next_word(&name), words))
			return true;
	return false;
}

/* Letters only, in lower case, without numbers and words that tell one address from another, which *told says. False:
 * too long. */
static bool family(struct str name, char room[NAME_ROOM], size_t *n, bool *told)
{
	static const char kinds[] =
		"primary secondary other second third alternate alternative additional further home work "
		"private personal business main first";

	*n = 0;
	while (name.n > 0) {
		struct str word = next_word(&name);

		if (word.n > 0 && str_among(word, kinds)) {
			*told = true;
			continue;
		}
		for (size_t i = 0; i < word.n; i++) {
			if (ascii_digit(word.p[i])) {
				*told = true;
				continue;
			}
			if (*n == NAME_ROOM)
				return false;
			room[(*n)++] = ascii_lower(word.p[i]);
		}
	}
	return true;
}

bool list_names_are_kin(struct str first, struct str further)
{
	static const char plain[] =
		"email emailaddress emailaddresses mail emails mailadresse emailadresse adresseemail courriel";
	char rooms[2][NAME_ROOM];
	size_t a;
	size_t b;
	bool ignored;
	bool told = false;

	if (!family(first, rooms[0], &a, &ignored) || !family(further, rooms[1], &b, &told) || !told || b == 0)
		return false;
	return str_eq(str_at(rooms[0], a), str_at(rooms[1], b)) ||
		(str_among(str_at(rooms[0], a), plain) && str_among(str_at(rooms[1], b), plain));
}
