#ifndef PIPEMAIL_LISTSCRUB_OTHERS_H
#define PIPEMAIL_LISTSCRUB_OTHERS_H

#include "base/err.h"
#include "base/set.h"

/* The addresses of another list, in the form that finds duplicates: of --except and --both. */
struct others {
	struct set keys;
	bool fold; /* in providers' forms */
};

/* Add the addresses of a list; what is not one is passed over. 65: it is not a list, or has no addresses; 66, 74. */
bool others_load(struct others *o, const char *path, struct err *err);
void others_free(struct others *o);
/* folded: the same form of an address. */
bool others_have(const struct others *o, struct str folded);

#endif
