#ifndef PIPEMAIL_CLI_PROGRESS_H
#define PIPEMAIL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A bar with rate and time left on standard error, drawn at most ten times a second; nothing when it is off. */
struct progress {
	bool on;
	const char *unit; /* "rows", "messages", "B" */
	uint64_t total;   /* 0: not known */
	uint64_t done;
	int64_t started;
	int64_t drawn;
};
/* asked: --progress. On for a terminal unless --quiet. */
void progress_init(struct progress *p, const char *unit, uint64_t total, bool asked);
void progress_set(struct progress *p, uint64_t done);
/* Take the bar away; call before anything else is said. */
void progress_end(struct progress *p);

#endif
