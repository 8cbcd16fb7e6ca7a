#ifndef PIPEMAIL_LISTSCRUB_ROWS_H
#define PIPEMAIL_LISTSCRUB_ROWS_H

#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/write/output.h"
#include "cmd/listscrub/write/rows_json.h"

struct pending;

/* Rows that are kept; the rejects; what was repaired. */
#define ROWS_KEPT 0
#define ROWS_REJECTS 1
#define ROWS_FIXES 2
#define ROWS_OUTPUTS 3

/*
 * How rows are written: byte for byte, except for the address that its normal form replaces and the columns that
 * are added. Rows that are kept as they are and follow each other in memory are written as one piece (run), which
 * is most of a list. With --jsonl each row is made as CSV first.
 */
struct rows {
	const struct settings *set;
	struct output outputs[ROWS_OUTPUTS];
	const char *file; /* that the rows are of, where there are several; NULL: nobody has to know */
	char delimiter;
	size_t columns;       /* of the list, without those that are added */
	const char *line_end; /* for a last row without one; static */
	struct buf scratch;
	bool as_it_is;            /* nothing is added to rows that are kept */
	struct output line;       /* with --jsonl: the row as CSV */
	struct rows_json json[2]; /* of the rows kept and of the rejects */
	struct str run;           /* kept rows that follow each other in memory, not copied yet */
};

/* Write a "sep=" line first, for a delimiter that readers would not find by themselves. */
void rows_separator(struct rows *r, char separator);
/* Write the header row (in UTF-8, without its end) with the columns that are added; with --jsonl it names the keys. */
void rows_header(struct rows *r, struct str header);
/* With --jsonl, for a list without a header: "email" where the addresses are, and numbers. */
void rows_no_header(struct rows *r, size_t columns, size_t email);
/* Write a row that was judged. Its slices must stay valid until rows_settle. */
void rows_write(struct rows *r, const struct pending *p);
/* Copy what is in run. Afterwards the rows written so far do not need what their slices point into. */
void rows_settle(struct rows *r);
/* rows_settle must come first. Errors as output_commit; rows_close as output_close. */
bool rows_commit(struct rows *r, struct err *err);
bool rows_close(struct rows *r, struct err *err);
void rows_free(struct rows *r);

#endif
