#include <config.h>

#include "mail/suppress.h"

#include "mail/address.h"
#include "mail/domain.h"
#include "mail/late_gnutls.h"

#define SUM_SIZE 32

void suppress_free(struct suppress *s)
{
	set_free(&s->keys);
	set_free(&s->domains);
	set_free(&s->sums);
	buf_free(&s->notes);
	*s = (struct suppress){ .fold = s->fold };
}

static bool key_of(const struct suppress *s, const struct address *a, struct buf *out)
{
	return s->fold ? address_key_provider(a, out) : address_key(a, out);
}

/* "sha256:" and 64 digits in 32 octets. */
static bool read_sum(struct str s, unsigned char sum[SUM_SIZE])
{
	if (s.n != 2 * SUM_SIZE)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		int digit = ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		if (digit < 0)
			return false;
		sum[i / 2] = (unsigned char)(i % 2 == 0 ? digit << 4 : sum[i / 2] | digit);
	}
	return true;
}

/* The first list that names somebody is the one whose reason stands. */
static void put(struct suppress *s, struct set *set, struct str key, struct str reason, struct str date)
{
	bool added;
	struct set_entry *entry = set_add(set, key, &added);

	if (!added || (reason.n == 0 && date.n == 0))
		return;
	s->notes.limit = SIZE_MAX;
	entry->value = buf_len(&s->notes) + 1;
	buf_add(&s->notes, str_sub(reason, 0, str_find(reason, '\0')));
	buf_add_char(&s->notes, '\0');
	buf_add(&s->notes, str_sub(date, 0, str_find(date, '\0')));
	buf_add_char(&s->notes, '\0');
}

bool suppress_add(struct suppress *s, struct str entry, struct str reason, struct str date)
{
	unsigned char sum[SUM_SIZE];
	struct address a = { 0 };
	struct buf key = { 0 };
	struct str bare;
	bool ok = false;

	entry = str_trim(entry);
	if (str_istarts(entry, STR_LIT("sha256:"))) {
		ok = read_sum(str_sub(entry, 7, entry.n), sum);
		if (ok)
			put(s, &s->sums, str_at((const char *)sum, sizeof sum), reason, date);
	} else if (str_starts(entry, STR_LIT("@"))) {
		ok = domain_to_ascii(&key, str_sub(entry, 1, entry.n)) == DOMAIN_OK;
		if (ok)
			put(s, &s->domains, buf_str(&key), reason, date);
	} else if (address_unwrap(entry, &bare, NULL) &&
		   address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK &&
		   key_of(s, &a, &key)) {
		put(s, &s->keys, buf_str(&key), reason, date);
		ok = true;
	}
	s->entries += ok;
	address_free(&a);
	buf_free(&key);
	return ok;
}

static bool note_of(const struct suppress *s, const struct set_entry *entry, struct suppress_note *note)
{
	if (entry == NULL)
		return false;
	if (note != NULL) {
		*note = (struct suppress_note){ STR_LIT(""), STR_LIT("") };
		if (entry->value > 0) {
			note->reason = str_of(buf_str(&s->notes).p + entry->value - 1);
			note->date = str_of(note->reason.p + note->reason.n + 1);
		}
	}
	return true;
}

/* The domain or any parent of it. */
static const struct set_entry *find_domain(const struct suppress *s, struct str domain)
{
	const struct set_entry *entry = NULL;

	while (entry == NULL && domain.n > 0) {
		entry = set_find(&s->domains, domain);
		str_cut(&domain, '.');
	}
	return entry;
}

static const struct set_entry *find_sum(const struct suppress *s, struct str key)
{
	unsigned char sum[SUM_SIZE];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, key.p, key.n, sum) < 0)
		return NULL;
	return set_find(&s->sums, str_at((const char *)sum, sizeof sum));
}

bool suppress_has_key(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note)
{
	if (s->keys.used > 0 && note_of(s, set_find(&s->keys, folded), note))
		return true;
	/* A sum that somebody made of the address as written is of the plain form. */
	if (s->sums.used > 0 && (note_of(s, find_sum(s, folded), note) ||
					(s->fold && note_of(s, find_sum(s, key), note))))
		return true;
	return s->domains.used > 0 && note_of(s, find_domain(s, domain), note);
}

bool suppress_has(const struct suppress *s, const struct address *a, struct suppress_note *note)
{
	struct buf key = { 0 };
	struct buf folded = { 0 };
	bool found = address_key(a, &key) && (!s->fold || address_key_fold(buf_str(&key), &folded)) &&
		suppress_has_key(s, buf_str(&key), buf_str(s->fold ? &folded : &key),
			buf_str(&a->ascii), note);

	buf_free(&key);
	buf_free(&folded);
	return found;
}

/* --- reading a list --- */

void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *name)
{
	*r = (struct suppress_reader){ .into = into, .name = name, .reason = SIZE_MAX, .date = SIZE_MAX };
}

static bool names_entries(struct str column)
{
	return str_among(column, "email e-mail mail address email_address emailaddress recipient sha256 domain") ||
	       str_ieq(column, STR_LIT("email address")) || str_ieq(column, STR_LIT("e-mail address"));
}

/* A header row has no entry in it; it says which columns are ours. */
static bool take_header(struct suppress_reader *r, const struct csv_row *row)
{
	bool any = false;

	for (size_t i = row->n; i-- > 0;) {
		struct str name = str_trim(row->cells[i].value);

		if (names_entries(name)) {
			r->email = i;
			any = true;
		} else if (str_among(name, "reason why status code type")) {
			r->reason = i;
		} else if (str_among(name, "date since time when created created_at")) {
			r->date = i;
		}
	}
	if (!any)
		r->reason = r->date = SIZE_MAX;
	return any;
}

static struct str cell(const struct csv_row *row, size_t i)
{
	return i < row->n ? str_trim(row->cells[i].value) : STR_LIT("");
}

/* Without names that we know: the first column in which an entry stands. */
static bool find_entries(struct suppress_reader *r, const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		struct str s = cell(row, i);

		r->email = i;
		if (str_find(s, '@') < s.n || str_istarts(s, STR_LIT("sha256:")))
			return true;
	}
	r->email = row->n > 1 ? SIZE_MAX : 0;
	return r->email == 0;
}

static void take_row(struct suppress_reader *r, const struct csv_row *row)
{
	struct suppress *s = r->into;
	struct str entry;
	bool first = !r->started;

	r->started = true;
	if (first && take_header(r, row))
		return;
	/* A first row of several cells with no entry in it is a header in other words. */
	if ((first || r->email == SIZE_MAX) && !find_entries(r, row))
		return;
	entry = cell(row, r->email);
	if (entry.n == 0 || entry.p[0] == '#')
		return;
	if (suppress_add(s, entry, cell(row, r->reason), cell(row, r->date)))
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

bool suppress_read_add(struct suppress_reader *r, struct str octets, struct err *err)
{
	if (octets.n == 0)
		return true;
	if (r->csv.delimiter == '\0')
		csv_init(&r->csv, csv_guess_delimiter(octets));
	memcpy(csv_room(&r->csv, octets.n), octets.p, octets.n);
	csv_fed(&r->csv, octets.n);
	return take_rows(r, err);
}

bool suppress_read_end(struct suppress_reader *r, struct err *err)
{
	bool ok = true;

	if (r->csv.delimiter != '\0') {
		csv_eof(&r->csv);
		ok = take_rows(r, err);
	}
	csv_free(&r->csv);
	return ok;
}
