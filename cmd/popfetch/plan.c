#include <config.h>

#include "cmd/popfetch/visit.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "mail/header/header.h"
#include "text/csv.h"
#include "text/date.h"

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

/*
 * "u" and the UID, where no other message of the listing has the same: a UID that is there twice says nothing, and
 * counting them would give the second one's name to a third when the first is gone.
 */
static void make_keys(struct visit *v)
{
	struct set counts = { 0 };
	size_t without = 0;

	random_seed(&counts);
	random_seed(&v->hashes);
	v->keys = mem_array(v->pop3.n_items + 1, sizeof *v->keys);
	for (size_t i = 0; i < v->pop3.n_items; i++)
		if (v->pop3.items[i].uid.n > 0)
			set_add(&counts, v->pop3.items[i].uid, NULL)->value++;
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		struct str uid = v->pop3.items[i].uid;
		struct buf key = { 0 };

		if (uid.n == 0 || set_find(&counts, uid)->value > 1) {
			without++;
			continue;
		}
		buf_add_char(&key, 'u');
		buf_add(&key, uid);
		v->keys[i] = mem_copy(buf_str(&key).p, buf_len(&key));
		buf_free(&key);
	}
	set_free(&counts);
	if (without > 0 && v->state != NULL && v->settings->keep != 0)
		say_note(
			"%s: gives %zu messages no UID of their own; each is fetched again and compared with what is known",
			v->server->label, without);
}

enum fate plan_kept(const struct visit *v, int64_t when)
{
	int64_t keep = v->settings->keep;

	/* A clock that was set back must not delete. */
	return keep == 0 || (keep > 0 && when >= 0 && clock_wall() - when >= keep) ? FATE_DELETE : FATE_KEPT;
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

static enum fate fate_of(struct visit *v, size_t i)
{
	const struct settings *s = v->settings;
	int64_t when = v->state != NULL && v->keys[i] != NULL ? state_seen(v->state, str_of(v->keys[i])) : -1;
	const struct state_note *note = when >= 0 ? state_noted(v->state, str_of(v->keys[i])) : NULL;

	if (v->sink != NULL && v->keys[i] != NULL && sink_holds(v->sink, str_of(v->keys[i]))) {
		v->tally->known++;
		return plan_kept(v, -1);
	}
	if (when >= 0 && (!s->all || (note != NULL && note->fresh)) && !may_be_another(v, i, note)) {
		v->tally->known++;
		return plan_kept(v, when);
	}
	if (s->max_size > 0 && v->pop3.items[i].size > s->max_size) {
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
		v->fates[i] = fate_of(v, i);
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

bool plan_print(struct visit *v)
{
	struct buf out = { .limit = SIZE_MAX };
	bool ok;

	buf_add_text(&out, "number,size,uid\n");
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		const struct pop3_item *item = &v->pop3.items[i];

		buf_printf(&out, "%u,%llu,", (unsigned)item->number, (unsigned long long)item->size);
		csv_add_cell(&out, item->uid, ',');
		buf_add_char(&out, '\n');
	}
	ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", &v->err);
	buf_free(&out);
	return ok;
}
