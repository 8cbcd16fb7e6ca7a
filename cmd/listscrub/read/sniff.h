#ifndef PIPEMAIL_LISTSCRUB_SNIFF_H
#define PIPEMAIL_LISTSCRUB_SNIFF_H

#include "base/str.h"

/* What a list looks like, told from its first rows and from what the user said. */
enum sniff_header { SNIFF_GUESS, SNIFF_HEADER, SNIFF_NO_HEADER };

struct sniff {
	char delimiter;           /* 0: to be guessed */
	enum sniff_header header; /* as asked for; then what was found */
	char **names;             /* of the columns, trimmed; owned; "" without a header */
	size_t columns;
	size_t email; /* SIZE_MAX: no column holds addresses */
	size_t other; /* may be meant as well as email; SIZE_MAX: none */
	bool named;   /* what stands in the rows does not matter: as asked for; then because of its name */
	bool unsure;  /* it is the only column: neither its name nor what stands in it speaks for it */
};

#define SNIFF_NONE SIZE_MAX
#define SNIFF_ROWS ((size_t)100) /* are looked at */

/* head: the first octets of the list, with its first rows whole where that is possible; two of them where the column
 * of addresses turns out to be named, else SNIFF_ROWS. */
void sniff_list(struct sniff *s, struct str head);
void sniff_free(struct sniff *s);
/* The column of that name (case counts only where two differ in nothing else) or number, from 1 on; SNIFF_NONE. */
size_t sniff_column(const struct sniff *s, const char *name);

#endif
