#include <config.h>

#include "cmd/mailbulk/send/provider.h"

#include "base/mem.h"
#include "cmd/mailbulk/rows/owners.h"

#define SECOND INT64_C(1000000000)
#define PAUSE_MOST (60 * SECOND)
#define INTERVAL_LEAST (SECOND / 20)
#define INTERVAL_MOST (10 * SECOND)
#define WAVE (SECOND / 4) /* what was under way to it when it pushed back hears the same */
#define STOPS_MOST 5

void provider_free(struct providers *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		queue_free(&ps->all[i].rows);
	mem_free(ps->all);
	set_free(&ps->domains);
	*ps = (struct providers){ .n = 0 };
}

/* Lower case: what server and list say may differ in case only. */
static struct str name_of(const struct providers *ps, struct str address, char *room, size_t size)
{
	size_t at = str_after_last(address, '@');
	struct str domain = str_sub(address, at, address.n);
	size_t n = domain.n < size ? domain.n : size;

	for (size_t i = 0; i < n; i++)
		room[i] = ascii_lower(domain.p[i]);
	return ps->owners != NULL ? owners_of(ps->owners, str_at(room, n)) : str_at(room, n);
}

struct provider *provider_of(struct providers *ps, struct str address)
{
	char room[256];
	bool added;
	struct set_entry *entry = set_add(&ps->domains, name_of(ps, address, room, sizeof room), &added);

	if (added) {
		ps->all = mem_grow(ps->all, ps->n, &ps->cap, sizeof *ps->all);
		ps->all[ps->n++] = (struct provider){ .next = 0 };
		entry->value = ps->n;
	}
	return &ps->all[entry->value - 1];
}

struct provider *provider_find(const struct providers *ps, struct str address)
{
	char room[256];
	const struct set_entry *entry =
		ps->n > 0 ? set_find(&ps->domains, name_of(ps, address, room, sizeof room)) : NULL;

	return entry != NULL ? &ps->all[entry->value - 1] : NULL;
}

bool provider_go(struct provider *p, int64_t now)
{
	if (p->closed || p->next > now)
		return false;
	p->next = now + p->interval;
	return true;
}

bool provider_stopped(const struct provider *p, int64_t since, int64_t now)
{
	return p->closed || (p->refusals > 0 && p->fell >= since && p->next > now);
}

void provider_pushed_back(struct provider *p, int64_t now, bool stop)
{
	int64_t pause = SECOND / 4;

	p->stops = stop ? p->stops + 1 : 0;
	p->closed |= p->stops >= STOPS_MOST;
	if (p->refusals > 0 && now - p->fell < WAVE)
		return;
	p->fell = now;
	for (unsigned i = 0; i < p->refusals && pause < PAUSE_MOST; i++)
		pause *= 2;
	p->refusals++;
	p->interval = p->interval == 0 ? INTERVAL_LEAST : 2 * p->interval;
	if (p->interval > INTERVAL_MOST)
		p->interval = INTERVAL_MOST;
	pause = now + (pause < PAUSE_MOST ? pause : PAUSE_MOST);
	p->next = pause > p->next ? pause : p->next;
}

void provider_accepted(struct provider *p)
{
	p->refusals = 0;
	p->stops = 0;
	p->interval = p->interval / 4 * 3;
	if (p->interval < INTERVAL_LEAST / 8)
		p->interval = 0;
}

void provider_hold(struct providers *ps, struct provider *p, const struct waiting *w)
{
	queue_push(&p->rows, w);
	ps->held++;
}

bool provider_take(struct providers *ps, int64_t now, struct waiting *w)
{
	for (size_t i = 0; ps->held > 0 && i < ps->n; i++)
		if (ps->all[i].rows.n > 0 && provider_go(&ps->all[i], now)) {
			ps->held--;
			return queue_take(&ps->all[i].rows, INT64_MAX, w);
		}
	return false;
}

bool provider_drain(struct providers *ps, struct waiting *w)
{
	for (size_t i = 0; ps->held > 0 && i < ps->n; i++)
		if (queue_take(&ps->all[i].rows, INT64_MAX, w)) {
			ps->held--;
			return true;
		}
	return false;
}

int64_t provider_due(const struct providers *ps)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; ps->held > 0 && i < ps->n; i++) {
		const struct provider *p = &ps->all[i];

		if (p->rows.n > 0 && !p->closed && p->next < due)
			due = p->next;
	}
	return due;
}
