#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "base/mem.h"
#include "cmd/listscrub/judge/dedup.h"
#include "io/random.h"
#include "text/csv.h"

/*
 * Somebody who withdrew consent is often still in the list with an older row that says yes. A no outweighs every yes of
 * the same mailbox, unless both have a date and the yes is the later one.
 */

bool judge_wants_noes(const struct judge *j)
{
	return (j->n_consents | j->n_opt_outs) > 0;
}

/* A no that somebody said: blank cells, and what nobody understands, are none in a column of consent. */
static bool says_no(const struct judge *j, const struct judge_answers *a, struct str cell)
{
	int64_t at;
	enum answer answer = judge_read_answer(j, a, cell, true, &at);

	/* With values of one's own all others are no consent; only some of these withdraw it. */
	if (a->values.p != NULL && answer == ANSWER_NO)
		answer = answer_read(cell);
	return answer == ANSWER_NO || answer == ANSWER_OUT;
}

static bool opts_out(const struct judge *j, const struct judge_answers *a, struct str cell, int64_t *at)
{
	enum answer answer = judge_read_answer(j, a, cell, true, at);

	return answer == ANSWER_YES || answer == ANSWER_OUT || answer == ANSWER_UNKNOWN;
}

/* What the row says against mail to this person; false: nothing. */
static bool read_no(const struct judge *j, const struct csv_row *row, struct judge_no *no)
{
	bool found = false;

	*no = (struct judge_no){ .at = INT64_MAX, .line = row->line };
	for (size_t i = 0; i < j->n_consents; i++)
		found = found || says_no(j, &j->consents[i], address_trim(judge_cell(row, j->consents[i].at)));
	for (size_t i = 0; i < j->n_opt_outs && !found; i++) {
		found = opts_out(j, &j->opt_outs[i], address_trim(judge_cell(row, j->opt_outs[i].at)), &no->at);
		no->opt_out = found;
	}
	if (no->at == INT64_MIN)
		no->at = INT64_MAX;
	return found;
}

static struct dedup_hash hash_of(const struct judge *j, struct str address)
{
	const struct dedup_key key = { { j->noes.set.key[0], j->noes.set.key[1] } };

	return dedup_hash(&key, address);
}

static void put(struct judge_noes *noes, const unsigned char *hash, const struct judge_no *no)
{
	bool added;
	uint64_t *at = digests_add(&noes->set, hash, &added);

	if (added) {
		noes->list = mem_grow(noes->list, noes->n, &noes->cap, sizeof *noes->list);
		*at = noes->n;
		noes->list[noes->n++] = *no;
	} else if (no->at > noes->list[*at].at) {
		noes->list[*at] = *no;
	}
}

void judge_note_no(struct judge *j, const struct csv_row *row)
{
	struct verdict v = { .reason = REASON_NONE };
	struct judge_no no;

	if (row->torn > 0 || row->n <= judge_email_at(j, row) || !read_no(j, row, &no) ||
		judge_address(j, judge_address_cell(j, row), &v) != REASON_NONE)
		return;
	judge_fold(j, &v);
	struct dedup_hash hash = hash_of(j, v.folded);

	put(&j->noes, (const unsigned char *)&hash, &no);
}

void judge_take_noes(struct judge *j, const struct judge_noes *other, uint64_t lines)
{
	for (size_t i = 0; i < other->n; i++) {
		struct judge_no no = other->list[i];

		/* (The list has the order of the set.) */
		no.line += lines;
		put(&j->noes, other->set.octets + i * other->set.width, &no);
	}
}

enum reason judge_no(struct judge *j, struct verdict *v)
{
	struct dedup_hash hash = hash_of(j, v->folded);
	const uint64_t *at = digests_find(&j->noes.set, (const unsigned char *)&hash);
	const struct judge_no *no = at != NULL ? &j->noes.list[*at] : NULL;

	if (no == NULL || (v->consented > INT64_MIN && no->at < v->consented))
		return REASON_NONE;
	if (j->details)
		v->detail = arena_printf(j->arena, "the row on line %llu says no", (unsigned long long)no->line);
	return no->opt_out ? REASON_OPT_OUT : REASON_NO_CONSENT;
}
