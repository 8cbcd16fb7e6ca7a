#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/safelist.h"
#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/judge/split.h"
#include "cmd/listscrub/judge/suggest.h"
#include "io/clock.h"
#include "io/random.h"

/* Judges are made from the options, copied for each thread, and added up. */

void judge_add_unread(struct judge_unread *sum, const struct judge_unread *u)
{
	sum->consent += u->consent;
	sum->opt_out += u->opt_out;
	sum->active += u->active;
	sum->active_contested += u->active_contested;
	sum->engagement += u->engagement;
	sum->newest += u->newest;
	sum->newest_contested += u->newest_contested;
	sum->several += u->several;
	sum->hashes += u->hashes;
}

/* The file of --update-suppressed counts too, and need not be there yet. */
static bool load_suppressed(struct judge *j, const struct settings *set, struct err *err)
{
	const char *update = set->update_suppressed;
	bool there = update != NULL && access(update, F_OK) == 0;
	bool named = false;
	const char **paths = mem_array(set->suppress.n + 1, sizeof *paths);
	size_t n = 0;
	bool ok;

	for (size_t i = 0; i < set->suppress.n; i++) {
		bool same = update != NULL && strcmp(set->suppress.values[i], update) == 0;

		named = named || same;
		if (!same || there)
			paths[n++] = set->suppress.values[i];
	}
	if (there && !named)
		paths[n++] = update;
	ok = safelist_load(&j->suppress, set->fold, paths, n, set->allow_empty, err);
	mem_free(paths);
	return ok;
}

bool judge_init(struct judge *j, const struct settings *set, struct err *err)
{
	unsigned char random[16];

	j->set = set;
	j->active_since = clock_wall() - set->inactive;
	if (!load_suppressed(j, set, err))
		return false;
	j->except.fold = j->both.fold = set->fold;
	for (size_t i = 0; i < set->except.n; i++)
		if (!others_load(&j->except, set->except.values[i], err))
			return false;
	for (size_t i = 0; i < set->both.n; i++)
		if (!others_load(&j->both, set->both.values[i], err))
			return false;
	suppress_watch(&j->suppress);
	random_bytes(random, sizeof random);
	tld_init(&j->tld, random);
	if (set->drop_role != NULL && !lists_load_roles(&j->lists, set->drop_role, set->allow_empty, err))
		return false;
	return set->drop_disposable == NULL ||
		lists_load_disposable(&j->lists, set->drop_disposable, set->allow_empty, err);
}

void judge_leave(struct judge *j)
{
	address_free(&j->address);
	idn_free(&j->idn);
	buf_free(&j->shadow);
	buf_free(&j->key);
	buf_free(&j->folded);
	buf_free(&j->repair.text);
	mem_free(j->active);
	if (j->noes.borrowed)
		return;
	mem_free(j->noes.list);
	digests_free(&j->noes.set);
}

void judge_free(struct judge *j)
{
	suppress_free(&j->suppress);
	tld_free(&j->tld);
	others_free(&j->except);
	others_free(&j->both);
	lists_free(&j->lists);
	mem_free(j->consents);
	mem_free(j->opt_outs);
	judge_leave(j);
}

void judge_join(struct judge *other, const struct judge *j)
{
	*other = *j;
	other->idn = (struct idn){ .labels = NULL };
	other->shadow = other->key = other->folded = (struct buf){ .limit = 0 };
	other->address = (struct address){ .domain_fault = 0 };
	other->repair = (struct repair){ .what = NULL };
	other->unread = (struct judge_unread){ 0 };
	judge_own_notes(other);
}
