#include <config.h>

#include "cmd/listscrub/judge/split.h"

#include "base/arena.h"
#include "base/buf.h"
#include "text/csv.h"

static bool is_break(char c)
{
	return c == ';' || c == '|' || c == '\n' || c == '\r' || c == '\t';
}

/* The length up to the next separator outside of quotes and angle brackets. */
static size_t piece_length(struct str s)
{
	bool quoted = false;
	bool angled = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (s.p[i] == '<' || s.p[i] == '>'))
			angled = s.p[i] == '<';
		else if (!quoted && !angled &&
			(s.p[i] == ',' || is_break(s.p[i]) || str_starts(str_sub(s, i, s.n), STR_LIT(":::"))))
			return i;
	}
	return s.n;
}

/* Addresses with nothing but blanks or slashes between them. */
static bool add_bare(struct str s, struct str pieces[SPLIT_MOST], size_t *n)
{
	while (s.n > 0) {
		size_t end = 0;

		while (end < s.n && s.p[end] != ' ' && s.p[end] != '/')
			end++;
		struct str piece = str_sub(s, 0, end);

		if (piece.n > 0 && (str_count(piece, '@') != 1 || *n == SPLIT_MOST))
			return false;
		if (piece.n > 0)
			pieces[(*n)++] = piece;
		s = str_sub(s, end + 1, s.n);
	}
	return true;
}

static bool add_piece(struct str s, struct str pieces[SPLIT_MOST], size_t *n)
{
	s = str_trim(s);
	if (s.n == 0)
		return true;
	if (str_count(s, '@') > 1 && str_find(s, '<') == s.n && str_find(s, '"') == s.n)
		return add_bare(s, pieces, n);
	if (*n == SPLIT_MOST || str_find(s, '@') == s.n)
		return false;
	pieces[(*n)++] = s;
	return true;
}

size_t split_cell(struct str cell, struct str pieces[SPLIT_MOST])
{
	size_t n = 0;
	size_t from = 0;

	if (str_count(cell, '@') < 2)
		return 0;
	for (size_t at = 0; at < cell.n;) {
		at += piece_length(str_sub(cell, at, cell.n));
		struct str piece = str_sub(cell, from, at - from);
		bool comma = at < cell.n && cell.p[at] == ',';

		/* "Lee, Ann <a@b>": what has no "@" is the beginning of a name. */
		if (!comma || str_find(piece, '@') < piece.n) {
			if (!add_piece(piece, pieces, &n))
				return 0;
			from = at + 1;
		}
		at++;
		while (at < cell.n && cell.p[at] == ':' && cell.p[at - 1] == ':')
			from = ++at;
	}
	if (from < cell.n && !add_piece(str_sub(cell, from, cell.n), pieces, &n))
		return 0;
	return n > 1 ? n : 0;
}

struct csv_row split_row(const struct csv_row *row, size_t at, struct str piece, char delimiter, struct arena *arena)
{
	struct csv_row one = *row;
	struct buf text = { .limit = SIZE_MAX };
	size_t before = (size_t)(row->cells[at].raw.p - row->raw.p);
	size_t after = before + row->cells[at].raw.n;

	buf_add(&text, str_sub(row->raw, 0, before));
	csv_add_cell(&text, piece, delimiter);
	size_t grown = buf_len(&text);

	buf_add(&text, str_sub(row->raw, after, row->raw.n));
	size_t n = buf_len(&text);

	buf_add(&text, row->end);
	struct str whole = arena_copy(arena, buf_str(&text));

	buf_free(&text);
	one.raw = str_sub(whole, 0, n);
	one.end = str_sub(whole, n, whole.n);
	one.cells = (struct csv_cell *)(void *)arena_room(arena, row->n * sizeof *one.cells);
	for (size_t i = 0; i < row->n; i++) {
		size_t from = (size_t)(row->cells[i].raw.p - row->raw.p);

		one.cells[i] = row->cells[i];
		one.cells[i].raw.p = one.raw.p + (i > at ? from - after + grown : from);
	}
	one.cells[at].raw = str_sub(one.raw, before, grown - before);
	one.cells[at].value = piece;
	return one;
}
