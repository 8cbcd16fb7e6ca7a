#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "io/clock.h"

/* The end of a run before all is sent, which every step may ask for. */

#define GRACE (10 * CLOCK_SECOND) /* for what is under way when we are asked to stop */

void engine_trouble(struct engine *e)
{
	if (e->trouble == 0)
		e->trouble = e->now;
}

void engine_stop(struct engine *e, const struct err *why)
{
	if (e->stopping)
		return;
	e->stopping = true;
	e->stop_by = clock_after(GRACE);
	if (why != NULL)
		e->why = *why;
}
