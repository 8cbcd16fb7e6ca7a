#ifndef PIPEMAIL_LISTSCRUB_ROWSET_H
#define PIPEMAIL_LISTSCRUB_ROWSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of rows, from `first` on. */
struct rowset {
	uint64_t first;
	uint64_t *words;
	size_t n;
};
void rowset_add(struct rowset *r, uint64_t row);
bool rowset_has(const struct rowset *r, uint64_t row);
void rowset_free(struct rowset *r);

#endif
