#include <config.h>

#include "mail/list/suppress.h"

#include "mail/address/address.h"
#include "text/utf8.h"

/* Suppression lists as others wrote them. */

void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *name)
{
	*r = (struct suppress_reader){ .into = into,
		.name = name,
		.email = SIZE_MAX,
		.address = SIZE_MAX,
		.recipient = SIZE_MAX,
		.sum = SIZE_MAX,
		.domain = SIZE_MAX,
		.reason = SIZE_MAX,
		.date = SIZE_MAX };
	csv_init(&r->csv, '\0');
}

static bool names_email(struct str column)
{
	return str_among(column, "email e-mail mail email_address emailaddress") ||
		str_ieq(column, STR_LIT("email address")) || str_ieq(column, STR_LIT("e-mail address"));
}

static bool names_address(struct str column)
{
	return str_ieq(column, STR_LIT("address"));
}

static bool names_recipient(struct str column)
{
	return str_ieq(column, STR_LIT("recipient"));
}

static struct str cell(const struct csv_row *row, size_t i)
{
	return i < row->n ? address_trim(row->cells[i].value) : STR_LIT("");
}

/* The first column of that kind. */
static size_t find_column(const struct csv_row *row, bool (*is)(struct str name))
{
	for (size_t i = 0; i < row->n; i++)
		if (is(cell(row, i)))
			return i;
	return SIZE_MAX;
}

static bool names_sum(struct str column)
{
	return str_among(column, "sha256 sha-256 email_sha256 sha256_email hash");
}

static bool names_domain(struct str column)
{
	return str_among(column, "domain domains");
}

static bool names_reason(struct str column)
{
	return str_among(column, "reason why status code type");
}

static bool names_date(struct str column)
{
	return str_among(column, "date since time when created created_at");
}

/* A header row has no entry in it; it says which columns are ours. */
static bool take_header(struct suppress_reader *r, const struct csv_row *row)
{
	r->email = find_column(row, names_email);
	r->address = find_column(row, names_address);
	r->recipient = find_column(row, names_recipient);
	r->sum = find_column(row, names_sum);
	r->domain = find_column(row, names_domain);
	if ((r->email & r->address & r->recipient & r->sum & r->domain) == SIZE_MAX)
		return false;
	r->reason = find_column(row, names_reason);
	r->date = find_column(row, names_date);
	return true;
}

/* s, with a copy in out where one is needed. */
static struct str as_utf8(struct buf *out, const char *prefix, struct str s)
{
	bool valid = utf8_valid(s);

	if (valid && prefix[0] == '\0')
		return s;
	buf_add_text(out, prefix);
	if (valid)
		buf_add(out, s);
	else
		utf8_from_latin1(out, s);
	return buf_str(out);
}

/* prefix: what the column's name says and the cell does not. */
static bool add(struct suppress_reader *r, const struct csv_row *row, const char *prefix, struct str entry)
{
	struct buf text = { .limit = 0 };
	struct buf reason = { .limit = 0 };
	struct buf date = { .limit = 0 };
	bool ok = suppress_add(r->into, as_utf8(&text, prefix, entry), as_utf8(&reason, "", cell(row, r->reason)),
		as_utf8(&date, "", cell(row, r->date)));

	buf_free(&text);
	buf_free(&reason);
	buf_free(&date);
	return ok;
}

static bool is_hex(struct str s)
{
	bool ok = true;

	for (size_t i = 0; i < s.n; i++)
		ok = ok && ascii_hex(s.p[i]) >= 0;
	return ok;
}

/* Without the "# comment" behind it. */
static struct str without_comment(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '#' && ascii_blank(s.p[i - 1]))
			return address_trim(str_sub(s, 0, i));
	return s;
}

/* An entry of whatever kind. */
static bool add_any(struct suppress_reader *r, const struct csv_row *row, struct str entry)
{
	/* (As an address it would be that of a person called "*".) */
	if (str_starts(entry, STR_LIT("*@")))
		entry = str_sub(entry, 1, entry.n);
	if (add(r, row, entry.n == 64 && is_hex(entry) ? "sha256:" : "", entry))
		return true;
	struct str shorter = without_comment(entry);

	return shorter.n < entry.n && add_any(r, row, shorter);
}

static bool add_domain(struct suppress_reader *r, const struct csv_row *row, struct str entry)
{
	if (str_find(entry, '@') < entry.n)
		return add_any(r, row, entry);
	if (str_starts(entry, STR_LIT("*.")))
		entry = str_sub(entry, 2, entry.n);
	return add(r, row, "@", without_comment(entry));
}

/* Streets stand under these names as well: they have no "@" in them. */
static struct str loose_cell(const struct csv_row *row, size_t i)
{
	struct str s = cell(row, i);

	return str_find(s, '@') < s.n || str_istarts(s, STR_LIT("sha256:")) || s.n == 64 ? s : STR_LIT("");
}

/* The most exact of what is filled in: a column "domain" may only repeat the end of the address beside it. */
static bool add_named(struct suppress_reader *r, const struct csv_row *row)
{
	const struct str entries[] = { cell(row, r->email), loose_cell(row, r->address), loose_cell(row, r->recipient),
		cell(row, r->sum) };
	struct str domain = cell(row, r->domain);

	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		if (entries[i].n > 0)
			return add_any(r, row, entries[i]);
	return domain.n > 0 && add_domain(r, row, domain);
}

/* Without names the first cell that is an entry. A plain list has no quotes round its cells: where they stand they are
 * part of the address. */
static bool add_first(struct suppress_reader *r, const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (add_any(r, row, cell(row, i)) || add_any(r, row, address_trim(row->cells[i].raw)))
			return true;
	return false;
}

static bool is_blank(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (cell(row, i).n > 0)
			return false;
	return true;
}

static void take_row(struct suppress_reader *r, const struct csv_row *row)
{
	struct suppress *s = r->into;

	if (is_blank(row) || str_starts(cell(row, 0), STR_LIT("#")))
		return;
	bool first = !r->started;

	r->started = true;
	if (first) {
		r->named = take_header(r, row);
		if (r->named)
			return;
	}
	if (r->named ? add_named(r, row) : add_first(r, row))
		return;
	/* A first row of several cells with no entry in it is a header in other words. */
	if (first && row->n > 1)
		return;
	if (s->bad++ == 0)
		s->first_bad = row->line;
}

static bool take_rows(struct suppress_reader *r, struct err *err)
{
	struct csv_row row;

	for (;;) {
		switch (csv_next(&r->csv, &row, err)) {
		case CSV_ROW:
			take_row(r, &row);
			break;
		case CSV_MORE:
		case CSV_END:
			return true;
		case CSV_ERROR:
			return err_prefix(err, "%s", r->name);
		}
	}
}

/* What tells the delimiter: not the comments and empty lines on top. */
static struct str without_top(struct str head)
{
	struct str rest = str_sub(head, csv_bom(head), head.n);

	while (rest.p != NULL) {
		head = rest;
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (line.n > 0 && line.p[0] != '#')
			break;
	}
	return head;
}

static bool tell_delimiter(struct suppress_reader *r, struct err *err)
{
	struct str head = csv_rest(&r->csv);

	if (str_starts(head, STR_LIT("\xff\xfe")) || str_starts(head, STR_LIT("\xfe\xff")))
		return err_set(err, ERR_DATA, "%s is UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)", r->name);
	r->csv.delimiter = csv_guess_delimiter(without_top(head));
	return true;
}

bool suppress_read_add(struct suppress_reader *r, struct str octets, struct err *err)
{
	if (octets.n == 0)
		return true;
	memcpy(csv_room(&r->csv, octets.n), octets.p, octets.n);
	csv_fed(&r->csv, octets.n);
	if (r->csv.delimiter == '\0') {
		if (!csv_head_whole(without_top(csv_rest(&r->csv)), '\0', 1, &r->next))
			return true;
		if (!tell_delimiter(r, err))
			return false;
	}
	return take_rows(r, err);
}

bool suppress_read_end(struct suppress_reader *r, struct err *err)
{
	bool ok = r->csv.delimiter != '\0' || tell_delimiter(r, err);

	if (ok) {
		csv_eof(&r->csv);
		ok = take_rows(r, err);
	}
	csv_free(&r->csv);
	return ok;
}
