#ifndef PIPEMAIL_LISTSCRUB_IDN_H
#define PIPEMAIL_LISTSCRUB_IDN_H

#include "base/set.h"

/* Internationalised domains that were converted already: a list has few of them, many times, and the library takes microseconds. */
struct idn_entry {
	char *ascii; /* NULL: not well formed */
	char *unicode;
};

struct idn {
	struct set seen; /* as written; value: position in entries */
	struct idn_entry *entries;
};

/* The two forms of a domain as written. It lives until the next call. */
const struct idn_entry *idn_find(struct idn *idn, struct str domain);
void idn_free(struct idn *idn);

#endif
