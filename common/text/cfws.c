#include <config.h>

#include "text/cfws.h"

/*
 * Comments and quoted strings are where simple parsers of header fields go wrong: a semicolon in a comment or an
 * "@" in a quoted string separates nothing. All structured fields are read with these functions.
 */

bool cfws_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t cfws_comment(struct str s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')')
			depth--;
		if (depth == 0)
			return i < s.n && s.p[i] == ')' ? i + 1 : 0;
	}
	return 0;
}

struct str cfws_skip(struct str s)
{
	size_t at = 0;

	while (at < s.n) {
		if (cfws_is_blank(s.p[at])) {
			at++;
		} else if (s.p[at] == '(') {
			size_t n = cfws_comment(str_sub(s, at, s.n));

			at = n > 0 ? at + n : s.n;
		} else {
			break;
		}
	}
	return str_sub(s, at, s.n);
}

size_t cfws_find_unquoted(struct str s, const char *wanted)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] != '\0' && strchr(wanted, s.p[i]) != NULL)
			return i;
	}
	return s.n;
}
