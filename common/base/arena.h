#ifndef PIPEMAIL_BASE_ARENA_H
#define PIPEMAIL_BASE_ARENA_H

#include "base/str.h"

/*
 * An arena hands out memory whose pieces are all given back at once. listscrub keeps in it what it found out about
 * the rows of one batch: the pieces are small, many, and of no use once the batch is written. A zeroed arena is
 * valid and empty. One thread at a time may use an arena.
 *
 *     char *copy = arena_copy(&a, cell).p;    valid until arena_clear or arena_free
 *     arena_clear(&a);                        before the next batch
 */
struct arena {
	struct arena_block *blocks; /* owned, newest first; only the newest is being filled */
};

/*
 * Room for n bytes, aligned for any type. The bytes are not cleared and do not move; they are valid until
 * arena_clear or arena_free. Never NULL: mem_die ends the process when memory runs out.
 */
void *arena_room(struct arena *a, size_t n);
/* A copy of s, without a NUL after it; it lives as long as the room of arena_room. */
struct str arena_copy(struct arena *a, struct str s);
/* As printf(3), into the arena; a text of more than 1023 bytes is cut there. No NUL follows. */
struct str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Ends the life of every piece. The newest block (at most 1 MiB) is kept for the next batch; a larger one is
 * freed.
 */
void arena_clear(struct arena *a);
/* As arena_clear, and frees all memory. The arena stays usable; freeing an empty one does nothing. */
void arena_free(struct arena *a);

#endif
