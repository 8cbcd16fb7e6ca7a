#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "cli/safelist.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/check/selection.h"
#include "cmd/mailbulk/letter/values.h"
#include "io/clock.h"
#include "io/stop.h"
#include "mail/address/domain.h"

#define BAD_ROWS_SHOWN 10
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
	buf_free(&p->sender);
}

void preflight_error(struct preflight *p, enum err_kind kind, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	say_errorf("error: %s", text);
	if (p->errors++ == 0)
		p->kind = kind;
}

void preflight_warn(struct preflight *p, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	say_note("warning: %s", text);
	p->warnings++;
}

void preflight_bad(struct preflight *p, uint64_t line, const struct err *why)
{
	if (p->settings->skip_bad) {
		if (p->bad++ < BAD_ROWS_SHOWN)
			preflight_warn(p, "%s: line %llu: %s (left out)", p->list->name, (unsigned long long)line,
				why->text);
		return;
	}
	if (p->bad++ < BAD_ROWS_SHOWN) {
		preflight_error(p, ERR_DATA, "%s: line %llu: %s", p->list->name, (unsigned long long)line, why->text);
		return;
	}
	p->errors++;
	p->kind = p->kind == ERR_NONE ? ERR_DATA : p->kind;
}

void preflight_lists(struct preflight *p, const struct suppress *suppress)
{
	p->warnings += safelist_say(&suppress->files);
}

/* DMARC asks that the domain people see is the one that signs (RFC 7489, 3.1.1, relaxed). */
static void check_from(struct preflight *p, const struct letter *letter)
{
	static const char *const others[] = { "gmail.com", "googlemail.com", "yahoo.com", "aol.com", "outlook.com",
		"hotmail.com", "live.com", "icloud.com", "gmx.de", "web.de" };
	struct str from = buf_str(&letter->from);
	struct buf ascii = { 0 };
	struct buf signer = { 0 };

	while (from.n > 0 && str_find(from, '@') < from.n)
		from = str_sub(from, str_find(from, '@') + 1, from.n);
	domain_to_ascii(&ascii, from);
	for (size_t i = 0; !p->from_told && i < sizeof others / sizeof *others; i++) {
		if (!str_eq(buf_str(&ascii), str_of(others[i])))
			continue;
		p->from_told = true;
		preflight_warn(p,
			"From is at %s, whose rules let no other servers send for it: such mail is mostly rejected",
			others[i]);
	}
	if (p->campaign->dkim_key != NULL && !p->dkim_told) {
		domain_to_ascii(&signer, str_of(p->settings->account.keys.dkim_domain));
		if (!domain_within(buf_str(&ascii), buf_str(&signer)) &&
			!domain_within(buf_str(&signer), buf_str(&ascii))) {
			p->dkim_told = true;
			preflight_warn(p, "From is at %s, but DKIM signs for %s: DMARC does not count that signature",
				buf_text(&ascii), buf_text(&signer));
		}
	}
	buf_free(&ascii);
	buf_free(&signer);
}

void preflight_row(struct preflight *p, const struct values *values, const struct letter *letter)
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
	if (!p->from_told || !p->dkim_told)
		check_from(p, letter);
	if (!p->html_told && buf_len(&letter->scratch[3]) > 100000) {
		p->html_told = true;
		preflight_warn(p, "the HTML is over 100 kB: Gmail shows only its beginning");
	}
}

static void check_consent(struct preflight *p)
{
	const struct settings *s = p->settings;
	bool has = s->unsubscribe.n > 0 || campaign_field(p->campaign, "List-Unsubscribe") != NULL;

	if (has || s->transactional || s->test != NULL)
		return;
	if (p->rows + p->elsewhere <= LIST_WITHOUT_UNSUBSCRIBE) {
		preflight_warn(p,
			"there is no List-Unsubscribe (--unsubscribe URL; --transactional if this is no bulk mail)");
		return;
	}
	if (s->action == ACTION_DRY_RUN)
		preflight_warn(p,
			"--send will refuse a list of more than %d without --unsubscribe (or --transactional, if this is "
			"no bulk mail)",
			LIST_WITHOUT_UNSUBSCRIBE);
	else
		preflight_error(p, ERR_USAGE,
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
		preflight_warn(p,
			"%s: column %zu is taken for the address, column %zu has some, too: --email settles it",
			list->name, form->email + 1, form->other + 1);
	if (list->foreign_line > 0)
		preflight_warn(p, "%s: line %llu is not UTF-8: such cells are read as Windows-1252", list->name,
			(unsigned long long)list->foreign_line);
	if (list->reader.dropped > 0)
		preflight_warn(p, "%s: from line %llu on there are keys that the first %zu lines do not have: left out",
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
			preflight_warn(p, "%llu rows have nothing in %s: a default is written {{%s|like this}}",
				(unsigned long long)p->empty[i], p->list->columns[i], p->list->columns[i]);
	if (p->duplicates > 0 && p->settings->key == NULL)
		preflight_warn(p,
			"%llu rows have an address that an earlier row has: they are left out (--key COLUMN tells "
			"such rows apart)",
			(unsigned long long)p->duplicates);
	else if (p->duplicates > 0)
		preflight_warn(p, "%llu rows have the address and %s of an earlier row: they are left out",
			(unsigned long long)p->duplicates, p->settings->key);
	if (p->largest > LARGE)
		preflight_warn(p, "the largest message has %llu MB: many servers refuse that",
			(unsigned long long)(p->largest / 1000000));
	warn_form(p);
	if (p->rows == 0 && p->errors == 0)
		preflight_warn(p, "there is nobody to send to");
	check_consent(p);
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
	return p->errors > 0 ? (int)p->kind : 0;
}
