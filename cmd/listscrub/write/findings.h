#ifndef PIPEMAIL_LISTSCRUB_FINDINGS_H
#define PIPEMAIL_LISTSCRUB_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/listscrub/reason.h"

struct input;
struct judge;
struct mx;
struct settings;
struct values;

/* What became of the rows. Always kept + the sum of rejected = read. */
struct counts {
	uint64_t read;
	uint64_t kept;
	uint64_t rejected[REASON_COUNT];
	uint64_t padded;    /* of kept: cells were added, or blank ones left out */
	uint64_t blank;     /* rows, not counted in read */
	uint64_t elsewhere; /* rows of other shares, not counted in read */
	uint64_t normalised;
	uint64_t suggestions;
	uint64_t fixed;       /* of kept: with --fix */
	uint64_t unknown_tld; /* of kept */
};

/* What a run found, for the summary and the report. Everything is borrowed and outlives them. */
struct findings {
	const struct settings *set;
	const struct input *in;
	const struct judge *judge;
	const struct mx *mx; /* NULL: domains were not asked about */
	const struct counts *counts;
	const struct values *values; /* answers that were not understood */
	const struct values *tlds;   /* top-level domains that do not exist */
	bool unread;                 /* whoever read the output closed it before the end of the list */
};

#endif
