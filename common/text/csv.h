#ifndef PIPEMAIL_TEXT_CSV_H
#define PIPEMAIL_TEXT_CSV_H

#include "base/str.h"

struct buf;
struct err;

/* clang-format off */
/*
 * Reads and writes CSV (RFC 4180) as people's programs write it: LF, CRLF or CR as line ends, quoted cells with
 * doubled quotes and line breaks, a byte order mark, rows of different lengths. The first line end of the input
 * decides whether LF or CR ends lines; the other one is then data. A quote inside an unquoted cell is a byte like
 * any other. The result depends on the bytes only, not on how they were cut into pieces. Rows are slices of the
 * reader's own buffer, raw bytes included, so a row can be written out again byte for byte.
 *
 *     csv_init(&c, ',');
 *     for (;;) {
 *             switch (csv_next(&c, &row, err)) {
 *             case CSV_MORE: n = read(fd, csv_room(&c, 65536), 65536);
 *                            if (n > 0) csv_fed(&c, n); else csv_eof(&c);
 *             ...
 *     csv_free(&c);
 *
 * After each slice CSV_SLACK more bytes are readable, with unspecified content, for code that reads blocks.
 */
/* clang-format on */
#define CSV_SLACK ((size_t)64)

struct csv_cell {
	struct str raw;   /* as it is in the input, with its quotes */
	struct str value; /* without the quotes and with "" made " */
};

/*
 * A row. The raw slices, of the row and of its cells, live until the next csv_room; the values and the array of
 * cells only until the next csv_next or csv_room.
 */
struct csv_row {
	struct csv_cell *cells;
	size_t n;       /* cells, at least 1: an empty line is a row of one empty cell */
	struct str raw; /* the whole row without its line end */
	struct str end; /* its line end: "\n", "\r\n", "\r" or "" (the last row of a file) */
	uint64_t line;  /* physical line on which it begins, from 1 */
	bool ascii;     /* true: no byte over 0x7f in it; false: not known */
	/*
	 * Not 0: a quoted cell with line ends in it has more than blanks after its closing quote. Perhaps that one
	 * opens a cell of a later row, and the one that opens this cell is a stray one: 1 + its offset in raw.
	 */
	size_t torn;
};

enum csv_event {
	CSV_MORE, /* feed more octets, or say csv_eof */
	CSV_ROW,
	CSV_END,   /* after csv_eof: no more rows */
	CSV_ERROR, /* ERR_DATA; rows given out before remain valid; every further call gives CSV_ERROR too */
};

/* As `torn`: for callers' own rows that are not rows of their list. */
#define CSV_NOT_A_ROW SIZE_MAX

/* 16 MiB. */
#define CSV_ROW_LIMIT ((size_t)16 << 20)

/*
 * The reader. Its fields are private to csv.c and csv_plain.c, except for row_limit, delimiter and line: the
 * caller may set the first after csv_init, and mail/list sets the others while it finds out what a list looks
 * like.
 */
struct csv {
	char *p; /* bytes that were fed; [off, end) were not given out yet */
	size_t off;
	size_t end;
	size_t cap;
	size_t row_limit; /* most bytes in a row; csv_init sets CSV_ROW_LIMIT */
	uint64_t line;
	char delimiter;
	bool eof;
	size_t looked; /* a row that is not whole was searched up to here */
	bool cr_ends;  /* lines end in CR alone, as the first one did */
	bool started;  /* the line end is known */
	bool failed;
	size_t torn; /* after CSV_ERROR for a quote that is never closed: 1 + its offset in csv_rest; else 0 */
	struct csv_marks {
		size_t block;   /* offset of the 64 octets that were looked at last */
		uint64_t found; /* a bit for each delimiter, line end and quote among them that is not passed */
		size_t high;    /* end of the last 64 octets with one over 0x7f */
		bool valid;     /* the octets have not moved since */
	} marks;
	struct csv_cell *cells;
	size_t cells_cap;
	char *scratch; /* unescaped values of the current row */
	size_t scratch_cap;
};

/*
 * Begin at the start of an input, with this delimiter (',', ';', '\t', '|' or any other byte but a quote, CR and
 * LF). c must be zeroed or initialised before: csv_init frees what it holds.
 */
void csv_init(struct csv *c, char delimiter);
/* Frees everything and leaves c zeroed. Freeing a zeroed one does nothing. */
void csv_free(struct csv *c);

/*
 * Room for at least n bytes of input; fill it and call csv_fed with how many came (at most n). Slices that
 * csv_next gave out are invalid after csv_room. The buffer grows as far as the longest row, up to row_limit,
 * needs.
 */
char *csv_room(struct csv *c, size_t n);
void csv_fed(struct csv *c, size_t n);
/* No more input will come: the last row may lack its line end. */
void csv_eof(struct csv *c);
/*
 * Skip n bytes of what was fed and not given out; n is at most the length of csv_rest. Lines in them are not
 * counted.
 */
void csv_drop(struct csv *c, size_t n);
/*
 * Forget what was fed and continue at a row in the middle of a file. line is that row's physical line, counted
 * from 1, for messages; cr_ends says that lines end in CR alone. The limit, delimiter and storage are kept.
 */
void csv_resume(struct csv *c, uint64_t line, bool cr_ends);

/*
 * The next row. CSV_MORE: the row is not complete, feed more or call csv_eof. CSV_ERROR with ERR_DATA and a text
 * that begins with "line N": a quote that is never closed (N is where it opens), or a row over row_limit. *row is
 * set with CSV_ROW only.
 */
enum csv_event csv_next(struct csv *c, struct csv_row *row, struct err *err);

/* Take back the row that csv_next gave just now: it is the next one again. */
void csv_back(struct csv *c, const struct csv_row *row);
/*
 * Continue n bytes further on, at the row that begins on that physical line, also after CSV_ERROR; n is at most the
 * length of csv_rest. The caller is sure that a row begins there.
 */
void csv_recover(struct csv *c, size_t n, uint64_t line);

/* What was fed and not given out, after CSV_ERROR from the start of the damaged row on; lives until csv_room. */
struct str csv_rest(const struct csv *c);

/*
 * The delimiter of a file by its first line (head may be longer): which of ',', ';', TAB and '|' is there most
 * often outside quotes; a comma on a draw with others or when none is there. mail/list/list.h decides better, by
 * addresses.
 */
char csv_guess_delimiter(struct str head);
/* 3 when head begins with the byte order mark of UTF-8, else 0. */
size_t csv_bom(struct str head);

/*
 * Append one cell, quoted only where necessary: when it contains the delimiter, a quote, CR or LF, or begins or
 * ends with a space or TAB. Delimiters and line ends are the caller's to write. False when out is full.
 */
bool csv_add_cell(struct buf *out, struct str value, char delimiter);

#endif
