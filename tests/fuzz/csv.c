#include <config.h>

#include "base/err.h"
#include "text/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet chooses the delimiter and the cuts; rows must lie within what was fed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv c = { 0 };
	struct csv_row row;
	struct err err;
	size_t step =
		size > 0 ? 1 + (size_t)(data[0] % 16) * 12 : 1; /* some of them longer than what is looked at at once */
	enum csv_event event;

	csv_init(&c, size > 0 && data[0] & 16 ? ';' : ',');
	c.row_limit = 4096;
	for (size_t at = size > 0;;) {
		while ((event = csv_next(&c, &row, &err)) == CSV_ROW)
			if (row.raw.n + row.end.n > size || row.n == 0)
				__builtin_trap();
		if (event != CSV_MORE)
			break;
		size_t n = size - at < step ? size - at : step;

		memcpy(csv_room(&c, n), data + at, n);
		csv_fed(&c, n);
		at += n;
		if (n == 0)
			csv_eof(&c);
	}
	csv_free(&c);
	return 0;
}
