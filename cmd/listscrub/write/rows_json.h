#ifndef PIPEMAIL_LISTSCRUB_ROWS_JSON_H
#define PIPEMAIL_LISTSCRUB_ROWS_JSON_H

#include "base/buf.h"
#include "text/csv.h"

/*
 * --jsonl: rows as JSON Lines, an object each. A row comes as the CSV that it would be otherwise; the keys are the
 * cells of the header row, each of them once. All values are texts, as the cells of a list are, but for one column of
 * numbers.
 */
struct rows_json {
	struct csv csv;
	char **names; /* owned */
	size_t n;
	size_t number; /* the column whose values are numbers; SIZE_MAX: none */
};

/* The header row, with its line end and every column that is added: a name that is blank becomes the number of its
 * column, one that was there already gets a number after it. */
void rows_json_header(struct rows_json *j, struct str row, char delimiter, size_t number);
/* Append a row (CSV with its line end) to out, as a line. */
void rows_json_add(struct rows_json *j, struct str row, char delimiter, struct buf *out);
void rows_json_free(struct rows_json *j);

#endif
