#ifndef PIPEMAIL_IO_CLOCK_H
#define PIPEMAIL_IO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Time: pure code is given it from here. */

/* Monotonic nanoseconds, for every duration and deadline. INT64_MAX as a deadline is "never". */
int64_t clock_now(void);
#define CLOCK_SECOND INT64_C(1000000000)
/* Milliseconds for poll(2) until a monotonic deadline, rounded up; 0 when it is past, -1: never. */
int clock_left(int64_t deadline);
/* now + span, which stays INT64_MAX rather than overflow. */
int64_t clock_after(int64_t span);

/* Seconds since 1970; SOURCE_DATE_EPOCH when that is set (a value that is no number: as unset). */
int64_t clock_wall(void);
/* When this machine started, in seconds since 1970, whatever SOURCE_DATE_EPOCH says. */
int64_t clock_boot(void);
/* Minutes east of UTC of the local time zone at that moment; 0 when SOURCE_DATE_EPOCH is set. */
int clock_offset(int64_t wall);
/* SOURCE_DATE_EPOCH is set: the same input shall give the same bytes. */
bool clock_is_fixed(void);

#endif
