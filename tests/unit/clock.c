#include <config.h>

#include "tests/tap.h"

#include <time.h>

#include "io/clock.h"
#include "io/random.h"

static void test_wall(void)
{
	unsetenv("SOURCE_DATE_EPOCH");
	check(!clock_is_fixed() && clock_wall() - (int64_t)time(NULL) <= 1, "the wall clock");
	setenv("TZ", "IST-5:30", 1);
	check(clock_offset(0) == 330, "half an hour counts: %d", clock_offset(0));
	setenv("TZ", "EST5", 1);
	check(clock_offset(0) == -300, "west is negative");
	setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
	check(clock_is_fixed() && clock_wall() == 1700000000, "SOURCE_DATE_EPOCH");
	check(clock_offset(0) == 0, "and then UTC");
	setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
	check(!clock_is_fixed() && clock_wall() > 1700000000, "no number: as unset");
	setenv("SOURCE_DATE_EPOCH", "", 1);
	check(!clock_is_fixed(), "empty: as unset");
	unsetenv("SOURCE_DATE_EPOCH");
}

static void test_deadlines(void)
{
	int64_t now = clock_now();

	check(now <= clock_now(), "time does not go back");
	check(clock_left(INT64_MAX) == -1, "never is never");
	check(clock_left(now) == 0 && clock_left(0) == 0, "past is now");
	int left = clock_left(clock_now() + CLOCK_SECOND);

	check(left > 900 && left <= 1000, "a second ahead: %d", left);
	check(clock_left(clock_now() + 100000) == 1, "less than a millisecond is waited for, not spun");
	check(clock_left(INT64_MAX - 1) > 0, "far ahead does not overflow");
	check(clock_after(INT64_MAX) == INT64_MAX, "nor does a long span");
	check(clock_after(5) >= now + 5, "after");
}

static void test_random(void)
{
	unsigned char a[600] = { 0 };
	unsigned char b[600] = { 0 };

	random_bytes(a, sizeof a);
	random_bytes(b, sizeof b);
	check(memcmp(a, b, sizeof a) != 0, "never the same twice");
	check(memcmp(a + 500, a + 550, 50) != 0, "to the end");
	random_bytes(a, 0);
}

int main(void)
{
	test_wall();
	test_deadlines();
	test_random();
	return tap_done();
}
