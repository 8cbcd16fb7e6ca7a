#ifndef PIPEMAIL_BASE_MEM_H
#define PIPEMAIL_BASE_MEM_H

#include <stddef.h>

/*
 * Memory from the heap. These functions never return NULL: when memory runs out they write one line on
 * standard error and end the process with status 71 (EX_OSERR), so no caller has an untested path for it. Journals
 * survive that as they survive a kill. Sizes that come from outside are limited by the caller (base/buf.h), not
 * here.
 */

/*
 * Zeroed memory for one object of n bytes; n may be 0 (a pointer that can be freed). Never NULL. The caller frees
 * it with mem_free.
 */
void *mem_alloc(size_t n);

/* Zeroed memory for count objects of size bytes each. A product that overflows is treated as memory that ran out. */
void *mem_array(size_t count, size_t size);

/*
 * realloc(3) to count objects of size bytes; p may be NULL. Bytes beyond the old size are not cleared. p is
 * invalid afterwards, and so is every pointer into it. The old storage is not overwritten, so not for secrets.
 */
void *mem_resize(void *p, size_t count, size_t size);

/*
 * Room for one more object in an array that grows at its end: p has room for *cap objects of size bytes each, of
 * which n are used. With room left, p is returned as it is; else it is moved to twice the room (at least 8) and
 * *cap is set. New room is not cleared.
 *
 *     l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
 *     l->items[l->n++] = item;
 */
static inline void *mem_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = n < 4 ? 8 : 2 * n;
	return mem_resize(p, *cap, size);
}

/* A copy of the n bytes at p, with a NUL after it. p may be NULL when n is 0. The caller frees it with mem_free. */
char *mem_copy(const void *p, size_t n);

/* free(3) of what this module returned; NULL does nothing. */
void mem_free(void *p);

/* Overwrite n bytes at p with zeros in a way that the compiler may not remove; p must not be NULL. */
void mem_wipe(void *p, size_t n);

/*
 * Write that memory ran out and end the process with status 71, without flushing stdio or calling atexit
 * functions.
 */
_Noreturn void mem_die(void);

#endif
