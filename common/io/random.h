#ifndef PIPEMAIL_IO_RANDOM_H
#define PIPEMAIL_IO_RANDOM_H

#include <stddef.h>

struct set;

/* n octets nobody can guess (getrandom); ends the process with 71 when the kernel has none. */
void random_bytes(void *p, size_t n);
/* The key of a set, before its first entry: random, so that nobody can prepare a list that makes it slow. */
void random_seed(struct set *s);

#endif
