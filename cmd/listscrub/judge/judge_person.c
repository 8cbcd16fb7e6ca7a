#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "text/date.h"
#include "text/utf8.h"

/* A cell as a person may read it, cut to a length that fits beside others. */
static struct str shown(struct judge *j, struct str cell, const char *what)
{
	struct buf text = { .limit = 0 };
	struct str result;

	buf_add_char(&text, '\'');
	utf8_show(&text, cell, 60);
	buf_add_text(&text, "' ");
	buf_add_text(&text, what);
	result = arena_copy(j->arena, buf_str(&text));
	buf_free(&text);
	return result;
}

/* As words of one piece: "Opt in" is "Opt-in". Long ones are none of ours. */
static bool says(struct str cell, const char *words)
{
	char text[24];

	for (size_t i = 0; i < cell.n && i < sizeof text; i++)
		text[i] = cell.p[i];
	for (size_t i = 0; i < cell.n && i < sizeof text; i++)
		if (cell.p[i] == ' ' || cell.p[i] == '_')
			text[i] = '-';
	return cell.n <= sizeof text && str_among(str_at(text, cell.n), words);
}

/* Yes, or the date on which somebody said yes. What cannot be read is no yes. */
enum reason judge_consent(struct judge *j, struct str cell, struct verdict *v)
{
	static const char yes[] =
		"yes y true t 1 x on ok opt-in optin opted-in double-opt-in confirmed granted given agreed accepted "
		"consented subscribed ja oui si "
		"s\xc3\xad s\xc3\x8d s\xc3\xac s\xc3\x8c s\xed s\xcd s\xec s\xcc "
		"\xe2\x9c\x93 \xe2\x9c\x94 \xe2\x9c\x94\xef\xb8\x8f \xe2\x98\x91 \xe2\x98\x91\xef\xb8\x8f "
		"\xe2\x9c\x85"; /* with accents also in capitals and in Latin-1; marks also as emoji */
	static const char no[] =
		"no n false f 0 off opt-out optout opted-out none never denied revoked withdrawn unconfirmed pending "
		"unsubscribed nein non null n/a undefined -";
	int64_t when;

	cell = address_trim(cell);
	if (says(cell, yes))
		return REASON_NONE;
	if (cell.n > 0 && !says(cell, no)) {
		if (date_parse_any(cell, &when) != DATE_BAD)
			return REASON_NONE;
		j->unread.consent++;
		if (j->details)
			v->detail = shown(j, cell, "is neither yes nor no nor a date");
		return REASON_NO_CONSENT;
	}
	if (j->details)
		v->detail = cell.n > 0 ? shown(j, cell, "is no consent") : STR_LIT("nothing is recorded");
	return REASON_NO_CONSENT;
}

enum reason judge_activity(struct judge *j, struct str cell, struct verdict *v)
{
	int64_t when;

	cell = address_trim(cell);
	enum date_verdict read = cell.n > 0 ? date_parse_any(cell, &when) : DATE_BAD;

	if (read == DATE_OK && when >= j->active_since)
		return REASON_NONE;
	if (read != DATE_OK && cell.n > 0)
		j->unread.active++;
	if (!j->details)
		return REASON_INACTIVE;
	if (cell.n == 0)
		v->detail = STR_LIT("no date");
	else if (read == DATE_OK)
		v->detail = shown(j, cell, "is too long ago");
	else if (read == DATE_AMBIGUOUS)
		v->detail = shown(j, cell, "may be two dates: day or month first?");
	else
		v->detail = shown(j, cell, "is no date");
	return REASON_INACTIVE;
}

int64_t judge_newest(struct judge *j, struct str cell)
{
	int64_t when;

	cell = address_trim(cell);
	if (date_parse_any(cell, &when) == DATE_OK)
		return when;
	j->unread.newest += cell.n > 0;
	return INT64_MIN;
}
