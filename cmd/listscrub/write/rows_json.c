#include <config.h>

#include "cmd/listscrub/write/rows_json.h"

#include "base/mem.h"
#include "text/json.h"

/* The row for itself: which line end the list has is told by the row's own. */
static bool read_row(struct rows_json *j, struct str row, char delimiter, struct csv_row *cells)
{
	struct csv *csv = &j->csv;

	csv->delimiter = delimiter;
	csv->row_limit = SIZE_MAX;
	csv_resume(csv, 1, row.n > 0 && row.p[row.n - 1] == '\r');
	if (row.n > 0)
		memcpy(csv_room(csv, row.n), row.p, row.n);
	csv_fed(csv, row.n);
	csv_eof(csv);
	return csv_next(csv, cells, NULL) == CSV_ROW;
}

static bool is_taken(const struct rows_json *j, struct str name)
{
	for (size_t i = 0; i < j->n; i++)
		if (str_eq(str_of(j->names[i]), name))
			return true;
	return false;
}

/* Two members of one name would be one for most readers. */
static void add_name(struct rows_json *j, struct str name)
{
	struct buf unique = { .limit = SIZE_MAX };

	buf_add(&unique, name);
	if (name.n == 0)
		buf_add_number(&unique, j->n + 1);
	for (uint64_t i = 2; is_taken(j, buf_str(&unique)); i++) {
		buf_clear(&unique);
		buf_add(&unique, name);
		buf_add_char(&unique, '_');
		buf_add_number(&unique, i);
	}
	j->names = mem_resize(j->names, j->n + 1, sizeof *j->names);
	j->names[j->n++] = mem_copy(buf_str(&unique).p, buf_len(&unique));
	buf_free(&unique);
}

void rows_json_header(struct rows_json *j, struct str row, char delimiter, size_t number)
{
	struct csv_row cells;

	j->number = number;
	csv_init(&j->csv, delimiter);
	if (!read_row(j, row, delimiter, &cells))
		return;
	for (size_t i = 0; i < cells.n; i++)
		add_name(j, str_trim(cells.cells[i].value));
}

void rows_json_add(struct rows_json *j, struct str row, char delimiter, struct buf *out)
{
	struct csv_row cells;
	struct json json;
	uint64_t n;

	if (!read_row(j, row, delimiter, &cells))
		return;
	json_init(&json, out);
	json_object(&json);
	for (size_t i = 0; i < cells.n; i++) {
		while (i >= j->n)
			add_name(j, STR_LIT(""));
		json_key(&json, j->names[i]);
		if (i == j->number && str_number(cells.cells[i].value, UINT64_MAX, &n))
			json_uint(&json, n);
		else
			json_str(&json, cells.cells[i].value);
	}
	json_close(&json, '}');
	buf_add_char(out, '\n');
}

void rows_json_free(struct rows_json *j)
{
	for (size_t i = 0; i < j->n; i++)
		mem_free(j->names[i]);
	mem_free(j->names);
	csv_free(&j->csv);
	*j = (struct rows_json){ .n = 0 };
}
