#include <config.h>

#include "cmd/mailbulk/list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"
#include "mail/address/address.h"

#define BLOCK 65536u

/* Copy what is not yet read of from into an unlinked file, so that it can be read twice. */
static bool spool(struct list *l, struct err *err)
{
	char block[BLOCK];
	int copy = file_temp(err);
	long n = -1;

	if (copy < 0)
		return false;
	while ((n = file_read_some(l->fd, block, sizeof block, l->name, err)) > 0)
		if (!file_write(copy, str_at(block, (size_t)n), "temporary file", err))
			break;
	if (n == -2)
		err_set(err, ERR_TEMP, "%s: interrupted", l->name);
	if (n != 0) {
		close(copy);
		return false;
	}
	if (l->fd != STDIN_FILENO)
		close(l->fd);
	l->fd = copy;
	l->seekable = true;
	l->position = 0;
	return true;
}

static bool open_file(struct list *l, const struct settings *settings, bool twice, struct err *err)
{
	struct stat st;

	l->name = settings->list_path != NULL ? settings->list_path : "standard input";
	l->fd = settings->list_path != NULL ? file_open(settings->list_path, err) : STDIN_FILENO;
	if (l->fd < 0)
		return false;
	if (fstat(l->fd, &st) != 0)
		return err_errno(err, ERR_NOINPUT, errno, "%s", l->name);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_NOINPUT, "%s: it is a directory", l->name);
	off_t at = S_ISREG(st.st_mode) ? lseek(l->fd, 0, SEEK_CUR) : -1;

	l->seekable = at >= 0;
	l->position = at >= 0 ? (uint64_t)at : 0;
	return l->seekable || !twice || spool(l, err);
}

/* Read one block more into the reader; false with *end unset is an error. */
static bool feed(struct list *l, struct err *err)
{
	char *room = csv_room(&l->csv, BLOCK);
	long n = 0;

	if (l->seekable) {
		do
			n = (long)pread(l->fd, room, BLOCK, (off_t)l->position);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "%s", l->name);
	} else {
		n = file_read_some(l->fd, room, BLOCK, l->name, err);
		if (n == -2)
			err_set(err, ERR_TEMP, "%s: interrupted", l->name);
		if (n < 0)
			return false;
	}
	l->position += (uint64_t)n;
	if (n == 0)
		csv_eof(&l->csv);
	else
		csv_fed(&l->csv, (size_t)n);
	return true;
}

/* The next row of the CSV as it stands. 1, 0 at the end, -1. */
static int raw_row(struct list *l, struct csv_row *row, struct err *err)
{
	for (;;) {
		switch (csv_next(&l->csv, row, err)) {
		case CSV_ROW:
			return 1;
		case CSV_END:
			return 0;
		case CSV_ERROR:
			err_prefix(err, "%s", l->name);
			return -1;
		case CSV_MORE:
			if (!feed(l, err))
				return -1;
			break;
		}
	}
}

static bool is_address(struct str cell)
{
	struct address a = { 0 };
	struct str bare;
	struct buf name = { 0 };
	bool ok = address_unwrap(cell, &bare, &name) && address_parse(&a, bare, ADDRESS_LOCALHOST) == ADDRESS_OK;

	address_free(&a);
	buf_free(&name);
	return ok;
}

/* Look at the start of the list: its BOM, whether it has a header row and, where none was asked for, its delimiter. */
static bool start(struct list *l, char delimiter, bool *plain, struct err *err)
{
	uint64_t begin = l->position;
	struct str head;
	size_t next = 0;

	csv_init(&l->csv, delimiter != 0 ? delimiter : ',');
	do {
		if (!feed(l, err))
			return false;
		head = csv_rest(&l->csv);
	} while (!l->csv.eof && !csv_head_whole(head, delimiter, 1, &next));
	size_t bom = csv_bom(head);

	head = str_sub(head, bom, head.n);
	if (delimiter == 0)
		l->csv.delimiter = csv_guess_delimiter(head);
	*plain = is_address(str_trim(str_sub(head, 0, str_find(head, '\n'))));
	l->next = begin + bom;
	return true;
}

static void set_columns(struct list *l, const struct csv_row *row)
{
	l->n_columns = row != NULL ? row->n : 1;
	l->columns = mem_array(l->n_columns, sizeof *l->columns);
	for (size_t i = 0; i < l->n_columns; i++) {
		struct str name = row != NULL ? str_trim(row->cells[i].value) : STR_LIT("email");

		l->columns[i] = mem_copy(name.p, name.n);
	}
	l->cells = mem_array(l->n_columns, sizeof *l->cells);
	l->cells_again = mem_array(l->n_columns, sizeof *l->cells_again);
}

static bool read_header_row(struct list *l, struct err *err)
{
	struct csv_row row;
	int found = raw_row(l, &row, err);

	if (found == 0)
		err_set(err, ERR_DATA, "%s: it is empty; a list begins with a row of column names", l->name);
	if (found <= 0)
		return false;
	set_columns(l, &row);
	l->next += row.raw.n + row.end.n;
	l->data_line = row.line + 1 + str_count(row.raw, l->csv.cr_ends ? '\r' : '\n');
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

static bool choose_columns(struct list *l, const struct settings *settings, struct err *err)
{
	static const char *const usual[] = { "email", "e-mail", "mail", "address", "email address", "e-mail address" };

	l->email = settings->email != NULL ? list_column(l, str_of(settings->email)) : SIZE_MAX;
	if (settings->email != NULL && l->email == SIZE_MAX)
		return err_set(err, ERR_DATA, "%s: there is no column \"%s\" (--email)", l->name, settings->email);
	for (size_t i = 0; l->email == SIZE_MAX && i < sizeof usual / sizeof *usual; i++)
		l->email = list_column(l, str_of(usual[i]));
	if (l->email == SIZE_MAX)
		return err_set(err, ERR_DATA,
			"%s: no column is named email; --email COLUMN says which has the addresses", l->name);
	l->key = settings->key != NULL ? list_column(l, str_of(settings->key)) : SIZE_MAX;
	if (settings->key != NULL && l->key == SIZE_MAX)
		return err_set(err, ERR_DATA, "%s: there is no column \"%s\" (--key)", l->name, settings->key);
	return true;
}

bool list_open(struct list *l, const struct settings *settings, bool twice, struct err *err)
{
	bool plain;

	*l = (struct list){ .fd = -1, .key = SIZE_MAX, .data_line = 1 };
	if (!open_file(l, settings, twice, err) || !start(l, settings->delimiter, &plain, err))
		return false;
	if (plain)
		set_columns(l, NULL);
	else if (!read_header_row(l, err))
		return false;
	l->data = l->next;
	return choose_columns(l, settings, err);
}

void list_close(struct list *l)
{
	csv_free(&l->csv);
	csv_free(&l->again);
	buf_free(&l->octets);
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
	if (!l->seekable)
		return err_set(err, ERR_SOFTWARE, "%s: it was not opened to be read twice", l->name);
	if (l->csv.started)
		csv_resume(&l->csv, l->data_line, l->csv.cr_ends);
	else
		csv_rewind(&l->csv);
	l->position = l->data;
	l->next = l->data;
	l->rows = 0;
	return true;
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
	csv_init(&l->again, l->csv.delimiter);
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
	csv_fed(&l->again, done);
	csv_eof(&l->again);
	if (csv_next(&l->again, &raw, err) != CSV_ROW || raw.n != l->n_columns)
		return err_set(err, ERR_IO, "%s: line %llu is not what it was: the list was changed", l->name,
			(unsigned long long)row->line);
	for (size_t i = 0; i < l->n_columns; i++)
		l->cells_again[i] = raw.cells[i].value;
	row->cells = l->cells_again;
	return true;
}
