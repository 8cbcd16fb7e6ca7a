#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "cmd/listscrub/judge/suggest.h"
#include "mail/address/domain.h"

/* An apostrophe before an address is how spreadsheets mark a text; an address may begin with one, too. */
static bool is_marked(struct str cell)
{
	return str_starts(cell, STR_LIT("'"));
}

/* The address that was meant, and the domain that was meant in it. */
static void suggest_whole(struct judge *j, struct str text, const struct verdict *meant, struct verdict *v)
{
	struct str domain = suggest_for(j->suggest, meant->domain);

	v->suggestion = meant->address.p != NULL ? meant->address : text;
	if (domain.n > 0)
		v->suggestion = arena_printf(j->arena, "%.*s@%.*s", (int)str_find(v->suggestion, '@'), v->suggestion.p,
			STR_ARGS(domain));
}

/* What is wrong with the cell in plain words; what the parser says of it may be about another of its faults. */
static void tell(const char *what, struct verdict *v)
{
	static const struct {
		const char *what;
		const char *text;
	} words[] = {
		{ "quotes", "quotes or other marks around the address" },
		{ "blanks", "a blank in the address" },
		{ "comma", "a comma instead of a dot in the domain" },
		{ "fullwidth", "fullwidth characters in the address" },
		{ "(at)", "(at) instead of @" },
		{ "doubled @", "more than one @" },
		{ "link", "a link instead of an address" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(what, words[i].what) == 0)
			v->detail = str_of(words[i].text);
}

enum reason judge_repair(struct judge *j, struct str cell, enum reason reason, struct verdict *v)
{
	bool marked = reason == REASON_NONE && is_marked(cell);
	struct verdict meant = { .reason = REASON_NONE };
	struct verdict again = { .reason = REASON_NONE };

	if ((reason != REASON_SYNTAX && !marked) || (!j->set->fix && j->suggest == NULL && !j->details) ||
		!repair_cell(&j->repair, cell))
		return reason;
	/* (What reads an address in blocks may read on.) */
	size_t n = buf_len(&j->repair.text);
	char *room = arena_room(j->arena, n + ADDRESS_PLAIN_SLACK);
	struct str text = str_at(room, n);

	memcpy(room, buf_str(&j->repair.text).p, n);
	bool right = judge_address(j, text, &meant) == REASON_NONE && tld_exists(&j->tld, meant.domain);

	if (right && j->set->fix && j->repair.sure) {
		*v = meant;
		v->address = meant.address.p != NULL ? meant.address : text;
		v->fixed = str_of(j->repair.what);
		v->consented = INT64_MIN;
		return REASON_NONE;
	}
	if (right && j->suggest != NULL)
		suggest_whole(j, text, &meant, v);
	/* (Of a quoted local part there is an option to be told.) */
	if (right && !marked && str_search(cell, STR_LIT("\"@")) == cell.n)
		tell(j->repair.what, v);
	/* The key is that of the suggestion by now. */
	if (marked)
		(void)judge_address(j, cell, &again);
	return reason;
}

void judge_suggest(struct judge *j, struct verdict *v)
{
	if (v->suggestion.n > 0)
		return;
	v->suggestion = suggest_for(j->suggest, v->domain);
	if (v->suggestion.n > 0 || tld_exists(&j->tld, v->domain))
		return;
	/* Nobody can have a domain with this end: of any name it is a slip. */
	for (const struct suggest_slip *p = suggest_ends; p->slip != NULL; p++)
		if (str_ends(v->domain, str_of(p->slip))) {
			v->suggestion = arena_printf(j->arena, "%.*s%s", (int)(v->domain.n - strlen(p->slip)),
				v->domain.p, p->meant);
			return;
		}
}

enum reason judge_tld(struct judge *j, struct verdict *v)
{
	if (tld_exists(&j->tld, v->domain) || domain_reserved(v->domain) || v->domain.p[0] == '[')
		return REASON_NONE;
	size_t dot = str_after_last(v->domain, '.');

	v->tld = arena_copy(j->arena, str_sub(v->domain, dot, v->domain.n));
	if (!j->set->strict_tld)
		return REASON_NONE;
	if (j->details)
		v->detail = arena_printf(j->arena, "there is no top-level domain '%.*s' (as of %s)", STR_ARGS(v->tld),
			tld_date());
	return REASON_SYNTAX;
}
