#include <config.h>

#include "cmd/listscrub/idn.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/clock.h"
#include "mail/domain.h"

/* Beyond so many different ones all are forgotten: memory stays bounded whatever the list is. */
#define MOST ((size_t)1 << 16)

void idn_free(struct idn *idn)
{
	for (size_t i = 0; i < idn->seen.used; i++) {
		mem_free(idn->entries[i].ascii);
		mem_free(idn->entries[i].unicode);
	}
	mem_free(idn->entries);
	set_free(&idn->seen);
	*idn = (struct idn){ .entries = NULL };
}

static void start(struct idn *idn)
{
	unsigned char random[16];

	idn_free(idn);
	random_bytes(random, sizeof random);
	set_seed(&idn->seen, random);
	idn->entries = mem_array(MOST, sizeof *idn->entries);
}

static void convert(struct idn_entry *e, struct str domain)
{
	struct buf ascii = { .limit = 0 };
	struct buf unicode = { .limit = 0 };

	if (domain_to_ascii(&ascii, domain) == DOMAIN_OK) {
		domain_show(&unicode, buf_str(&ascii));
		e->ascii = mem_copy(buf_text(&ascii), buf_len(&ascii));
		e->unicode = mem_copy(buf_text(&unicode), buf_len(&unicode));
	}
	buf_free(&ascii);
	buf_free(&unicode);
}

const struct idn_entry *idn_find(struct idn *idn, struct str domain)
{
	bool added;

	if (idn->entries == NULL || idn->seen.used == MOST)
		start(idn);
	struct set_entry *found = set_add(&idn->seen, domain, &added);

	if (added) {
		found->value = idn->seen.used - 1;
		convert(&idn->entries[found->value], domain);
	}
	return &idn->entries[found->value];
}
