#include <config.h>

#include "mail/address/tld.h"

#include "mail/address/tld_names.h"

static unsigned char *cell_of(struct tld *t, struct str name)
{
	size_t at = 0;

	if (name.n != 2 && name.n != 3)
		return NULL;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < 'a' || name.p[i] > 'z')
			return NULL;
		at = at * 26 + (size_t)(name.p[i] - 'a');
	}
	return name.n == 2 ? &t->two[at] : &t->three[at];
}

void tld_init(struct tld *t, const unsigned char random[16])
{
	struct str rest = str_of(tld_names);

	*t = (struct tld){ .two = { 0 } };
	set_seed(&t->longer, random);
	while (rest.p != NULL) {
		struct str name = str_cut(&rest, ' ');
		unsigned char *cell = cell_of(t, name);

		if (cell != NULL)
			*cell = 1;
		else
			(void)set_add(&t->longer, name, NULL);
	}
}

void tld_free(struct tld *t)
{
	set_free(&t->longer);
}

bool tld_exists(const struct tld *t, struct str domain)
{
	size_t dot = domain.n;

	while (dot > 0 && domain.p[dot - 1] != '.')
		dot--;
	struct str name = str_sub(domain, dot, domain.n);
	const unsigned char *cell = cell_of((struct tld *)(uintptr_t)t, name);

	return cell != NULL ? *cell == 1 : set_find(&t->longer, name) != NULL;
}

const char *tld_date(void)
{
	return TLD_DATE;
}
