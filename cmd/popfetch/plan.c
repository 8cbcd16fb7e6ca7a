#include <config.h>

#include "cmd/popfetch/visit.h"

#include "base/mem.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/header/header.h"
#include "text/date.h"

#define YEAR_2020 INT64_C(1577836800)
#define DEATHS 2 /* a message at which so many careful sessions were lost is skipped */

size_t plan_index(const struct visit *v, uint32_t number)
{
	size_t low = 0;
	size_t high = v->pop3.n_items;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->pop3.items[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *visit_key(struct visit *v, struct str key)
{
	char *to = arena_room(&v->arena, key.n + 1);

	memcpy(to, key.p, key.n);
	to[key.n] = '\0';
	return to;
}

/* The key of a UID; *again: another message of the listing has it too. What the state knows is not copied. */
static const char *key_of(struct visit *v, struct str uid, struct set *others, size_t i, bool *again)
{
	char key[POP3_UID_MAX + 1] = "u";
	const char *known = NULL;
	struct set_entry *e;

	memcpy(key + 1, uid.p, uid.n);
	*again = false;
	if (v->state != NULL)
		known = state_list(v->state, str_at(key, uid.n + 1), again);
	v->known[i] = known != NULL;
	if (known != NULL)
		return known;
	e = set_add(others, str_at(key, uid.n + 1), NULL);
	*again = e->value++ > 0;
	return visit_key(v, str_at(key, uid.n + 1));
}

/* A UID that is there twice says nothing, and counting them would give the second one's name to a third when the first
 * is gone. */
static size_t drop_keys(struct visit *v, const struct set *doubles)
{
	size_t dropped = 0;

	for (size_t i = 0; i < v->pop3.n_items && doubles->used > 0; i++) {
		if (v->keys[i] == NULL || set_find(doubles, pop3_uid(&v->pop3, &v->pop3.items[i])) == NULL)
			continue;
		if (v->state != NULL)
			state_unlist(v->state, str_of(v->keys[i]));
		v->keys[i] = NULL;
		v->known[i] = false;
		dropped++;
	}
	return dropped;
}

/* "u" and the UID, where no other message of the listing has the same. */
static void make_keys(struct visit *v)
{
	struct set others = { 0 };
	struct set doubles = { 0 };
	size_t without = 0;

	random_seed(&others);
	random_seed(&doubles);
	random_seed(&v->hashes);
	if (v->state != NULL)
		state_listing(v->state);
	v->keys = mem_array(v->pop3.n_items + 1, sizeof *v->keys);
	v->known = mem_array(v->pop3.n_items + 1, sizeof *v->known);
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		struct str uid = pop3_uid(&v->pop3, &v->pop3.items[i]);
		bool again = false;

		if (uid.n == 0)
			without++;
		else
			v->keys[i] = key_of(v, uid, &others, i, &again);
		if (again)
			set_add(&doubles, uid, NULL);
	}
	without += drop_keys(v, &doubles);
	set_free(&others);
	set_free(&doubles);
	if (without > 0 && v->state != NULL && v->settings->keep != 0)
		say_note(
			"%s: gives %zu messages no UID of their own; each is fetched again and compared with what is known",
			v->server->label, without);
}

enum fate plan_kept(const struct visit *v, int64_t when)
{
	int64_t keep = v->settings->keep;

	/* A clock that was set back, or that nobody has set yet, must not delete; nor what was stored by such a one. */
	/* 0: it was only marked as seen. */
	if (when == 0)
		return FATE_KEPT;
	return keep == 0 || (keep > 0 && when >= YEAR_2020 && v->now >= YEAR_2020 && v->now - when >= keep)
		? FATE_DELETE
		: FATE_KEPT;
}

/* Numbers are another session's, and a message without a UID has nothing else. */
static void death_name(const struct visit *v, size_t i, struct buf *name)
{
	if (v->keys[i] != NULL)
		buf_add_text(name, v->keys[i]);
	else
		buf_printf(name, "n%u %llu", (unsigned)v->pop3.items[i].number,
			(unsigned long long)v->pop3.items[i].size);
}

void plan_lost(struct visit *v, size_t i, bool fatal)
{
	struct buf name = { 0 };
	struct set_entry *e;

	death_name(v, i, &name);
	e = set_add(&v->course->deaths, buf_str(&name), NULL);
	e->value += fatal ? DEATHS : 1;
	buf_free(&name);
	if (e->value < DEATHS)
		return;
	v->course->dead++;
	v->tally->skipped++;
	say_errorf("%s: message %u (UID %s): the connection was lost %s; it is skipped, and the next run tries again",
		v->server->label, (unsigned)v->pop3.items[i].number, visit_uid(v, i),
		fatal ? "because of it" : "each time it was asked for");
}

static bool is_dead(const struct visit *v, size_t i)
{
	struct buf name = { 0 };
	const struct set_entry *e;

	if (v->course == NULL || v->course->dead == 0)
		return false;
	death_name(v, i, &name);
	e = set_find(&v->course->deaths, buf_str(&name));
	buf_free(&name);
	return e != NULL && e->value >= DEATHS;
}

/*
 * A UID may be given to another message when the first is gone. Where that can be, the message is fetched and compared;
 * one that is only back in the listing is believed, but not deleted without that.
 */
static bool may_be_another(const struct visit *v, size_t i, const struct state_note *note)
{
	if (note == NULL || note->size == 0)
		return false;
	return note->size == STATE_DOUBT || note->size - 1 != v->pop3.items[i].size || note->deleted ||
		(note->gone != 0 && v->settings->keep >= 0);
}

bool plan_measure(struct visit *v, size_t i, uint64_t octets, uint64_t dots, uint64_t crlf)
{
	uint64_t size = v->pop3.items[i].size;
	unsigned forms = 0;

	if (v->measured == 0)
		v->forms = 15;
	for (unsigned form = 0; form < 4; form++)
		if (octets + (form & 1 ? dots : 0) - (form & 2 ? crlf : 0) == size)
			forms |= 1U << form;
	/* Three in a row are no chance. */
	if (v->measured >= 3 && v->forms != 0 && (v->forms & forms) == 0)
		return false;
	v->forms &= forms;
	v->measured++;
	return true;
}

/* --skip UID */
static bool is_skipped(const struct visit *v, size_t i)
{
	const struct option_list *skip = &v->settings->skip;

	for (size_t k = 0; k < skip->n; k++)
		if (str_eq(str_of(skip->values[k]), pop3_uid(&v->pop3, &v->pop3.items[i])))
			return true;
	return false;
}

static enum fate fate_of(struct visit *v, size_t i)
{
	const struct settings *s = v->settings;
	int64_t when = v->state != NULL && v->keys[i] != NULL ? state_seen(v->state, str_of(v->keys[i])) : -1;
	const struct state_note *note = when >= 0 ? state_noted(v->state, str_of(v->keys[i])) : NULL;

	if (is_skipped(v, i))
		return FATE_LEAVE;
	if (v->sink != NULL && v->keys[i] != NULL && sink_holds(v->sink, str_of(v->keys[i]))) {
		v->tally->known++;
		return plan_kept(v, -1);
	}
	/* It has been here for nobody knows how long: the time begins now. */
	if (when > 0 && when < YEAR_2020 && v->now >= YEAR_2020 && s->keep > 0 && note != NULL && !note->deleted &&
		note->gone == 0 && !state_store(v->state, str_of(v->keys[i]), v->now, note->size, note->hash, &v->err))
		return FATE_KEPT;
	if (when >= 0 && (!s->all || (note != NULL && note->fresh)) && !may_be_another(v, i, note)) {
		v->tally->known++;
		return plan_kept(v, when);
	}
	if (plan_is_large(v, i)) {
		v->tally->large++;
		return FATE_LEAVE;
	}
	if (is_dead(v, i))
		return FATE_LEAVE;
	return FATE_WAIT;
}

void plan(struct visit *v)
{
	make_keys(v);
	v->tally->listed = v->pop3.n_items;
	v->fates = mem_array(v->pop3.n_items + 1, sizeof *v->fates);
	for (size_t i = 0; i < v->pop3.n_items; i++)
		v->fates[i] = (unsigned char)fate_of(v, i);
	match_say(v);
}

static void ask(struct visit *v, size_t i)
{
	uint32_t number = v->pop3.items[i].number;

	v->fates[i] = FATE_FETCH;
	v->wanted++;
	if (v->settings->headers)
		pop3_top(&v->pop3, number, 0);
	else
		pop3_retr(&v->pop3, number);
}

static bool is_fault(const struct visit *v, size_t i)
{
	return v->state != NULL && v->keys[i] != NULL && state_is_fault(v->state, str_of(v->keys[i]));
}

void plan_ask(struct visit *v)
{
	uint64_t limit = v->settings->limit > 0 ? v->settings->limit : UINT64_MAX;

	/* Those at which the last session broke off come last, so that they keep no other back. */
	for (int faults = 0; faults < 2; faults++) {
		for (size_t i = v->next; i < v->pop3.n_items && v->tally->fetched + v->wanted + v->looks < limit; i++) {
			if (v->fates[i] != FATE_WAIT || is_fault(v, i) != (faults > 0))
				continue;
			if (v->settings->since == INT64_MIN) {
				ask(v, i);
				continue;
			}
			v->fates[i] = FATE_LOOK;
			v->looks++;
			pop3_top(&v->pop3, v->pop3.items[i].number, 0);
		}
	}
	while (v->next < v->pop3.n_items && v->fates[v->next] != FATE_WAIT)
		v->next++;
}

/* A message without a date that can be read is not older than any. */
void plan_look(struct visit *v, size_t i, struct str header)
{
	struct buf date = { 0 };
	struct str field = header_find(header, "Date");
	int64_t when;

	v->looks--;
	if (field.p != NULL && header_unfold(&date, field) && date_parse_mail(buf_str(&date), &when) &&
		when < v->settings->since) {
		v->tally->old++;
		v->fates[i] = FATE_LEAVE;
	} else {
		ask(v, i);
	}
	buf_free(&date);
}

void plan_delete(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		if (v->fates[i] != FATE_DELETE)
			continue;
		v->fates[i] = FATE_DELETED;
		pop3_dele(&v->pop3, v->pop3.items[i].number);
	}
}

bool plan_is_large(const struct visit *v, size_t i)
{
	return v->settings->max_size > 0 && v->pop3.items[i].size > v->settings->max_size && !v->known[i];
}

/* The time 0 says that nothing was fetched: it is never deleted. */
bool plan_mark(struct visit *v)
{
	size_t without = 0;

	for (size_t i = 0; i < v->pop3.n_items; i++) {
		v->fates[i] = FATE_LEAVE;
		if (v->keys[i] == NULL)
			without++;
		if (v->keys[i] == NULL || v->known[i])
			continue;
		if (!state_store(v->state, str_of(v->keys[i]), 0, v->pop3.items[i].size + 1, 0, &v->err))
			return false;
		v->tally->marked++;
	}
	if (without > 0)
		say_note("%s: %zu messages have no unique id and cannot be marked", v->server->label, without);
	return journal_commit(&v->state->journal, &v->err);
}
