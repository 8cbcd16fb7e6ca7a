#include <config.h>

#include "tests/tap.h"
#include "tests/stderr.h"

#include "cli/progress.h"
#include "cli/say.h"
#include "io/clock.h"

/* As if that long ago begun; what is drawn then. */
static const char *drawn(struct progress *p, uint64_t done, int64_t ago)
{
	catch_begin();
	p->started = clock_now() - ago;
	p->drawn = p->started;
	progress_set(p, done);
	return catch_end();
}

int main(void)
{
	struct progress p;

	say_init("t");
	catch_begin();
	progress_init(&p, "rows", 10, false);
	catch_end();
	check(!p.on, "off where there is no terminal");
	check_same(str_of(drawn(&p, 5, 10 * CLOCK_SECOND)), "", "and silent");
	catch_begin();
	progress_init(&p, "rows", 1000, true);
	catch_end();
	check(p.on && !p.bar, "on when asked");
	check_same(str_of(drawn(&p, 250, 10 * CLOCK_SECOND)),
		"[######------------------]  25 %  250 rows  25 rows/s  0:30 left\n", "a line");
	check_same(str_of(drawn(&p, 250, CLOCK_SECOND / 2)), "", "not more than one a second");
	p.bar = true;
	check_same(str_of(drawn(&p, 2000, 4000 * CLOCK_SECOND)),
		"\r[########################] 100 %  2.0 k rows  0 rows/s  0:00 left\033[K",
		"a bar on a terminal, and more than was thought");
	catch_begin();
	progress_end(&p);
	progress_set(&p, 3000);
	progress_end(&p);
	check(strlen(catch_end()) <= 4, "ended");
	say_set_quiet(true);
	catch_begin();
	progress_init(&p, "rows", 10, false);
	catch_end();
	check(!p.on, "quiet");
	say_set_quiet(false);
	p = (struct progress){ .on = true, .unit = "B" };
	check_same(str_of(drawn(&p, 1234567, 3661 * CLOCK_SECOND)), "1.2 M B  337 B/s  1:01:01\n", "an unknown total");
	return tap_done();
}
