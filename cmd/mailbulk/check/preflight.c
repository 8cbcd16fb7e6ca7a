#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/safelist.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/check/selection.h"
#include "cmd/mailbulk/rows/owners.h"
#include "cmd/mailbulk/letter/values.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/stop.h"

#define LIST_WITHOUT_UNSUBSCRIBE 100 /* rows that may be mailed without saying how to leave */
#define LARGE ((uint64_t)20 << 20)

void preflight_init(struct preflight *p, const struct campaign *campaign, const struct list *list)
{
	*p = (struct preflight){ .campaign = campaign, .settings = campaign->settings, .list = list };
	p->empty = mem_array(list->n_columns, sizeof *p->empty);
	p->used = mem_array(list->n_columns, sizeof *p->used);
}

void preflight_free(struct preflight *p)
{
	mem_free(p->empty);
	mem_free(p->used);
	findings_free(&p->findings);
	buf_free(&p->sender);
	buf_free(&p->from);
}

void preflight_lists(struct preflight *p, const struct suppress *suppress)
{
	uint64_t told = safelist_say(&suppress->files);

	/* In their own words on standard error. */
	for (uint64_t i = 0; i < told; i++)
		findings_add(&p->findings, "suppress-list", false, 0,
			"a --suppress file has lines that cannot be used");
	p->warnings += told;
}

void preflight_row(struct preflight *p, const struct values *values, struct letter *letter)
{
	if (p->rows++ == 0) {
		p->first = letter->size;
		buf_add(&p->sender, buf_str(&letter->reverse_path));
	}
	for (size_t i = 0; i < p->list->n_columns; i++)
		p->empty[i] += p->used[i] && values->row->cells[i].n == 0;
	if (letter->size > p->largest)
		p->largest = letter->size;
	p->octets += letter->size;
	if (p->owners != NULL)
		owners_note(p->owners, buf_str(&values->address.ascii));
	preflight_from(p, letter);
	preflight_content(p, values, letter);
}

static void check_consent(struct preflight *p)
{
	const struct settings *s = p->settings;
	bool has = s->unsubscribe.n > 0 || campaign_field(p->campaign, "List-Unsubscribe") != NULL;

	if (has || s->transactional || s->test != NULL)
		return;
	if (p->rows + p->elsewhere <= LIST_WITHOUT_UNSUBSCRIBE) {
		preflight_warn(p, "unsubscribe-missing",
			"there is no List-Unsubscribe (--unsubscribe URL; --transactional if this is no bulk mail)");
		return;
	}
	if (s->action == ACTION_DRY_RUN)
		preflight_warn(p, "unsubscribe-missing",
			"--send will refuse a list of more than %d without --unsubscribe (or --transactional, if this is "
			"no bulk mail)",
			LIST_WITHOUT_UNSUBSCRIBE);
	else
		preflight_error(p, ERR_USAGE, "unsubscribe-missing",
			"a list of more than %d is not sent without --unsubscribe URL (or --transactional, if this is no "
			"bulk mail)",
			LIST_WITHOUT_UNSUBSCRIBE);
}

/* What the list left to be guessed. */
static void warn_form(struct preflight *p)
{
	const struct list *list = p->list;
	const struct list_form *form = &list->reader.form;

	if (p->settings->email == NULL && form->other != LIST_NONE)
		preflight_warn(p, "address-column",
			"%s: column %zu is taken for the address, column %zu has some, too: --email settles it",
			list->name, form->email + 1, form->other + 1);
	if (list->foreign_line > 0)
		preflight_warn(p, "charset", "%s: line %llu is not UTF-8: such cells are read as Windows-1252",
			list->name, (unsigned long long)list->foreign_line);
	if (list->reader.dropped > 0)
		preflight_warn(p, "keys-left-out",
			"%s: from line %llu on there are keys that the first %zu lines do not have: left out",
			list->name, (unsigned long long)list->reader.dropped_line, LIST_ROWS);
}

void preflight_whole(struct preflight *p)
{
	if (p->bad > BAD_ROWS_SHOWN)
		say_errorf("… and %llu more rows like these", (unsigned long long)(p->bad - BAD_ROWS_SHOWN));
	if (p->bad > 0 && !p->settings->skip_bad)
		say_note("listscrub takes bad rows out of a list; --skip-bad sends to the others");
	for (size_t i = 0; i < p->list->n_columns; i++)
		if (p->empty[i] > 0)
			preflight_warn(p, "empty-cells",
				"%llu rows have nothing in %s: a default is written {{%s|like this}}",
				(unsigned long long)p->empty[i], p->list->columns[i], p->list->columns[i]);
	if (p->duplicates > 0 && p->settings->key == NULL)
		preflight_warn(p, "duplicate",
			"%llu rows have an address that an earlier row has: they are left out (--key COLUMN tells "
			"such rows apart)",
			(unsigned long long)p->duplicates);
	else if (p->duplicates > 0)
		preflight_warn(p, "duplicate", "%llu rows have the address and %s of an earlier row: they are left out",
			(unsigned long long)p->duplicates, p->settings->key);
	if (p->largest > LARGE)
		preflight_warn(p, "size-large", "the largest message has %llu MB: many servers refuse that",
			(unsigned long long)(p->largest / 1000000));
	warn_form(p);
	if (p->rows == 0 && p->errors == 0)
		preflight_warn(p, "nobody", "there is nobody to send to");
	check_consent(p);
	if (p->rows > LIST_WITHOUT_UNSUBSCRIBE && !p->postal && !p->settings->transactional &&
		p->settings->test == NULL)
		preflight_warn(p, "postal-address-missing",
			"no postal address was found in the text, which CAN-SPAM and other laws ask of advertising");
	if (p->settings->dns && p->rows > 0)
		preflight_dns(p);
}

bool preflight_run(struct preflight *p, struct selection *selection, struct err *err)
{
	struct letter letter = { 0 };
	struct moment now = { .wall = clock_wall() };
	enum choice choice = CHOICE_TAKEN;
	struct err why;

	while (choice != CHOICE_END && choice != CHOICE_FAIL && stop_signal() == 0) {
		why = (struct err){ 0 };
		choice = selection_next(selection, &why);
		p->suppressed += choice == CHOICE_SUPPRESSED;
		p->duplicates += choice == CHOICE_DUPLICATE;
		if (choice == CHOICE_BAD)
			preflight_bad(p, selection->row.line, &why);
		if (choice != CHOICE_TAKEN)
			continue;
		/* The first is put together in full: what is wrong with all shows there. */
		if (letter_render(&letter, p->campaign, &selection->values, &now, p->rows > 0, &why))
			preflight_row(p, &selection->values, &letter);
		else
			preflight_bad(p, selection->row.line, &why);
	}
	letter_free(&letter);
	p->elsewhere = selection->elsewhere;
	if (choice == CHOICE_FAIL)
		*err = why;
	return choice != CHOICE_FAIL;
}

static bool write_json(const struct preflight *p, int status)
{
	struct buf out = { 0 };
	struct err err = { 0 };

	findings_json(p, status, &out);
	bool ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", &err);

	if (!ok)
		say_error(&err);
	buf_free(&out);
	return ok;
}

int preflight_end(struct preflight *p)
{
	struct buf text = { 0 };

	buf_printf(&text, "%llu message%s", (unsigned long long)p->rows, p->rows == 1 ? "" : "s");
	if (p->suppressed > 0)
		buf_printf(&text, ", %llu rows suppressed", (unsigned long long)p->suppressed);
	if (p->duplicates > 0)
		buf_printf(&text, ", %llu duplicates", (unsigned long long)p->duplicates);
	if (p->bad > 0)
		buf_printf(&text, ", %llu bad rows", (unsigned long long)p->bad);
	buf_printf(&text, "; %llu error%s, %llu warning%s", (unsigned long long)p->errors, p->errors == 1 ? "" : "s",
		(unsigned long long)p->warnings, p->warnings == 1 ? "" : "s");
	say_note("%s", buf_text(&text));
	buf_free(&text);
	int status = p->errors > 0 ? (int)p->kind : 0;

	return p->settings->json && !write_json(p, status) ? ERR_IO : status;
}
