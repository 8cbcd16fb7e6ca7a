#ifndef PIPEMAIL_IO_CLOCK_H
#define PIPEMAIL_IO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * All time comes from here; pure code gets it as an argument. Durations and deadlines are monotonic nanoseconds,
 * dates are seconds since 1970, and the two are never mixed. SOURCE_DATE_EPOCH fixes the date, so that the same
 * input gives the same bytes.
 */

/* Monotonic nanoseconds (CLOCK_MONOTONIC). INT64_MAX as a deadline means "never". */
int64_t clock_now(void);
/* Nanoseconds in a second. */
#define CLOCK_SECOND INT64_C(1000000000)
/* Milliseconds until a monotonic deadline, rounded up, as poll(2) takes them; 0 when it is past, -1 for "never". */
int clock_left(int64_t deadline);
/* The deadline `span` nanoseconds from now; INT64_MAX instead of an overflow. */
int64_t clock_after(int64_t span);

/* Now in seconds since 1970, or SOURCE_DATE_EPOCH if that is set to a number. */
int64_t clock_wall(void);
/* Now in seconds since 1970, whatever SOURCE_DATE_EPOCH is: for what is done by the age of things. */
int64_t clock_true(void);
/*
 * When this machine started, in seconds since 1970; SOURCE_DATE_EPOCH is ignored. Suspended time counts where the
 * kernel can tell.
 */
int64_t clock_boot(void);
/* Minutes east of UTC of the local time zone at that date; 0 when SOURCE_DATE_EPOCH is set. */
int clock_offset(int64_t wall);
/* SOURCE_DATE_EPOCH is set. */
bool clock_is_fixed(void);

#endif
