#include <config.h>

#include "cmd/listscrub/read/sniff.h"

#include "base/mem.h"
#include "mail/address/address.h"
#include "text/csv.h"

/* Names of the column with the address, the surest first. The last ones are also what a street has: they
 * count only where addresses stand in the column. */
static const char *const email_names[] = {
	"email",
	"e-mail",
	"email address",
	"e-mail address",
	"emailaddress",
	"email_address",
	"e_mail",
	"mail",
	"mail address",
	"mailaddress",
	"e-mail-adresse",
	"e-mailadresse",
	"adresse e-mail",
	"adresse mail",
	"courriel",
	"correo",
	"correo electr\xc3\xb3nico",
	"recipient",
	"email 1",
	"email1",
	"address",
	"adresse",
	"to",
};
#define SURE_NAMES (sizeof email_names / sizeof email_names[0] - 3)
#define ALL_NAMES (sizeof email_names / sizeof email_names[0])

static bool is_address(struct str cell)
{
	struct address a = { .domain_fault = 0 };
	struct str bare;
	bool ok = str_find(cell, '@') < cell.n && address_unwrap(cell, &bare, NULL) &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

/* A first row with an "@" in it is no header: also where the address is one that nobody would take. */
static bool looks_like_header(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (str_find(row->cells[i].value, '@') < row->cells[i].value.n)
			return false;
	return true;
}

static void take_first(struct sniff *s, const struct csv_row *row)
{
	if (s->header == SNIFF_GUESS)
		s->header = looks_like_header(row) ? SNIFF_HEADER : SNIFF_NO_HEADER;
	s->columns = row->n;
	s->names = mem_array(row->n, sizeof *s->names);
	for (size_t i = 0; i < row->n; i++) {
		struct str name = s->header == SNIFF_HEADER ? str_trim(row->cells[i].value) : STR_LIT("");

		s->names[i] = mem_copy(name.p, name.n);
	}
}

static size_t name_rank(const char *name)
{
	for (size_t i = 0; i < ALL_NAMES; i++)
		if (str_ieq(str_of(name), str_of(email_names[i])))
			return i;
	return ALL_NAMES;
}

/* By name, else the first column in which addresses stand; an only column is it in any case. */
static size_t choose_email(struct sniff *s, const size_t *hits)
{
	size_t named = SNIFF_NONE;
	size_t rank = ALL_NAMES;
	size_t holds = SNIFF_NONE;
	size_t most = 0;
	size_t sure = 0;

	for (size_t i = 0; i < s->columns; i++) {
		sure += name_rank(s->names[i]) < SURE_NAMES;
		if (name_rank(s->names[i]) < rank) {
			rank = name_rank(s->names[i]);
			named = i;
		}
		most = hits[i] > most ? hits[i] : most;
	}
	for (size_t i = s->columns; i-- > 0;)
		if (hits[i] > 0 && hits[i] * 2 >= most)
			holds = i;
	s->named = s->named || sure == 1;
	if (named != SNIFF_NONE && (rank < SURE_NAMES || hits[named] > 0 || holds == SNIFF_NONE))
		return named;
	s->unsure = holds == SNIFF_NONE && s->columns == 1;
	return s->unsure ? 0 : holds;
}

/* Another column that has addresses as well, and whose name speaks for it no less. */
static size_t find_other(const struct sniff *s, const size_t *hits)
{
	size_t most = 0;

	for (size_t i = 0; i < s->columns; i++)
		most = hits[i] > most ? hits[i] : most;
	for (size_t i = 0; i < s->columns && s->email != SNIFF_NONE; i++)
		if (i != s->email && hits[i] > 0 && hits[i] * 2 >= most &&
			(name_rank(s->names[i]) < SURE_NAMES || name_rank(s->names[s->email]) >= SURE_NAMES))
			return i;
	return SNIFF_NONE;
}

void sniff_list(struct sniff *s, struct str head)
{
	struct csv csv = { .p = NULL };
	struct csv_row row;
	size_t *hits = NULL;

	if (s->delimiter == '\0')
		s->delimiter = csv_guess_delimiter(head);
	s->email = s->other = SNIFF_NONE;
	csv_init(&csv, s->delimiter);
	if (head.n > 0)
		memcpy(csv_room(&csv, head.n), head.p, head.n);
	csv_fed(&csv, head.n);
	csv_eof(&csv);
	for (size_t n = 0; n < SNIFF_ROWS && csv_next(&csv, &row, NULL) == CSV_ROW; n++) {
		if (n == 0) {
			take_first(s, &row);
			hits = mem_array(s->columns, sizeof *hits);
			if (s->header == SNIFF_HEADER)
				continue;
		}
		for (size_t i = 0; i < row.n && i < s->columns; i++)
			hits[i] += is_address(row.cells[i].value);
	}
	if (s->columns > 0) {
		s->email = choose_email(s, hits);
		s->other = find_other(s, hits);
	}
	mem_free(hits);
	csv_free(&csv);
}

void sniff_free(struct sniff *s)
{
	for (size_t i = 0; i < s->columns; i++)
		mem_free(s->names[i]);
	mem_free(s->names);
	*s = (struct sniff){ .email = SNIFF_NONE, .other = SNIFF_NONE };
}

size_t sniff_column(const struct sniff *s, const char *name)
{
	uint64_t number;

	for (size_t i = 0; i < s->columns && s->header == SNIFF_HEADER; i++)
		if (strcmp(s->names[i], name) == 0)
			return i;
	for (size_t i = 0; i < s->columns && s->header == SNIFF_HEADER; i++)
		if (str_ieq(str_of(s->names[i]), str_of(name)))
			return i;
	if (str_number(str_of(name), s->columns, &number) && number > 0)
		return (size_t)number - 1;
	return SNIFF_NONE;
}
