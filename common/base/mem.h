#ifndef PIPEMAIL_BASE_MEM_H
#define PIPEMAIL_BASE_MEM_H

#include <stddef.h>

/*
 * Memory that is always there. The one place of the project that ends the process for want of
 * memory: one line on standard error and status 71, so that no caller has a half-way branch.
 */

/* Zeroed memory for one object of n octets; n may be 0. */
void *mem_alloc(size_t n);

/* Zeroed memory for count objects of size octets; a product that overflows counts as no memory. */
void *mem_array(size_t count, size_t size);

/* Resize p (which may be NULL) to count objects of size octets; what is new is not cleared. */
void *mem_resize(void *p, size_t count, size_t size);

/*
 * An array that grows at its end: p has room for *cap objects of size octets and n of them are used. With room for one
 * more p is returned as it is, else moved to twice the room (at least 8) and *cap set. What is new is not cleared.
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

/* A copy of n octets at p, with a NUL behind it. */
char *mem_copy(const void *p, size_t n);

/* free(3); NULL is fine. */
void mem_free(void *p);

/* Overwrite n octets at p in a way that the compiler may not remove. */
void mem_wipe(void *p, size_t n);

/* Say that memory ran out and end the process with status 71. */
_Noreturn void mem_die(void);

#endif
