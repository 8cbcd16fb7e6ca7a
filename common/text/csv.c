#include <config.h>

#include "text/csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#define CSV_ROW_LIMIT ((size_t)16 << 20)

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
	c->end += n;
}

void csv_eof(struct csv *c)
{
	c->eof = true;
}

void csv_resume(struct csv *c, uint64_t line, bool cr_ends)
{
	c->off = c->end = c->looked = 0;
	c->line = line;
	c->cr_ends = cr_ends;
	c->started = true;
	c->eof = c->failed = false;
}

struct str csv_rest(const struct csv *c)
{
	return str_at(c->p == NULL ? "" : c->p + c->off, c->end - c->off);
}

/* The first of the two characters in [p, end), or end. Cells are short, so a call that sets up memchr costs more than this. */
static inline const char *find_either(const char *p, const char *end, char a, char b)
{
#ifdef __SSE2__
	const __m128i is_a = _mm_set1_epi8(a);
	const __m128i is_b = _mm_set1_epi8(b);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		int mask = _mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(v, is_a), _mm_cmpeq_epi8(v, is_b)));

		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

/*
 * Which octet ends a line, told by the first end outside quotes: LF (with or without a CR before it), or CR alone as old
 * Macintosh files have it. Once it is told, the other one is an octet of its cell. False: not to be told yet.
 */
static bool learn_line_end(struct csv *c)
{
	const char *closed = NULL;
	bool quoted = false;

	for (const char *p = c->p + c->off; p < c->p + c->end; p++) {
		/* A quote right behind one that closed is half of a doubled one. */
		if (*p == '"' && quoted) {
			quoted = false;
			closed = p;
		} else if (*p == '"' && (p == c->p + c->off || p[-1] == c->delimiter || p - 1 == closed)) {
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

static struct csv_cell *add_cell(struct csv *c, size_t n)
{
	if (n >= c->cells_cap) {
		c->cells_cap = c->cells_cap > 0 ? 2 * c->cells_cap : 16;
		c->cells = mem_resize(c->cells, c->cells_cap, sizeof *c->cells);
	}
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
		c->scratch = mem_resize(c->scratch, room, 1);
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
 * The cell that begins at p with a quote: its end (a delimiter, a line end or the end of what is there), or NULL when it is not
 * whole yet. *plain: between the outer quotes nothing has to be changed.
 */
static const char *quoted_end(const struct csv *c, const char *p, const char *end, char line_end, bool *plain)
{
	*plain = true;
	for (p++;;) {
		p = memchr(p, '"', (size_t)(end - p));
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
	p = find_either(p, end, c->delimiter, line_end);
	return p < end || c->eof ? p : NULL;
}

static bool damaged(struct csv *c, struct err *err, bool in_quote, uint64_t line)
{
	c->failed = true;
	if (in_quote && c->eof)
		return err_set(err, ERR_DATA, "line %llu: the quote that opens here is never closed",
			(unsigned long long)line);
	return err_set(err, ERR_DATA, "line %llu: a row of more than %zu octets%s", (unsigned long long)line, c->row_limit,
		in_quote ? " (an unclosed quote?)" : "");
}

static uint64_t count_lines(const char *p, const char *end, char line_end)
{
	uint64_t n = 0;

	while (p < end && (p = memchr(p, line_end, (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
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
};

/* One cell: true with p at what ended it, false when the row is not whole yet. */
static bool read_cell(struct csv *c, struct cursor *at, char line_end)
{
	struct csv_cell *cell = add_cell(c, at->n++);
	const char *from = at->p;
	bool plain;

	if (from < at->end && *from == '"') {
		at->broken = true;
		at->quote = from;
		at->p = quoted_end(c, from, at->end, line_end, &plain);
		at->in_quote = at->p == NULL;
		if (at->in_quote)
			return false;
		const char *stop = at->p;

		if (line_end == '\n' && stop > from && stop < at->end && *stop == '\n' && stop[-1] == '\r')
			stop--;
		cell->raw = str_at(from, (size_t)(stop - from));
		cell->value = plain && cell->raw.n >= 2 && stop[-1] == '"'
			? str_sub(cell->raw, 1, cell->raw.n - 2)
			: unescape(c, &at->used, from, stop);
		return true;
	}
	at->p = find_either(from, at->end, c->delimiter, line_end);
	if (at->p == at->end && !c->eof)
		return false;
	cell->raw = str_at(from, (size_t)(at->p - from));
	if (line_end == '\n' && at->p < at->end && *at->p == '\n' && cell->raw.n > 0 && at->p[-1] == '\r')
		cell->raw.n--;
	cell->value = cell->raw;
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
	c->line += at->broken ? count_lines(from, next, line_end) : next > stop;
	c->off = (size_t)(next - c->p);
	c->looked = c->off;
}

/* Not whole: is there any sense in looking at it before more comes? */
static enum csv_event need_more(struct csv *c, const struct cursor *at, struct err *err, char line_end)
{
	c->looked = c->end;
	if ((c->eof && at->in_quote) || c->end - c->off > c->row_limit) {
		uint64_t line = c->line;

		if (at->in_quote)
			line += count_lines(c->p + c->off, at->quote, line_end);
		damaged(c, err, at->in_quote, line);
		return CSV_ERROR;
	}
	return CSV_MORE;
}

enum csv_event csv_next(struct csv *c, struct csv_row *row, struct err *err)
{
	if (c->failed)
		return CSV_ERROR;
	if (c->off == 0 && c->line == 1 && !c->started) {
		if (c->end < 3 && !c->eof)
			return CSV_MORE;
		c->off = csv_bom(csv_rest(c));
		c->looked = c->off;
	}
	if (c->off == c->end)
		return c->eof ? CSV_END : CSV_MORE;
	if (!c->started && !learn_line_end(c) && c->end - c->off <= c->row_limit)
		return CSV_MORE;

	char line_end = c->cr_ends ? '\r' : '\n';
	struct cursor at = { .p = c->p + c->off, .end = c->p + c->end };

	/* A row that was looked at and was not whole is looked at again when an end of line came. */
	if (c->looked > c->off && !c->eof && c->end - c->off <= c->row_limit &&
	    memchr(c->p + c->looked, line_end, c->end - c->looked) == NULL) {
		c->looked = c->end;
		return CSV_MORE;
	}
	for (;;) {
		if (!read_cell(c, &at, line_end))
			return need_more(c, &at, err, line_end);
		if (at.p == at.end || *at.p == line_end)
			break;
		at.p++;
	}
	if ((size_t)(at.p - (c->p + c->off)) > c->row_limit) {
		damaged(c, err, false, c->line);
		return CSV_ERROR;
	}
	give_row(c, row, &at, line_end);
	return CSV_ROW;
}

size_t csv_bom(struct str head)
{
	return str_starts(head, STR_LIT("\xef\xbb\xbf")) ? 3 : 0;
}

/* The one that stands most often in the first line outside quotes; a comma where none does. */
char csv_guess_delimiter(struct str head)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t counts[sizeof candidates] = { 0 };
	bool quoted = false;
	size_t best = 0;

	for (size_t i = csv_bom(head); i < head.n; i++) {
		char ch = head.p[i];

		if (ch == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (ch == '\n' || ch == '\r')
			break;
		for (size_t k = 0; k < sizeof candidates; k++)
			counts[k] += ch == candidates[k];
	}
	for (size_t k = 1; k < sizeof candidates; k++)
		if (counts[k] > counts[best])
			best = k;
	return candidates[best];
}

bool csv_add_cell(struct buf *out, struct str value, char delimiter)
{
	bool quote = value.n > 0 && (ascii_blank(value.p[0]) || ascii_blank(value.p[value.n - 1]));

	for (size_t i = 0; i < value.n && !quote; i++)
		quote = value.p[i] == delimiter || value.p[i] == '"' || value.p[i] == '\n' || value.p[i] == '\r';
	if (!quote)
		return buf_add(out, value);
	buf_add_char(out, '"');
	while (value.p != NULL) {
		buf_add(out, str_cut(&value, '"'));
		if (value.p != NULL)
			buf_add_text(out, "\"\"");
	}
	return buf_add_char(out, '"');
}
