#include <config.h>

#include "cmd/mailbulk/send/pace.h"

#include "cmd/mailbulk/rows/owners.h"
#include "mail/address/domain.h"

/* Messages of a warm-up on a day (0: the first). */
static uint64_t warmup_of(const struct warmup *w, uint64_t day)
{
	uint64_t n = w->start;

	for (uint64_t i = 0; i < day && n < UINT64_C(1) << 40; i++) {
		uint64_t more = n * w->percent / 100;

		if (more == 0)
			break;
		n += more;
	}
	return n;
}

void pace_init(struct pace *p, const struct settings *settings, uint64_t days, uint64_t sent_today)
{
	uint64_t today = settings->warmup.start > 0 ? warmup_of(&settings->warmup, days) : UINT64_MAX;

	*p = (struct pace){ .settings = settings };
	p->left = today == UINT64_MAX ? today : sent_today < today ? today - sent_today : 0;
}

void pace_free(struct pace *p)
{
	set_free(&p->domains);
	set_free(&p->last);
}

int64_t pace_next(const struct pace *p)
{
	return p->next;
}

void pace_took(struct pace *p, int64_t now, uint64_t n)
{
	if (p->left != UINT64_MAX)
		p->left -= n < p->left ? n : p->left;
	if (p->settings->rate.interval == 0)
		return;
	if (p->next < now)
		p->next = now;
	p->next += p->settings->rate.interval * (int64_t)n;
}

static struct str counted(const struct pace *p, struct str domain)
{
	return p->owners != NULL ? owners_of(p->owners, domain) : domain;
}

/* *domain becomes what it counts as. NULL: it has no limit. */
static const struct rate *rate_of(const struct pace *p, struct str *domain)
{
	const struct rate *any = NULL;

	struct str named = *domain;

	if (p->settings->n_domain_rates > 0)
		*domain = counted(p, *domain);
	for (size_t i = 0; i < p->settings->n_domain_rates; i++) {
		const struct domain_rate *r = &p->settings->domain_rates[i];

		if (str_eq(str_of(r->domain), STR_LIT("*")))
			any = &r->rate;
		else if (domain_within(named, str_of(r->domain)) ||
			domain_within(*domain, counted(p, str_of(r->domain))))
			return &r->rate;
	}
	return any;
}

int64_t pace_domain(struct pace *p, struct str domain, int64_t now)
{
	const struct rate *rate = rate_of(p, &domain);
	bool added;

	if (rate == NULL)
		return now;
	struct set_entry *entry = set_add(&p->domains, domain, &added);
	int64_t slot = added || (int64_t)entry->value < now ? now : (int64_t)entry->value;

	entry->value = (uint64_t)(slot + rate->interval);
	return slot;
}

bool pace_goes(struct pace *p, struct str domain, int64_t now)
{
	const struct rate *rate = rate_of(p, &domain);
	bool added;

	if (rate == NULL)
		return true;
	struct set_entry *entry = set_add(&p->last, domain, &added);

	/* Slots are exact, what goes in them is a little late now and then. */
	if (!added && now - (int64_t)entry->value < rate->interval - rate->interval / 4)
		return false;
	entry->value = (uint64_t)now;
	return true;
}

void pace_went(struct pace *p, struct str domain, int64_t now, int64_t ago)
{
	const struct rate *rate = rate_of(p, &domain);
	bool added;

	if (rate == NULL || ago >= rate->interval)
		return;
	struct set_entry *last = set_add(&p->last, domain, &added);

	/* Of several domains of one owner the last one counts. */
	if (!added && (int64_t)last->value >= now - ago)
		return;
	last->value = (uint64_t)(now - ago);
	set_add(&p->domains, domain, NULL)->value = (uint64_t)(now - ago + rate->interval);
}

int64_t pace_longest(const struct settings *settings)
{
	int64_t longest = 0;

	for (size_t i = 0; i < settings->n_domain_rates; i++)
		if (settings->domain_rates[i].rate.interval > longest)
			longest = settings->domain_rates[i].rate.interval;
	return longest;
}
