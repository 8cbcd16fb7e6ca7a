#ifndef PIPEMAIL_MAIL_LIST_H
#define PIPEMAIL_MAIL_LIST_H

#include "base/buf.h"
#include "text/csv.h"

struct err;

/* clang-format off */
/*
 * One reader for every list: octets in, rows in UTF-8 out. It finds out by itself what a list looks like:
 *
 *   encoding   UTF-8, UTF-16 (with a BOM, and without one where it is certain); a cell that is not UTF-8 is
 *              Windows-1252
 *   JSON Lines one object a line; the keys of the first LIST_ROWS lines are the columns
 *   delimiter  "sep=;" says it; else the one with which addresses appear
 *   above      blank lines, "# comments" and titles before the header are passed over
 *   header     there or not, and which column has the addresses (one table of names, list_columns.c)
 *
 * All of it is told by whole lines from the start of the list, as many as it takes, so that it does not depend on the
 * pieces in which the octets come. Simple users:
 *
 *     list_reader_init(&r, &(struct list_asked){ .name = path });
 *     while ((event = list_reader_next(&r, &row, &err)) == CSV_ROW || event == CSV_MORE) {
 *             if (event == CSV_ROW)
 *                     take(&r.form, &row);   r.form says what the columns are; row.n may differ from r.form.columns
 *             else if ((n = read(fd, list_reader_room(&r, CHUNK), CHUNK)) > 0)
 *                     list_reader_fed(&r, n);
 *             else
 *                     list_reader_eof(&r);
 *     }
 *     list_reader_free(&r);
 *
 * Who wants to know the columns before the first row calls list_reader_tell in the same way.
 */
/* clang-format on */

/* No such column. */
#define LIST_NONE SIZE_MAX
#define LIST_MORE ((size_t)8)
#define LIST_ROWS ((size_t)100) /* at most so many rows decide what a list looks like */

enum list_header {
	LIST_HEADER_GUESS,
	LIST_HEADER_YES,
	LIST_HEADER_NO,
};

/* What the caller knows beforehand. It is copied; the strings and `names` must live as long as the reader. */
struct list_asked {
	const char *name; /* of the list, for messages; not NULL */
	char delimiter;   /* 0: find out */
	enum list_header header;
	const char *email;        /* the column of addresses, by name or number from 1; NULL: find out */
	bool entries;             /* a suppression list: "@domain" and hashes count as addresses do */
	const char *const *names; /* more names that only a header contains, NULL at the end; may be NULL */
};

enum list_encoding {
	LIST_UTF8, /* or Windows-1252, cell by cell */
	LIST_UTF16LE,
	LIST_UTF16BE,
};

/* What a list looks like. It is owned by the reader and lives until list_reader_free. */
struct list_form {
	const char *is_not; /* not NULL: it is not a list but this (static text, as list_not gives it) */
	enum list_encoding encoding;
	bool json;
	char delimiter;
	char separator;          /* of a "sep=" line above, or 0 */
	enum list_header header; /* YES or NO */
	size_t above;            /* bytes of text before the first row (the header, if there is one) */
	uint64_t above_lines;    /* lines in them */
	char **names;            /* owned: of the columns, trimmed, in UTF-8; "" without a header */
	size_t columns;          /* 0: the list is empty */
	size_t email;            /* the column of addresses; LIST_NONE: none has any */
	size_t other;            /* a column that may be meant instead; LIST_NONE: there is none */
	size_t more[LIST_MORE];  /* columns for a second address of the same person, where `email` is blank */
	size_t n_more;
	size_t twice; /* a column with the name of an earlier one; LIST_NONE: there is none */
	bool named;   /* the column was chosen by its name alone, whatever the rows contain */
	bool tied;    /* `other` has as many addresses in the sample, and its name is no worse */
	bool unsure;  /* it is the only column; neither its name nor its content indicates addresses */
	bool rows;    /* there was a row besides the header in the sample */
};

struct list_json;

/* The reader. Its caller reads form, csv (read-only), told, foreign_line, dropped and dropped_line. */
struct list_reader {
	struct list_asked asked;
	struct list_form form; /* valid when `told` */
	bool told;
	struct csv csv; /* the list as text: CSV in UTF-8 (or Windows-1252). What is fed goes there, converted */

	/* --- its own --- */
	struct buf head;    /* the first bytes as they came, at most LIST_NOT_SAMPLE */
	struct buf raw;     /* bytes that were not converted to text yet */
	struct buf text;    /* text of JSON that was not converted to rows yet */
	bool encoded;       /* the encoding is known */
	bool sorted;        /* whether it is JSON is known too */
	size_t most;        /* size in bytes of the sample that is looked at next, at most */
	size_t sample;      /* and of the last one */
	bool formed;        /* all but form.is_not is known */
	uint64_t json_line; /* lines of JSON that became rows */
	size_t lines;       /* how many lines the next sample has */
	struct buf row;     /* the current row, where it was converted */
	struct list_json *json;
	bool begun;            /* the header was passed */
	uint64_t foreign_line; /* physical line of the first row that was not UTF-8; 0: none so far */
	uint64_t dropped;      /* JSON: members that are in no row, as the sample does not have their keys */
	uint64_t dropped_line; /* the line of the first of them */
};

/* Begin a list. r must be zeroed or used before: list_reader_init frees what it holds. */
void list_reader_init(struct list_reader *r, const struct list_asked *asked);
/* Frees everything, the form too, and leaves r zeroed. Freeing a zeroed one does nothing. */
void list_reader_free(struct list_reader *r);

/*
 * Room for n bytes of the list, as they are in the file; then list_reader_fed with how many came, list_reader_eof
 * at its end. Both return the text that this added to r->csv, which lives until the next list_reader_room. Rows
 * given out before are invalid after list_reader_room.
 */
char *list_reader_room(struct list_reader *r, size_t n);
struct str list_reader_fed(struct list_reader *r, size_t n);
struct str list_reader_eof(struct list_reader *r);

/*
 * Is it known what the list looks like? False: feed more (or call list_reader_eof). From true on, r->csv is before
 * the first row, which is the header when form.header says that there is one; what is above it was skipped. Check
 * form.is_not first.
 */
bool list_reader_tell(struct list_reader *r);

/*
 * The next row after the header, converted to UTF-8; it lives until the next call. Rows may have more or fewer
 * cells than form.columns. CSV_ERROR with ERR_DATA and the name of the list: damaged CSV, or not a list (the text
 * says what to do).
 */
enum csv_event list_reader_next(struct list_reader *r, struct csv_row *row, struct err *err);
/* The same without conversion, header included: for callers that copy rows to the output byte for byte. */
enum csv_event list_reader_raw(struct list_reader *r, struct csv_row *row, struct err *err);

/* r->csv gets the bytes as they come, so positions in the file and in r->csv agree. Known once the form is. */
bool list_reader_plain(const struct list_reader *r);
/*
 * Treat everything that is fed from here on as rows of the same list from physical line `line` on, already
 * converted to UTF-8 text before: for reading a copy again. The form stays.
 */
void list_reader_resume(struct list_reader *r, uint64_t line, bool cr_ends);

/* --- rows that are not UTF-8 --- */

/* Does the row contain anything that is not UTF-8? */
bool list_row_foreign(const struct csv_row *row);
/* How many bytes list_row_convert needs for it. */
size_t list_row_room(const struct csv_row *row);
/*
 * Convert every cell that is not UTF-8 from Windows-1252; other cells stay as they are. The new row->raw and
 * row->end are written to room, one after the other; room has list_row_room(row) bytes and must live as long as
 * the row is used.
 */
void list_row_convert(struct csv_row *row, char delimiter, char *room);

/* --- columns --- */

/* Frees the names and leaves f zeroed. For forms of a reader list_reader_free does it. */
void list_form_free(struct list_form *f);
/* The column of that name (case counts only where two names differ in nothing else) or number from 1; LIST_NONE. */
size_t list_form_column(const struct list_form *f, const char *name);
/*
 * How clearly a column's name says that it contains addresses: 0 is clearest, LIST_NONE means that it does not.
 * From LIST_LOOSE on the name may also mean a street ("address"): it counts only if the column contains addresses.
 */
size_t list_name_rank(struct str name);
#define LIST_LOOSE ((size_t)1000)

/* --- what is not a list --- */

/* So many bytes from the start of a file are enough for list_not. */
#define LIST_NOT_SAMPLE ((size_t)4096)

/*
 * What a file is that cannot be read as a list, by its first bytes (LIST_NOT_SAMPLE of them, fewer when the file
 * is shorter): static text to follow "FILE is ", with what to do, such as "an Excel workbook: save it as CSV
 * UTF-8". NULL: it may be a list; an empty sample and UTF-16 are. Callers fail with ERR_DATA.
 */
const char *list_not(struct str sample);

/* The same for what only a caller can see: a directory, and a file of no octets where a list is required. */
#define LIST_NOT_DIRECTORY "a directory: name the list in it"
#define LIST_NOT_EMPTY "empty: a list has at least a row of column names"

#endif
