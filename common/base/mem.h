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

/* A copy of n octets at p, with a NUL behind it. */
char *mem_copy(const void *p, size_t n);

/* free(3); NULL is fine. */
void mem_free(void *p);

/* Overwrite n octets at p in a way that the compiler may not remove. */
void mem_wipe(void *p, size_t n);

/* Say that memory ran out and end the process with status 71. */
_Noreturn void mem_die(void);

#endif
