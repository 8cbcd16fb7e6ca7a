#ifndef PIPEMAIL_MAIL_TLD_H
#define PIPEMAIL_MAIL_TLD_H

#include "base/set.h"

/*
 * Does a top-level domain exist? By a snapshot of the root zone, which knows nothing of what came later: whoever is not
 * in it may be right all the same.
 */
struct tld {
	unsigned char two[26 * 26]; /* of two letters: 1 where it exists */
	unsigned char three[26 * 26 * 26];
	struct set longer;
};

/* Fill it; random are 16 random bytes. Free it with tld_free. Look-ups are safe from several threads. */
void tld_init(struct tld *t, const unsigned char random[16]);
void tld_free(struct tld *t);
/* domain: in A-labels and lower case; its last label counts. */
bool tld_exists(const struct tld *t, struct str domain);
/* The day of the snapshot: "2023-02-09". */
const char *tld_date(void);

#endif
