#ifndef PIPEMAIL_TESTS_TAP_H
#define PIPEMAIL_TESTS_TAP_H

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/*
 * The whole of the unit tests' harness: TAP on standard output, one line a check.
 *
 *     int main(void) { check(1 + 1 == 2, "sums"); return tap_done(); }
 */
static int tap_count;
static int tap_failed;

/*
 * Signals as a shell's user has them, before main(). Whoever starts the tests in the background or under nohup
 * may have SIGINT, SIGHUP or SIGCHLD ignored or blocked, which an exec keeps.
 */
__attribute__((constructor)) static void tap_restore_signals(void)
{
	struct sigaction now;
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

#define check(ok, ...) tap_check((ok), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static int tap_check(int ok, const char *file, int line,
	const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!ok) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	return ok;
}

/* The octets are those of text; both are shown when they are not. */
__attribute__((unused)) static int tap_same(struct str got, const char *want, const char *file, int line,
	const char *name)
{
	int ok = tap_check(str_eq(got, str_of(want)), file, line, "%s", name);

	if (!ok)
		printf("# got  [%.*s]\n# want [%s]\n", STR_ARGS(got), want);
	return ok;
}

#define check_same(got, want, name) tap_same((got), (want), __FILE__, __LINE__, (name))

__attribute__((unused)) static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

#endif
