#ifndef PIPEMAIL_LISTSCRUB_ARENA_H
#define PIPEMAIL_LISTSCRUB_ARENA_H

#include "base/str.h"

/* Octets that live until all are forgotten at once: what is said about the rows of one batch. */
struct arena {
	struct arena_block *blocks; /* the one that is filled comes first */
};

/* Room for n octets, aligned for anything; they do not move. */
void *arena_room(struct arena *a, size_t n);
/* A copy of s. */
struct str arena_copy(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_clear(struct arena *a);
void arena_free(struct arena *a);

#endif
