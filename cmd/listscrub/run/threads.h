#ifndef PIPEMAIL_LISTSCRUB_THREADS_H
#define PIPEMAIL_LISTSCRUB_THREADS_H

#include <stddef.h>

/* What the system has to be asked about threads. */

/* How many processors this process may run on; 1 where that is not known. */
size_t threads_processors(void);

/* Where the address space is limited, one arena of malloc for all threads from here on: with one each they need not
 * wait for each other, but each reserves some megabytes for the little that it needs. */
void threads_share_arena(void);

#endif
