#include <config.h>

#include "base/err.h"
#include "mail/list/list.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that the reader says of the octets, which come in pieces of step octets. Rows have to be UTF-8. */
static void play(struct str input, size_t step, bool entries, struct buf *out)
{
	struct list_reader r = { .told = false };
	struct csv_row row;
	struct err err = { .kind = ERR_NONE };
	enum csv_event event;
	size_t at = 0;

	list_reader_init(&r, &(struct list_asked){ .name = "list", .entries = entries });
	while ((event = list_reader_next(&r, &row, &err)) == CSV_ROW || event == CSV_MORE) {
		size_t n = str_sub(input, at, step).n;

		if (event == CSV_ROW) {
			for (size_t i = 0; i < row.n; i++)
				if (!utf8_valid(row.cells[i].value) || !buf_add(out, row.cells[i].value) ||
					!buf_add_char(out, '\1'))
					__builtin_trap();
			buf_printf(out, "%llu\n", (unsigned long long)row.line);
			continue;
		}
		if (n > 0)
			memcpy(list_reader_room(&r, n), input.p + at, n);
		at += n;
		(void)(n > 0 ? list_reader_fed(&r, n) : list_reader_eof(&r));
	}
	buf_printf(out, "%d %zu %zu %c %d %s", event, r.form.columns, r.form.email, r.form.delimiter, r.form.header,
		event == CSV_ERROR ? err.text : "");
	list_reader_free(&r);
}

/* The first octet chooses the pieces: what is read may not depend on them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = size > 0 ? str_at((const char *)data + 1, size - 1) : STR_LIT("");
	size_t step = size > 0 ? 1 + data[0] % 16 : 1;
	bool entries = size > 0 && data[0] >= 128;
	struct buf whole = { .limit = SIZE_MAX };
	struct buf pieces = { .limit = SIZE_MAX };

	play(input, input.n, entries, &whole);
	play(input, step, entries, &pieces);
	if (!str_eq(buf_str(&whole), buf_str(&pieces)))
		__builtin_trap();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
