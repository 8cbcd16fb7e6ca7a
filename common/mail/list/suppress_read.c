#include <config.h>

#include "mail/list/suppress.h"

#include "mail/address/address.h"
#include "mail/list/list.h"
#include "mail/list/suppress_local.h"
#include "text/utf8.h"

/* Suppression lists as others wrote them. */

void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *option, const char *name)
{
	*r = (struct suppress_reader){ .into = into,
		.file = safety_add(&into->files, option, name),
		.email = SIZE_MAX,
		.address = SIZE_MAX,
		.recipient = SIZE_MAX,
		.domain = SIZE_MAX,
		.reason = SIZE_MAX,
		.date = SIZE_MAX };
	for (size_t i = 0; i < SUPPRESS_HASH_COLUMNS; i++)
		r->hash[i] = SIZE_MAX;
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

/* A column with "reason" or "date" in its name says something about its row; one with a hash in it names people. */
static size_t find_hashes(struct suppress_reader *r, const struct csv_row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < row->n && n < SUPPRESS_HASH_COLUMNS; i++) {
		enum suppress_form form = suppress_form_of(cell(row, i));

		if (form == SUPPRESS_NO_HASH || suppress_is_hash(cell(row, i)))
			continue;
		r->hash[n] = i;
		r->form[n++] = (int)form;
	}
	return n;
}

/* A header row has no entry in it; it says which columns are ours. */
static bool take_header(struct suppress_reader *r, const struct csv_row *row)
{
	r->email = find_column(row, names_email);
	r->address = find_column(row, names_address);
	r->recipient = find_column(row, names_recipient);
	r->domain = find_column(row, names_domain);
	if (find_hashes(r, row) == 0 && (r->email & r->address & r->recipient & r->domain) == SIZE_MAX)
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
static bool add(struct suppress_reader *r, const struct csv_row *row, const char *prefix, struct str entry,
	enum suppress_form form)
{
	struct buf text = { .limit = 0 };
	struct buf reason = { .limit = 0 };
	struct buf date = { .limit = 0 };
	const struct suppress_entry e = { as_utf8(&text, prefix, entry), form,
		as_utf8(&reason, "", cell(row, r->reason)), as_utf8(&date, "", cell(row, r->date)) };
	enum safety_kind kind = suppress_add_entry(r->into, &e);

	if (kind != SAFETY_NONE)
		r->file->entries[kind]++;
	buf_free(&text);
	buf_free(&reason);
	buf_free(&date);
	return kind != SAFETY_NONE;
}

/* Without the "# comment" after it. */
static struct str without_comment(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '#' && ascii_blank(s.p[i - 1]))
			return address_trim(str_sub(s, 0, i));
	return s;
}

/* An entry of whatever kind; bare digits of a hash are of the form that the column's name says. */
static bool add_any(struct suppress_reader *r, const struct csv_row *row, struct str entry, enum suppress_form form)
{
	/* (As an address it would be that of a person called "*".) */
	if (str_starts(entry, STR_LIT("*@")))
		entry = str_sub(entry, 1, entry.n);
	if (add(r, row, "", entry, form))
		return true;
	struct str shorter = without_comment(entry);

	return shorter.n < entry.n && add_any(r, row, shorter, form);
}

static bool add_domain(struct suppress_reader *r, const struct csv_row *row, struct str entry)
{
	if (str_find(entry, '@') < entry.n)
		return add_any(r, row, entry, SUPPRESS_BY_LENGTH);
	if (str_starts(entry, STR_LIT("*.")))
		entry = str_sub(entry, 2, entry.n);
	return add(r, row, "@", without_comment(entry), SUPPRESS_BY_LENGTH);
}

/* Streets are found under these names as well: they have no "@" in them. */
static struct str loose_cell(const struct csv_row *row, size_t i)
{
	struct str s = cell(row, i);

	return str_find(s, '@') < s.n || suppress_is_hash(s) ? s : STR_LIT("");
}

static bool add_hashed(struct suppress_reader *r, const struct csv_row *row)
{
	for (size_t i = 0; i < SUPPRESS_HASH_COLUMNS; i++) {
		struct str s = cell(row, r->hash[i]);

		if (s.n > 0 && add_any(r, row, s, (enum suppress_form)r->form[i]))
			return true;
	}
	return false;
}

/* "a***@example.org" is there for people, and the hash beside it says who it is. */
static bool is_masked(struct str entry)
{
	return !str_starts(entry, STR_LIT("*@")) && str_find(entry, '*') < entry.n;
}

/* The most exact of what is filled in: a column "domain" may only repeat the end of the address beside it. */
static bool add_named(struct suppress_reader *r, const struct csv_row *row)
{
	const struct str entries[] = { cell(row, r->email), loose_cell(row, r->address),
		loose_cell(row, r->recipient) };
	struct str domain = cell(row, r->domain);
	bool given = false;

	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		if (entries[i].n == 0)
			continue;
		given = true;
		if (is_masked(entries[i]) && add_hashed(r, row))
			return true;
		if (add_any(r, row, entries[i], SUPPRESS_BY_LENGTH))
			return true;
	}
	return add_hashed(r, row) || (!given && domain.n > 0 && add_domain(r, row, domain));
}

static bool add_cell(struct suppress_reader *r, const struct csv_row *row, size_t i)
{
	return add_any(r, row, cell(row, i), SUPPRESS_BY_LENGTH) ||
		add_any(r, row, address_trim(row->cells[i].raw), SUPPRESS_BY_LENGTH);
}

/* Without names the first cell that is an entry. A plain list has no quotes round its cells: where they are, they are
 * part of the address. What looks like a hash may be the number of a row in somebody's database, and an address beside
 * a hash somebody else's: both are taken. */
static bool add_first(struct suppress_reader *r, const struct csv_row *row)
{
	bool hashed = false;

	for (size_t i = 0; i < row->n; i++) {
		if (!suppress_is_hash(cell(row, i))) {
			if (add_cell(r, row, i))
				return true;
		} else if (!hashed) {
			hashed = add_cell(r, row, i);
		}
	}
	return hashed;
}

static bool is_blank(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (cell(row, i).n > 0)
			return false;
	return true;
}

/* A first row of several cells with nothing like an entry in it names the columns in words of its own. */
static bool names_columns(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (str_find(cell(row, i), '@') < cell(row, i).n || suppress_is_hash(cell(row, i)))
			return false;
	return row->n > 1;
}

/* The cell in which an entry was to be. */
static void note_bad(struct suppress_reader *r, const struct csv_row *row)
{
	struct buf text = { .limit = 0 };
	struct buf why = { .limit = 0 };
	struct str entry = r->file->named ? cell(row, r->email) : cell(row, 0);
	enum suppress_form form = SUPPRESS_BY_LENGTH;

	for (size_t i = 0; r->file->named && entry.n == 0 && i < SUPPRESS_HASH_COLUMNS; i++) {
		entry = cell(row, r->hash[i]);
		form = entry.n > 0 ? (enum suppress_form)r->form[i] : SUPPRESS_BY_LENGTH;
	}
	for (size_t i = 0; !r->file->named && entry.n == 0 && i < row->n; i++)
		entry = cell(row, i);
	if (r->file->named && entry.n == 0)
		entry = loose_cell(row, r->address);
	if (r->file->named && entry.n == 0)
		entry = loose_cell(row, r->recipient);
	if (r->file->named && entry.n == 0)
		entry = cell(row, r->domain);
	suppress_add_why(&why, as_utf8(&text, "", entry), form);
	safety_bad(r->file, row->line, buf_text(&why));
	buf_free(&text);
	buf_free(&why);
}

static void take_row(struct suppress_reader *r, const struct csv_row *row)
{
	struct safety_file *f = r->file;

	if (is_blank(row) || str_starts(cell(row, 0), STR_LIT("#")))
		return;
	bool first = !f->begun;

	f->begun = true;
	if (first && take_header(r, row)) {
		f->named = true;
		return;
	}
	if (f->named ? add_named(r, row) : add_first(r, row))
		return;
	if (first && names_columns(row))
		r->unnamed = row->line;
	else if (f->bad > 0)
		f->bad++;
	else
		note_bad(r, row);
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
			return err_prefix(err, "%s", r->file->name);
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
	const char *not = list_not(str_sub(head, 0, LIST_NOT_SAMPLE));

	if (not != NULL)
		return err_set(err, ERR_DATA, "%s is %s", r->file->name, not );
	if (str_starts(head, STR_LIT("\xff\xfe")) || str_starts(head, STR_LIT("\xfe\xff")))
		return err_set(err, ERR_DATA, "%s is UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)",
			r->file->name);
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

void suppress_read_abort(struct suppress_reader *r)
{
	csv_free(&r->csv);
}

bool suppress_read_end(struct suppress_reader *r, bool allow_empty, struct err *err)
{
	struct safety_file *f = r->file;
	bool ok = r->csv.delimiter != '\0' || tell_delimiter(r, err);

	if (ok) {
		csv_eof(&r->csv);
		ok = take_rows(r, err);
	}
	if (ok && r->unnamed > 0 && f->bad == 0 && safety_entries(f) == 0)
		safety_bad(f, r->unnamed, "no column of this header is known (email, domain, sha256, md5 ...)");
	ok = ok && safety_check(f, allow_empty, err) && suppress_check_digests(r->into, f->name, err);
	csv_free(&r->csv);
	return ok;
}
