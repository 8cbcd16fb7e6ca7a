#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "base/mem.h"
#include "text/csv.h"
#include "text/date.h"

/* --unengaged: many messages were sent, none was opened. */

#define LEAST 10

/* --- the option --- */

/* The next KEY=VALUE: values end where a comma and another key follow, as columns may have commas in their names. */
static struct str next_value(struct str *rest, int *key)
{
	static const char *const keys[] = { "SENT=", "OPENED=", "MIN=" };
	size_t end = 0;

	*key = -1;
	for (int i = 0; i < 3; i++)
		if (str_istarts(*rest, str_of(keys[i])))
			*key = i;
	if (*key < 0)
		return *rest;
	struct str value = str_sub(*rest, strlen(keys[*key]), rest->n);

	for (bool found = false; end < value.n && !found; end += !found)
		for (int i = 0; i < 3; i++)
			found = found ||
				(value.p[end] == ',' && str_istarts(str_sub(value, end + 1, value.n), str_of(keys[i])));
	*rest = str_sub(value, end + 1, value.n);
	return str_sub(value, 0, end);
}

static bool take_column(struct judge *j, struct str value, const char *list, size_t columns[JUDGE_COUNTS], size_t *n,
	struct err *err)
{
	char *name = mem_copy(value.p, value.n);
	bool ok =
		*n < JUDGE_COUNTS || err_set(err, ERR_USAGE, "--unengaged: at most %zu columns", (size_t)JUDGE_COUNTS);

	ok = ok && judge_find_column(j, "--unengaged", name, list, &columns[*n], err);
	*n += ok;
	mem_free(name);
	return ok;
}

bool judge_find_counts(struct judge *j, const char *list, struct err *err)
{
	struct judge_counts *c = &j->engaged;
	struct str rest = str_of(j->set->unengaged != NULL ? j->set->unengaged : "");
	bool ok = true;

	*c = (struct judge_counts){ .least = j->set->unengaged != NULL ? LEAST : 0 };
	while (ok && rest.n > 0) {
		int key;
		struct str value = str_trim(next_value(&rest, &key));

		if (key < 0 || (key == 2 && (!str_number(value, UINT32_MAX, &c->least) || c->least == 0)))
			return err_set(err, ERR_USAGE, "--unengaged '%s': it takes SENT=COLUMN,OPENED=COLUMN,MIN=N",
				j->set->unengaged);
		ok = key == 2 ||
			(key == 0 ? take_column(j, value, list, c->sent, &c->n_sent, err)
				  : take_column(j, value, list, c->opened, &c->n_opened, err));
	}
	if (ok && j->set->unengaged != NULL && (c->n_sent == 0 || c->n_opened == 0))
		return err_set(err, ERR_USAGE, "--unengaged '%s': SENT=COLUMN and OPENED=COLUMN are needed",
			j->set->unengaged);
	return ok;
}

/* --- rows --- */

/* "1,234", "12.0", "0 %". False: it is not a number. */
static bool read_count(struct str cell, uint64_t *whole, bool *some)
{
	bool fraction = false;
	size_t i = 0;

	*whole = 0;
	*some = false;
	for (; i < cell.n && (ascii_digit(cell.p[i]) || (i > 0 && strchr(",.' ", cell.p[i]) != NULL)); i++) {
		if (!ascii_digit(cell.p[i])) {
			size_t digits = 0;

			while (i + 1 + digits < cell.n && ascii_digit(cell.p[i + 1 + digits]))
				digits++;
			fraction = fraction || digits != 3;
			continue;
		}
		*some = *some || cell.p[i] != '0';
		if (!fraction && *whole < UINT32_MAX)
			*whole = *whole * 10 + (uint64_t)(cell.p[i] - '0');
	}
	struct str rest = str_trim(str_sub(cell, i, cell.n));

	return i > 0 && (rest.n == 0 || str_eq(rest, STR_LIT("%")));
}

/* Was anything opened? A date is when; *known is false where nobody can tell. */
static bool was_opened(const struct judge *j, struct str cell, bool *known)
{
	struct date_reading date;
	uint64_t whole;
	bool some;

	if (cell.n == 0)
		return false;
	if (read_count(cell, &whole, &some))
		return some;
	enum answer answer = answer_read(cell);

	if (answer == ANSWER_YES || answer == ANSWER_NO)
		return answer == ANSWER_YES;
	date_read(cell, j->set->dates, &date);
	*known = *known && date.kind != DATE_UNREADABLE;
	return date.kind == DATE_READ;
}

enum reason judge_engagement(struct judge *j, const struct csv_row *row, struct verdict *v)
{
	const struct judge_counts *c = &j->engaged;
	uint64_t sent = 0;
	bool known = true;

	for (size_t i = 0; i < c->n_opened; i++)
		if (was_opened(j, address_trim(judge_cell(row, c->opened[i])), &known))
			return REASON_NONE;
	for (size_t i = 0; i < c->n_sent; i++) {
		struct str cell = address_trim(judge_cell(row, c->sent[i]));
		uint64_t whole;
		bool some;

		if (cell.n > 0 && !read_count(cell, &whole, &some))
			known = false;
		else if (cell.n > 0)
			sent += whole;
	}
	j->unread.engagement += !known;
	if (!known || sent < c->least)
		return REASON_NONE;
	if (j->details)
		v->detail = arena_printf(j->arena, "%llu sent, none opened", (unsigned long long)sent);
	return REASON_UNENGAGED;
}

bool judge_lacks_counts(const struct judge *j, const struct csv_row *row)
{
	for (size_t i = 0; i < j->engaged.n_sent; i++)
		if (row->n <= j->engaged.sent[i])
			return true;
	for (size_t i = 0; i < j->engaged.n_opened; i++)
		if (row->n <= j->engaged.opened[i])
			return true;
	return false;
}
