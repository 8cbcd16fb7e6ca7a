#include <config.h>

#include "text/csv.h"

#include "base/mem.h"
#include "text/csv_scan.h"

/*
 * Rows of the simple kind, 64 bytes at a time: one pass finds delimiters, line ends, quotes and whether a byte is
 * over 0x7f. What was found in the last block is kept in csv.marks from row to row. Anything unusual gives false,
 * and csv.c reads the row from its start; so this file never has to report an error.
 */

/* A bit for each of the 64 octets at p that may end something, the first lowest. *high: one of them is over 0x7f. */
static inline uint64_t find_marks(const char *p, char delimiter, char line_end, bool *high)
{
	uint64_t found = 0;
#ifdef __SSE2__
	const __m128i is_delimiter = _mm_set1_epi8(delimiter);
	const __m128i is_line = _mm_set1_epi8(line_end);
	const __m128i is_quote = _mm_set1_epi8('"');
	__m128i met = _mm_setzero_si128();

#pragma GCC unroll 4
	for (unsigned i = 0; i < CSV_BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, is_delimiter), _mm_cmpeq_epi8(v, is_line));
		__m128i all = _mm_or_si128(ends, _mm_cmpeq_epi8(v, is_quote));

		found |= (uint64_t)(unsigned)_mm_movemask_epi8(all) << i;
		met = _mm_or_si128(met, v);
	}
	*high = _mm_movemask_epi8(met) != 0;
#else
	unsigned char met = 0;

	for (unsigned i = 0; i < CSV_BLOCK; i++) {
		found |= (uint64_t)(p[i] == delimiter || p[i] == line_end || p[i] == '"') << i;
		met |= (unsigned char)p[i];
	}
	*high = met >= 0x80;
#endif
	return found;
}

/* Where the row is being read, apart from the reader: nothing that is stored into cells can change it. */
struct walk {
	const char *next; /* the first octet that was not searched: the end of a block, or where reading begins */
	const char *end;  /* of what is there */
	uint64_t found;   /* of the block that ends at next */
	const char *high;
	uint64_t breaks; /* line ends in quoted cells */
	char delimiter;
	char line_end;
};

/* The next place, or NULL near the end of what is there. */
static inline const char *next_mark(struct walk *w)
{
	bool high;

	while (w->found == 0) {
		if (w->end - w->next < (ptrdiff_t)CSV_BLOCK)
			return NULL;
		w->found = find_marks(w->next, w->delimiter, w->line_end, &high);
		w->next += CSV_BLOCK;
		if (high)
			w->high = w->next;
	}
	const char *p = w->next - CSV_BLOCK + __builtin_ctzll(w->found);

	w->found &= w->found - 1;
	return p;
}

/* A cell that begins with a quote at start: what ended it, or NULL when it is not of the plain sort. */
static inline const char *take_quoted(struct walk *w, struct csv_cell *cell, const char *start)
{
	const char *close;
	const char *end;

	while ((close = next_mark(w)) != NULL && *close != '"')
		w->breaks += *close == w->line_end;
	end = close != NULL ? next_mark(w) : NULL;
	if (end == NULL || *end == '"')
		return NULL;
	cell->raw.p = start;
	cell->raw.n = (size_t)(close + 1 - start);
	cell->value.p = start + 1;
	cell->value.n = (size_t)(close - start) - 1;
	if (end == close + 1 || (end == close + 2 && *end == '\n' && close[1] == '\r'))
		return end;
	return NULL;
}

/* Room for twice as many cells: the first of the new ones. */
static struct csv_cell *grow(struct csv *c)
{
	size_t n = c->cells_cap;

	c->cells = mem_grow(c->cells, n, &c->cells_cap, sizeof *c->cells);
	return c->cells + n;
}

/* Cells up to a line end: behind the last one, or NULL: not a row of the plain sort. *end: that line end. */
static inline struct csv_cell *take_cells(struct csv *c, struct walk *w, const char *start, const char **end)
{
	struct csv_cell *cell = c->cells;
	const struct csv_cell *most = cell + c->cells_cap;

	for (;; cell++) {
		const char *stop = next_mark(w);

		if (stop == NULL)
			return NULL;
		if (cell == most) {
			cell = grow(c);
			most = c->cells + c->cells_cap;
		}
		*end = stop;
		if (*stop == w->delimiter) {
			/* Field by field: copied as a whole it would wait for its own halves. */
			cell->raw.p = cell->value.p = start;
			cell->raw.n = cell->value.n = (size_t)(stop - start);
			start = stop + 1;
		} else if (*stop == w->line_end) {
			stop -= *stop == '\n' && stop > start && stop[-1] == '\r';
			cell->raw.p = cell->value.p = start;
			cell->raw.n = cell->value.n = (size_t)(stop - start);
			return cell + 1;
		} else {
			stop = stop == start ? take_quoted(w, cell, start) : NULL;
			if (stop == NULL)
				return NULL;
			*end = stop;
			if (*stop == w->line_end)
				return cell + 1;
			start = stop + 1;
		}
	}
}

static inline void give_row(struct csv *c, struct csv_row *row, const struct csv_cell *behind, const char *end,
	const struct walk *w)
{
	const char *start = c->p + c->off;
	const char *stop = behind[-1].raw.p + behind[-1].raw.n;

	row->cells = c->cells;
	row->n = (size_t)(behind - c->cells);
	row->raw.p = start;
	row->raw.n = (size_t)(stop - start);
	row->end.p = stop;
	row->end.n = (size_t)(end + 1 - stop);
	row->line = c->line;
	row->ascii = w->high <= start;
	row->torn = 0;
	c->line += 1 + w->breaks;
	c->off = c->looked = (size_t)(end + 1 - c->p);
}

bool csv_read_plain(struct csv *c, struct csv_row *row, char line_end)
{
	struct csv_marks *m = &c->marks;
	size_t passed = c->off - m->block;
	struct walk w = { .end = c->p + c->end, .delimiter = c->delimiter, .line_end = line_end };
	const struct csv_cell *behind;
	const char *end;

	if (m->valid && passed <= CSV_BLOCK) {
		w.next = c->p + (m->block + CSV_BLOCK);
		w.high = c->p + m->high;
		w.found = passed < CSV_BLOCK ? m->found & UINT64_MAX << passed : 0;
	} else {
		w.next = c->p + c->off;
		w.high = c->p;
	}
	behind = take_cells(c, &w, c->p + c->off, &end);
	if (behind == NULL || (size_t)(end - c->p) - c->off > c->row_limit) {
		m->valid = false;
		return false;
	}
	give_row(c, row, behind, end, &w);
	m->block = (size_t)(w.next - c->p) - CSV_BLOCK;
	m->found = w.found;
	m->high = (size_t)(w.high - c->p);
	m->valid = true;
	return true;
}
