#include <config.h>

#include "mail/list/suppress.h"

#include <gnutls/crypto.h>

#include "mail/address/address.h"
#include "mail/address/domain.h"

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

	entry = address_trim(entry);
	if (str_istarts(entry, STR_LIT("sha256:"))) {
		ok = read_sum(str_sub(entry, 7, entry.n), sum);
		if (ok)
			put(s, &s->sums, str_at((const char *)sum, sizeof sum), reason, date);
	} else if (str_starts(entry, STR_LIT("@"))) {
		ok = domain_to_ascii(&key, str_sub(entry, 1, entry.n)) == DOMAIN_OK;
		if (ok)
			put(s, &s->domains, buf_str(&key), reason, date);
	} else if (address_unwrap(entry, &bare, NULL) &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK && key_of(s, &a, &key)) {
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
		*note = (struct suppress_note){ STR_LIT(""), STR_LIT(""), str_at(entry->p, entry->n) };
		if (entry->value > 0) {
			note->reason = str_of(buf_str(&s->notes).p + entry->value - 1);
			note->date = str_of(note->reason.p + note->reason.n + 1);
		}
	}
	return true;
}

/* Octets of a sum are not for people. */
static bool note_of_sum(const struct suppress *s, const struct set_entry *entry, struct suppress_note *note)
{
	if (!note_of(s, entry, note))
		return false;
	if (note != NULL)
		note->entry = STR_LIT("");
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

/* Of an internationalised domain people may have summed up the form that they read. */
static const struct set_entry *find_shown_sum(const struct suppress *s, struct str key, struct str domain)
{
	struct buf shown = { .limit = 0 };
	const struct set_entry *entry = NULL;

	if (str_search(domain, STR_LIT("xn--")) == domain.n)
		return NULL;
	buf_add(&shown, str_sub(key, 0, key.n - domain.n));
	domain_show(&shown, domain);
	entry = find_sum(s, buf_str(&shown));
	buf_free(&shown);
	return entry;
}

/* Where lists are folded googlemail.com is gmail.com, too. */
static struct str domain_of(struct str key)
{
	size_t at = key.n;

	while (at > 0 && key.p[at - 1] != '@')
		at--;
	return str_sub(key, at, key.n);
}

bool suppress_has_key(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note)
{
	if (s->keys.used > 0 && note_of(s, set_find(&s->keys, folded), note))
		return true;
	/* A sum that somebody made of the address as written is of the plain form. */
	if (s->sums.used > 0 &&
		(note_of_sum(s, find_sum(s, folded), note) || (s->fold && note_of_sum(s, find_sum(s, key), note)) ||
			note_of_sum(s, find_shown_sum(s, key, domain), note)))
		return true;
	return s->domains.used > 0 &&
		(note_of(s, find_domain(s, domain), note) ||
			(s->fold && note_of(s, find_domain(s, domain_of(folded)), note)));
}

bool suppress_has(const struct suppress *s, const struct address *a, struct suppress_note *note)
{
	struct buf key = { 0 };
	struct buf folded = { 0 };
	bool found = address_key(a, &key) && (!s->fold || address_key_fold(buf_str(&key), &folded)) &&
		suppress_has_key(s, buf_str(&key), buf_str(s->fold ? &folded : &key), buf_str(&a->ascii), note);

	buf_free(&key);
	buf_free(&folded);
	return found;
}
