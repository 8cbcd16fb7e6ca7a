#include <config.h>

#include "mail/address/address.h"
#include "mail/list/list_state.h"

/*
 * Names of the column with the address, the surest first: one table for every list. Names that mean "my address" come before
 * those of a second one.
 */
static const char *const sure_names[] = {
	"email",
	"e-mail",
	"email address",
	"e-mail address",
	"emailaddress",
	"email_address",
	"email-address",
	"e_mail",
	"mail",
	"mail address",
	"mailaddress",
	"e-mail-adresse",
	"e-mailadresse",
	"emailadresse",
	"email-adresse",
	"adresse e-mail",
	"adresse email",
	"adresse mail",
	"courriel",
	"correo",
	"correo electr\xc3\xb3nico",
	"recipient",
	"email 1",
	"email1",
	"e-mail 1",
	"e-mail 1 - value",
	"primary email",
};

/* A street or a name may be called so as well. */
static const char *const loose_names[] = {
	"address",
	"adresse",
	"to",
};

static size_t find_name(const char *const *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name, str_of(names[i])))
			return i;
	return LIST_NONE;
}

size_t list_name_rank(struct str name)
{
	size_t rank = find_name(sure_names, sizeof sure_names / sizeof *sure_names, str_trim(name));

	if (rank != LIST_NONE)
		return rank;
	rank = find_name(loose_names, sizeof loose_names / sizeof *loose_names, str_trim(name));
	return rank == LIST_NONE ? LIST_NONE : LIST_LOOSE + rank;
}

size_t list_asked_rank(const struct list_asked *asked, struct str name)
{
	uint64_t number;

	/* (A number is no name: cells of rows are numbers, too.) */
	if (asked->email != NULL && str_ieq(str_trim(name), str_of(asked->email)) &&
		!str_number(str_of(asked->email), UINT64_MAX, &number))
		return 0;
	return list_name_rank(name);
}

bool list_asked_names(const struct list_asked *asked, struct str name)
{
	name = str_trim(name);
	if (list_asked_rank(asked, name) < LIST_LOOSE)
		return true;
	for (size_t i = 0; asked->names != NULL && asked->names[i] != NULL; i++)
		if (str_ieq(name, str_of(asked->names[i])))
			return true;
	return false;
}

static bool has_separator(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(",;\t|", s.p[i]) != NULL)
			return true;
	return false;
}

static bool is_entry(struct str cell)
{
	bool hex = true;

	/* (Anything with an "@" would make an entry of a whole row, whatever is between its cells.) */
	if (str_starts(cell, STR_LIT("@")) || str_starts(cell, STR_LIT("*@")))
		return !has_separator(cell);
	if (str_istarts(cell, STR_LIT("sha256:")) || str_istarts(cell, STR_LIT("sha1:")) ||
		str_istarts(cell, STR_LIT("md5:")))
		return true;
	for (size_t i = 0; i < cell.n && hex; i++)
		hex = ascii_hex(cell.p[i]) >= 0;
	return hex && (cell.n == 32 || cell.n == 40 || cell.n == 64);
}

bool list_cell_is_address(struct str cell, bool entries)
{
	struct address a = { .domain_fault = 0 };
	struct str bare;

	if (entries && is_entry(str_trim(cell)))
		return true;
	bool ok = str_find(cell, '@') < cell.n && address_unwrap(cell, &bare, NULL) &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

/* --- which column --- */

void list_sight_add(struct list_sight *s, struct str cell, bool entries)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	s->tries += str_find(cell, '@') < cell.n;
	if (!list_cell_is_address(cell, entries))
		return;
	for (size_t i = 0; i < cell.n; i++)
		hash = (hash ^ (unsigned char)ascii_lower(cell.p[i])) * UINT64_C(1099511628211);
	s->varied = s->varied || (s->hits > 0 && hash != s->first);
	s->first = s->hits++ == 0 ? hash : s->first;
}

static size_t rank_of(const struct list_form *f, size_t column)
{
	return list_name_rank(str_of(f->names[column]));
}

static size_t most_of(const struct list_form *f, const struct list_sight *sights)
{
	size_t most = 0;

	for (size_t i = 0; i < f->columns; i++)
		most = sights[i].hits > most ? sights[i].hits : most;
	return most;
}

/* One value in all rows, or somebody else's address by its name. */
static bool is_theirs(const struct list_form *f, const struct list_sight *sights, size_t i)
{
	return (sights[i].hits > 1 && !sights[i].varied) ||
		(rank_of(f, i) == LIST_NONE && list_name_is_owner(str_of(f->names[i])));
}

/* Is there a column of different addresses, as full, that is nobody else's? */
static bool has_better(const struct list_form *f, const struct list_sight *sights, size_t column)
{
	if (!is_theirs(f, sights, column))
		return false;
	for (size_t i = 0; i < f->columns; i++)
		if (sights[i].varied && !is_theirs(f, sights, i) && 2 * sights[i].hits >= sights[column].hits)
			return true;
	return false;
}

/* The column with the best name. Of two with the same one that which has more addresses. */
static size_t find_named(const struct list_form *f, const struct list_sight *sights)
{
	size_t best = LIST_NONE;

	for (size_t i = 0; i < f->columns; i++) {
		size_t rank = rank_of(f, i);

		if (rank == LIST_NONE || has_better(f, sights, i))
			continue;
		if (best == LIST_NONE || rank < rank_of(f, best) ||
			(rank == rank_of(f, best) && sights[i].hits > sights[best].hits))
			best = i;
	}
	return best;
}

static size_t find_fullest(const struct list_form *f, const struct list_sight *sights)
{
	size_t best = LIST_NONE;

	for (size_t i = 0; i < f->columns; i++)
		if (sights[i].hits > 0 && !has_better(f, sights, i) &&
			(best == LIST_NONE || sights[i].hits > sights[best].hits))
			best = i;
	return best;
}

static size_t count_sure(const struct list_form *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->columns; i++)
		n += rank_of(f, i) < LIST_LOOSE;
	return n;
}

static bool is_more(const struct list_form *f, size_t column)
{
	for (size_t i = 0; i < f->n_more; i++)
		if (f->more[i] == column)
			return true;
	return false;
}

/* Another column that has addresses as well, and whose name speaks for it no less. */
static size_t find_other(const struct list_form *f, const struct list_sight *sights)
{
	size_t most = most_of(f, sights);
	size_t found = LIST_NONE;

	for (size_t i = 0; i < f->columns && f->email != LIST_NONE; i++) {
		bool as_good = rank_of(f, i) < LIST_LOOSE || rank_of(f, f->email) >= LIST_LOOSE;

		if (i != f->email && as_good && !is_more(f, i) && !has_better(f, sights, i) && sights[i].hits > 0 &&
			sights[i].hits * 2 >= most && (found == LIST_NONE || sights[i].hits > sights[found].hits))
			found = i;
	}
	return found;
}

/* What the table of names cannot settle between the two. */
static bool is_tied(const struct list_form *f, const struct list_sight *sights)
{
	size_t rank = rank_of(f, f->email);

	return sights[f->other].hits >= sights[f->email].hits && (rank >= LIST_LOOSE || rank == rank_of(f, f->other));
}

/* "E-mail 2 - Value" beside "E-mail 1 - Value". */
static void find_more(struct list_form *f)
{
	f->n_more = 0;
	for (size_t i = 0; i < f->columns && f->email != LIST_NONE && f->header == LIST_HEADER_YES; i++)
		if (i != f->email && f->n_more < LIST_MORE &&
			!str_ieq(str_of(f->names[i]), str_of(f->names[f->email])) &&
			list_names_are_kin(str_of(f->names[f->email]), str_of(f->names[i])))
			f->more[f->n_more++] = i;
}

static size_t find_twice(const struct list_form *f)
{
	for (size_t i = 1; i < f->columns && i < LIST_LOOSE && f->header == LIST_HEADER_YES; i++)
		for (size_t k = 0; k < i; k++)
			if (f->names[i][0] != '\0' && str_ieq(str_of(f->names[i]), str_of(f->names[k])))
				return i;
	return LIST_NONE;
}

void list_choose_column(struct list_form *f, const struct list_asked *asked, const struct list_sight *sights)
{
	size_t named = find_named(f, sights);
	size_t fullest = find_fullest(f, sights);

	f->email = fullest;
	f->named = asked->email != NULL || count_sure(f) == 1;
	f->twice = find_twice(f);
	f->unsure = false;
	if (asked->email != NULL && list_form_column(f, asked->email) != LIST_NONE)
		f->email = list_form_column(f, asked->email);
	else if (named != LIST_NONE && rank_of(f, named) < LIST_LOOSE)
		f->email = named;
	else if (named != LIST_NONE && (fullest == LIST_NONE || sights[named].hits * 2 >= sights[fullest].hits))
		f->email = named;
	else if (fullest == LIST_NONE && f->columns == 1) {
		f->email = 0;
		f->unsure = true;
	}
	if (asked->email == NULL)
		find_more(f);
	f->other = asked->email != NULL ? LIST_NONE : find_other(f, sights);
	f->tied = f->other != LIST_NONE && is_tied(f, sights);
}

size_t list_form_column(const struct list_form *f, const char *name)
{
	uint64_t number;

	for (size_t i = 0; i < f->columns && f->header == LIST_HEADER_YES; i++)
		if (strcmp(f->names[i], name) == 0)
			return i;
	for (size_t i = 0; i < f->columns && f->header == LIST_HEADER_YES; i++)
		if (str_ieq(str_of(f->names[i]), str_of(name)))
			return i;
	if (str_number(str_of(name), f->columns, &number) && number > 0)
		return (size_t)number - 1;
	return LIST_NONE;
}
