#include <config.h>

#include "cmd/mailbulk/send/send.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/send/engine.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/check/preflight.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"
#include "io/random.h"
#include "io/stop.h"
#include "text/hex.h"

#define DAY 86400

/* Who takes the mail of these domains? False: the question itself is wrong. */
static bool find_owners(struct engine *e, struct err *err)
{
	const struct settings *s = e->settings;
	uint64_t unknown;

	/* Limits name domains that need not be in the list. */
	for (size_t i = 0; i < s->n_domain_rates; i++)
		if (!str_eq(str_of(s->domain_rates[i].domain), STR_LIT("*")))
			owners_note(&e->owners, str_of(s->domain_rates[i].domain));
	if (!owners_ask(&e->owners, s->resolver, &unknown, err) && err->kind == ERR_USAGE)
		return false;
	if (unknown > 0 && stop_signal() == 0)
		say_note(
			"--by-mx: the mail servers of %llu domains could not be found out: each of these counts as itself",
			(unsigned long long)unknown);
	e->providers.owners = &e->owners;
	return true;
}

/* Preflight over the whole list. False, with the status to end with, when it stops the run. */
static bool check(struct engine *e, const struct suppress *suppress, int *status)
{
	struct selection selection;
	struct preflight p;
	struct err err = { 0 };
	bool ok = false;

	selection_init(&selection, e->campaign, e->list, suppress);
	preflight_init(&p, e->campaign, e->list);
	p.owners = e->settings->by_mx ? &e->owners : NULL;
	preflight_lists(&p, suppress);
	preflight_campaign(&p);
	if (p.errors == 0 && !preflight_run(&p, &selection, &err)) {
		*status = say_fail(&err);
		goto out;
	}
	if (p.errors == 0 || p.rows > 0 || p.bad > 0)
		preflight_whole(&p);
	*status = preflight_end(&p);
	if (*status != 0)
		say_errorf("nothing was sent");
	ok = *status == 0 && stop_signal() == 0;
	e->left = p.rows;
	e->first_size = p.first;
	memcpy(e->list_key, selection.first_key, sizeof e->list_key);
	if (ok && ((e->settings->by_mx && !find_owners(e, &err)) || !list_rewind(e->list, &err))) {
		*status = say_fail(&err);
		ok = false;
	}
	ok = ok && stop_signal() == 0;
out:
	selection_free(&selection);
	preflight_free(&p);
	return ok;
}

static bool open_relays(struct engine *e, struct err *err)
{
	const struct option_list *urls = &e->settings->account.smtp;

	if (urls->n == 0)
		return err_set(err, ERR_USAGE, "which server? --smtp URL, or smtp in the configuration file");
	e->relays = mem_array(urls->n, sizeof *e->relays);
	for (size_t i = 0; i < urls->n; i++) {
		struct relay *r = &e->relays[i];

		if (!account_server(&e->settings->account, urls->values[i], false, &r->server, err))
			return false;
		e->n_relays++;
		r->most = (double)e->n_peers / (double)urls->n;
		r->most = r->most < 1 ? 1 : r->most;
		r->limit = r->most;
	}
	return true;
}

static void summary(const struct engine *e)
{
	const uint64_t *n = e->results.counts;

	say_note("%llu sent, %llu refused, %llu deferred, %llu unknown, %llu skipped%s",
		(unsigned long long)n[RESULT_SENT], (unsigned long long)n[RESULT_REFUSED],
		(unsigned long long)n[RESULT_DEFERRED], (unsigned long long)n[RESULT_UNKNOWN],
		(unsigned long long)n[RESULT_SKIPPED], e->list_ended ? "" : "; the rest of the list was not tried");
	if (n[RESULT_UNKNOWN] > 0)
		say_note("unknown: these may have been delivered. They are not sent again unless --resend-unknown");
}

/* Why rows are left that were not tried. */
static void leave_rest(struct engine *e)
{
	struct buf why = { 0 };

	if (e->pace.left == 0 && e->why.kind == ERR_NONE && stop_signal() == 0)
		buf_add_text(&why, "warm-up: today's share is used up");
	else if (e->why.kind != ERR_NONE)
		buf_printf(&why, "the run ended before: %s", e->why.text);
	else
		buf_add_text(&why, "the run ended before it could be tried");
	engine_leave(e, buf_text(&why));
	buf_free(&why);
}

static int end(struct engine *e)
{
	const uint64_t *n = e->results.counts;
	struct err err = { 0 };

	held_end(e, true);
	held_put_back_end(e);
	leave_rest(e);
	if (!book_close(&e->book, &err) && e->why.kind == ERR_NONE)
		e->why = err;
	if (!results_flush(&e->results, &err) && e->why.kind == ERR_NONE)
		e->why = err;
	progress_end(&e->progress);
	/* Rows that are left because of us are what the run ends with, whatever else there is. */
	if (e->why.kind == ERR_NONE)
		e->why = e->ours;
	if (e->why.kind != ERR_NONE)
		say_error(&e->why);
	summary(e);
	if (e->why.kind != ERR_NONE)
		return (int)e->why.kind;
	if (n[RESULT_DEFERRED] > 0)
		return ERR_TEMP;
	return n[RESULT_REFUSED] + n[RESULT_UNKNOWN] + e->bad + e->earlier_bad > 0 ? ERR_PART : 0;
}

/* As long as the pauses before a row's retries, and a quarter of an hour at least. */
static int64_t patience(const struct settings *s)
{
	int64_t pause = s->retry_pause;
	int64_t sum = 0;

	if (s->retry_for > 0)
		return s->retry_for;
	for (uint64_t i = 0; i < s->retries; i++) {
		sum += pause;
		if (pause < 3600 * CLOCK_SECOND)
			pause *= 4;
	}
	return sum > 900 * CLOCK_SECOND ? sum : 900 * CLOCK_SECOND;
}

/* Limits of domains go on where an earlier run was. */
static void take_paces(struct engine *e)
{
	const struct set *domains = &e->book.ledger.domains;

	for (size_t i = 0; i < domains->used; i++)
		pace_went(&e->pace, str_at(domains->entries[i].p, domains->entries[i].n), e->now,
			(e->wall.wall - (int64_t)domains->entries[i].value) * CLOCK_SECOND);
}

static int run(struct engine *e, const struct suppress *suppress)
{
	struct err err = { 0 };
	unsigned char seed[16];
	int status = 0;

	if (!open_relays(e, &err))
		return say_fail(&err);
	if (!check(e, suppress, &status))
		return status;
	if (e->settings->test == NULL &&
		!book_open(&e->book, e->campaign, e->settings, e->list_key, e->wall.wall, &err))
		return say_fail(&err);
	pace_init(&e->pace, e->settings,
		(uint64_t)(e->wall.wall / DAY - (e->book.used ? e->book.ledger.first : e->wall.wall) / DAY),
		e->book.ledger.sent_today);
	e->pace.owners = e->providers.owners;
	random_bytes(seed, sizeof seed);
	set_seed(&e->took, seed);
	e->now = clock_now();
	take_paces(e);
	selection_init(&e->selection, e->campaign, e->list, suppress);
	/* One table for what the journal knows and for duplicates: a million rows are to fit into little memory. */
	if (e->book.used)
		e->selection.seen = &e->book.ledger.rows;
	if (!results_init(&e->results, e->settings->results_format, e->settings->results_file, &err))
		return say_fail(&err);
	e->patience = patience(e->settings);
	progress_init(&e->progress, "messages", e->left, e->settings->account.progress);
	engine_run(e);
	return end(e);
}

static void engine_free(struct engine *e)
{
	for (size_t i = 0; i < e->n_peers; i++)
		peer_free(&e->peers[i]);
	for (size_t i = 0; i < e->n_relays; i++)
		relay_free(&e->relays[i]);
	for (size_t i = 0; i < e->n_jobs; i++) {
		for (size_t k = 0; k < e->jobs[i].n; k++)
			mem_free(e->jobs[i].tickets[k].email);
		letter_free(&e->jobs[i].letter);
	}
	mem_free(e->peers);
	mem_free(e->relays);
	mem_free(e->jobs);
	mem_free(e->fds);
	book_free(&e->book);
	queue_free(&e->queue);
	provider_free(&e->providers);
	owners_free(&e->owners);
	set_free(&e->took);
	pace_free(&e->pace);
	results_free(&e->results);
	selection_free(&e->selection);
	values_free(&e->again);
	buf_free(&e->recalled);
}

int send_campaign(struct campaign *campaign, struct list *list, const struct suppress *suppress)
{
	struct engine e = {
		.campaign = campaign, .settings = campaign->settings, .list = list, .book = { .journal = { .fd = -1 } }
	};
	int status;

	e.n_peers = (size_t)campaign->settings->connections;
	if (e.n_peers < campaign->settings->account.smtp.n)
		e.n_peers = campaign->settings->account.smtp.n;
	e.n_jobs = e.n_peers * WINDOW_MESSAGES;
	e.peers = mem_array(e.n_peers, sizeof *e.peers);
	e.jobs = mem_array(e.n_jobs, sizeof *e.jobs);
	e.fds = mem_array(e.n_peers * LINK_FDS + campaign->settings->account.smtp.n * CHILD_FDS + 1, sizeof *e.fds);
	e.wall.wall = clock_wall();
	e.wall.offset = clock_offset(e.wall.wall);
	status = run(&e, suppress);
	engine_free(&e);
	return status;
}
