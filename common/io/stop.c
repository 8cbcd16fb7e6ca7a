#include <config.h>

#include "io/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/*
 * A pipe that becomes readable at the first signal and stays so: a poll(2) that starts after the signal returns at
 * once, which a flag alone cannot do.
 */

static atomic_int stopped_by;         /* (without locks: for handlers and threads alike) */
static int wake_ends[2] = { -1, -1 }; /* of a pipe that becomes readable, and stays so */

static void on_signal(int number)
{
	int saved = errno;

	if (stopped_by != 0)
		_exit(128 + number);
	stopped_by = number;
	if (wake_ends[1] >= 0 && write(wake_ends[1], "", 1) < 0)
		stopped_by = number; /* the flag alone has to do */
	errno = saved;
}

void stop_install(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_signal }; /* no SA_RESTART: waits shall end */
	struct sigaction old;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (wake_ends[0] >= 0)
		return;
	if (pipe2(wake_ends, O_CLOEXEC | O_NONBLOCK) < 0)
		wake_ends[0] = wake_ends[1] = -1;
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &act, NULL);
}

int stop_signal(void)
{
	return stopped_by;
}

int stop_fd(void)
{
	return wake_ends[0];
}
