#include <config.h>

#include "base/mem.h"
#include "mail/address/address.h"
#include "mail/address/domain.h"
#include "mail/list/suppress_local.h"

/* Rows that are put by until the end of the file tells what they mean. */

static void hold_text(struct buf *out, struct str s)
{
	buf_add(out, str_at((const char *)&s.n, sizeof s.n));
	buf_add(out, s);
}

void suppress_hold(struct buf *out, const struct csv_row *row)
{
	size_t line = (size_t)row->line;

	out->limit = SIZE_MAX;
	hold_text(out, str_at((const char *)&line, sizeof line));
	hold_text(out, str_at((const char *)&row->n, sizeof row->n));
	for (size_t i = 0; i < row->n; i++) {
		hold_text(out, row->cells[i].value);
		hold_text(out, row->cells[i].raw);
	}
}

static struct str next_text(struct str *rest)
{
	size_t n;

	memcpy(&n, rest->p, sizeof n);
	struct str s = str_sub(*rest, sizeof n, n);

	*rest = str_sub(*rest, sizeof n + n, rest->n);
	return s;
}

static size_t next_number(struct str *rest)
{
	size_t n;

	memcpy(&n, next_text(rest).p, sizeof n);
	return n;
}

void suppress_release(struct suppress_reader *r, struct buf *held,
	void (*take)(struct suppress_reader *r, const struct csv_row *row))
{
	struct str rest = buf_str(held);

	while (rest.n > 0) {
		struct csv_row row = { .line = next_number(&rest) };

		row.n = next_number(&rest);
		row.cells = mem_array(row.n, sizeof *row.cells);
		for (size_t i = 0; i < row.n; i++) {
			row.cells[i].value = next_text(&rest);
			row.cells[i].raw = next_text(&rest);
		}
		take(r, &row);
		mem_free(row.cells);
	}
	buf_free(held);
}

/* --- domains without "@" --- */

struct str suppress_without_comment(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '#' && ascii_blank(s.p[i - 1]))
			return address_trim(str_sub(s, 0, i));
	return s;
}

struct str suppress_bare_domain(struct str entry, struct buf *room)
{
	struct str domain = suppress_without_comment(entry);

	if (str_starts(domain, STR_LIT("*.")))
		domain = str_sub(domain, 2, domain.n);
	else if (str_starts(domain, STR_LIT(".")))
		domain = str_sub(domain, 1, domain.n);
	if (str_ends(domain, STR_LIT(".")))
		domain.n--;
	for (size_t i = 0; i < domain.n; i++)
		buf_add_char(room, ascii_lower(domain.p[i]));
	return buf_str(room);
}

bool suppress_is_bare(const struct csv_row *row)
{
	struct buf room = { .limit = SIZE_MAX };
	struct buf ascii = { .limit = 0 };
	struct str domain = suppress_bare_domain(suppress_cell(row, 0), &room);
	size_t label = str_after_last(domain, '.');
	bool ok = label > 0 && label < domain.n && !ascii_digit(domain.p[label]) &&
		domain_to_ascii(&ascii, domain) == DOMAIN_OK;

	for (size_t i = 1; i < row->n && ok; i++)
		ok = suppress_cell(row, i).n == 0;
	buf_free(&room);
	buf_free(&ascii);
	return ok;
}
