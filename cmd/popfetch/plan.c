#include <config.h>

#include "cmd/popfetch/visit.h"

#include "base/mem.h"
#include "io/clock.h"
#include "mail/header.h"
#include "text/date.h"

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

/* The UID, or for a further message with the same one "UID 2": servers that number by content have such. */
static bool make_keys(struct visit *v)
{
	struct set counts = { 0 };
	unsigned char random[16];
	bool any = false;

	random_bytes(random, sizeof random);
	set_seed(&counts, random);
	v->keys = mem_array(v->pop3.n_items + 1, sizeof *v->keys);
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		struct str uid = v->pop3.items[i].uid;
		struct buf key = { 0 };

		if (uid.n == 0)
			continue;
		any = true;
		struct set_entry *e = set_add(&counts, uid, NULL);

		buf_add(&key, uid);
		if (++e->value > 1)
			buf_printf(&key, " %llu", (unsigned long long)e->value);
		v->keys[i] = mem_copy(buf_str(&key).p, buf_len(&key));
		buf_free(&key);
	}
	set_free(&counts);
	return any;
}

static bool is_known(const struct visit *v, size_t i, int64_t *when)
{
	*when = v->state != NULL && v->keys[i] != NULL ? state_seen(v->state, str_of(v->keys[i])) : -1;
	return *when >= 0;
}

static enum fate fate_of(struct visit *v, size_t i, uint64_t *fetch)
{
	const struct settings *s = v->settings;
	int64_t when;
	bool known = is_known(v, i, &when);

	if (known && !s->all) {
		v->tally->known++;
		return s->keep >= 0 && clock_wall() - when >= s->keep ? FATE_DELETE : FATE_LEAVE;
	}
	if (s->max_size > 0 && v->pop3.items[i].size > s->max_size) {
		v->tally->large++;
		return FATE_LEAVE;
	}
	if (s->limit > 0 && *fetch >= s->limit)
		return FATE_LEAVE;
	if (s->since != INT64_MIN)
		return FATE_LOOK;
	++*fetch;
	return FATE_FETCH;
}

bool plan(struct visit *v, struct err *err)
{
	uint64_t fetch = v->tally->fetched;
	bool any = make_keys(v);
	const struct settings *s = v->settings;

	v->tally->listed = v->pop3.n_items;
	/* Without UIDs every run would bring everything again. */
	if (!any && v->pop3.n_items > 0 && !s->all && !s->remove && !s->headers && !s->list)
		return err_set(err, ERR_UNAVAILABLE, "%s: has no unique ids (UIDL), so what was fetched before cannot be told: "
			"--delete what is fetched, or take --all", v->server->label);
	v->fates = mem_array(v->pop3.n_items + 1, sizeof *v->fates);
	for (size_t i = 0; i < v->pop3.n_items && !s->list; i++)
		v->fates[i] = fate_of(v, i, &fetch);
	return true;
}

static void ask(struct visit *v, size_t i)
{
	uint32_t number = v->pop3.items[i].number;

	v->wanted++;
	if (v->settings->headers)
		pop3_top(&v->pop3, number, 0);
	else
		pop3_retr(&v->pop3, number);
}

void plan_ask(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		if (v->fates[i] == FATE_LOOK) {
			v->looks++;
			pop3_top(&v->pop3, v->pop3.items[i].number, 0);
		} else if (v->fates[i] == FATE_FETCH) {
			ask(v, i);
		}
	}
}

/* A message without a date that can be read is not older than any. */
void plan_look(struct visit *v, uint32_t number, struct str header)
{
	size_t i = plan_index(v, number);
	struct buf date = { 0 };
	struct str field = header_find(header, "Date");
	int64_t when;

	v->fates[i] = FATE_FETCH;
	if (field.p != NULL && header_unfold(&date, field) && date_parse_mail(buf_str(&date), &when) &&
		when < v->settings->since) {
		v->tally->old++;
		v->fates[i] = FATE_LEAVE;
	}
	buf_free(&date);
	if (v->fates[i] == FATE_FETCH && v->settings->limit > 0 &&
		v->tally->fetched + v->wanted >= v->settings->limit)
		v->fates[i] = FATE_LEAVE;
	if (v->fates[i] == FATE_FETCH)
		ask(v, i);
}

void plan_delete(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		bool now = v->fates[i] == FATE_DELETE || (v->fates[i] == FATE_FETCHED && v->settings->keep == 0);

		if (!now)
			continue;
		v->fates[i] = FATE_DELETED;
		pop3_dele(&v->pop3, v->pop3.items[i].number);
	}
}
