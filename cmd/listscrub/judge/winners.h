#ifndef PIPEMAIL_LISTSCRUB_WINNERS_H
#define PIPEMAIL_LISTSCRUB_WINNERS_H

#include "cmd/listscrub/judge/dedup.h"

/* Where several lists are read twice: against which row each duplicate lost. 24 octets each. */
struct winners {
	struct dedup_loss *list;
	size_t n;
	size_t cap;
	bool sorted;
};

void winners_add(struct winners *w, const struct dedup_loss *loss);
/* The place of the row that is kept for that one, which was added. A row that lost later than it had won is followed to
 * the last one. */
uint64_t winners_place(struct winners *w, uint64_t row);
void winners_free(struct winners *w);

#endif
