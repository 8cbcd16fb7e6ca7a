#include <config.h>

#include "text/csv.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "text/csv_scan.h"

/*
 * Reads rows in two steps: csv_read_plain (csv_plain.c) takes the simple ones, which nearly all are; the functions
 * here take the others: rows with doubled quotes, rows at the end of the buffer, and damaged ones. Both give the
 * same row for the same bytes.
 *
 * A row that is not complete yet was searched up to `looked`. It is searched again only when a line end has come
 * since, so one long row fed in small pieces does not take quadratic time.
 */

void csv_init(struct csv *c, char delimiter)
{
	csv_free(c);
	c->delimiter = delimiter;
	c->row_limit = CSV_ROW_LIMIT;
	c->line = 1;
}

void csv_free(struct csv *c)
{
	mem_free(c->p);
	mem_free(c->cells);
	mem_free(c->scratch);
	*c = (struct csv){ 0 };
}

char *csv_room(struct csv *c, size_t n)
{
	size_t have = c->end - c->off;

	c->marks.valid = false;
	n += CSV_SLACK;
	if (c->off > 0 && c->cap - c->end < n) {
		memmove(c->p, c->p + c->off, have);
		c->looked -= c->off;
		c->off = 0;
		c->end = have;
	}
	if (c->p == NULL || c->cap - c->end < n) {
		size_t cap = c->cap < 4096 ? 4096 : c->cap;

		while (cap - have < n)
			cap *= 2;
		c->p = mem_resize(c->p, cap, 1);
		c->cap = cap;
	}
	return c->p + c->end;
}

void csv_fed(struct csv *c, size_t n)
{
	c->marks.valid = false;
	c->end += n;
}

void csv_drop(struct csv *c, size_t n)
{
	c->marks.valid = false;
	c->off += n;
	c->looked = c->off;
}

void csv_eof(struct csv *c)
{
	c->eof = true;
}

void csv_resume(struct csv *c, uint64_t line, bool cr_ends)
{
	c->off = c->end = c->looked = 0;
	c->marks.valid = false;
	c->line = line;
	c->cr_ends = cr_ends;
	c->started = true;
	c->eof = c->failed = false;
	c->torn = 0;
}

void csv_back(struct csv *c, const struct csv_row *row)
{
	c->marks.valid = false;
	c->off = c->looked = (size_t)(row->raw.p - c->p);
	c->line = row->line;
}

void csv_recover(struct csv *c, size_t n, uint64_t line)
{
	csv_drop(c, n);
	c->line = line;
	c->failed = false;
	c->torn = 0;
}

struct str csv_rest(const struct csv *c)
{
	return str_at(c->p == NULL ? "" : c->p + c->off, c->end - c->off);
}

/*
 * Which octet ends a line, told by the first end outside quotes: LF (with or without a CR before it), or CR alone as
 * old Macintosh files have it. Once it is told, the other one is an octet of its cell. False: not to be told yet.
 */
static bool learn_line_end(struct csv *c, size_t bom)
{
	const char *first = c->p + c->off + bom;
	const char *closed = NULL;
	bool quoted = false;

	for (const char *p = first; p < c->p + c->end; p++) {
		/* A quote right behind one that closed is half of a doubled one. */
		if (*p == '"' && quoted) {
			quoted = false;
			closed = p;
		} else if (*p == '"' && (p == first || p[-1] == c->delimiter || p - 1 == closed)) {
			quoted = true;
		}
		if (quoted || (*p != '\n' && *p != '\r'))
			continue;
		if (*p == '\r' && p + 1 == c->p + c->end && !c->eof)
			return false;
		c->cr_ends = *p == '\r' && (p + 1 == c->p + c->end || p[1] != '\n');
		c->started = true;
		return true;
	}
	c->started = c->eof;
	return c->eof;
}

/* The BOM is passed only when the line end is told: nothing is taken off before that, and so nothing twice. */
static bool begin(struct csv *c)
{
	size_t bom = csv_bom(csv_rest(c));

	if (c->end - c->off < 3 && !c->eof)
		return false;
	if (!learn_line_end(c, bom) && c->end - c->off <= c->row_limit)
		return false;
	c->started = true;
	c->off += bom;
	c->looked = c->off;
	return true;
}

static inline struct csv_cell *add_cell(struct csv *c, size_t n)
{
	c->cells = mem_grow(c->cells, n, &c->cells_cap, sizeof *c->cells);
	return &c->cells[n];
}

/* The value of a quoted cell with doubled quotes or something behind the closing quote (which stays, as it stands). */
static struct str unescape(struct csv *c, size_t *used, const char *from, const char *end)
{
	size_t room = c->end - c->off; /* of the whole row: what is given out must not move */
	char *to;
	char *start;
	bool open = true;

	if (*used == 0 && c->scratch_cap < room) {
		c->scratch = mem_resize(c->scratch, room + CSV_SLACK, 1);
		c->scratch_cap = room;
	}
	start = to = c->scratch + *used;
	for (const char *p = from + 1; p < end; p++) {
		if (open && *p == '"') {
			if (p + 1 < end && p[1] == '"')
				p++;
			else {
				open = false;
				continue;
			}
		}
		*to++ = *p;
	}
	*used += (size_t)(to - start);
	return str_at(start, (size_t)(to - start));
}

/*
 * The cell that begins at p with a quote: its end (a delimiter, a line end or the end of what is there), or NULL when
 * it is not whole yet. *plain: between the outer quotes nothing has to be changed. *tail: what is after the closing
 * quote and does not belong there, or NULL.
 */
static const char *quoted_end(const struct csv *c, struct csv_scan *scan, const char *p, bool *plain, const char **tail)
{
	const char *end = scan->base + scan->end;
	char line_end = (char)scan->line_end;

	*plain = true;
	*tail = NULL;
	for (p++;;) {
		p = csv_next_quote(p, end);
		if (p == NULL)
			return NULL;
		if (p + 1 == end)
			return c->eof ? end : NULL;
		if (p[1] != '"')
			break;
		*plain = false;
		p += 2;
		if (p >= end)
			return NULL;
	}
	p++;
	if (*p == c->delimiter || *p == line_end)
		return p;
	if (*p == '\r' && line_end == '\n' && end - p >= 2 && p[1] == '\n')
		return p + 1;
	if (*p != '\r' || end - p >= 2)
		*plain = false;
	*tail = p;
	csv_scan_from(scan, p);
	p = csv_next_end(scan);
	return p < end || c->eof ? p : NULL;
}

static bool damaged(struct csv *c, struct err *err, bool in_quote, uint64_t line)
{
	c->failed = true;
	if (in_quote && c->eof)
		return err_set(err, ERR_DATA, "line %llu: the quote that opens here is never closed",
			(unsigned long long)line);
	return err_set(err, ERR_DATA, "line %llu: a row of more than %zu octets%s", (unsigned long long)line,
		c->row_limit, in_quote ? " (an unclosed quote?)" : "");
}

/* Where the row at c->off is being read. */
struct cursor {
	const char *p;
	const char *end;
	size_t n;      /* cells so far */
	size_t used;   /* of scratch */
	bool broken;   /* a quoted cell has line breaks in it, perhaps */
	bool in_quote; /* the last cell is quoted and not whole */
	const char *quote;
	const char *torn; /* the first quote that may be a stray one, or NULL */
};

/* Is a cell broken where its quote closed, at tail, so that it may be two cells of different rows? */
static bool is_torn(const char *from, const char *tail, const char *stop, char line_end)
{
	const char *p = tail;

	while (p != NULL && p < stop && ascii_blank(*p))
		p++;
	return p != NULL && p < stop && memchr(from, line_end, (size_t)(tail - from)) != NULL;
}

/* A cell that begins with a quote: true with at->p at what ended it, false when it is not whole yet. */
static bool read_quoted(struct csv *c, struct csv_scan *scan, struct cursor *at, struct csv_cell *cell)
{
	const char *from = at->p;
	const char *stop;
	const char *tail;
	bool plain;

	at->broken = true;
	at->quote = from;
	at->p = quoted_end(c, scan, from, &plain, &tail);
	at->in_quote = at->p == NULL;
	if (at->in_quote)
		return false;
	stop = at->p;
	if (scan->line_end == '\n' && stop < at->end && *stop == '\n' && stop[-1] == '\r')
		stop--;
	if (at->torn == NULL && is_torn(from, tail, stop, (char)scan->line_end))
		at->torn = from;
	size_t n = (size_t)(stop - from);

	cell->raw.p = from;
	cell->raw.n = n;
	if (plain && n >= 2 && stop[-1] == '"') {
		cell->value.p = from + 1;
		cell->value.n = n - 2;
	} else {
		cell->value = unescape(c, &at->used, from, stop);
	}
	return true;
}

/* The cells up to a line end, or to the end of what is there: at->p. False: a quoted cell is not whole. */
static bool scan_cells(struct csv *c, struct csv_scan *scan, struct cursor *at)
{
	const char *const end = at->end;
	const char *p = at->p;
	size_t n = 0;

	for (;; p++) {
		struct csv_cell *cell = add_cell(c, n++);
		const char *from = p;

		if (from < end && *from == '"') {
			at->p = from;
			if (!read_quoted(c, scan, at, cell))
				return false;
			p = at->p;
			csv_scan_from(scan, p + 1);
		} else {
			p = csv_next_end(scan);
			/* Field by field: copied as a whole it would wait for its own halves. */
			cell->raw.p = cell->value.p = from;
			cell->raw.n = cell->value.n = (size_t)(p - from);
		}
		if (p == end || *p == scan->line_end)
			break;
	}
	at->n = n;
	at->p = p;
	return true;
}

/* False: the row is not whole yet. */
static bool read_cells(struct csv *c, struct cursor *at, char line_end)
{
	struct csv_scan scan = { c->p, c->end, c->off - CSV_BLOCK, 0, c->delimiter, line_end };
	bool whole = scan_cells(c, &scan, at);

	if (!whole || at->p == at->end)
		return whole && c->eof;
	struct csv_cell *cell = &c->cells[at->n - 1];

	if (line_end == '\n' && cell->raw.n > 0 && at->p[-1] == '\r' && cell->raw.p + cell->raw.n == at->p) {
		cell->raw.n--;
		cell->value.n--;
	}
	return true;
}

static void give_row(struct csv *c, struct csv_row *row, const struct cursor *at, char line_end)
{
	const char *from = c->p + c->off;
	const struct csv_cell *last = &c->cells[at->n - 1];
	const char *stop = last->raw.p + last->raw.n;
	const char *next = at->p < at->end ? at->p + 1 : at->p;

	row->cells = c->cells;
	row->n = at->n;
	row->raw = str_at(from, (size_t)(stop - from));
	row->end = str_at(stop, (size_t)(next - stop));
	row->line = c->line;
	row->ascii = false;
	row->torn = at->torn != NULL ? (size_t)(at->torn - from) + 1 : 0;
	c->line += at->broken ? str_count(str_at(from, (size_t)(next - from)), line_end) : (uint64_t)(next > stop);
	c->off = (size_t)(next - c->p);
	c->looked = c->off;
}

/* Not whole: is there any sense in looking at it before more comes? */
static enum csv_event need_more(struct csv *c, const struct cursor *at, struct err *err, char line_end)
{
	c->looked = c->end;
	if ((c->eof && at->in_quote) || c->end - c->off > c->row_limit) {
		const char *row = c->p + c->off;
		uint64_t line = c->line;

		c->torn = at->in_quote ? (size_t)(at->quote - row) + 1 : 0;
		if (at->in_quote)
			line += str_count(str_at(row, (size_t)(at->quote - row)), line_end);
		damaged(c, err, at->in_quote, line);
		return CSV_ERROR;
	}
	return CSV_MORE;
}

enum csv_event csv_next(struct csv *c, struct csv_row *row, struct err *err)
{
	if (c->failed)
		return CSV_ERROR;
	if (!c->started && !begin(c))
		return CSV_MORE;
	if (c->off == c->end)
		return c->eof ? CSV_END : CSV_MORE;

	char line_end = c->cr_ends ? '\r' : '\n';
	struct cursor at = { .p = c->p + c->off, .end = c->p + c->end };

	/* A row that was looked at and was not whole is looked at again when an end of line came. */
	if (c->looked > c->off && !c->eof && c->end - c->off <= c->row_limit &&
		memchr(c->p + c->looked, line_end, c->end - c->looked) == NULL) {
		c->looked = c->end;
		return CSV_MORE;
	}
	if (csv_read_plain(c, row, line_end))
		return CSV_ROW;
	if (!read_cells(c, &at, line_end))
		return need_more(c, &at, err, line_end);
	if ((size_t)(at.p - (c->p + c->off)) > c->row_limit) {
		damaged(c, err, false, c->line);
		return CSV_ERROR;
	}
	give_row(c, row, &at, line_end);
	return CSV_ROW;
}
