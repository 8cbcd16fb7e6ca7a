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
	return at == 0 || strchr("\n\r:;<>([#\"'", s.p[at - 1]) != NULL;
}

/* Ports and years are written so too: replies are 4xx and 5xx of the classes that RFC 5321 has, and 57x. */
static bool is_reply_code(struct str s)
{
	return (s.p[0] == '4' || s.p[0] == '5') && ((s.p[1] >= '0' && s.p[1] <= '5') || s.p[1] == '7') &&
		ascii_digit(s.p[2]);
}

size_t outcome_reply_at(struct str s)
{
	for (size_t i = 0; i + 3 <= s.n; i++) {
		if (!is_reply_code(str_sub(s, i, 3)))
			continue;
		if (i + 3 < s.n && strchr(" -\r\n#<.", s.p[i + 3]) == NULL)
			continue;
		if (i + 4 < s.n && s.p[i + 3] == '.' && ascii_digit(s.p[i + 4]))
			continue;
		if (begins_reply(s, i))
			return i;
	}
	return s.n;
}

int outcome_find_code(struct str s)
{
	for (size_t i = 0; i + 3 <= s.n; i++) {
		if (!is_reply_code(str_sub(s, i, 3)))
			continue;
		if (i + 3 < s.n && s.p[i + 3] != ' ' && s.p[i + 3] != '-' && s.p[i + 3] != '\r' && s.p[i + 3] != '\n')
			continue;
		if (begins_reply(s, i))
			return 100 * (s.p[i] - '0') + 10 * (s.p[i + 1] - '0') + (s.p[i + 2] - '0');
	}
	return 0;
}
