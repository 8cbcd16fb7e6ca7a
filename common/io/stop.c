#include <config.h>

#include "io/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int stopped_by; /* (without locks: for handlers and threads alike) */
static volatile sig_atomic_t wake_fd = -1;

static void on_signal(int number)
{
	static const uint64_t one = 1;
	int saved = errno;

	if (stopped_by != 0)
		_exit(128 + number);
	stopped_by = number;
	if (wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0)
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
	if (wake_fd >= 0)
		return;
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
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
	return wake_fd;
}
