#ifndef PIPEMAIL_CLI_PROGRESS_H
#define PIPEMAIL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Progress on standard error: a bar with rate and time left, drawn at most ten times a second on a terminal;
 * elsewhere, if --progress asks for it, a line a second.
 */
struct progress {
	bool on;          /* draws at all */
	bool bar;         /* a terminal: the line is overwritten */
	const char *unit; /* "rows", "messages", "B" */
	char lead[48];    /* of the caller, before all else: "12 of 400 messages  " */
	uint64_t total;   /* 0: not known */
	uint64_t done;
	int64_t started; /* monotonic nanoseconds, as drawn is */
	int64_t drawn;
};
/*
 * Begin. unit is static text; total 0: not known; asked: --progress was given. It is on for a terminal, or if
 * asked, but never with --quiet or -v. Messages of cli/say remove the bar before they are written.
 */
void progress_init(struct progress *p, const char *unit, uint64_t total, bool asked);
/* So much is done now; draws when it is time to. Cheap enough to call for every row. */
void progress_set(struct progress *p, uint64_t done);
/* Remove the bar; nothing is drawn afterwards. */
void progress_end(struct progress *p);

#endif
