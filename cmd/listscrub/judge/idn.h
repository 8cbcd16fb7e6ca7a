#ifndef PIPEMAIL_LISTSCRUB_IDN_H
#define PIPEMAIL_LISTSCRUB_IDN_H

#include "base/set.h"

/*
 * Labels of internationalised domains that were converted already: the library takes microseconds for each, and a
 * list has few of them, many times. Only those that can be judged without their neighbours.
 */
struct idn_label {
	char *ascii;   /* NULL: ask about the whole domain */
	char *written; /* in normal form: a U-label for a U-label, an A-label for an A-label */
};

struct idn {
	struct set seen; /* as written; value: position in labels */
	struct idn_label *labels;
};

/* A label that is no plain ASCII one: true for those that idn_find is for. */
bool idn_is_special(struct str label);
/* It lives until the next call. */
const struct idn_label *idn_find(struct idn *idn, struct str label);
void idn_free(struct idn *idn);

#endif
