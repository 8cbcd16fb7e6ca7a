#include <config.h>

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

static const char ends[] = "below this line|original message|message follows|copy of the message|"
			   "copy of your message|copy of the first part|copy of the mail|returned mail|"
			   "returned message|header follows|headers follow|text follows|unsent message|"
			   "mensaje original|forwarded message|message reads|header of the|"
			   "lines of the message follow|lines of your original|message header|next line is a copy|"
			   "old message";

/* Only the last word of it, and lines made to be seen, are the end: prose may speak of the original
 * message. */
bool dsn_lines_is_end(struct str line)
{
	bool drawn = str_starts(line, STR_LIT("--")) || str_starts(line, STR_LIT("==")) ||
		str_starts(line, STR_LIT("|--")) || str_starts(line, STR_LIT("__"));

	line = str_trim(line);
	if (!dsn_says(line, ends) || str_isearch(line, STR_LIT("not receive")) < line.n)
		return false;
	return drawn || str_starts(line, STR_LIT("--")) || str_ends(line, STR_LIT(":")) ||
		str_iends(line, STR_LIT("follows.")) || str_iends(line, STR_LIT("follows")) ||
		str_iends(line, STR_LIT("--"));
}
