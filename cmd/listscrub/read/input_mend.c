#include <config.h>

#include "cmd/listscrub/read/input_state.h"

/*
 * A quote that opens a cell and is not closed takes the lines after it into that cell, up to the next quote or to the
 * end of the list: everybody on them would be lost with one row. When that has happened, the lines are looked at one by
 * one: the first that has the cells of the header and something like an address where addresses are is a row again.
 * Nothing of this is done with a row that is CSV, whatever its cells contain.
 */

struct damage {
	struct str span; /* from the start of the row on */
	size_t quote;    /* where in it the quote opens */
	uint64_t line;   /* of its start */
	char line_end;
	bool open; /* it is never closed */
};

/* Where the line ends in which `at` is: after its line end. */
static size_t line_after(const struct damage *d, size_t at)
{
	struct str rest = str_sub(d->span, at, d->span.n);
	size_t n = str_find(rest, d->line_end);

	return at + n + (n < rest.n);
}

/* The line for itself, with a text after it. */
static bool read_line(struct input *in, struct str line, struct str after, struct csv_row *row)
{
	struct csv *csv = &in->probe;
	char *room;

	csv_init(csv, in->form.delimiter);
	room = csv_room(csv, line.n + after.n);
	memcpy(room, line.p, line.n);
	if (after.n > 0)
		memcpy(room + line.n, after.p, after.n);
	csv_fed(csv, line.n + after.n);
	csv_eof(csv);
	return csv_next(csv, row, NULL) == CSV_ROW;
}

/* Is the line a row of the list, or the start of one with line breaks in a cell after the address? */
static bool fits(struct input *in, struct str line)
{
	size_t email = in->form.email < in->form.columns ? in->form.email : 0;
	struct csv_row row;

	if (read_line(in, line, STR_LIT(""), &row)
			? row.n != in->form.columns
			: !read_line(in, line, STR_LIT("\""), &row) || row.n > in->form.columns || row.n < email + 2)
		return false;
	struct str cell = row.cells[email].value;

	return str_find(cell, '@') < cell.n;
}

/* The first line after the one with the quote that is a row; the end where the quote is on the last line. 0: none. */
static size_t find_row(struct input *in, const struct damage *d)
{
	size_t at = line_after(d, d->quote);

	if (at == d->span.n)
		return d->open && in->list.csv.eof ? at : 0;
	while (at < d->span.n) {
		size_t end = line_after(d, at);
		struct str line = str_sub(d->span, at, end - at);

		if ((line.p[line.n - 1] == d->line_end || in->list.csv.eof) && fits(in, line))
			return at;
		at = end;
	}
	return 0;
}

/* A row of one cell: all octets up to n. */
static void lose(struct input *in, struct csv_row *row, const struct damage *d, size_t n)
{
	struct str text = str_sub(d->span, 0, n);
	size_t end = text.n > 0 && text.p[text.n - 1] == d->line_end;

	end += end > 0 && d->line_end == '\n' && text.n > 1 && text.p[text.n - 2] == '\r';
	in->mended.raw = in->mended.value = str_sub(text, 0, text.n - end);
	*row = (struct csv_row){ .cells = &in->mended,
		.n = 1,
		.raw = in->mended.raw,
		.end = str_sub(text, text.n - end, end),
		.line = d->line,
		.torn = d->quote + 1 };
}

static void note(struct input *in, const struct damage *d, uint64_t next)
{
	if (in->replaying)
		return;
	if (in->torn++ > 0)
		return;
	in->torn_line = d->line + str_count(str_sub(d->span, 0, d->quote), d->line_end);
	in->torn_next = next;
	in->torn_name = input_name(in);
}

enum csv_event input_mend(struct input *in, enum csv_event event, struct csv_row *row, struct err *err)
{
	struct csv *csv = &in->list.csv;
	struct damage d = { .line_end = csv->cr_ends ? '\r' : '\n', .open = event == CSV_ERROR };
	size_t n = 0;

	if (event == CSV_ROW) {
		d.span = str_at(row->raw.p, row->raw.n + row->end.n);
		d.quote = row->torn - 1;
		d.line = row->line;
		row->torn = 0;
	} else {
		d.span = csv_rest(csv);
		d.quote = csv->torn - 1;
		d.line = csv->line;
	}
	if (!in->list.form.json && (event == CSV_ROW || csv->torn > 0))
		n = find_row(in, &d);
	if (n == 0 || (in->strict && event == CSV_ERROR))
		return event;
	if (in->strict) {
		csv_back(csv, row);
		err_set(err, ERR_DATA, "%s: line %llu: the quote that opens here is never closed", input_name(in),
			(unsigned long long)(d.line + str_count(str_sub(d.span, 0, d.quote), d.line_end)));
		return CSV_ERROR;
	}
	uint64_t next = d.line + str_count(str_sub(d.span, 0, n), d.line_end);

	if (event == CSV_ROW)
		csv_back(csv, row);
	else
		*err = (struct err){ .kind = ERR_NONE };
	lose(in, row, &d, n);
	note(in, &d, n == d.span.n && d.open ? 0 : next);
	csv_recover(csv, n, next);
	return CSV_ROW;
}
