#ifndef PIPEMAIL_LISTSCRUB_SUGGEST_H
#define PIPEMAIL_LISTSCRUB_SUGGEST_H

#include "base/set.h"

struct mx;
struct tld;

/*
 * The domain that was probably meant: by a table of frequent slips, else by the edit distance to the best-known
 * providers, where neighbouring keys and swapped letters count less. Never for a domain that is well known itself or
 * that answers for mail, and only ever reported: of real domains that look like a typo there are many.
 */
struct suggest {
	const struct mx *mx;   /* NULL: nobody was asked */
	const struct tld *tld; /* set before the first question */
	struct set known;      /* domains that are right as they are */
	struct set seen;       /* value: position of the answer + 1, 0: none */
};

void suggest_init(struct suggest *s);
void suggest_free(struct suggest *s);
/* The likely domain for this one (A-labels, lower case), or an empty slice. A fixed text. */
struct str suggest_for(struct suggest *s, struct str domain);

/* The tables (suggest_domains.c), NULL at their ends: domains that are right as they are, besides those of freemail.h;
 * slips and what was meant, whole and ends only. */
extern const char *const suggest_known[];
struct suggest_slip {
	const char *slip;
	const char *meant;
};
extern const struct suggest_slip suggest_slips[];
extern const struct suggest_slip suggest_ends[];

#endif
