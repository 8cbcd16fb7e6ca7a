#ifndef PIPEMAIL_MAILBULK_FINDINGS_H
#define PIPEMAIL_MAILBULK_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct preflight;

#define FINDING_ROWS 10u /* that are named */

/* What one rule found, for --json: how often, and the first rows with their words. */
struct finding {
	const char *rule; /* static */
	bool error;
	uint64_t count;
	struct finding_row {
		uint64_t line; /* of the list; 0: it is about no row */
		char *text;    /* owned */
	} rows[FINDING_ROWS];
	size_t n_rows;
};

struct findings {
	struct finding *all;
	size_t n;
};

/* Count one more; the words are copied. */
void findings_add(struct findings *f, const char *rule, bool error, uint64_t line, const char *text);
void findings_free(struct findings *f);
/* The whole judgement as one JSON object and a line end. */
void findings_json(const struct preflight *p, int status, struct buf *out);

#endif
