#include <config.h>

#include "io/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"

/* The only file that reads clocks. SOURCE_DATE_EPOCH fixes dates and not durations: time-outs work with it. */

int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int clock_left(int64_t deadline)
{
	if (deadline == INT64_MAX)
		return -1;
	int64_t left = deadline - clock_now();

	if (left <= 0)
		return 0;
	/* Rounded up, or a loop would spin through the last millisecond. */
	left = (left + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int64_t clock_after(int64_t span)
{
	int64_t now = clock_now();

	return span > INT64_MAX - now ? INT64_MAX : now + span;
}

static bool fixed_time(int64_t *seconds)
{
	uint64_t value;
	const char *text = getenv("SOURCE_DATE_EPOCH");

	if (text == NULL || !str_number(str_of(text), INT64_MAX / 2, &value))
		return false;
	*seconds = (int64_t)value;
	return true;
}

bool clock_is_fixed(void)
{
	int64_t seconds;

	return fixed_time(&seconds);
}

int64_t clock_true(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec;
}

int64_t clock_wall(void)
{
	int64_t seconds;

	return fixed_time(&seconds) ? seconds : clock_true();
}

int64_t clock_boot(void)
{
	struct timespec now;
	struct timespec up;

#ifdef CLOCK_BOOTTIME
	clock_gettime(CLOCK_BOOTTIME, &up);
#else
	clock_gettime(CLOCK_MONOTONIC, &up);
#endif
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec - (int64_t)up.tv_sec;
}

int clock_offset(int64_t wall)
{
	struct tm tm;
	time_t seconds = (time_t)wall;

	if (clock_is_fixed())
		return 0;
	tzset();
	return localtime_r(&seconds, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
}
