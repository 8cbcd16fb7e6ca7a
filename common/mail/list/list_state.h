#ifndef PIPEMAIL_MAIL_LIST_STATE_H
#define PIPEMAIL_MAIL_LIST_STATE_H

#include "mail/list/list.h"

/* What the files of the list reader share. */

/* --- list_text.c: octets to text --- */

/* The encoding, told from the first octets. False: more of them are needed. */
bool list_text_encoding(struct str octets, bool eof, enum list_encoding *encoding);
/* The octets of UTF-16 that are whole characters, converted and taken off in; at the end also what is not whole. A BOM
 * is converted like any character. */
void list_text_convert(struct buf *in, enum list_encoding encoding, bool eof, struct buf *out);

/* --- list_json.c: JSON Lines to CSV with commas --- */

struct list_json;

/* Is this line a JSON object (RFC 8259), whole? */
bool list_json_is(struct str line);
void list_json_free(struct list_json *j);
/* The keys of a line become columns, the first time that they come. */
void list_json_learn(struct list_json **j, struct str line);
/* The row of column names. */
void list_json_header(const struct list_json *j, struct buf *out);
/* A line as a row. One that is not a JSON object becomes a row of one cell, which is the line. Returns how many of its
 * members have no column. */
size_t list_json_row(struct list_json *j, struct str line, struct buf *out);

/* --- list_form.c: what the text looks like --- */

/* Told from whole lines of the text (BOM included), LIST_ROWS of them or more where `final`, else fewer. False: these
 * tell too little. final: they have to do. */
bool list_form_tell(struct list_form *f, const struct list_asked *asked, struct str text, bool eof, bool final);

/* --- list_columns.c --- */

/* Is it an address? With entries: or anything else that a list of suppressions may hold. */
bool list_cell_is_address(struct str cell, bool entries);
/* The rank of a name, with what the caller knows. */
size_t list_asked_rank(const struct list_asked *asked, struct str name);
/* Does only a header have a cell like this? */
bool list_asked_names(const struct list_asked *asked, struct str name);
/* Which column has the addresses, and which others may be meant. f->names, columns and header are known; hits: how many
 * addresses each column has in the sample. */
void list_choose_column(struct list_form *f, const struct list_asked *asked, const size_t *hits);

#endif
