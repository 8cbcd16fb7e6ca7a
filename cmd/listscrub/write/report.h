#ifndef PIPEMAIL_LISTSCRUB_REPORT_H
#define PIPEMAIL_LISTSCRUB_REPORT_H

#include "base/err.h"
#include "base/set.h"

struct pending;
struct findings;

/* One page about a run, to be looked at in a browser: self-contained, HTML and SVG, no script. */

/* Rows shown for each reason. */
#define REPORT_EXAMPLES 3

struct report {
	struct set domains; /* value: position in counts */
	struct report_domain {
		uint64_t kept;
		uint64_t rejected;
	} * counts;
	size_t n;
	size_t cap;
	struct report_example {
		char *rows[REPORT_EXAMPLES]; /* shown texts of the first rows of a reason */
	} * examples;                        /* by reason */
};

void report_init(struct report *r);
void report_free(struct report *r);
/* Count a row and keep it as an example if there is room; p->more must be there. */
void report_row(struct report *r, const struct pending *p);
/* Before the work: can path be created? Nothing is left there. False with ERR_CANTCREAT. */
bool report_check(const char *path, struct err *err);
/* Write the page to path, replacing it as a whole. False with ERR_CANTCREAT or ERR_IO. */
bool report_write(const struct report *r, const struct findings *f, const char *path, struct err *err);

#endif
