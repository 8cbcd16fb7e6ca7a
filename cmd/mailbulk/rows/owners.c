#include <config.h>

#include "cmd/mailbulk/rows/owners.h"

#define DOMAINS_MOST 1000000u

void owners_free(struct owners *o)
{
	set_free(&o->domains);
	set_free(&o->names);
}

void owners_note(struct owners *o, struct str domain)
{
	if (o->domains.used < DOMAINS_MOST && domain.n > 0 && domain.p[0] != '[')
		set_add(&o->domains, domain, NULL);
}

struct str owners_organisation(struct str host)
{
	size_t last = str_after_last(host, '.');
	size_t second = last > 0 ? str_after_last(str_sub(host, 0, last - 1), '.') : 0;
	struct str middle = str_sub(host, second, last > second ? last - 1 - second : 0);

	/* Countries register below such names, too. */
	if (second == 0 || host.n - last != 2 ||
		!str_among(middle, "ac co com edu gob gov gouv go gv id ltd me mil ne net nom or org plc sch web"))
		return str_sub(host, second, host.n);
	return str_sub(host, str_after_last(str_sub(host, 0, second - 1), '.'), host.n);
}

void owners_set(struct owners *o, struct str domain, struct str owner)
{
	struct set_entry *entry = set_find(&o->domains, domain);
	bool added;

	if (entry == NULL || owner.n == 0)
		return;
	struct set_entry *name = set_add(&o->names, owner, &added);

	if (added)
		name->value = o->names.used;
	entry->value = name->value;
}

struct str owners_of(const struct owners *o, struct str domain)
{
	const struct set_entry *entry = set_find(&o->domains, domain);

	if (entry == NULL || entry->value == 0)
		return domain;
	const struct set_entry *name = &o->names.entries[entry->value - 1];

	return str_at(name->p, name->n);
}
