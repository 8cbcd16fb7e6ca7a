#ifndef PIPEMAIL_IO_RANDOM_H
#define PIPEMAIL_IO_RANDOM_H

#include <stddef.h>

struct set;

/* n bytes that nobody can guess (getrandom(2)). Ends the process with status 71 when the kernel has none. */
void random_bytes(void *p, size_t n);
/* Give a set a random key before its first entry, so nobody can prepare a list that makes it slow. */
void random_seed(struct set *s);

#endif
