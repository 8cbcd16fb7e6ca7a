#include <config.h>

#include "cmd/listscrub/write/summary.h"

#include "cli/safelist.h"
#include "cli/say.h"
#include "cmd/listscrub/judge/judge.h"
#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/read/input.h"
#include "cmd/listscrub/returns/bounces.h"
#include "cmd/listscrub/write/findings.h"
#include "cmd/listscrub/write/values.h"
#include "mail/address/tld.h"
#include "text/json.h"
#include "text/number.h"

/* "1 row", "2 rows". */
static const char *rows(uint64_t n)
{
	return n == 1 ? "row" : "rows";
}

static uint64_t rejected(const struct counts *c)
{
	return c->read - c->kept;
}

static const char *mx_word(const struct mx *m)
{
	if (!m->finished || (m->stopped && m->cached == 0))
		return "not judged";
	return m->stopped || m->temporary > 0 ? "in part" : "judged";
}

static void add_unread(struct json *j, const struct judge_unread *u)
{
	json_key(j, "unread_dates");
	json_uint(j, u->active + u->newest);
	json_key(j, "undecided_dates");
	json_uint(j, u->active_contested + u->newest_contested);
	json_key(j, "unread_consent");
	json_uint(j, u->consent);
	json_key(j, "unread_opt_out");
	json_uint(j, u->opt_out);
	json_key(j, "several_addresses");
	json_uint(j, u->several);
	json_key(j, "unread_counts");
	json_uint(j, u->engagement);
}

static void add_counts(struct json *j, const struct counts *c)
{
	json_key(j, "read");
	json_uint(j, c->read);
	json_key(j, "kept");
	json_uint(j, c->kept);
	json_key(j, "rejected");
	json_uint(j, rejected(c));
	json_key(j, "reasons");
	json_object(j);
	for (unsigned r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		json_key(j, reason_name((enum reason)r));
		json_uint(j, c->rejected[r]);
	}
	json_close(j, '}');
	json_key(j, "padded");
	json_uint(j, c->padded);
	json_key(j, "blank");
	json_uint(j, c->blank);
	json_key(j, "elsewhere");
	json_uint(j, c->elsewhere);
	json_key(j, "normalised");
	json_uint(j, c->normalised);
	json_key(j, "suggestions");
	json_uint(j, c->suggestions);
	json_key(j, "fixed");
	json_uint(j, c->fixed);
}

static void say_json(const struct findings *f)
{
	struct buf out = { .limit = 0 };
	struct json j;

	json_init(&j, &out);
	json_object(&j);
	add_counts(&j, f->counts);
	add_unread(&j, &f->judge->unread);
	values_add_json(f->values, &j, "unread_values");
	values_add_json(f->tlds, &j, "unknown_tlds");
	if (f->judge->bounces != NULL) {
		summary_add_returns(&j, f->judge->bounces);
	}
	if (f->mx != NULL) {
		json_key(&j, "dns");
		json_text(&j, mx_word(f->mx));
		json_key(&j, "dns_undecided");
		json_uint(&j, f->mx->temporary);
	}
	json_key(&j, "damaged");
	json_uint(&j, f->in->torn);
	json_key(&j, "safety_lists");
	json_array(&j);
	safety_add_json(&j, &f->judge->suppress.files);
	safety_add_json(&j, &f->judge->lists.files);
	json_close(&j, ']');
	json_close(&j, '}');
	buf_add_char(&out, '\n');
	say_raw(buf_str(&out));
	buf_free(&out);
}

static void say_unread(const struct judge_unread *u)
{
	char n[32];

	if (u->active > 0)
		say_note("%s date%s of activity could not be read: such rows are kept", number_grouped(n, u->active),
			u->active == 1 ? "" : "s");
	if (u->active_contested > 0)
		say_note(
			"%s date%s of activity may have the day or the month first: such rows are kept (--dates=dmy or "
			"--dates=mdy settles it)",
			number_grouped(n, u->active_contested), u->active_contested == 1 ? "" : "s");
	if (u->consent > 0)
		say_note("%s cell%s neither yes nor no: such rows have no consent", number_grouped(n, u->consent),
			u->consent == 1 ? " says" : "s say");
	if (u->opt_out > 0)
		say_note("%s cell%s of --opt-out neither yes nor no: such rows are dropped",
			number_grouped(n, u->opt_out), u->opt_out == 1 ? " is" : "s are");
	if (u->several > 0)
		say_note("%s cell%s several addresses: --split makes a row of each", number_grouped(n, u->several),
			u->several == 1 ? " has" : "s have");
	if (u->engagement > 0)
		say_note("%s count%s of --unengaged could not be read: such rows are kept",
			number_grouped(n, u->engagement), u->engagement == 1 ? "" : "s");
	if (u->newest > 0)
		say_note("%s date%s could not be read: older than all others", number_grouped(n, u->newest),
			u->newest == 1 ? "" : "s");
	if (u->newest_contested > 0)
		say_note(
			"%s date%s of --keep may have the day or the month first: the earlier reading counts (--dates=dmy "
			"or --dates=mdy settles it)",
			number_grouped(n, u->newest_contested), u->newest_contested == 1 ? "" : "s");
}

/* What nobody understood, in the form in which an option takes it. */
static void say_values(const struct findings *f)
{
	const struct judge_unread *u = &f->judge->unread;

	if (u->consent + u->opt_out == 0)
		return;
	say_note("these values were not understood; --consent or --opt-out with COLUMN=VALUE,... says which mean yes:");
	values_say(f->values);
}

static void say_tlds(const struct findings *f)
{
	uint64_t n = f->counts->unknown_tld;
	char text[32];

	if (n == 0)
		return;
	say_note("%s %s kept under a top-level domain that did not exist on %s (--strict-tld rejects them):",
		number_grouped(text, n), rows(n), tld_date());
	values_say(f->tlds);
}

static void say_text(const struct findings *f)
{
	const struct counts *c = f->counts;
	char a[32];
	char b[32];
	char d[32];

	say_note("%s %s read, %s kept, %s rejected", number_grouped(a, c->read), rows(c->read),
		number_grouped(b, c->kept), number_grouped(d, rejected(c)));
	for (unsigned r = REASON_NONE + 1; r < REASON_COUNT; r++)
		if (c->rejected[r] > 0)
			say_note("%12s  %-15s %s", number_grouped(a, c->rejected[r]), reason_name((enum reason)r),
				reason_text((enum reason)r));
	if (c->padded > 0)
		say_note("%s %s kept that had too few cells, or blank ones too many", number_grouped(a, c->padded),
			rows(c->padded));
	if (c->blank > 0)
		say_note("%s blank %s, not counted as read", number_grouped(a, c->blank), rows(c->blank));
	if (c->elsewhere > 0)
		say_note("%s %s of other shares", number_grouped(a, c->elsewhere), rows(c->elsewhere));
	if (c->suggestions > 0)
		say_note("%s %s with a suggestion", number_grouped(a, c->suggestions), rows(c->suggestions));
	if (c->fixed > 0)
		say_note("%s %s repaired", number_grouped(a, c->fixed), rows(c->fixed));
	if (f->judge->bounces != NULL && f->set->bounces.n > 0)
		summary_note_returns(f->judge->bounces);
	say_unread(&f->judge->unread);
	say_values(f);
	say_tlds(f);
	(void)safelist_say(&f->judge->suppress.files);
	(void)safelist_say(&f->judge->lists.files);
}

/* What is not written as it was read. */
static void say_form(const struct input *in)
{
	const struct list_form *form = &in->form;
	const char *name = in->files[0].name;

	if (in->n > 1 || strcmp(name, "-") == 0)
		name = in->n > 1 ? "the lists" : "standard input";
	if (form->json)
		say_note("%s: JSON Lines, written as CSV in UTF-8", name);
	else if (form->encoding != LIST_UTF8)
		say_note("%s: UTF-16, written as UTF-8", name);
	if (form->above_lines > 0)
		say_note("%s: %llu line%s above the first row %s left out", name, (unsigned long long)form->above_lines,
			form->above_lines == 1 ? "" : "s", form->above_lines == 1 ? "is" : "are");
	if (in->list.dropped > 0)
		say_note("%s: %llu value%s left out: the key is not in the first %zu lines (line %llu is the first)",
			name, (unsigned long long)in->list.dropped, in->list.dropped == 1 ? " is" : "s are", LIST_ROWS,
			(unsigned long long)in->list.dropped_line);
}

/* Whoever closes the output early, as head(1) does, wanted to see the first rows and not what they sum up to. */
static void say_unwanted(const struct counts *c)
{
	char n[32];

	say_note("standard output was closed: stopped after %s %s", number_grouped(n, c->read), rows(c->read));
}

void summary_say(const struct findings *f)
{
	say_form(f->in);
	if (f->in->foreign_line > 0)
		say_note("%s: line %llu is not UTF-8: such cells are read as Windows-1252 and written as UTF-8",
			f->in->foreign_name, (unsigned long long)f->in->foreign_line);
	if (f->mx != NULL && f->mx->temporary > 0 && !f->mx->stopped)
		say_note("no answer for now about %llu domain%s: %s rows are kept, try again later",
			(unsigned long long)f->mx->temporary, f->mx->temporary == 1 ? "" : "s",
			f->mx->temporary == 1 ? "its" : "their");
	if (f->set->summary_json)
		say_json(f);
	else if (f->unread)
		say_unwanted(f->counts);
	else
		say_text(f);
}
