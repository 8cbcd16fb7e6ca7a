#ifndef PIPEMAIL_LISTSCRUB_SHEET_H
#define PIPEMAIL_LISTSCRUB_SHEET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"

/* clang-format off */
/*
 * A small CSV file of ours that is read, changed and written again: who must not be mailed, who said yes. One row a
 * person; rows and their order stay as they are where nothing changes. While it is open no other run can open it.
 *
 *     sheet_open(&s, path, columns, err);     read, locked; a file that is not there yet is empty
 *     row = sheet_row(&s, key);               the row of that person, made if need be
 *     sheet_set(&s, row, 1, text);
 *     sheet_save(&s, err);                    whole or not at all, and only if something changed
 *     sheet_close(&s);
 */
/* clang-format on */
#define SHEET_COLUMNS 8

struct sheet {
	const char *path;           /* NULL: not open */
	const char *const *columns; /* NULL after the last; the first is whose row it is */
	size_t n_columns;
	size_t (*rows)[SHEET_COLUMNS]; /* offsets of texts, + 1; 0: empty */
	bool *gone;                    /* the row was removed */
	size_t n;
	size_t cap;
	size_t cap_gone;
	struct set keys; /* of rows; value: position */
	struct buf texts;
	bool locked;
	bool changed;
};

/* The comparing form of a first cell: an address or whatever stands there. */
void sheet_key(struct buf *key, struct str cell);
/* False: ERR_TEMP another run has it, ERR_DATA it is not such a file, ERR_IO, ERR_CANTCREAT. Close it in any case. */
bool sheet_open(struct sheet *s, const char *path, const char *const *columns, struct err *err);
/* The position of the row of a key, or SIZE_MAX. */
size_t sheet_find(const struct sheet *s, struct str key);
/* The same; there is one afterwards, with that first cell. */
size_t sheet_row(struct sheet *s, struct str key, struct str cell);
/* Lives until the next sheet_set. */
struct str sheet_get(const struct sheet *s, size_t row, size_t column);
void sheet_set(struct sheet *s, size_t row, size_t column, struct str text);
void sheet_remove(struct sheet *s, size_t row);
/* The whole of it, as it is written. */
void sheet_add_text(const struct sheet *s, struct buf *out);
/* One that is in no file. */
void sheet_begin(struct sheet *s, const char *const *columns);
/* 73, 74. */
bool sheet_save(struct sheet *s, struct err *err);
void sheet_close(struct sheet *s);

#endif
