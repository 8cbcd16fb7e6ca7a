#include <config.h>

#include "mail/list/suppress.h"

#include "mail/address/address.h"
#include "mail/address/freemail.h"
#include "mail/list/suppress_local.h"

/*
 * Suppression lists as other people wrote them, with and without a header. Whatever in a row can be read as an
 * entry is taken; a row in which nothing can be is counted and the first one named.
 */

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
		.words = LIST_NONE };
	suppress_span_begin(into);
	list_reader_init(&r->list, &(struct list_asked){ .name = r->file->name, .entries = true, .names = names });
}

/* --- rows --- */

/* Bare digits are of that form. */
static bool add(struct suppress_reader *r, const struct csv_row *row, struct str entry, enum suppress_form form)
{
	const struct suppress_entry e = { entry, form, suppress_cell(row, r->reason), suppress_cell(row, r->date) };
	enum safety_kind kind = suppress_add_entry(r->into, &e);

	if (kind != SAFETY_NONE)
		r->file->entries[kind]++;
	return kind != SAFETY_NONE;
}

/* A whole domain without its "@". */
static bool add_domain(struct suppress_reader *r, const struct csv_row *row, struct str entry)
{
	struct buf domain = { .limit = 0 };
	bool ok;

	buf_add_char(&domain, '@');
	buf_add(&domain, entry);
	ok = add(r, row, buf_str(&domain), SUPPRESS_BY_LENGTH);
	buf_free(&domain);
	return ok;
}

/* An entry of whatever kind. */
static bool add_any(struct suppress_reader *r, const struct csv_row *row, struct str entry, enum suppress_form form)
{
	/* (As an address it would be that of a person called "*".) */
	if (str_starts(entry, STR_LIT("*@")))
		entry = str_sub(entry, 1, entry.n);
	if (str_starts(entry, STR_LIT("@*.")) || str_starts(entry, STR_LIT("@.")))
		return add_domain(r, row, str_sub(entry, entry.p[1] == '*' ? 3 : 2, entry.n));
	if (add(r, row, entry, form))
		return true;
	struct str shorter = suppress_without_comment(entry);

	return shorter.n < entry.n && add_any(r, row, shorter, form);
}

/* An entry of a column, or file, of domains. Whoever has a provider of free mail there may have meant one person. */
static bool add_bare(struct suppress_reader *r, const struct csv_row *row, struct str entry)
{
	struct buf room = { .limit = SIZE_MAX };
	bool ok;

	if (str_find(entry, '@') < entry.n)
		return add_any(r, row, entry, SUPPRESS_BY_LENGTH);
	struct str domain = suppress_bare_domain(entry, &room);

	if (r->free_line == 0 && domain.n < sizeof r->free_name && freemail_is(domain)) {
		r->free_line = row->line;
		memcpy(r->free_name, domain.p, domain.n);
	}
	ok = add_domain(r, row, domain);
	r->file->bare += ok;
	buf_free(&room);
	return ok;
}

/* What a column says of the row. Streets are found under some names as well: they have no "@" in them. */
static struct str entry_of(const struct csv_row *row, const struct suppress_column *c)
{
	struct str s = suppress_cell(row, c->at);
	bool loose = c->rank >= LIST_LOOSE && c->rank < SUPPRESS_RANK_HASH;

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
		if (c->rank < SUPPRESS_RANK_HASH)
			ok = add_any(r, row, entry, SUPPRESS_BY_LENGTH);
		else if (c->rank < SUPPRESS_RANK_DOMAIN)
			ok = add_any(r, row, entry, (enum suppress_form)c->form);
		else
			ok = !given && add_bare(r, row, entry);
		if (ok)
			return true;
		given = given || c->rank < SUPPRESS_RANK_HASH;
	}
	return false;
}

static bool add_cell(struct suppress_reader *r, const struct csv_row *row, size_t i)
{
	return add_any(r, row, suppress_cell(row, i), SUPPRESS_BY_LENGTH) ||
		add_any(r, row, address_trim(row->cells[i].raw), SUPPRESS_BY_LENGTH);
}

/* Without names the first cell that is an entry. A plain list has no quotes round its cells: where they are, they are
 * part of the address. What looks like a hash may be the number of a row in somebody's database, and an address beside
 * a hash somebody else's: both are taken. */
static bool add_first(struct suppress_reader *r, const struct csv_row *row)
{
	bool hashed = false;

	for (size_t i = 0; i < row->n; i++) {
		if (row->n == 1 || !suppress_is_hash(suppress_cell(row, i))) {
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
		if (suppress_cell(row, i).n > 0)
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
		form = r->columns[i].rank == SUPPRESS_RANK_HASH ? (enum suppress_form)r->columns[i].form
								: SUPPRESS_BY_LENGTH;
	}
	for (size_t i = 0; r->n == 0 && i < row->n && entry.n == 0; i++)
		entry = suppress_cell(row, i);
	suppress_add_why(&why, entry, form);
	safety_bad(r->file, row->line, buf_text(&why));
	buf_free(&why);
}

/* A row that is not an entry. Rows that were held come late: the first line is named all the same. */
static void take_bad(struct suppress_reader *r, const struct csv_row *row)
{
	struct safety_file *f = r->file;
	uint64_t before = f->bad;

	if (before == 0 || row->line < f->bad_line) {
		f->bad = 0;
		note_bad(r, row);
	}
	f->bad = before + 1;
}

static void take_entry(struct suppress_reader *r, const struct csv_row *row)
{
	if (r->file->named ? add_named(r, row, false) || add_named(r, row, true) : add_first(r, row))
		return;
	if (!r->file->named && suppress_is_bare(row))
		suppress_hold(&r->bare, row);
	else
		take_bad(r, row);
}

static void take_bare(struct suppress_reader *r, const struct csv_row *row)
{
	if (!add_bare(r, row, suppress_cell(row, 0)))
		take_bad(r, row);
}

/* The title of a column of domains, where no other name is known. */
static bool is_title(const struct suppress_reader *r, const struct csv_row *row)
{
	struct str text = suppress_cell(row, 0);

	return !r->file->begun && row->n == 1 && str_find(text, '.') == text.n && str_find(text, '@') == text.n &&
		str_isearch(text, STR_LIT("domain")) < text.n;
}

static void take_row(struct suppress_reader *r, const struct csv_row *row)
{
	struct safety_file *f = r->file;

	if (is_blank(row) || str_starts(suppress_cell(row, 0), STR_LIT("#")))
		return;
	bool title = is_title(r, row);

	f->begun = true;
	if ((!r->looked && suppress_take_header(r, row)) || title)
		return;
	if (f->named && suppress_is_header(r, row))
		return;
	enum suppress_says says = suppress_says(r, row);

	r->parted = r->parted || says == SUPPRESS_SAYS_GONE;
	if (says == SUPPRESS_SAYS_NOTHING)
		suppress_hold(&r->unsaid, row);
	else if (says == SUPPRESS_SAYS_MAY)
		f->spared++;
	else
		take_entry(r, row);
}

static void spare(struct suppress_reader *r, const struct csv_row *row)
{
	(void)row;
	r->file->spared++;
}

/* The first row was taken for a header where it has more than one cell: of domains it is one. */
static void take_first_name(struct suppress_reader *r)
{
	const struct list_form *form = &r->list.form;
	struct csv_cell cell;
	struct csv_row row = { .cells = &cell, .n = 1, .line = form->above_lines + 1 };

	if (form->header != LIST_HEADER_YES || r->file->named || form->columns == 0)
		return;
	cell.value = cell.raw = str_of(form->names[0]);
	if (suppress_is_bare(&row))
		suppress_hold(&r->bare, &row);
}

/* What only the whole file tells. */
static void take_held(struct suppress_reader *r)
{
	struct safety_file *f = r->file;

	/* Where nobody left, all of them are the ones who did. */
	suppress_release(r, &r->unsaid, r->parted ? spare : take_entry);
	take_first_name(r);
	bool domains = safety_entries(f) == f->entries[SAFETY_DOMAIN];

	suppress_release(r, &r->bare, domains ? take_bare : take_bad);
}

static bool check_free(const struct suppress_reader *r, struct err *err)
{
	return r->free_line == 0 ||
		err_set(err, ERR_DATA,
			"%s:%llu: '%s' alone would leave out everybody there; write @%s if that is meant",
			r->file->name, (unsigned long long)r->free_line, r->free_name, r->free_name);
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
	buf_free(&r->unsaid);
	buf_free(&r->bare);
}

/* A header is a list as well, where a name in it is known. */
static void end_header(struct suppress_reader *r)
{
	struct safety_file *f = r->file;

	f->begun = true;
	if (!r->looked)
		(void)suppress_take_header(r, NULL);
	if (!f->named && f->bad == 0 && safety_entries(f) == 0)
		safety_bad(f, r->list.form.above_lines + 1,
			"no column of this header is known (email, domain, sha256, md5 ...)");
}

bool suppress_read_end(struct suppress_reader *r, bool allow_empty, struct err *err)
{
	(void)list_reader_eof(&r->list);
	bool ok = take_rows(r, err);

	if (ok)
		take_held(r);
	if (ok && r->list.form.header == LIST_HEADER_YES)
		end_header(r);
	ok = ok && check_free(r, err) && safety_check(r->file, allow_empty, err) &&
		suppress_check_digests(r->into, r->file->name, err);
	suppress_span_end(r->into);
	suppress_read_abort(r);
	return ok;
}
