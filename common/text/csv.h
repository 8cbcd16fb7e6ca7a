#ifndef PIPEMAIL_TEXT_CSV_H
#define PIPEMAIL_TEXT_CSV_H

#include "base/str.h"

struct buf;
struct err;

/*
 * CSV (RFC 4180) as it comes: LF, CRLF or CR line ends, quoted cells with doubled quotes and line
 * breaks, a BOM, ragged rows. What ends lines is told by the first end of line; the other one is then data. A quote
 * within an unquoted cell is an octet like any other. The reader is a pure function of the octets that it is fed: rows
 * are slices of its own buffer, so that a row can be written out again byte for byte. Behind each slice CSV_SLACK
 * octets more are readable, whatever stands there: for those who look at many at once.
 */
#define CSV_SLACK ((size_t)64)

struct csv_cell {
	struct str raw;   /* as it stands, quotes and all */
	struct str value; /* without the quotes and with "" made " */
};

struct csv_row {
	struct csv_cell *cells;
	size_t n;
	struct str raw; /* the whole row without its line end */
	struct str end; /* its line end: "\n", "\r\n", "\r" or "" (the last row of a file) */
	uint64_t line;  /* physical line on which it begins, from 1 */
	bool ascii;     /* surely nothing over 0x7f in it; false says nothing */
};

enum csv_event {
	CSV_MORE, /* feed more octets, or say csv_eof */
	CSV_ROW,
	CSV_END,   /* after csv_eof: no more rows */
	CSV_ERROR, /* damaged: err tells the line; what came before stands */
};

#define CSV_ROW_LIMIT ((size_t)16 << 20)

struct csv {
	char *p; /* octets read and not yet given out */
	size_t off;
	size_t end;
	size_t cap;
	size_t row_limit; /* octets a row may have; default CSV_ROW_LIMIT */
	uint64_t line;
	char delimiter;
	bool eof;
	size_t looked; /* a row that is not whole was searched up to here */
	bool cr_ends;  /* lines end in CR alone, as the first one did */
	bool started;  /* the line end is known */
	bool failed;
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

/* delimiter: ',', ';', '\t', '|'… Zeroed memory is fine before csv_init. */
void csv_init(struct csv *c, char delimiter);
void csv_free(struct csv *c);

/* Room for at least n octets to read into, then csv_fed with how many came. What csv_next gave
 * out before is void after csv_room. */
char *csv_room(struct csv *c, size_t n);
void csv_fed(struct csv *c, size_t n);
void csv_eof(struct csv *c);
/* Pass over n of the octets that were fed. */
void csv_drop(struct csv *c, size_t n);
/* Forget what was fed and go on in the middle of a file, before the row on that line. */
void csv_resume(struct csv *c, uint64_t line, bool cr_ends);

/* The next row; it lives until the next csv_next or csv_room, its raw octets until csv_room. An empty line is a row of
 * one empty cell. An unterminated quote is CSV_ERROR (65) with the line where the quote opened; so is a row over the
 * limit. */
enum csv_event csv_next(struct csv *c, struct csv_row *row, struct err *err);

/* After CSV_ERROR: the octets from the start of the damaged row on that were fed so far. */
struct str csv_rest(const struct csv *c);

/* Which delimiter a file has, told from its first octets (a header line): ',', '\t', ';' or '|'. */
char csv_guess_delimiter(struct str head);
/* How many octets of BOM stand at the start: 3 or 0. */
size_t csv_bom(struct str head);

/* Writing: quoted only where needed (the delimiter, a quote, CR, LF, blanks at an end). */
bool csv_add_cell(struct buf *out, struct str value, char delimiter);

#endif
