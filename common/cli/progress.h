#ifndef PIPEMAIL_CLI_PROGRESS_H
#define PIPEMAIL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A bar with rate and time left on standard error, drawn at most ten times a second on a terminal; where
 * there is none (--progress), a line a second. Nothing when it is off. */
struct progress {
	bool on;
	bool bar;         /* a terminal: the line is drawn over */
	const char *unit; /* "rows", "messages", "B" */
	uint64_t total;   /* 0: not known */
	uint64_t done;
	int64_t started;
	int64_t drawn;
};
/* asked: --progress. On for a terminal unless --quiet or -v. */
void progress_init(struct progress *p, const char *unit, uint64_t total, bool asked);
void progress_set(struct progress *p, uint64_t done);
/* Take the bar away. (What is said meanwhile makes room for itself.) */
void progress_end(struct progress *p);

#endif
