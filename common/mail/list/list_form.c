#include <config.h>

#include "base/mem.h"
#include "mail/list/list_state.h"
#include "text/utf8.h"

/*
 * What a list looks like: delimiter, what is above the rows, header, column of addresses. The sample is read once
 * with each delimiter, and the one with which addresses appear wins; counting separators in the first line is
 * wrong for names and streets with commas in them.
 *
 * A row with an "@" in it is never skipped as a title: it may be somebody who is on the list.
 */

static const char candidates[] = { ',', ';', '\t', '|' };

/* A row of the sample, as far as it tells where the list begins. */
struct shape {
	size_t offset; /* in the sample */
	uint64_t line;
	size_t cells;
	size_t filled; /* cells that are not blank */
	bool at;       /* there is an "@" in it */
	bool address;  /* a cell is an address */
	bool names;    /* a cell is a name that only a header has */
	bool comment;  /* it begins with "#" */
};

/* The sample, read with one delimiter. */
struct look {
	const struct list_asked *asked;
	struct str text;
	bool eof;
	struct csv csv;
	struct shape shapes[LIST_ROWS];
	size_t n; /* rows up to the first one with an address in it */
	struct list_form form;
	struct list_sight *sights; /* by column */
	size_t even;               /* rows with as many cells as columns */
};

/* --- reading the sample --- */

static void rewind_sample(struct look *l, size_t from)
{
	struct str s = str_sub(l->text, from, l->text.n);

	csv_init(&l->csv, l->form.delimiter);
	if (s.n > 0)
		memcpy(csv_room(&l->csv, s.n), s.p, s.n);
	csv_fed(&l->csv, s.n);
	/* What the sample was cut off is no row: it is left out. */
	if (l->eof)
		csv_eof(&l->csv);
}

static struct shape shape_of(const struct look *l, const struct csv_row *row, size_t offset)
{
	struct shape s = { .offset = offset, .line = row->line, .cells = row->n };

	for (size_t i = 0; i < row->n; i++) {
		struct str value = row->cells[i].value;

		s.filled += str_trim(value).n > 0;
		s.at = s.at || str_find(value, '@') < value.n;
		s.names = s.names || list_asked_names(l->asked, value);
		s.address = s.address || list_cell_is_address(value, l->asked->entries);
	}
	s.comment = str_starts(str_trim(row->cells[0].raw), STR_LIT("#"));
	s.names = s.names && !s.at;
	return s;
}

/* Up to the first row with an address, or with the names of columns. */
static void read_shapes(struct look *l, size_t from)
{
	struct csv_row row;
	bool last = false;

	rewind_sample(l, from);
	while (!last && l->n < LIST_ROWS && csv_next(&l->csv, &row, NULL) == CSV_ROW) {
		size_t next = l->text.n - csv_rest(&l->csv).n;
		struct shape *s = &l->shapes[l->n++];

		*s = shape_of(l, &row, next - row.raw.n - row.end.n);
		last = s->names || (s->address && !s->comment);
	}
}

/* --- where the list begins --- */

/* (A comment with an address in it may be somebody: only in a list of suppressions it cannot.) */
static bool is_above(const struct look *l, const struct shape *s)
{
	return s->filled == 0 || (s->comment && (!s->at || l->asked->entries));
}

/* The first row that is neither blank nor a comment; else the first one. */
static size_t first_row(const struct look *l)
{
	size_t i = 0;

	while (i < l->n && is_above(l, &l->shapes[i]))
		i++;
	return i;
}

/*
 * Under names that nobody knows: the first row of the width that the first row with an address has, at least half
 * filled. Nothing with an "@" in it is passed over for that: it may be somebody who is on the list.
 */
static size_t find_by_width(const struct look *l, bool comments)
{
	const struct shape *data = &l->shapes[l->n - 1];

	if (!data->address || data->cells < 2)
		return LIST_NONE;
	for (size_t i = 0; i + 1 < l->n && !l->shapes[i].at; i++) {
		const struct shape *s = &l->shapes[i];

		if (s->cells == data->cells && s->filled >= 2 && 2 * s->filled >= s->cells && s->comment == comments &&
			(!comments || s->filled == s->cells))
			return i;
	}
	return LIST_NONE;
}

/* The header, or LIST_NONE. */
static size_t find_header(const struct look *l)
{
	size_t first = first_row(l);
	size_t found = LIST_NONE;

	if (l->n == 0 || l->asked->header == LIST_HEADER_NO)
		return LIST_NONE;
	if (l->shapes[l->n - 1].names)
		return l->n - 1;
	found = find_by_width(l, false);
	if (found == LIST_NONE)
		found = find_by_width(l, true);
	if (found != LIST_NONE)
		return found;
	if (l->asked->header == LIST_HEADER_YES)
		return first < l->n ? first : 0;
	/* In a list of suppressions a single word may be a domain. */
	if (first == l->n || l->shapes[first].at || l->shapes[first].address ||
		(l->asked->entries && l->shapes[first].cells == 1))
		return LIST_NONE;
	return first;
}

static void take_names(struct list_form *f, const struct csv_row *row)
{
	f->columns = row->n;
	f->names = mem_array(row->n, sizeof *f->names);
	for (size_t i = 0; i < row->n; i++) {
		struct str name = f->header == LIST_HEADER_YES ? str_trim(row->cells[i].value) : STR_LIT("");
		struct buf text = { .limit = SIZE_MAX };

		if (!utf8_valid(name)) {
			utf8_from_latin1(&text, name);
			name = buf_str(&text);
		}
		f->names[i] = mem_copy(name.p, name.n);
		buf_free(&text);
	}
}

/* The columns, and how many addresses each has. */
static void read_columns(struct look *l)
{
	struct list_form *f = &l->form;
	struct csv_row row;

	rewind_sample(l, f->above);
	for (size_t n = 0; n < LIST_ROWS && csv_next(&l->csv, &row, NULL) == CSV_ROW; n++) {
		if (n == 0) {
			take_names(f, &row);
			l->sights = mem_array(f->columns, sizeof *l->sights);
			if (f->header == LIST_HEADER_YES)
				continue;
		}
		f->rows = true;
		l->even += row.n == f->columns;
		for (size_t i = 0; i < row.n && i < f->columns; i++)
			list_sight_add(&l->sights[i], row.cells[i].value, l->asked->entries);
	}
}

/* from: where the first line begins that is the list's. */
static void look_with(struct look *l, char delimiter, size_t from, uint64_t lines)
{
	struct list_form *f = &l->form;
	size_t start;

	f->delimiter = delimiter;
	f->email = f->other = f->twice = LIST_NONE;
	read_shapes(l, from);
	start = find_header(l);
	f->header = start != LIST_NONE ? LIST_HEADER_YES : LIST_HEADER_NO;
	if (start == LIST_NONE)
		start = first_row(l);
	f->above = start < l->n ? l->shapes[start].offset : from;
	f->above_lines = lines + (start < l->n ? l->shapes[start].line - 1 : 0);
	read_columns(l);
	if (f->columns > 0)
		list_choose_column(f, l->asked, l->sights);
}

static void look_free(struct look *l)
{
	csv_free(&l->csv);
	mem_free(l->sights);
	list_form_free(&l->form);
	mem_free(l);
}

/* --- which delimiter --- */

/* Entries of a list of suppressions may be in any column. */
static size_t hits_of(const struct look *l)
{
	size_t most = 0;

	for (size_t i = 0; l->asked->entries && i < l->form.columns; i++)
		most = l->sights[i].hits > most ? l->sights[i].hits : most;
	if (l->asked->entries)
		return most;
	return l->form.email < l->form.columns ? l->sights[l->form.email].hits : 0;
}

static bool is_named(const struct look *l)
{
	const struct list_form *f = &l->form;

	for (size_t i = 0; i < f->columns && l->asked->names != NULL; i++)
		if (list_asked_names(l->asked, str_of(f->names[i])))
			return true;
	return f->email != LIST_NONE && list_asked_rank(l->asked, str_of(f->names[f->email])) < LIST_LOOSE;
}

/* A column that is called so, and there are addresses in it, or what was meant to be some. */
static bool is_evident(const struct look *l)
{
	return is_named(l) &&
		(hits_of(l) > 0 || (l->form.email < l->form.columns && l->sights[l->form.email].tries > 0));
}

/* With which of two delimiters is it a list? By addresses in a column that is called so, by addresses, by such a name,
 * by rows that are as wide as the first one. */
static bool is_better(const struct look *a, const struct look *b)
{
	if (is_evident(a) != is_evident(b))
		return is_evident(a);
	if (hits_of(a) != hits_of(b))
		return hits_of(a) > hits_of(b);
	if (is_named(a) != is_named(b))
		return is_named(a);
	return a->even > b->even;
}

static struct look *look_new(const struct list_asked *asked, struct str text, bool eof)
{
	struct look *l = mem_alloc(sizeof *l);

	l->asked = asked;
	l->text = text;
	l->eof = eof;
	return l;
}

/* The best of all; where nothing tells them apart, the one that is most often in the first line. One that is nowhere in
 * the text stands for a list of one column, where that makes addresses appear. */
static struct look *look_best(const struct list_asked *asked, struct str text, bool eof, size_t from, uint64_t lines)
{
	struct look *best = look_new(asked, text, eof);
	bool alone = false;

	look_with(best, csv_guess_delimiter(str_sub(text, from, text.n)), from, lines);
	for (size_t i = 0; i < sizeof candidates; i++) {
		bool absent = str_find(text, candidates[i]) == text.n;
		struct look *other;

		if (best->form.delimiter == candidates[i] || (absent && alone))
			continue;
		alone = alone || absent;
		other = look_new(asked, text, eof);
		look_with(other, candidates[i], from, lines);
		if (is_better(other, best) && (!absent || hits_of(other) > 0)) {
			look_free(best);
			best = other;
		} else {
			look_free(other);
		}
	}
	return best;
}

/* --- sep= --- */

/* "sep=;" as spreadsheets write it above the header: the length of that line, 0 where there is none. */
static size_t read_separator(struct str text, char *separator)
{
	size_t end = str_find(text, '\n');
	size_t cr = str_find(str_sub(text, 0, end), '\r');
	size_t stop = cr < end ? cr : end;
	struct str line = str_sub(text, 0, stop);

	if (line.n >= 2 && line.p[0] == '"' && line.p[line.n - 1] == '"')
		line = str_sub(line, 1, line.n - 2);
	if (line.n != 5 || !str_istarts(line, STR_LIT("sep=")) || line.p[4] == '"')
		return 0;
	*separator = line.p[4];
	if (stop == text.n)
		return text.n;
	return stop + 1 + (text.p[stop] == '\r' && stop + 1 < text.n && text.p[stop + 1] == '\n');
}

/* --- all of it --- */

/* Do fewer rows than LIST_ROWS tell it? A column that is called so, with an address in it. */
static bool is_settled(const struct look *l)
{
	const struct list_form *f = &l->form;
	size_t others = 0;
	size_t filled = 0;

	/* Which of two is the one to be mailed takes more rows. */
	for (size_t i = 0; i < f->columns; i++)
		filled += l->sights[i].hits > 0;
	if (filled > 1 && !l->asked->entries && l->asked->email == NULL)
		return false;
	if (!f->named || !f->rows || f->email == LIST_NONE)
		return false;
	for (size_t i = 0; i < sizeof candidates; i++)
		others += candidates[i] != f->delimiter && str_find(l->text, candidates[i]) < l->text.n;
	return hits_of(l) > 0 || others == 0 || l->asked->delimiter != '\0';
}

bool list_form_tell(struct list_form *f, const struct list_asked *asked, struct str text, bool eof, bool final)
{
	size_t bom = csv_bom(text);
	char separator = '\0';
	size_t from = bom + read_separator(str_sub(text, bom, text.n), &separator);
	char delimiter = asked->delimiter != '\0' ? asked->delimiter : separator;
	struct look *l;

	if (delimiter != '\0') {
		l = look_new(asked, text, eof);
		look_with(l, delimiter, from, from > bom);
	} else {
		l = look_best(asked, text, eof, from, from > bom);
	}
	bool told = eof || (final && l->form.columns > 0) || is_settled(l);

	if (told) {
		l->form.separator = separator;
		list_form_free(f);
		*f = l->form;
		l->form = (struct list_form){ .names = NULL };
	}
	look_free(l);
	return told;
}

void list_form_free(struct list_form *f)
{
	for (size_t i = 0; i < f->columns; i++)
		mem_free(f->names[i]);
	mem_free(f->names);
	*f = (struct list_form){ .email = LIST_NONE, .other = LIST_NONE, .twice = LIST_NONE };
}
