#include <config.h>

#include "mail/returns/outcome_state.h"

/* Codes and statuses as they stand in texts. */

struct str outcome_find_status(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t n = i;
		unsigned dots = 0;
		bool inside = i > 0 && (ascii_digit(s.p[i - 1]) || s.p[i - 1] == '.');

		if (inside || (s.p[i] != '2' && s.p[i] != '4' && s.p[i] != '5') || i + 4 >= s.n || s.p[i + 1] != '.')
			continue;
		while (n < s.n && (ascii_digit(s.p[n]) || (s.p[n] == '.' && n + 1 < s.n && ascii_digit(s.p[n + 1]))))
			dots += s.p[n++] == '.';
		if (dots == 2 && n - i <= 9)
			return str_sub(s, i, n - i);
	}
	return STR_NONE;
}

bool outcome_is_vague(struct str status)
{
	return status.n == 0 || str_among(status, "5.0.0 5.1.0 5.3.0 5.5.0 4.0.0");
}

static bool begins_reply(struct str s, size_t at)
{
	while (at > 0 && s.p[at - 1] == ' ')
		at--;
	return at == 0 || strchr("\n\r:;<>(\"'", s.p[at - 1]) != NULL;
}

int outcome_find_code(struct str s)
{
	for (size_t i = 0; i + 3 <= s.n; i++) {
		if ((s.p[i] != '4' && s.p[i] != '5') || !ascii_digit(s.p[i + 1]) || !ascii_digit(s.p[i + 2]))
			continue;
		if (i + 3 < s.n && s.p[i + 3] != ' ' && s.p[i + 3] != '-' && s.p[i + 3] != '\r' && s.p[i + 3] != '\n')
			continue;
		if (begins_reply(s, i))
			return 100 * (s.p[i] - '0') + 10 * (s.p[i + 1] - '0') + (s.p[i + 2] - '0');
	}
	return 0;
}
