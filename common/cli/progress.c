#include <config.h>

#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"

#define BAR_WIDTH 24

/* A bar is on the terminal's last line. */
static bool shown;

static void hide(void)
{
	if (shown)
		file_write(STDERR_FILENO, STR_LIT("\r\033[K"), "standard error", NULL);
	shown = false;
}

static bool can_draw_over(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
}

void progress_init(struct progress *p, const char *unit, uint64_t total, bool asked)
{
	bool terminal = can_draw_over();

	*p = (struct progress){
		.on = !say_is_quiet() && !say_is_verbose() && (asked || terminal),
		.bar = terminal,
		.unit = unit,
		.total = total,
		.started = clock_now(),
	};
	p->drawn = p->started;
	if (p->bar)
		say_before(hide);
}

/* "12.3 M", "4.5 k", "678": a number that can be read in passing. */
static void show_number(char *out, size_t size, double n)
{
	static const char *const steps[] = { "", " k", " M", " G", " T" };
	size_t step = 0;

	while (n >= 1000 && step + 1 < sizeof steps / sizeof *steps) {
		n /= 1000;
		step++;
	}
	/* Whole numbers and one decimal by hand: printf's point follows the locale. */
	unsigned tenths = (unsigned)(n * 10 + 0.5);

	if (step == 0)
		snprintf(out, size, "%u", tenths / 10);
	else
		snprintf(out, size, "%u.%u%s", tenths / 10, tenths % 10, steps[step]);
}

static void show_time(char *out, size_t size, double seconds)
{
	uint64_t s = seconds < 0 ? 0 : seconds > 359999 ? 359999 : (uint64_t)(seconds + 0.5);

	if (s >= 3600)
		snprintf(out, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, size, "%" PRIu64 ":%02" PRIu64, s / 60, s % 60);
}

static void add_line(struct buf *out, const struct progress *p, double elapsed)
{
	char done[24];
	char rate[24];
	char left[24] = "";
	char bar[BAR_WIDTH + 1];
	double speed = elapsed > 0 ? (double)p->done / elapsed : 0;

	buf_add_text(out, p->lead);
	show_number(done, sizeof done, (double)p->done);
	show_number(rate, sizeof rate, speed);
	if (p->total == 0) {
		show_time(left, sizeof left, elapsed);
		buf_printf(out, "%s %s  %s %s/s  %s", done, p->unit, rate, p->unit, left);
		return;
	}
	double part = p->done >= p->total ? 1 : (double)p->done / (double)p->total;
	size_t full = (size_t)(part * BAR_WIDTH);

	memset(bar, '-', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	show_time(left, sizeof left, speed > 0 ? (double)(p->total - p->done) / speed : 0);
	buf_printf(out, "[%s] %3u %%  %s %s  %s %s/s  %s left", bar, (unsigned)(part * 100), done, p->unit, rate,
		p->unit, left);
}

static void draw(const struct progress *p, double elapsed)
{
	struct buf line = { 0 };

	buf_add_text(&line, p->bar ? "\r" : "");
	add_line(&line, p, elapsed);
	buf_add_text(&line, p->bar ? "\033[K" : "\n");
	file_write(STDERR_FILENO, buf_str(&line), "standard error", NULL);
	buf_free(&line);
	shown = p->bar;
}

void progress_set(struct progress *p, uint64_t done)
{
	p->done = done;
	if (!p->on)
		return;
	int64_t now = clock_now();

	if (now - p->drawn < (p->bar ? CLOCK_SECOND / 10 : CLOCK_SECOND))
		return;
	p->drawn = now;
	if (p->total > 0 && p->done > p->total)
		p->total = p->done;
	draw(p, (double)(now - p->started) / (double)CLOCK_SECOND);
}

void progress_end(struct progress *p)
{
	if (p->bar)
		hide();
	p->on = false;
}
