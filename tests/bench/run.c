#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Run one command and print what it cost: seconds of wall clock, seconds of processor, peak KiB, status. A
 * process of its own, because a child inherits its parent's peak of memory until it has a higher one.
 *
 *     run INPUT COMMAND [ARG...]      INPUT is the command's standard input
 *
 * Its output goes nowhere, or into the file that $BENCH_STDOUT names; what it says to people nowhere,
 * unless $BENCH_STDERR is set.
 */
static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec before;
	struct timespec after;
	struct rusage usage;
	int status;

	if (argc < 3 || argv[1][0] == '-') {
		fputs("usage: run INPUT COMMAND [ARG...]\n", stderr);
		return 64;
	}
	const char *path = getenv("BENCH_STDOUT");

	clock_gettime(CLOCK_MONOTONIC, &before);
	pid_t pid = vfork();

	if (pid == 0) {
		int in = open(argv[1], O_RDONLY);
		int nowhere = open("/dev/null", O_WRONLY);
		int out = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : nowhere;

		if (in < 0 || out < 0)
			_exit(126);
		dup2(in, 0);
		dup2(out, 1);
		if (getenv("BENCH_STDERR") == NULL)
			dup2(nowhere, 2);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 71;
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("%.6f %.6f %ld %d\n",
		(double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9,
		seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
