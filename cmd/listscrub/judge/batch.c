#include <config.h>

#include "cmd/listscrub/judge/batch.h"

#include "base/mem.h"
#include "cmd/listscrub/judge/split.h"
#include "text/csv.h"

void batch_clear(struct batch *b)
{
	arena_clear(&b->arena);
	b->n = 0;
}

void batch_free(struct batch *b)
{
	mem_free(b->rows);
	arena_free(&b->arena);
	*b = (struct batch){ .rows = NULL };
}

static struct pending_more *more_of(struct pending *p, struct arena *arena)
{
	if (p->more == NULL) {
		p->more = arena_room(arena, sizeof *p->more);
		*p->more = (struct pending_more){ .surplus.p = NULL };
	}
	return p->more;
}

/* What is beyond the columns is no part of the row's own octets. */
static void part_surplus(struct pending *p, const struct csv_row *row, size_t columns, struct arena *arena)
{
	size_t own = (size_t)(row->cells[columns].raw.p - row->raw.p) - 1;

	p->raw.n = own;
	more_of(p, arena)->surplus = str_sub(row->raw, own + 1, row->raw.n);
}

/* A row that is not one stands among the others as one cell, so that they remain readable. */
static void put_torn(struct pending *p, const struct csv_row *row, char delimiter, struct arena *arena)
{
	struct buf cell = { .limit = SIZE_MAX };

	csv_add_cell(&cell, row->raw, delimiter);
	size_t n = buf_len(&cell);

	buf_add(&cell, row->end);
	p->raw = str_sub(arena_copy(arena, buf_str(&cell)), 0, n);
	buf_free(&cell);
}

static void add_words(const struct reader *r, struct pending *p, const struct csv_row *row, const struct verdict *v,
	struct arena *arena)
{
	struct pending_more *more = more_of(p, arena);

	size_t email = judge_email_at(r->judge, row);

	if (email < row->n)
		more->cell = row->cells[email].raw;
	more->address = v->address;
	more->detail = v->detail;
	more->suggestion = v->suggestion;
	more->unread = v->unread;
	more->fixed = v->fixed;
	more->tld = v->tld;
	if (r->domains && v->key.n > 0)
		more->domain = arena_copy(arena, v->domain);
}

static void take(struct batch *b, const struct reader *r, const struct csv_row *row)
{
	struct verdict v;

	b->rows = mem_grow(b->rows, b->n, &b->cap, sizeof *b->rows);
	struct pending *p = &b->rows[b->n++];

	r->judge->arena = &b->arena;
	judge_row(r->judge, row, &v);
	/* Field by field, here and below: copied as a whole they would wait for their own halves. */
	p->raw.p = row->raw.p;
	p->raw.n = row->raw.n;
	p->key.n = 0;
	p->more = NULL;
	p->date = v.date;
	p->line = row->line;
	p->missing = row->n < r->columns ? (unsigned)(r->columns - row->n) : 0;
	p->ends = (unsigned char)row->end.n;
	p->reason = (unsigned char)v.reason;
	if (row->torn > 0)
		put_torn(p, row, r->delimiter, &b->arena);
	if (row->n > r->columns)
		part_surplus(p, row, r->columns, &b->arena);
	if (r->keys && v.key.n > 0)
		p->key = arena_copy(&b->arena, v.folded);
	if (r->words || v.address.p != NULL || (v.detail.n | v.suggestion.n | v.unread.n | v.tld.n) > 0)
		add_words(r, p, row, &v, &b->arena);
	if (r->compares && v.reason == REASON_NONE)
		p->hash = dedup_hash(&r->key, v.folded);
}

/* False: there is one address, or none. */
static bool take_pieces(struct batch *b, const struct reader *r, const struct csv_row *row)
{
	struct str pieces[SPLIT_MOST];
	size_t at = judge_email_at(r->judge, row);
	size_t n = at < row->n && row->torn == 0 ? split_cell(row->cells[at].value, pieces) : 0;

	for (size_t i = 0; i < n; i++) {
		struct csv_row one = split_row(row, at, pieces[i], r->delimiter, &b->arena);

		take(b, r, &one);
	}
	return n > 0;
}

/* The row of a list with other columns, as it stands under the header of all. */
static struct csv_row remap(struct batch *b, const struct reader *r, const struct csv_row *row)
{
	struct csv_row one = *row;
	struct buf text = { .limit = SIZE_MAX };
	struct csv_cell *cells = (struct csv_cell *)(void *)arena_room(&b->arena, r->columns * sizeof *cells);

	for (size_t i = 0; i < r->columns; i++) {
		size_t from = r->map[i];
		size_t start = buf_len(&text) + (i > 0);

		if (i > 0)
			buf_add_char(&text, r->delimiter);
		cells[i].value = from < row->n ? row->cells[from].value : STR_LIT("");
		if (from < row->n && r->read_delimiter == r->delimiter)
			buf_add(&text, row->cells[from].raw);
		else
			csv_add_cell(&text, cells[i].value, r->delimiter);
		cells[i].raw.n = buf_len(&text) - start;
	}
	size_t n = buf_len(&text);

	buf_add(&text, row->end);
	struct str whole = arena_copy(&b->arena, buf_str(&text));
	const char *p = whole.p;

	buf_free(&text);
	for (size_t i = 0; i < r->columns; i++) {
		cells[i].raw.p = p;
		p += cells[i].raw.n + 1;
	}
	one.cells = cells;
	one.n = r->columns;
	one.raw = str_sub(whole, 0, n);
	one.end = str_sub(whole, n, whole.n);
	return one;
}

/* "ann@gmail,com" in a list of one column: two cells, where a comma for a dot makes one. False: it is not that. */
static bool take_joined(struct batch *b, const struct reader *r, const struct csv_row *row)
{
	struct repair *repair = &r->judge->repair;

	if (str_find(row->raw, '"') < row->raw.n || !repair_cell(repair, row->raw) || !repair->sure ||
		strcmp(repair->what, "comma") != 0)
		return false;
	struct csv_cell cell = { .raw = row->raw, .value = row->raw };
	struct csv_row one = *row;

	one.cells = &cell;
	one.n = 1;
	take(b, r, &one);
	return true;
}

/* What the list has too few or too many of cannot be told under the header of all: it stays one cell. */
static bool is_ragged(const struct reader *r, const struct csv_row *row)
{
	if (row->n < r->read_columns)
		return r->judge->set->ragged_reject || judge_needs_more(r->judge, row, r->map);
	for (size_t i = r->read_columns; i < row->n; i++)
		if (r->judge->set->ragged_reject || str_trim(row->cells[i].value).n > 0)
			return true;
	return false;
}

static void take_mapped(struct batch *b, const struct reader *r, const struct csv_row *row)
{
	struct csv_row one = *row;

	if (row->torn == 0 && !is_ragged(r, row)) {
		one = remap(b, r, row);
	} else if (row->torn == 0) {
		struct csv_cell *cell = (struct csv_cell *)(void *)arena_room(&b->arena, sizeof *cell);

		*cell = (struct csv_cell){ row->raw, row->raw };
		one.cells = cell;
		one.n = 1;
		one.torn = CSV_NOT_A_ROW;
	}
	if (!(r->splits && take_pieces(b, r, &one)))
		take(b, r, &one);
}

bool batch_take(struct batch *b, const struct reader *r, struct csv_row *row)
{
	bool foreign = list_row_foreign(row);

	if (foreign)
		list_row_convert(row, r->map != NULL ? r->read_delimiter : r->delimiter,
			arena_room(&b->arena, list_row_room(row)));
	if (r->map != NULL)
		take_mapped(b, r, row);
	else if (!(r->splits && take_pieces(b, r, row)) &&
		!(r->columns == 1 && row->n == 2 && r->judge->set->fix && take_joined(b, r, row)))
		take(b, r, row);
	return foreign;
}
