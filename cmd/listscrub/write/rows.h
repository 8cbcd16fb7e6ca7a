#ifndef PIPEMAIL_LISTSCRUB_ROWS_H
#define PIPEMAIL_LISTSCRUB_ROWS_H

#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/write/output.h"

struct pending;

/* How rows leave. Byte for byte, but for the address that its normal form replaces, and the columns added. */
struct rows {
	const struct settings *set;
	struct output outputs[2]; /* those kept; the rejects */
	char delimiter;
	const char *line_end; /* for a last row without one */
	struct buf scratch;
	bool as_it_is;  /* nothing is added to rows that are kept */
	struct str run; /* kept rows that stand one behind the other and are written as one */
};
#define ROWS_KEPT 0
#define ROWS_REJECTS 1

/* A "sep=" line above it all, for a delimiter that no reader would find out. */
void rows_separator(struct rows *r, char separator);
/* The header row of the lists, with the columns that are added. */
void rows_header(struct rows *r, struct str header);
void rows_write(struct rows *r, const struct pending *p);
/* The rows written so far no longer need what their slices point into. */
void rows_settle(struct rows *r);
bool rows_commit(struct rows *r, struct err *err);
bool rows_close(struct rows *r, struct err *err);
void rows_free(struct rows *r);

#endif
