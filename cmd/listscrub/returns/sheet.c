#include <config.h>

#include "cmd/listscrub/returns/sheet.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "mail/address/address.h"
#include "mail/list/list.h"
#include "text/csv.h"
#include "text/utf8.h"

#define SHEET_MAX ((size_t)1 << 30)
#define LOCK_WAIT ((int64_t)30 * 1000000000)

void sheet_key(struct buf *key, struct str cell)
{
	struct address a = { .domain_fault = 0 };
	struct str bare;

	if (!address_unwrap(cell, &bare, NULL) ||
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) != ADDRESS_OK || !address_key(&a, key))
		for (size_t i = 0; i < cell.n; i++)
			buf_add_char(key, ascii_lower(cell.p[i]));
	address_free(&a);
}

size_t sheet_find(const struct sheet *s, struct str key)
{
	const struct set_entry *e = set_find(&s->keys, key);

	return e != NULL && !s->gone[e->value] ? e->value : SIZE_MAX;
}

static size_t add_row(struct sheet *s)
{
	s->rows = mem_grow(s->rows, s->n, &s->cap, sizeof *s->rows);
	s->gone = mem_grow(s->gone, s->n, &s->cap_gone, sizeof *s->gone);
	memset(s->rows[s->n], 0, sizeof s->rows[s->n]);
	s->gone[s->n] = false;
	return s->n++;
}

struct str sheet_get(const struct sheet *s, size_t row, size_t column)
{
	size_t at = s->rows[row][column];

	return at > 0 ? str_of(buf_str(&s->texts).p + at - 1) : STR_LIT("");
}

void sheet_set(struct sheet *s, size_t row, size_t column, struct str text)
{
	struct buf clean = { .limit = 0 };

	utf8_show(&clean, text, SIZE_MAX);
	if (!str_eq(sheet_get(s, row, column), buf_str(&clean))) {
		s->rows[row][column] = buf_len(&clean) > 0 ? buf_len(&s->texts) + 1 : 0;
		buf_add(&s->texts, buf_str(&clean));
		buf_add_char(&s->texts, '\0');
		s->changed = true;
	}
	buf_free(&clean);
}

size_t sheet_row(struct sheet *s, struct str key, struct str cell)
{
	bool added = false;
	struct set_entry *e = set_add(&s->keys, key, &added);

	if (!added && !s->gone[e->value])
		return e->value;
	e->value = add_row(s);
	sheet_set(s, e->value, 0, cell);
	s->changed = true;
	return e->value;
}

void sheet_remove(struct sheet *s, size_t row)
{
	s->gone[row] = true;
	s->changed = true;
}

/* --- reading --- */

static size_t column_of(const struct sheet *s, struct str name)
{
	if (str_among(name, "address e-mail mail"))
		return 0;
	for (size_t i = 0; i < s->n_columns; i++)
		if (str_ieq(name, str_of(s->columns[i])))
			return i;
	/* Of --print-suppressed as it was. */
	return str_ieq(name, STR_LIT("date")) ? 4 : SIZE_MAX;
}

/* Where each cell goes. What we would not write again is not ours to rewrite. */
static bool take_columns(const struct sheet *s, const struct list_form *f, size_t to[SHEET_COLUMNS], struct err *err)
{
	for (size_t i = 0; i < SHEET_COLUMNS; i++)
		to[i] = i == 0 ? 0 : SIZE_MAX;
	if (f->header != LIST_HEADER_YES && f->columns <= 1)
		return true;
	for (size_t i = 0; i < f->columns; i++) {
		size_t column = f->header == LIST_HEADER_YES ? column_of(s, str_of(f->names[i])) : SIZE_MAX;

		if (column == SIZE_MAX || i >= SHEET_COLUMNS)
			return err_set(err, ERR_DATA,
				"%s has other columns than we write: name a new file, and this one with --suppress",
				s->path);
		to[i] = column;
	}
	return true;
}

static void take_row(struct sheet *s, const struct csv_row *row, const size_t to[SHEET_COLUMNS])
{
	struct str first = row->n > 0 ? address_trim(row->cells[0].value) : STR_LIT("");
	struct buf key = { .limit = 0 };
	size_t at;

	/* A comment, and a header that ">>" put in the middle. */
	if (first.n == 0 || first.p[0] == '#' || str_among(first, "email address"))
		return;
	sheet_key(&key, first);
	at = sheet_find(s, buf_str(&key));
	if (at == SIZE_MAX)
		at = sheet_row(s, buf_str(&key), first);
	for (size_t i = 0; i < row->n && i < SHEET_COLUMNS; i++)
		if (to[i] != SIZE_MAX && sheet_get(s, at, to[i]).n == 0)
			sheet_set(s, at, to[i], address_trim(row->cells[i].value));
	buf_free(&key);
}

static bool read_rows(struct sheet *s, struct str octets, struct err *err)
{
	struct list_reader list = { .told = false };
	size_t to[SHEET_COLUMNS];
	struct csv_row row;
	enum csv_event event = CSV_END;
	bool ok;

	list_reader_init(&list, &(struct list_asked){ .name = s->path, .entries = true });
	memcpy(list_reader_room(&list, octets.n + 1), octets.p, octets.n);
	(void)list_reader_fed(&list, octets.n);
	(void)list_reader_eof(&list);
	(void)list_reader_tell(&list);
	ok = take_columns(s, &list.form, to, err);
	while (ok && (event = list_reader_next(&list, &row, err)) == CSV_ROW)
		take_row(s, &row, to);
	list_reader_free(&list);
	return ok && event != CSV_ERROR;
}

void sheet_begin(struct sheet *s, const char *const *columns)
{
	*s = (struct sheet){ .columns = columns, .texts = { .limit = SIZE_MAX } };
	random_seed(&s->keys);
	while (columns[s->n_columns] != NULL)
		s->n_columns++;
}

bool sheet_open(struct sheet *s, const char *path, const char *const *columns, struct err *err)
{
	struct buf octets = { .limit = SHEET_MAX };
	struct stat st;
	bool ok = true;

	sheet_begin(s, columns);
	s->path = path;
	if (!file_dotlock(path, clock_after(LOCK_WAIT), err))
		return false;
	s->locked = true;
	if (stat(path, &st) == 0)
		ok = file_read(path, SHEET_MAX, &octets, err) &&
			(buf_len(&octets) == 0 || read_rows(s, buf_str(&octets), err));
	buf_free(&octets);
	s->changed = false;
	return ok;
}

/* --- writing --- */

static void add_row_text(const struct sheet *s, size_t row, struct buf *out)
{
	for (size_t c = 0; c < s->n_columns; c++) {
		if (c > 0)
			buf_add_char(out, ',');
		csv_add_cell(out, sheet_get(s, row, c), ',');
	}
	buf_add_char(out, '\n');
}

void sheet_add_text(const struct sheet *s, struct buf *out)
{
	for (size_t c = 0; c < s->n_columns; c++)
		buf_printf(out, "%s%s", c > 0 ? "," : "", s->columns[c]);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < s->n; i++)
		if (!s->gone[i])
			add_row_text(s, i, out);
}

bool sheet_save(struct sheet *s, struct err *err)
{
	struct buf out = { .limit = SIZE_MAX };
	struct file_new file = { .fd = -1 };
	struct stat st;
	bool there = stat(s->path, &st) == 0;
	bool ok = true;

	if (there && !s->changed)
		return true;
	sheet_add_text(s, &out);
	if (s->locked)
		file_new_tidy(s->path);
	ok = file_new_begin(&file, s->path, there ? st.st_mode & 0777 : 0600, err) &&
		file_write(file.fd, buf_str(&out), s->path, err) && file_new_commit(&file, err);
	if (!ok)
		file_new_abort(&file);
	buf_free(&out);
	return ok;
}

void sheet_close(struct sheet *s)
{
	if (s->locked)
		file_dotunlock(s->path);
	mem_free(s->rows);
	mem_free(s->gone);
	set_free(&s->keys);
	buf_free(&s->texts);
	*s = (struct sheet){ .path = NULL };
}
