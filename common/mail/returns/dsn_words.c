#include <config.h>

#include "mail/returns/dsn_book.h"
#include "mail/returns/dsn_lines.h"
#include "mail/returns/dsn_state.h"

#include "mail/address/address.h"

/* Words of reports, and lines that are not of one. */

bool dsn_says(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_isearch(s, str_cut(&rest, '|')) < s.n)
			return true;
	return false;
}

bool dsn_starts(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_istarts(s, str_cut(&rest, '|')))
			return true;
	return false;
}

bool dsn_is(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_ieq(s, str_cut(&rest, '|')))
			return true;
	return false;
}

bool dsn_is_address(struct str s)
{
	struct address a = { 0 };
	bool ok = address_parse(&a, s, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

/* Only the last word of it, and lines made to be seen, are the end: prose may speak of the original
 * message. */
bool dsn_lines_is_end(struct str line)
{
	bool drawn = str_starts(line, STR_LIT("--")) || str_starts(line, STR_LIT("==")) ||
		str_starts(line, STR_LIT("|--")) || str_starts(line, STR_LIT("__"));

	line = str_trim(line);
	if ((dsn_book(line) & DSN_END) == 0 || dsn_says(line, "not receive|transcript"))
		return false;
	return drawn || str_starts(line, STR_LIT("--")) || str_ends(line, STR_LIT(":")) ||
		str_iends(line, STR_LIT("follows.")) || str_iends(line, STR_LIT("follows")) ||
		str_iends(line, STR_LIT("follow.")) || str_iends(line, STR_LIT("follow")) ||
		str_iends(line, STR_LIT("--"));
}
