#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/listscrub/apart.h"
#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/judge/suggest.h"
#include "cmd/listscrub/returns/back.h"
#include "cmd/listscrub/returns/gone.h"
#include "cmd/listscrub/run/scrub.h"
#include "cmd/listscrub/write/report.h"
#include "cmd/listscrub/write/summary.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "io/stop.h"

/* Everything that a run is made of; main's arms for what the settings ask for. */
struct run {
	struct settings set;
	struct scrub scrub;
	struct back back;
	struct mx mx;
	struct suggest suggest;
	struct report report;
};

/* The rows may tell whose tokens came back: then what came back is judged after they were looked at. */
static bool read_back(struct run *run, struct err *err)
{
	struct scrub *s = &run->scrub;

	if (!back_read(&run->back, &run->set, err))
		return false;
	s->judge.bounces = s->back = &run->back.bounces;
	s->judge.confirmed = run->set.confirmed != NULL ? &run->back.confirmed : NULL;
	s->settle = back_settle;
	s->settle_arg = &run->back;
	return true;
}

/* What --print-suppressed and --print-confirmed print; lists are only looked at. */
static bool print_back(struct run *run, struct err *err)
{
	struct scrub *s = &run->scrub;
	struct list_asked asked = {
		.delimiter = run->set.delimiter, .header = run->set.header, .email = run->set.email
	};
	struct buf out = { .limit = SIZE_MAX };
	bool ok = true;

	s->set = &run->set;
	if (run->set.lists[0] != NULL)
		ok = judge_init(&s->judge, &run->set, err) && input_open(&s->in, run->set.lists, &asked, err) &&
			judge_columns(&s->judge, &s->in.form, input_name(&s->in), err) && scrub_look(s, err);
	ok = ok && back_settle(&run->back, err);
	if (!ok)
		return false;
	if (run->set.print_confirmed)
		gone_yes_print(&run->back.bounces, &out);
	else
		gone_print(&run->back.bounces, &out);
	ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", err);
	buf_free(&out);
	summary_say_returns(&run->back.bounces, run->set.summary_json);
	return ok;
}

/* Without a list. */
static int run_returns(struct run *run, struct err *err)
{
	bool ok = run->set.forget.n > 0 ? back_forget(&run->back, &run->set, err)
					: read_back(run, err) && print_back(run, err);

	return ok ? 0 : say_fail(err);
}

static bool open_outputs(struct run *run, struct err *err)
{
	struct rows *rows = &run->scrub.rows;
	const struct settings *set = &run->set;

	rows->set = set;
	rows->as_it_is = !set->annotate && !set->suggest && !set->jsonl;
	rows->columns = run->scrub.in.form.columns;
	rows->delimiter = run->scrub.in.form.delimiter;
	rows->line_end = run->scrub.in.line_end;
	if (set->lists[0] != NULL && set->lists[1] != NULL)
		rows->file = set->lists[0];
	output_init(&rows->outputs[ROWS_KEPT], STDOUT_FILENO, "standard output");
	if (!apart_output(&run->scrub.in, STDOUT_FILENO, "standard output", err))
		return false;
	if (set->rejects != NULL && !output_create(&rows->outputs[ROWS_REJECTS], set->rejects, err))
		return false;
	if (set->fixes == NULL)
		return true;
	if (!output_create(&rows->outputs[ROWS_FIXES], set->fixes, err))
		return false;
	output_add(&rows->outputs[ROWS_FIXES], STR_LIT("line,from,to,what\n"));
	return true;
}

/* In the order in which a mistake costs least: lists and names before anything is created or asked. */
static bool prepare(struct run *run, struct err *err)
{
	struct scrub *s = &run->scrub;
	const struct settings *set = &run->set;
	struct list_asked asked = { .delimiter = set->delimiter, .header = set->header, .email = set->first_email };
	unsigned char random[16];

	s->set = set;
	s->in.strict = set->strict;
	if (!judge_init(&s->judge, set, err) || !input_open(&s->in, set->lists, &asked, err) ||
		!judge_columns(&s->judge, &s->in.form, input_name(&s->in), err) ||
		(set->report != NULL && !report_check(set->report, err)) || (set->mx && !mx_init(&run->mx, set, err)) ||
		!open_outputs(run, err))
		return false;
	if (set->mx)
		s->mx = &run->mx;
	if (set->suggest) {
		suggest_init(&run->suggest);
		run->suggest.mx = s->mx;
		run->suggest.tld = &s->judge.tld;
		s->judge.suggest = &run->suggest;
	}
	if (set->report != NULL) {
		report_init(&run->report);
		s->report = &run->report;
	}
	s->judge.details = set->annotate || set->rejects != NULL || set->report != NULL;
	random_bytes(random, sizeof random);
	random_seed(&s->unread_values.set);
	random_seed(&s->tlds.set);
	dedup_init(&s->dedup, random, set->memory, set->newest != NULL);
	s->tells = s->dedup.tells = s->rows.file != NULL && s->judge.details;
	s->winner.limit = SIZE_MAX;
	spill_init(&s->spill);
	progress_init(&s->progress, "B", s->in.total, set->progress);
	return true;
}

static struct findings findings(const struct scrub *s)
{
	return (struct findings){ .set = s->set,
		.in = &s->in,
		.judge = &s->judge,
		.mx = s->mx,
		.counts = &s->counts,
		.values = &s->unread_values,
		.tlds = &s->tlds,
		.unread = s->rows.outputs[ROWS_KEPT].gone };
}

/* All but a few rows were read: it is for the person who has the list to mend it. */
static void say_torn(const struct input *in)
{
	char on[64] = "";

	if (in->torn_next > in->torn_line)
		snprintf(on, sizeof on, ", and reading went on at line %llu", (unsigned long long)in->torn_next);
	say_errorf("%s: line %llu: a quote opens here that is not closed; the row was rejected (ragged-row)%s",
		in->torn_name, (unsigned long long)in->torn_line, on);
	if (in->torn > 1)
		say_errorf("%llu more rows were rejected for the same reason", (unsigned long long)in->torn - 1);
}

static int scrub(struct run *run, struct err *err)
{
	struct scrub *s = &run->scrub;
	bool ok = scrub_run(s, err);
	struct findings found = findings(s);
	bool interrupted = !ok && err->kind == ERR_NONE;

	progress_end(&s->progress);
	suppress_count_unmatched(&s->judge.suppress);
	ok = rows_close(&s->rows, ok ? err : NULL) && ok;
	if (ok && s->report != NULL)
		ok = report_write(s->report, &found, run->set.report, err);
	if (!ok && !interrupted)
		say_error(err);
	if (s->mx != NULL && s->mx->stopped)
		say_errorf("the domains were not judged: %s", s->mx->why);
	if (s->in.torn > 0)
		say_torn(&s->in);
	summary_say(&found);
	if (stop_signal() != 0)
		return 128 + stop_signal();
	if (s->rows.outputs[ROWS_KEPT].gone)
		return 128 + SIGPIPE;
	if (!ok)
		return (int)err->kind;
	if (s->in.torn > 0)
		return ERR_DATA;
	if (s->judge.unread.hashes > 0) {
		say_errorf("%llu addresses could not be looked up in --suppress: a hash of them could not be computed; "
			   "they are rejected",
			(unsigned long long)s->judge.unread.hashes);
		return ERR_OS;
	}
	return s->mx != NULL && (s->mx->stopped || s->mx->temporary > 0) ? ERR_TEMP : 0;
}

/* Where nothing went wrong but the wait for the list was broken off, what is said is what was done: nothing. */
static int stopped_early(const struct run *run, const struct err *err)
{
	struct findings found;

	if (err->kind != ERR_NONE || stop_signal() == 0)
		return say_fail(err);
	found = findings(&run->scrub);
	summary_say(&found);
	return 128 + stop_signal();
}

static void run_free(struct run *run)
{
	judge_free(&run->scrub.judge);
	input_free(&run->scrub.in);
	rows_free(&run->scrub.rows);
	dedup_free(&run->scrub.dedup);
	spill_free(&run->scrub.spill);
	rowset_free(&run->scrub.losers);
	winners_free(&run->scrub.winners);
	buf_free(&run->scrub.winner);
	values_free(&run->scrub.unread_values);
	values_free(&run->scrub.tlds);
	back_free(&run->back);
	mx_free(&run->mx);
	suggest_free(&run->suggest);
	report_free(&run->report);
	mem_free(run->set.first_email);
}

int main(int argc, char **argv)
{
	struct run run = { .scrub.rows.outputs = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } }, .scrub.spill.fd = -1 };
	struct err err = { .kind = ERR_NONE };
	int status = 0;

	say_init(argv[0]);
	stop_install();
	if (!settings_parse(&run.set, argc, argv, &err) || !apart_check(&run.set, &err))
		status = say_fail(&err);
	else if (settings_only_returns(&run.set))
		status = run_returns(&run, &err);
	else if (back_is_asked(&run.set) && !read_back(&run, &err))
		status = say_fail(&err);
	else if (!prepare(&run, &err))
		status = stopped_early(&run, &err);
	else
		status = scrub(&run, &err);
	run_free(&run);
	return status;
}
