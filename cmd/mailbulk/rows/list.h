#ifndef PIPEMAIL_MAILBULK_LIST_H
#define PIPEMAIL_MAILBULK_LIST_H

#include "base/buf.h"
#include "base/err.h"
#include "io/stamp.h"
#include "mail/list/list.h"

struct settings;

/*
 * The list, in whatever form (mail/list/list.h), that is read front to back, and of which single rows can be read again
 * by their position, so that a row that waits for its retry costs no memory. What cannot be read twice, or is converted
 * while it is read, is copied into an unlinked temporary file first.
 */
struct list {
	const char *name; /* for messages */
	int fd;
	bool seekable;
	bool guarded; /* the file is read more than once and is not our copy: it must stay as it was opened */
	struct stamp stamp;
	uint64_t position; /* of the octets that come next, in the file */
	uint64_t next;     /* of the next row */
	struct list_reader reader;
	char **columns; /* names, trimmed */
	size_t n_columns;
	size_t email;  /* the column of the addresses */
	size_t key;    /* the column of --key; SIZE_MAX: none */
	uint64_t data; /* where the first row stands, and its line */
	uint64_t data_line;
	uint64_t rows;        /* given out since the start */
	struct csv again;     /* the reader of single rows */
	struct buf converted; /* the current row, where it was not UTF-8 */
	struct buf converted_again;
	uint64_t foreign_line; /* the first such row; 0: there was none so far */
	struct str *cells;     /* of the current row */
	struct str *cells_again;
};

/* One row; its cells live until the next call that reads in the same way. */
struct row {
	uint64_t number; /* from 1 */
	uint64_t line;
	uint64_t offset;
	uint32_t octets;         /* without its line end */
	const struct str *cells; /* as many as there are columns */
};

enum list_event {
	LIST_ROW,
	LIST_RAGGED, /* a row of another number of cells, whose number and line are filled; err says how many */
	LIST_END,
	LIST_FAIL,
};

/* Open and read the header row. 65: it is not a list, or which column has the addresses is not clear. twice: the list
 * will be rewound or single rows of it be read again. A file that changes meanwhile is 74 at the next read. */
bool list_open(struct list *l, const struct settings *settings, bool twice, struct err *err);
void list_close(struct list *l);
/* The next row; empty lines are passed over. */
enum list_event list_next(struct list *l, struct row *row, struct err *err);
/* Back to the first row. */
bool list_rewind(struct list *l, struct err *err);
/* A row that was given out before: its offset, octets, number and line are those of `row`, its cells are filled
 * anew. */
bool list_again(struct list *l, struct row *row, struct err *err);
/* The column of that name: exactly, else the only one that differs in ASCII case; SIZE_MAX when there is none. */
size_t list_column(const struct list *l, struct str name);

#endif
