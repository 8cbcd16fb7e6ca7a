#include <config.h>

#include "mail/list/suppress.h"

#include "mail/address/address.h"
#include "mail/list/suppress_local.h"

/*
 * Suppression lists as other people wrote them, with and without a header. Whatever in a row can be read as an
 * entry is taken; a row in which nothing can be is counted and the first one named.
 */

/* Ranks of columns with addresses are those of list_name_rank. */
#define RANK_HASH ((size_t)2 * LIST_LOOSE)
#define RANK_DOMAIN ((size_t)3 * LIST_LOOSE)

/* Names by which a header is known where there is no column of addresses; other names of hashes are found in it too. */
static const char *const names[] = {
	"domain",
	"domains",
	"hash",
	"email_hash",
	"email hash",
	"md5",
	"email_md5",
	"md5_email",
	"sha1",
	"sha-1",
	"email_sha1",
	"sha1_email",
	"sha256",
	"sha-256",
	"email_sha256",
	"sha256_email",
	"sha512",
	"sha-512",
	NULL,
};

void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *option, const char *name)
{
	*r = (struct suppress_reader){ .into = into,
		.file = safety_add(&into->files, option, name),
		.reason = LIST_NONE,
		.date = LIST_NONE,
		.status = LIST_NONE,
		.words = LIST_NONE };
	list_reader_init(&r->list, &(struct list_asked){ .name = r->file->name, .entries = true, .names = names });
}

/* --- the header --- */

static size_t rank_of(struct str name, enum suppress_form form)
{
	size_t rank = list_name_rank(name);

	if (rank != LIST_NONE)
		/* (Also the name of somebody.) */
		return str_ieq(name, STR_LIT("recipient")) ? 2 * LIST_LOOSE - 1 : rank;
	if (form != SUPPRESS_NO_HASH && !suppress_is_hash(name))
		return RANK_HASH;
	return str_among(name, "domain domains") ? RANK_DOMAIN : LIST_NONE;
}

/* Keep the columns in order of rank; of equal ones the first comes first. */
static void add_column(struct suppress_reader *r, size_t at, size_t rank, enum suppress_form form)
{
	size_t i = r->n;

	if (r->n == SUPPRESS_COLUMNS)
		return;
	for (; i > 0 && r->columns[i - 1].rank > rank; i--)
		r->columns[i] = r->columns[i - 1];
	r->columns[i] = (struct suppress_column){ at, rank, (int)form };
	r->n++;
}

static void take_name(struct suppress_reader *r, size_t at, struct str name)
{
	enum suppress_form form = suppress_form_of(name);
	size_t rank = rank_of(name, form);

	if (r->status == LIST_NONE && str_among(name, "status state subscription_status subscriber_status"))
		r->status = at;
	if (r->words == LIST_NONE && str_ieq(name, STR_LIT("words")))
		r->words = at;
	if (rank != LIST_NONE)
		add_column(r, at, rank, form);
	else if (r->reason == LIST_NONE && str_among(name, "reason why status code type"))
		r->reason = at;
	else if (r->date == LIST_NONE && str_among(name, "date since time when created created_at"))
		r->date = at;
}

static struct str cell(const struct csv_row *row, size_t i)
{
	return i < row->n ? address_trim(row->cells[i].value) : STR_LIT("");
}

/* Before the first row: what are the columns called? The header may also be the first row, where the reader of lists
 * does not know a name in it. True when the row is used up by that. */
static bool take_header(struct suppress_reader *r, const struct csv_row *row)
{
	const struct list_form *f = &r->list.form;
	bool apart = f->header == LIST_HEADER_YES;

	r->looked = true;
	for (size_t i = 0; apart && i < f->columns; i++)
		take_name(r, i, str_of(f->names[i]));
	for (size_t i = 0; !apart && row != NULL && i < row->n; i++)
		take_name(r, i, cell(row, i));
	r->file->named = r->n > 0;
	if (!r->file->named)
		r->reason = r->date = r->status = r->words = LIST_NONE;
	return r->file->named && !apart;
}

/* --- rows --- */

/* Bare digits are of that form. */
static bool add(struct suppress_reader *r, const struct csv_row *row, struct str entry, enum suppress_form form)
{
	const struct suppress_entry e = { entry, form, cell(row, r->reason), cell(row, r->date) };
	enum safety_kind kind = suppress_add_entry(r->into, &e);

	if (kind != SAFETY_NONE)
		r->file->entries[kind]++;
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

/* An entry of whatever kind. */
static bool add_any(struct suppress_reader *r, const struct csv_row *row, struct str entry, enum suppress_form form)
{
	/* (As an address it would be that of a person called "*".) */
	if (str_starts(entry, STR_LIT("*@")))
		entry = str_sub(entry, 1, entry.n);
	if (add(r, row, entry, form))
		return true;
	struct str shorter = without_comment(entry);

	return shorter.n < entry.n && add_any(r, row, shorter, form);
}

static bool add_domain(struct suppress_reader *r, const struct csv_row *row, struct str entry)
{
	struct buf domain = { .limit = 0 };
	bool ok;

	if (str_find(entry, '@') < entry.n)
		return add_any(r, row, entry, SUPPRESS_BY_LENGTH);
	if (str_starts(entry, STR_LIT("*.")))
		entry = str_sub(entry, 2, entry.n);
	buf_add_char(&domain, '@');
	buf_add(&domain, without_comment(entry));
	ok = add(r, row, buf_str(&domain), SUPPRESS_BY_LENGTH);
	buf_free(&domain);
	return ok;
}

/* What a column says of the row. Streets are found under some names as well: they have no "@" in them. */
static struct str entry_of(const struct csv_row *row, const struct suppress_column *c)
{
	struct str s = cell(row, c->at);
	bool loose = c->rank >= LIST_LOOSE && c->rank < RANK_HASH;

	return loose && str_find(s, '@') == s.n && !suppress_is_hash(s) ? STR_LIT("") : s;
}

/* "a***@example.org" is there for people, and the hash beside it says who it is. */
static bool is_masked(struct str entry)
{
	return !str_starts(entry, STR_LIT("*@")) && str_find(entry, '*') < entry.n;
}

/* The most exact of what is filled in: a column "domain" may only repeat the end of the address beside it. */
static bool add_named(struct suppress_reader *r, const struct csv_row *row, bool masked)
{
	bool given = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct suppress_column *c = &r->columns[i];
		struct str entry = entry_of(row, c);
		bool ok;

		if (entry.n == 0 || (is_masked(entry) && !masked))
			continue;
		if (c->rank < RANK_HASH)
			ok = add_any(r, row, entry, SUPPRESS_BY_LENGTH);
		else if (c->rank < RANK_DOMAIN)
			ok = add_any(r, row, entry, (enum suppress_form)c->form);
		else
			ok = !given && add_domain(r, row, entry);
		if (ok)
			return true;
		given = given || c->rank < RANK_HASH;
	}
	return false;
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
		if (row->n == 1 || !suppress_is_hash(cell(row, i))) {
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

/* What is wrong with the cell in which an entry was to be. */
static void note_bad(struct suppress_reader *r, const struct csv_row *row)
{
	struct buf why = { .limit = 0 };
	struct str entry = STR_LIT("");
	enum suppress_form form = SUPPRESS_BY_LENGTH;

	for (size_t i = 0; i < r->n && entry.n == 0; i++) {
		entry = entry_of(row, &r->columns[i]);
		form = r->columns[i].rank == RANK_HASH ? (enum suppress_form)r->columns[i].form : SUPPRESS_BY_LENGTH;
	}
	for (size_t i = 0; r->n == 0 && i < row->n && entry.n == 0; i++)
		entry = cell(row, i);
	suppress_add_why(&why, entry, form);
	safety_bad(r->file, row->line, buf_text(&why));
	buf_free(&why);
}

bool suppress_counted_until(struct str words, struct str *rest)
{
	size_t n = strlen(SUPPRESS_COUNTED);

	if (!str_starts(words, STR_LIT(SUPPRESS_COUNTED)) || words.n < n + 11 || words.p[n + 10] != ':')
		return false;
	*rest = str_trim(str_sub(words, n + 11, words.n));
	return true;
}

/* Somebody who may be mailed, on a list of all people or of those that are counted still. */
static bool is_excepted(const struct suppress_reader *r, const struct csv_row *row)
{
	static const char active[] = "enabled subscribed confirmed sent delivered opted-in";
	struct str rest;

	return (r->status != LIST_NONE && str_among(cell(row, r->status), active)) ||
		(r->words != LIST_NONE && suppress_counted_until(cell(row, r->words), &rest));
}

/* The names of the columns once more, where files were joined with ">>". */
static bool is_header_again(const struct suppress_reader *r, const struct csv_row *row)
{
	for (size_t i = 0; i < r->n; i++)
		if (list_name_rank(cell(row, r->columns[i].at)) == LIST_NONE)
			return false;
	return r->n > 0;
}

static void take_row(struct suppress_reader *r, const struct csv_row *row)
{
	struct safety_file *f = r->file;

	if (is_blank(row) || str_starts(cell(row, 0), STR_LIT("#")))
		return;
	f->begun = true;
	if (!r->looked && take_header(r, row))
		return;
	if (f->named && is_excepted(r, row)) {
		f->excepted++;
		return;
	}
	if (f->named && is_header_again(r, row))
		return;
	if (f->named ? add_named(r, row, false) || add_named(r, row, true) : add_first(r, row))
		return;
	if (f->bad > 0)
		f->bad++;
	else
		note_bad(r, row);
}

static bool take_rows(struct suppress_reader *r, struct err *err)
{
	struct csv_row row;

	for (;;) {
		switch (list_reader_next(&r->list, &row, err)) {
		case CSV_ROW:
			take_row(r, &row);
			break;
		case CSV_MORE:
		case CSV_END:
			return true;
		case CSV_ERROR:
			return false;
		}
	}
}

bool suppress_read_add(struct suppress_reader *r, struct str octets, struct err *err)
{
	if (octets.n == 0)
		return true;
	memcpy(list_reader_room(&r->list, octets.n), octets.p, octets.n);
	(void)list_reader_fed(&r->list, octets.n);
	return take_rows(r, err);
}

void suppress_read_abort(struct suppress_reader *r)
{
	list_reader_free(&r->list);
}

bool suppress_read_end(struct suppress_reader *r, bool allow_empty, struct err *err)
{
	const struct list_form *form = &r->list.form;
	struct safety_file *f = r->file;

	(void)list_reader_eof(&r->list);
	bool ok = take_rows(r, err);

	if (ok && form->header == LIST_HEADER_YES) {
		f->begun = true;
		if (!r->looked)
			(void)take_header(r, NULL);
		if (!f->named && f->bad == 0 && safety_entries(f) == 0)
			safety_bad(f, form->above_lines + 1,
				"no column of this header is known (email, domain, sha256, md5 ...)");
	}
	ok = ok && safety_check(f, allow_empty, err) && suppress_check_digests(r->into, f->name, err);
	list_reader_free(&r->list);
	return ok;
}
