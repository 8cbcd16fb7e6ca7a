#include <config.h>

#include "cmd/mailbulk/check/dryrun.h"

#include <unistd.h>

#include "cli/progress.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/check/preflight.h"
#include "cmd/mailbulk/check/preview.h"
#include "cmd/mailbulk/check/selection.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/stop.h"
#include "mail/message/mbox.h"

#define FLUSH_AT 262144u
#define RING 32u /* letters that are signed at the same time */

struct dry {
	const struct campaign *campaign;
	struct selection selection;
	struct preflight preflight;
	struct preview preview;
	struct progress progress;
	struct letter letters[RING]; /* the latest; the older ones wait for their signatures before they are written */
	size_t first;
	size_t waiting;
	struct moment now;
	struct buf out;
	uint64_t most; /* messages to write */
	uint64_t written;
};

static bool flush(struct dry *d, size_t at, struct err *err)
{
	if (buf_len(&d->out) < at || buf_len(&d->out) == 0)
		return true;
	bool ok = file_write(STDOUT_FILENO, buf_str(&d->out), "standard output", err);

	buf_clear(&d->out);
	return ok;
}

/* The letter that waits longest is written, or only done. */
static bool write_first(struct dry *d, struct err *err)
{
	struct letter *letter = &d->letters[d->first];
	struct mbox_writer w = { 0 };
	struct str octets;
	enum letter_more more;

	d->first = (d->first + 1) % RING;
	d->waiting--;
	if (d->written >= d->most)
		return true;
	d->written++;
	mbox_begin(&w, &d->out, buf_str(&letter->reverse_path), d->now.wall);
	while ((more = letter_next(letter, d->campaign, SIZE_MAX, &octets, err)) == LETTER_OCTETS)
		if (!mbox_add(&w, &d->out, octets) || !flush(d, FLUSH_AT, err))
			return false;
	if (more == LETTER_FAILED)
		return false;
	mbox_end(&w, &d->out);
	return flush(d, FLUSH_AT, err);
}

static bool write_rest(struct dry *d, struct err *err)
{
	while (d->waiting > 0)
		if (!write_first(d, err))
			return false;
	return true;
}

static bool take_row(struct dry *d, struct err *err)
{
	struct err why = { 0 };

	if (d->waiting == (d->campaign->signer != NULL ? RING : 1) && !write_first(d, err))
		return false;
	struct letter *letter = &d->letters[(d->first + d->waiting) % RING];

	if (!letter_render(letter, d->campaign, &d->selection.values, &d->now, false, &why)) {
		preflight_bad(&d->preflight, d->selection.row.line, &why);
		return true;
	}
	d->waiting++;
	preflight_row(&d->preflight, &d->selection.values, letter);
	preview_add(&d->preview, d->campaign, letter);
	progress_set(&d->progress, d->preflight.rows);
	return true;
}

static bool walk(struct dry *d, struct err *err)
{
	struct err why;

	while (stop_signal() == 0) {
		why = (struct err){ 0 };
		switch (selection_next(&d->selection, &why)) {
		case CHOICE_TAKEN:
			if (!take_row(d, err))
				return false;
			break;
		case CHOICE_SUPPRESSED:
			d->preflight.suppressed++;
			break;
		case CHOICE_DUPLICATE:
			d->preflight.duplicates++;
			break;
		case CHOICE_BAD:
			preflight_bad(&d->preflight, d->selection.row.line, &why);
			break;
		case CHOICE_END:
			return write_rest(d, err) && flush(d, 0, err);
		case CHOICE_FAIL:
			*err = why;
			write_rest(d, NULL);
			flush(d, 0, NULL);
			return false;
		}
	}
	return write_rest(d, err) && flush(d, 0, err);
}

/* On a terminal the first message is enough to look at; the whole list is checked all the same. */
static uint64_t how_many(const struct settings *s)
{
	if (s->action != ACTION_DRY_RUN)
		return 0;
	return !s->limited && isatty(STDOUT_FILENO) ? 1 : UINT64_MAX;
}

static int run(struct dry *d, struct err *err)
{
	const struct settings *s = d->campaign->settings;
	int status = 0;

	preflight_campaign(&d->preflight);
	/* What is wrong with every row is said once. */
	if (d->preflight.errors > 0)
		return preflight_end(&d->preflight);
	if (!walk(d, err)) {
		progress_end(&d->progress);
		return say_fail(err);
	}
	progress_end(&d->progress);
	if (stop_signal() != 0)
		return 128 + stop_signal();
	preflight_whole(&d->preflight);
	if (s->action == ACTION_CHECK)
		preflight_servers(&d->preflight);
	if (stop_signal() != 0)
		return 128 + stop_signal();
	status = preflight_end(&d->preflight);
	if (s->preview != NULL && !preview_write(&d->preview, d->campaign, s->preview, err))
		return say_fail(err);
	if (d->written < d->preflight.rows && s->action == ACTION_DRY_RUN)
		say_note("the first message is shown; into a file or a pipe all %llu go",
			(unsigned long long)d->preflight.rows);
	if (s->action == ACTION_DRY_RUN && status == 0)
		say_note("nothing was sent: this is the dry run (--send sends)");
	return status;
}

int dryrun(const struct campaign *campaign, struct list *list, const struct suppress *suppress)
{
	struct dry d = { .campaign = campaign, .most = how_many(campaign->settings) };
	int64_t wall = clock_wall();
	struct err err = { 0 };
	int status;

	d.now = (struct moment){ .wall = wall, .offset = clock_offset(wall) };
	selection_init(&d.selection, campaign, list, suppress);
	preflight_init(&d.preflight, campaign, list);
	preflight_lists(&d.preflight, suppress);
	progress_init(&d.progress, "rows", 0, campaign->settings->account.progress);
	status = run(&d, &err);
	preview_free(&d.preview);
	for (size_t i = 0; i < RING; i++)
		letter_free(&d.letters[i]);
	selection_free(&d.selection);
	preflight_free(&d.preflight);
	buf_free(&d.out);
	return status;
}
