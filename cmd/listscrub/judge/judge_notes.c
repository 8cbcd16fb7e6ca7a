#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "base/mem.h"
#include "cmd/listscrub/judge/dedup.h"
#include "io/random.h"
#include "text/date.h"

/* What a first reading notes of all rows: the orders of dates, and who said no. */

void judge_begin_notes(struct judge *j)
{
	j->notes_dates = judge_wants_dates(j);
	j->notes_noes = judge_wants_noes(j);
	j->noes.set.width = sizeof(struct dedup_hash);
	random_bytes((unsigned char *)j->noes.set.key, sizeof j->noes.set.key);
}

void judge_end_notes(struct judge *j)
{
	for (size_t i = 0; i < j->actives; i++)
		j->active[i].orders = j->active[i].noted;
	j->newest.orders = j->newest.noted;
	j->notes_dates = j->notes_noes = j->only_notes = false;
}

void judge_own_notes(struct judge *j)
{
	const struct judge_dates *active = j->active;

	j->active = mem_array(j->actives, sizeof *j->active);
	for (size_t i = 0; i < j->actives; i++)
		j->active[i] = active[i];
	/* After the first reading nothing is added to those of the first judge: they are looked at by all. */
	j->noes.borrowed = !j->notes_noes;
	if (!j->notes_noes)
		return;
	j->noes.set = (struct digests){ .width = j->noes.set.width, .key = { j->noes.set.key[0], j->noes.set.key[1] } };
	j->noes.list = NULL;
	j->noes.n = j->noes.cap = 0;
}

void judge_take_notes(struct judge *j, const struct judge *other, uint64_t lines)
{
	for (size_t i = 0; i < j->actives && j->notes_dates; i++)
		j->active[i].noted &= other->active[i].noted;
	if (j->notes_dates)
		j->newest.noted &= other->newest.noted;
	if (j->notes_noes)
		judge_take_noes(j, &other->noes, lines);
}

void judge_drop_notes(struct judge *j)
{
	for (size_t i = 0; i < j->actives && j->notes_dates; i++)
		j->active[i].noted = DATE_ANY_ORDER;
	j->newest.noted = DATE_ANY_ORDER;
	if (!j->notes_noes)
		return;
	digests_free(&j->noes.set);
	j->noes.n = 0;
}
