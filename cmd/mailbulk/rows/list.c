#include <config.h>

#include "cmd/mailbulk/rows/list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"

#define BLOCK 65536u

/* What was checked and counted, and where rows that wait are found again, holds for the list as it was opened. */
static bool unchanged(const struct list *l, struct err *err)
{
	struct stat st;

	if (!l->guarded || (fstat(l->fd, &st) == 0 && stamp_same(&l->stamp, &st)))
		return true;
	return err_set(err, ERR_IO,
		"%s was changed during the run: when the list is complete, run this again with the same journal (who has "
		"the message does not get it again)",
		l->name);
}

static bool open_file(struct list *l, const struct settings *settings, bool twice, struct err *err)
{
	const char *path = settings->list_path;
	struct stat st;

	l->name = path != NULL ? path : "standard input";
	if (file_is_directory(path != NULL ? path : "-"))
		return err_set(err, ERR_DATA, "%s is " LIST_NOT_DIRECTORY, l->name);
	l->fd = path != NULL ? file_open(path, err) : STDIN_FILENO;
	if (l->fd < 0)
		return false;
	if (fstat(l->fd, &st) != 0)
		return err_errno(err, ERR_NOINPUT, errno, "%s", l->name);
	off_t at = S_ISREG(st.st_mode) ? lseek(l->fd, 0, SEEK_CUR) : -1;

	l->seekable = at >= 0;
	l->guarded = twice && at >= 0;
	stamp_set(&l->stamp, &st);
	l->position = at >= 0 ? (uint64_t)at : 0;
	return true;
}

/* Read one block more into the reader: the text that this added. */
static bool feed(struct list *l, struct str *text, struct err *err)
{
	char *room = list_reader_room(&l->reader, BLOCK);
	long n = 0;

	if (l->seekable) {
		do
			n = (long)pread(l->fd, room, BLOCK, (off_t)l->position);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "%s", l->name);
		if (!unchanged(l, err))
			return false;
	} else {
		n = file_read_some(l->fd, room, BLOCK, l->name, err);
		if (n == -2)
			err_set(err, ERR_TEMP, "%s: interrupted", l->name);
		if (n < 0)
			return false;
	}
	l->position += (uint64_t)n;
	*text = n == 0 ? list_reader_eof(&l->reader) : list_reader_fed(&l->reader, (size_t)n);
	return true;
}

/* The next row of the CSV as it stands. 1, 0 at the end, -1. */
static int raw_row(struct list *l, struct csv_row *row, struct err *err)
{
	struct str text;

	for (;;) {
		switch (list_reader_raw(&l->reader, row, err)) {
		case CSV_ROW:
			return 1;
		case CSV_END:
			return 0;
		case CSV_ERROR:
			return -1;
		case CSV_MORE:
			if (!feed(l, &text, err))
				return -1;
			break;
		}
	}
}

/* Copy the rest of the list, as the text that its rows are read from, into an unlinked file, to be read twice. */
static bool spool(struct list *l, struct err *err)
{
	struct csv *csv = &l->reader.csv;
	struct str text = csv_rest(csv);
	uint64_t line = csv->line;
	int copy = file_temp(err);
	bool ok = copy >= 0;

	while (ok) {
		ok = file_write(copy, text, "temporary file", err);
		csv_drop(csv, csv_rest(csv).n);
		if (!ok || csv->eof)
			break;
		ok = feed(l, &text, err);
	}
	if (!ok) {
		if (copy >= 0)
			(void)close(copy);
		return false;
	}
	if (l->fd != STDIN_FILENO)
		(void)close(l->fd);
	l->fd = copy;
	l->seekable = true;
	l->guarded = false;
	l->position = l->next = 0;
	list_reader_resume(&l->reader, line, false);
	csv->started = false;
	return true;
}

/* Look at the start of the list. What is above its first row is passed. */
static bool start(struct list *l, const struct settings *settings, bool twice, struct err *err)
{
	const struct list_asked asked = { .name = l->name, .delimiter = settings->delimiter, .email = settings->email };
	uint64_t begin = l->position;
	struct str text;

	list_reader_init(&l->reader, &asked);
	while (!list_reader_tell(&l->reader))
		if (!feed(l, &text, err))
			return false;
	const struct list_form *form = &l->reader.form;

	if (form->is_not != NULL)
		return err_set(err, ERR_DATA, "%s is %s", l->name, form->is_not);
	if (form->columns == 0)
		return err_set(err, ERR_DATA, "%s is " LIST_NOT_EMPTY, l->name);
	l->next = begin + form->above;
	return !twice || (l->seekable && list_reader_plain(&l->reader)) || spool(l, err);
}

/* Without a header the column of addresses is called "email", the others have numbers. */
static void set_columns(struct list *l)
{
	const struct list_form *form = &l->reader.form;

	l->n_columns = form->columns;
	l->columns = mem_array(l->n_columns, sizeof *l->columns);
	for (size_t i = 0; i < l->n_columns; i++) {
		struct buf name = { .limit = 0 };

		if (form->header == LIST_HEADER_YES)
			buf_add_text(&name, form->names[i]);
		else if (i == l->email)
			buf_add_text(&name, "email");
		else
			buf_printf(&name, "%zu", i + 1);
		l->columns[i] = mem_copy(buf_str(&name).p, buf_len(&name));
		buf_free(&name);
	}
	l->cells = mem_array(l->n_columns, sizeof *l->cells);
	l->cells_again = mem_array(l->n_columns, sizeof *l->cells_again);
}

static bool pass_header(struct list *l, struct err *err)
{
	struct csv_row row;

	if (l->reader.form.header != LIST_HEADER_YES)
		return true;
	if (raw_row(l, &row, err) <= 0)
		return false;
	l->next += row.raw.n + row.end.n;
	return true;
}

size_t list_column(const struct list *l, struct str name)
{
	size_t found = SIZE_MAX;
	size_t alike = 0;

	for (size_t i = 0; i < l->n_columns; i++) {
		if (str_eq(str_of(l->columns[i]), name))
			return i;
		if (str_ieq(str_of(l->columns[i]), name)) {
			found = i;
			alike++;
		}
	}
	return alike == 1 ? found : SIZE_MAX;
}

/* By name, else by number. */
static bool find_column(const struct list *l, const char *name, const char *option, size_t *found, struct err *err)
{
	uint64_t number;

	*found = list_column(l, str_of(name));
	if (*found == SIZE_MAX && str_number(str_of(name), l->n_columns, &number) && number > 0)
		*found = (size_t)number - 1;
	return *found != SIZE_MAX ||
		err_set(err, ERR_DATA, "%s: there is no column \"%s\" (%s)", l->name, name, option);
}

/* Whom to write to is not guessed: of two columns that may be meant none is taken. */
static bool choose_email(struct list *l, struct err *err)
{
	const struct list_form *form = &l->reader.form;

	l->email = form->email;
	if (form->email == LIST_NONE || form->unsure) {
		l->email = 0;
		/* Nobody is on it: listscrub may have kept the header alone. */
		return !form->rows ||
			err_set(err, ERR_DATA,
				"%s: no column is named email or has addresses; --email COLUMN says which is meant",
				l->name);
	}
	return !form->tied ||
		err_set(err, ERR_DATA,
			"%s: columns %zu and %zu both have addresses; --email COLUMN says which is meant", l->name,
			form->email + 1, form->other + 1);
}

bool list_open(struct list *l, const struct settings *settings, bool twice, struct err *err)
{
	*l = (struct list){ .fd = -1, .key = SIZE_MAX };
	if (!open_file(l, settings, twice, err) || !start(l, settings, twice, err))
		return false;
	if (settings->email == NULL && !choose_email(l, err))
		return false;
	set_columns(l);
	if ((settings->email != NULL && !find_column(l, settings->email, "--email", &l->email, err)) ||
		(settings->key != NULL && !find_column(l, settings->key, "--key", &l->key, err)) ||
		!pass_header(l, err))
		return false;
	l->data = l->next;
	l->data_line = l->reader.csv.line;
	return true;
}

void list_close(struct list *l)
{
	list_reader_free(&l->reader);
	csv_free(&l->again);
	buf_free(&l->converted);
	buf_free(&l->converted_again);
	for (size_t i = 0; i < l->n_columns; i++)
		mem_free(l->columns[i]);
	mem_free(l->columns);
	mem_free(l->cells);
	mem_free(l->cells_again);
	if (l->fd > STDIN_FILENO)
		close(l->fd);
	*l = (struct list){ .fd = -1 };
}

bool list_rewind(struct list *l, struct err *err)
{
	bool started = l->reader.csv.started;

	if (!l->seekable)
		return err_set(err, ERR_SOFTWARE, "%s: it was not opened to be read twice", l->name);
	list_reader_resume(&l->reader, l->data_line, l->reader.csv.cr_ends);
	l->reader.csv.started = started;
	l->position = l->data;
	l->next = l->data;
	l->rows = 0;
	return true;
}

/* A row that is not UTF-8 is from Windows-1252. */
static void make_utf8(struct list *l, struct csv_row *row, struct buf *room)
{
	if (!list_row_foreign(row))
		return;
	if (l->foreign_line == 0)
		l->foreign_line = row->line;
	buf_clear(room);
	room->limit = SIZE_MAX;
	list_row_convert(row, l->reader.form.delimiter, buf_room(room, list_row_room(row)));
}

/* An empty line is one empty cell: no row where there are more columns than one, nor in a plain list. */
static bool is_blank(const struct csv_row *row)
{
	return row->n == 1 && str_trim(row->cells[0].raw).n == 0;
}

enum list_event list_next(struct list *l, struct row *row, struct err *err)
{
	struct csv_row raw;
	int found;

	do {
		found = raw_row(l, &raw, err);
		if (found <= 0)
			return found < 0 ? LIST_FAIL : LIST_END;
		*row = (struct row){ .line = raw.line, .offset = l->next, .octets = (uint32_t)raw.raw.n };
		l->next += raw.raw.n + raw.end.n;
	} while (is_blank(&raw));
	row->number = ++l->rows;
	make_utf8(l, &raw, &l->converted);
	row->cells = l->cells;
	for (size_t i = 0; i < l->n_columns; i++)
		l->cells[i] = i < raw.n ? raw.cells[i].value : STR_LIT("");
	if (raw.n == l->n_columns)
		return LIST_ROW;
	err_set(err, ERR_DATA, "it has %zu cells, the header row has %zu", raw.n, l->n_columns);
	return LIST_RAGGED;
}

bool list_again(struct list *l, struct row *row, struct err *err)
{
	struct csv_row raw;
	size_t done = 0;

	csv_free(&l->again);
	csv_init(&l->again, l->reader.form.delimiter);
	char *room = csv_room(&l->again, row->octets);

	while (done < row->octets) {
		ssize_t n = pread(l->fd, room + done, row->octets - done, (off_t)(row->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ERR_IO, "%s: line %llu cannot be read again: the list was changed", l->name,
				(unsigned long long)row->line);
		done += (size_t)n;
	}
	if (!unchanged(l, err))
		return false;
	csv_fed(&l->again, done);
	csv_eof(&l->again);
	if (csv_next(&l->again, &raw, err) != CSV_ROW || raw.n != l->n_columns)
		return err_set(err, ERR_IO, "%s: line %llu is not what it was: the list was changed", l->name,
			(unsigned long long)row->line);
	make_utf8(l, &raw, &l->converted_again);
	for (size_t i = 0; i < l->n_columns; i++)
		l->cells_again[i] = raw.cells[i].value;
	row->cells = l->cells_again;
	return true;
}
