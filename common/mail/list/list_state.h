#ifndef PIPEMAIL_MAIL_LIST_STATE_H
#define PIPEMAIL_MAIL_LIST_STATE_H

#include "mail/list/list.h"

/* --- list_text.c: octets to text --- */

/*
 * What the files of the list reader share; no other module includes this.
 *
 * The encoding by the first bytes of the list. False: more of them are needed (never with eof).
 */
bool list_text_encoding(struct str octets, bool eof, enum list_encoding *encoding);
/*
 * Convert the complete characters of UTF-16 at the start of `in`, append them to out as UTF-8 and remove them from
 * `in`; with eof an incomplete one too, as U+FFFD. A BOM is converted like any character.
 */
void list_text_convert(struct buf *in, enum list_encoding encoding, bool eof, struct buf *out);

/* --- list_json.c: JSON Lines to CSV with commas --- */

struct list_json;

/* Is this line a complete JSON object (RFC 8259)? */
bool list_json_is(struct str line);
void list_json_free(struct list_json *j);
/*
 * The keys of this line become columns, in order of their first appearance. *j is allocated at the first call;
 * free it with list_json_free.
 */
void list_json_learn(struct list_json **j, struct str line);
/* Append the row of column names. */
void list_json_header(const struct list_json *j, struct buf *out);
/*
 * Append a line as a row of CSV. A line that is not a JSON object becomes a row of one cell, which is the line, so
 * that it is reported as any bad row is. Returns how many of its members have no column.
 */
size_t list_json_row(struct list_json *j, struct str line, struct buf *out);

/* --- list_form.c: what the text looks like --- */

/*
 * Fill f from complete lines at the start of the text, BOM included. False: they are not enough, call again with
 * more (never with final). eof: this is all of the list.
 */
bool list_form_tell(struct list_form *f, const struct list_asked *asked, struct str text, bool eof, bool final);

/* --- list_columns.c --- */

/* Is the cell an address? With entries: or anything else that a suppression list may contain. */
bool list_cell_is_address(struct str cell, bool entries);
/* list_name_rank, but 0 for the column that the caller named. */
size_t list_asked_rank(const struct list_asked *asked, struct str name);
/* Is this a cell that only a header has? */
bool list_asked_names(const struct list_asked *asked, struct str name);
/* What the sample shows of a column. */
struct list_sight {
	size_t hits;    /* addresses in it */
	size_t tries;   /* cells with an "@" */
	uint64_t first; /* hash of the first address */
	bool varied;    /* there are others */
};
/* Count one more cell. */
void list_sight_add(struct list_sight *s, struct str cell, bool entries);
/*
 * Decide f->email, more, other, named, tied and unsure. f->names, columns and header are set; sights has one for each
 * column.
 */
void list_choose_column(struct list_form *f, const struct list_asked *asked, const struct list_sight *sights);

/* --- list_names.c --- */

/* Is it the name of a column about somebody who is not the one to be mailed: the owner of a contact, the sender? */
bool list_name_is_owner(struct str name);
/* Are they the names of a first and a further address of one person: "E-mail 1 - Value" and "E-mail 2 - Value"? */
bool list_names_are_kin(struct str first, struct str further);

#endif
