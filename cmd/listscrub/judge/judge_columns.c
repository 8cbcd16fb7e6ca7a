#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "base/mem.h"
#include "cli/say.h"
#include "text/csv.h"
#include "text/date.h"

/* Finding in a list the columns that the options name. */

bool judge_find_column(const struct judge *j, const char *option, const char *wanted, const char *list, size_t *at,
	struct err *err)
{
	struct buf names = { .limit = 120 };

	*at = LIST_NONE;
	if (wanted == NULL)
		return true;
	*at = list_form_column(j->form, wanted);
	if (*at != LIST_NONE)
		return true;
	for (size_t i = 0; i < j->form->columns && j->form->header == LIST_HEADER_YES; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", j->form->names[i]);
	if (buf_len(&names) > 0)
		err_set(err, ERR_DATA, "%s has no column '%s' (%s); it has %s", list, wanted, option, buf_text(&names));
	else
		err_set(err, ERR_DATA, "%s has no column '%s' (%s); without a header columns are numbers from 1 to %zu",
			list, wanted, option, j->form->columns);
	buf_free(&names);
	return false;
}

/* "--drop-role FILE" with a blank names a list. Whoever meant "--drop-role=FILE" must hear of it. */
static bool check_slip(const struct judge *j, const char *name, struct err *err)
{
	const struct settings *set = j->set;
	const char *option = set->drop_role != NULL && set->drop_role[0] == '\0'  ? "--drop-role"
		: set->drop_disposable != NULL && set->drop_disposable[0] == '\0' ? "--drop-disposable"
										  : NULL;

	if (option == NULL || set->lists[0] == NULL || strcmp(set->lists[0], "-") == 0 || set->email != NULL ||
		!j->form->unsure || j->form->header != LIST_HEADER_YES)
		return true;
	return err_set(err, ERR_DATA,
		"%s is read as a list, and no address stands in it: a file for %s goes behind '=', "
		"without a blank (a list all the same? name its column with --email)",
		name, option);
}

/* Two columns with addresses in them, and nothing but our rules to tell which one is meant. */
static void say_choice(const struct list_form *form, const char *name)
{
	say_note("%s: column %zu%s%s is taken for the address, and column %zu%s%s has some, too: --email settles it",
		name, form->email + 1, form->names[form->email][0] != '\0' ? ", " : "", form->names[form->email],
		form->other + 1, form->names[form->other][0] != '\0' ? ", " : "", form->names[form->other]);
}

static bool find_dates(struct judge *j, const char *option, const char *wanted, const char *list,
	struct judge_dates *dates, struct err *err)
{
	dates->orders = dates->noted = DATE_ANY_ORDER;
	return judge_find_column(j, option, wanted, list, &dates->at, err);
}

static bool find_activities(struct judge *j, const char *list, struct err *err)
{
	const struct option_list *names = &j->set->active;

	mem_free(j->active);
	j->active = mem_array(names->n, sizeof *j->active);
	for (j->actives = 0; j->actives < names->n; j->actives++)
		if (!find_dates(j, "--active", names->values[j->actives], list, &j->active[j->actives], err))
			return false;
	return true;
}

/* COLUMN, which may have "=" in its name, or COLUMN=VALUE,... */
static bool find_answer(const struct judge *j, const char *option, const char *asked, const char *list,
	struct judge_answers *a, struct err *err)
{
	struct str text = str_of(asked);
	size_t n = str_find(text, '=');
	char *name;
	bool ok;

	*a = (struct judge_answers){ .at = list_form_column(j->form, asked), .name = text };
	if (a->at != LIST_NONE)
		return true;
	if (n < text.n && str_trim(str_sub(text, n + 1, text.n)).n == 0)
		return err_set(err, ERR_USAGE, "%s '%s': no values after '='", option, asked);
	if (n < text.n)
		a->values = str_sub(text, n + 1, text.n);
	a->name = str_sub(text, 0, n);
	name = mem_copy(a->name.p, a->name.n);
	ok = judge_find_column(j, option, name, list, &a->at, err);
	mem_free(name);
	return ok;
}

static bool find_answers(const struct judge *j, const char *option, const struct option_list *asked, const char *list,
	struct judge_answers **answers, size_t *n, struct err *err)
{
	mem_free(*answers);
	*answers = mem_array(asked->n, sizeof **answers);
	for (*n = 0; *n < asked->n; (*n)++)
		if (!find_answer(j, option, asked->values[*n], list, &(*answers)[*n], err))
			return false;
	return true;
}

static bool is_cut(const struct csv_row *row, const size_t *map, size_t column)
{
	return map[column] != LIST_NONE && map[column] >= row->n;
}

bool judge_needs_more(const struct judge *j, const struct csv_row *row, const size_t *map)
{
	bool cut = is_cut(row, map, j->email);

	for (size_t i = 0; i < j->n_consents; i++)
		cut = cut || is_cut(row, map, j->consents[i].at);
	for (size_t i = 0; i < j->n_opt_outs; i++)
		cut = cut || is_cut(row, map, j->opt_outs[i].at);
	for (size_t i = 0; i < j->actives; i++)
		cut = cut || is_cut(row, map, j->active[i].at);
	for (size_t i = 0; i < j->engaged.n_sent; i++)
		cut = cut || is_cut(row, map, j->engaged.sent[i]);
	for (size_t i = 0; i < j->engaged.n_opened; i++)
		cut = cut || is_cut(row, map, j->engaged.opened[i]);
	return cut;
}

static bool add_email(struct judge *j, const char *name, const char *list, size_t n, struct err *err)
{
	size_t at;

	if (n > LIST_MORE)
		return err_set(err, ERR_USAGE, "--email: at most %zu columns", LIST_MORE + 1);
	if (!judge_find_column(j, "--email", name, list, &at, err))
		return false;
	if (n == 0)
		j->email = at;
	else
		j->more[j->n_more++] = at;
	return true;
}

/* One column, which may have a comma in its name, or several. */
static bool find_emails(struct judge *j, const char *list, struct err *err)
{
	struct str rest = str_of(j->set->email != NULL ? j->set->email : "");
	bool ok = true;

	j->n_more = 0;
	if (j->set->email == NULL) {
		j->email = j->form->email;
		j->n_more = j->form->n_more;
		memcpy(j->more, j->form->more, sizeof j->more);
		return true;
	}
	if (list_form_column(j->form, j->set->email) != LIST_NONE || str_find(rest, ',') == rest.n)
		return add_email(j, j->set->email, list, 0, err);
	for (size_t n = 0; ok && rest.p != NULL; n++) {
		struct str part = str_trim(str_cut(&rest, ','));
		char *name = mem_copy(part.p, part.n);

		ok = add_email(j, name, list, n, err);
		mem_free(name);
	}
	return ok;
}

static void say_more(const struct judge *j, const char *name)
{
	for (size_t i = 0; i < j->n_more && j->set->email == NULL; i++)
		say_note("%s: where '%s' is blank, '%s' is taken (--email settles it)", name, j->form->names[j->email],
			j->form->names[j->more[i]]);
}

bool judge_columns(struct judge *j, const struct list_form *form, const char *name, struct err *err)
{
	j->form = form;
	j->newest.at = LIST_NONE;
	if (form->columns == 0)
		return true;
	if (!find_emails(j, name, err) ||
		!find_answers(j, "--consent", &j->set->consent, name, &j->consents, &j->n_consents, err) ||
		!find_answers(j, "--opt-out", &j->set->opt_out, name, &j->opt_outs, &j->n_opt_outs, err) ||
		!judge_find_counts(j, name, err) || !find_activities(j, name, err) ||
		!find_dates(j, "--keep", j->set->newest, name, &j->newest, err))
		return false;
	if (j->email == LIST_NONE)
		return err_set(err, ERR_DATA, "%s: no column holds addresses; name it with --email COLUMN", name);
	if (!check_slip(j, name, err))
		return false;
	if (j->set->email == NULL && form->other != LIST_NONE)
		say_choice(form, name);
	say_more(j, name);
	return true;
}
