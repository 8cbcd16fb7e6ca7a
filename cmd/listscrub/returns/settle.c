#include <config.h>

#include "cmd/listscrub/returns/bounces.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/listscrub/returns/rest.h"
#include "mail/returns/token.h"

/* What is believed of the claims, in the order of time. */

/* One message that names more people than this, without any proof, may be somebody's attack. */
#define CROWD 10

static bool rejects(const struct claim *c)
{
	return c->class == DSN_HARD || c->class == DSN_COMPLAINT || c->class == DSN_UNSUBSCRIBE;
}

/* Claims of one message stand one behind the other. */
static size_t drop_crowd(struct bounces *b, size_t from)
{
	size_t to = from;
	size_t crowd = 0;

	for (; to < b->n_claims && b->claims[to].message == b->claims[from].message; to++)
		crowd += rejects(&b->claims[to]) && !b->claims[to].proved && b->claims[to].key > 0 &&
			!b->claims[to].dropped;
	if (crowd <= CROWD || b->claims[from].message == SIZE_MAX)
		return to;
	for (size_t i = from; i < to; i++)
		if (!b->claims[i].proved)
			b->claims[i].dropped = true;
	say_errorf(
		"warning: %.*s: one message would suppress %zu addresses and nothing proves that it is about mail of "
		"ours: it is not believed (results or a journal of mailbulk in --bounces can prove it)",
		STR_ARGS(bounces_text(b, b->claims[from].source)), crowd);
	return to;
}

/* Somebody may have made it up, or it is not known who it is about. */
static void decide(struct bounces *b, struct claim *c)
{
	bool nobody = c->key == 0 || (c->several && c->n_held > 0);

	if (nobody && c->token > 0)
		b->counts.wrong++;
	if (nobody && c->n_held > 0)
		rest_add(b->asked.rest, str_sub(buf_str(&b->held), c->held, c->n_held), STR_LIT(""), c->when);
	if (nobody || (b->asked.only_proved && !c->proved))
		c->dropped = true;
	if (c->class == DSN_NOTHING)
		return;
	b->counts.proved += c->proved;
	b->counts.unproved += !c->proved;
	b->counts.dropped += c->dropped;
}

static const struct bounces *sorted;

static int by_time(const void *x, const void *y)
{
	const struct claim *a = &sorted->claims[*(const size_t *)x];
	const struct claim *c = &sorted->claims[*(const size_t *)y];

	if (a->when != c->when)
		return a->when < c->when ? -1 : 1;
	return a < c ? -1 : 1;
}

static int64_t day_of(int64_t when)
{
	return when / 86400;
}

/* Soft bounces count once a day, and only those within the window before the last. */
static bool count_soft(const struct bounces *b, struct bounce *e, struct bounce_word *w, int64_t when)
{
	size_t old = 0;

	if (e->delivered != 0 && when <= e->delivered)
		return false;
	if (e->n_days > 0 && day_of(e->days[e->n_days - 1]) == day_of(when))
		return true;
	e->days = mem_grow(e->days, e->n_days, &e->cap_days, sizeof *e->days);
	e->days[e->n_days++] = when;
	while (e->days[old] < when - b->asked.soft_window)
		old++;
	e->n_days -= old;
	memmove(e->days, e->days + old, e->n_days * sizeof *e->days);
	w->first = e->days[0];
	w->times = e->n_days;
	return true;
}

static void apply(struct bounces *b, const struct claim *c)
{
	struct bounce *e = bounces_entry(b, bounces_text(b, c->key), bounces_text(b, c->address));
	struct bounce_word *w = &e->words[c->class];

	/* It was counted in the run that wrote the file. */
	if (w->known != 0 && c->when <= w->known)
		return;
	if (c->class == DSN_SOFT) {
		if (!bounces_is_soft(c->reason) || !count_soft(b, e, w, c->when))
			return;
	} else {
		w->times++;
	}
	if (w->first == 0)
		w->first = c->when;
	w->last = c->when;
	w->reason = c->reason;
	w->code = c->code;
	w->words = c->words;
	w->proved = w->proved || c->proved;
	w->source = c->source;
}

static void apply_confirm(struct bounces *b, const struct claim *c)
{
	struct bounce *e = bounces_entry(b, bounces_text(b, c->key), bounces_text(b, c->address));
	struct str token = bounces_text(b, c->token);
	int64_t day = 0;

	if (!token_day(token, &day) ||
		(b->asked.confirm_within > 0 && c->when - day * 86400 > b->asked.confirm_within + 86400))
		return;
	if (e->confirmed.when != 0 && e->confirmed.asked >= day)
		return;
	e->confirmed.when = c->when != 0 ? c->when : day * 86400;
	e->confirmed.asked = day;
	e->confirmed.message_id = c->message_id;
	e->confirmed.source = c->source;
	e->confirmed.text = bounces_keep(b, str_sub(token, TOKEN_DAY + 1 + TOKEN_TAG, TOKEN_TEXT));
}

/* Who left after the request has left; a request that is newer than the wish asks again. */
static void settle_person(struct bounces *b, struct bounce *e)
{
	struct bounce_word *left = &e->words[DSN_UNSUBSCRIBE];
	const struct bounce_word *complained = &e->words[DSN_COMPLAINT];

	if (e->delivered > e->words[DSN_SOFT].last)
		e->words[DSN_SOFT].times = 0;
	if (e->confirmed.when == 0)
		return;
	if ((left->times > 0 && e->confirmed.asked <= day_of(left->last)) ||
		(complained->times > 0 && e->confirmed.asked <= day_of(complained->last)))
		e->confirmed.when = 0;
	else if (left->times > 0)
		left->times = 0;
	b->counts.confirmed += e->confirmed.when != 0;
}

static void count_rates(struct bounces *b, const struct bounce *e)
{
	struct bounces_rate *rate = &b->counts.rates[bounces_provider(bounces_text(b, e->address))];

	rate->bounced += e->words[DSN_HARD].times > 0 || e->words[DSN_SOFT].times > 0;
	rate->complained += e->words[DSN_COMPLAINT].times > 0;
}

static void count_reason(struct bounces *b, const struct bounce *e)
{
	enum dsn_class class = DSN_NOTHING;
	const struct bounce_word *w = bounces_verdict(b, e, &class);

	if (w != NULL)
		b->counts.reasons[class == DSN_COMPLAINT   ? OUTCOME_REASONS
				: class == DSN_UNSUBSCRIBE ? OUTCOME_REASONS + 1
							   : w->reason]++;
}

bool bounces_count(const struct bounces *b, size_t i, const char **reason, uint64_t *n)
{
	if (i >= OUTCOME_REASONS + 2)
		return false;
	*reason = i == OUTCOME_REASONS     ? "complaint"
		: i == OUTCOME_REASONS + 1 ? "unsubscribe"
					   : outcome_reason_name((enum outcome_reason)i);
	*n = b->counts.reasons[i];
	return true;
}

void bounces_settle(struct bounces *b)
{
	size_t *order = mem_array(b->n_claims, sizeof *order);

	for (size_t i = 0; i < b->n_claims;)
		i = drop_crowd(b, i);
	for (size_t i = 0; i < b->n_claims; i++) {
		order[i] = i;
		decide(b, &b->claims[i]);
	}
	sorted = b;
	if (b->n_claims > 0)
		qsort(order, b->n_claims, sizeof *order, by_time);
	for (size_t i = 0; i < b->n_claims; i++) {
		const struct claim *c = &b->claims[order[i]];

		if (c->dropped)
			continue;
		if (c->class == DSN_NOTHING)
			apply_confirm(b, c);
		else
			apply(b, c);
	}
	mem_free(order);
	for (size_t i = 0; i < b->n; i++) {
		settle_person(b, &b->entries[i]);
		count_rates(b, &b->entries[i]);
		count_reason(b, &b->entries[i]);
	}
	b->seen = mem_array(b->n + 1, sizeof *b->seen);
	b->settled = true;
}

void bounces_know(struct bounces *b, struct str address, enum dsn_class class, const struct bounce_word *known,
	const char *const texts[3])
{
	struct buf key = { .limit = 0 };

	if (bounces_key(b, address, &key, NULL)) {
		struct bounce *e = bounces_entry(b, buf_str(&key), address);
		struct bounce_word *w = &e->words[class];

		*w = *known;
		w->code = bounces_keep(b, str_of(texts[0]));
		w->words = bounces_keep(b, str_of(texts[1]));
		w->source = bounces_keep(b, str_of(texts[2]));
		w->known = w->last != 0 ? w->last : 1;
		/* On which days it was is not known any more: evenly between the first and the last. */
		for (uint64_t i = 0; class == DSN_SOFT && i < w->times && i < 400; i++) {
			e->days = mem_grow(e->days, e->n_days, &e->cap_days, sizeof *e->days);
			e->days[e->n_days++] = w->times < 2
				? w->last
				: w->first + (w->last - w->first) / (int64_t)(w->times - 1) * (int64_t)i;
		}
	}
	buf_free(&key);
}
