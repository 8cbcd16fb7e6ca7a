#ifndef PIPEMAIL_LISTSCRUB_SPLIT_H
#define PIPEMAIL_LISTSCRUB_SPLIT_H

#include "base/str.h"

struct arena;
struct csv_row;

/* Cells with several addresses: "a@x.example; Lee, Ann <b@x.example>". */

#define SPLIT_MOST ((size_t)64)

/* The addresses of a cell, as they stand there, with their names. 0: there is one, or none, or what is between them is
 * not only what people write between addresses; more than SPLIT_MOST are none. */
size_t split_cell(struct str cell, struct str pieces[SPLIT_MOST]);
/* The row with a piece in place of cell `at`: raw, end and the cells are in the arena, other values as in row. */
struct csv_row split_row(const struct csv_row *row, size_t at, struct str piece, char delimiter, struct arena *arena);

#endif
