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

#define LIST_NONE SIZE_MAX      /* no such column */
#define LIST_ROWS ((size_t)100) /* so many at most tell what a list looks like */

enum list_header {
	LIST_HEADER_GUESS,
	LIST_HEADER_YES,
	LIST_HEADER_NO,
};

/* What is known beforehand. It lives as long as the reader. */
struct list_asked {
	const char *name; /* of the list, for messages */
	char delimiter;   /* 0: to be told */
	enum list_header header;
	const char *email;        /* the column of addresses, by name or number; NULL: to be told */
	bool entries;             /* a list of suppressions: "@domain" and hashes of addresses count as addresses do */
	const char *const *names; /* more names that only a header has, NULL at the end; may be NULL */
};

enum list_encoding {
	LIST_UTF8, /* or Windows-1252, cell by cell */
	LIST_UTF16LE,
	LIST_UTF16BE,
};

/* What a list looks like. */
struct list_form {
	const char *is_not; /* it is not a list: words as list_not gives them; NULL: it is one */
	enum list_encoding encoding;
	bool json;
	char delimiter;
	char separator;          /* of a "sep=" line above, or 0 */
	enum list_header header; /* YES or NO */
	size_t above;            /* octets of text before the first row (the header, if there is one) */
	uint64_t above_lines;
	char **names;   /* of the columns, trimmed, in UTF-8; "" without a header */
	size_t columns; /* 0: the list is empty */
	size_t email;   /* the column of addresses; LIST_NONE: none has any */
	size_t other;   /* a column that may be meant as well; LIST_NONE: there is none */
	size_t twice;   /* a column with the name of an earlier one; LIST_NONE: there is none */
	bool named;     /* the column is told by its name alone, whatever the rows hold */
	bool tied;      /* `other` has as many addresses in the sample, and its name is no worse */
	bool unsure;    /* it is the only column: neither its name nor what it holds speaks for it */
	bool rows;      /* there was a row besides the header in the sample */
};

struct list_json;

struct list_reader {
	struct list_asked asked;
	struct list_form form; /* valid when `told` */
	bool told;
	struct csv csv; /* the list as text: CSV in UTF-8 (or Windows-1252). What is fed goes there, converted */

	/* --- its own --- */
	struct buf head;    /* the first octets as they came */
	struct buf raw;     /* octets that are not text yet */
	struct buf text;    /* text of JSON that is not rows yet */
	bool encoded;       /* the encoding is known */
	bool sorted;        /* whether it is JSON is known too */
	size_t most;        /* octets of the sample */
	size_t sample;      /* octets of the last one */
	bool formed;        /* all but form.is_not is known */
	uint64_t json_line; /* lines of JSON that became rows */
	size_t lines;       /* that the next look at the sample needs */
	struct buf row;     /* the current row, where it was converted */
	struct list_json *json;
	bool begun;            /* the header was passed */
	uint64_t foreign_line; /* of the first row that was not UTF-8; 0: none was met by list_reader_next */
	uint64_t dropped;      /* JSON: members whose keys the sample does not have; they are in no row */
	uint64_t dropped_line; /* the first of them */
};

void list_reader_init(struct list_reader *r, const struct list_asked *asked);
void list_reader_free(struct list_reader *r);

/* Room for n octets of the list; then list_reader_fed with how many came, list_reader_eof at its end. Both return
 * the text that this added to r->csv, which lives until the next room. */
char *list_reader_room(struct list_reader *r, size_t n);
struct str list_reader_fed(struct list_reader *r, size_t n);
struct str list_reader_eof(struct list_reader *r);

/* Is the form told? False: feed more. From true on, r->csv stands before the first row, which is the header where
 * there is one; what is above it is passed. Check form.is_not first. */
bool list_reader_tell(struct list_reader *r);

/* The next row after the header, in UTF-8; it lives until the next call. CSV_ERROR (65) with the name of the list:
 * damaged CSV, or not a list (which is said with what to do). Rows may have more or fewer cells than columns. */
enum csv_event list_reader_next(struct list_reader *r, struct csv_row *row, struct err *err);
/* The next row as it stands in the text, the header included: for those who keep rows. */
enum csv_event list_reader_raw(struct list_reader *r, struct csv_row *row, struct err *err);

/* Is r->csv fed with the octets as they come, not converted? Known once the form is told. */
bool list_reader_plain(const struct list_reader *r);
/* Take everything that is fed from here on as text of the same list from that line on, read before: it was
 * converted. */
void list_reader_resume(struct list_reader *r, uint64_t line, bool cr_ends);

/* --- rows that are not UTF-8 --- */

/* Is there anything in it that is not? */
bool list_row_foreign(const struct csv_row *row);
/* So many octets are needed to convert it. */
size_t list_row_room(const struct csv_row *row);
/* Make every cell that is not UTF-8 UTF-8, from Windows-1252. raw and end lie one behind the other in room, which
 * has to live as long as the row. */
void list_row_convert(struct csv_row *row, char delimiter, char *room);

/* --- columns --- */

void list_form_free(struct list_form *f);
/* The column of that name (case counts only where two differ in nothing else), or number from 1 on; LIST_NONE. */
size_t list_form_column(const struct list_form *f, const char *name);
/* How sure the name of a column says that it has addresses: 0 is the surest, LIST_NONE: it does not. From LIST_LOOSE
 * on a street may be called so as well: such a name counts where the column has addresses. */
size_t list_name_rank(struct str name);
#define LIST_LOOSE ((size_t)1000)

/* --- what is not a list --- */

/* So many octets from the start of a file are enough for list_not. */
#define LIST_NOT_SAMPLE ((size_t)4096)

/*
 * What a file is that cannot be read as a list, told by its first octets (LIST_NOT_SAMPLE of them, fewer where the
 * file is shorter): words to follow "FILE is ", with what to do, such as "an Excel workbook: save it as CSV UTF-8".
 * NULL: it may be a list. An empty sample and UTF-16 are lists. Static text. Callers exit with 65 (ERR_DATA).
 */
const char *list_not(struct str sample);

/* The same for what only a caller can see: a directory, and a file of no octets where a list is required. */
#define LIST_NOT_DIRECTORY "a directory: name the list in it"
#define LIST_NOT_EMPTY "empty: a list has at least a row of column names"

#endif
