#include <config.h>

#include "mail/list/suppress.h"

#include "base/mem.h"
#include "mail/address/address.h"
#include "mail/address/domain.h"
#include "mail/list/suppress_local.h"

/*
 * Doubt is never against the person on the list: a domain covers its subdomains, an address is compared in the
 * forms that mean the same mailbox, hashes are tried of the plain, the folded and the readable form, and a hash
 * that cannot be computed means "do not mail".
 */

void suppress_init(struct suppress *s, bool fold, const unsigned char random[16])
{
	*s = (struct suppress){ .fold = fold };
	set_seed(&s->keys, random);
	set_seed(&s->domains, random);
	suppress_digest_init(s->digests, random);
}

void suppress_free(struct suppress *s)
{
	set_free(&s->keys);
	set_free(&s->domains);
	for (size_t i = 0; i < SUPPRESS_DIGESTS; i++)
		digests_free(&s->digests[i]);
	buf_free(&s->notes);
	for (size_t i = 0; i < SUPPRESS_TABLES; i++)
		mem_free(s->matched[i]);
	mem_free(s->spans);
	memset(s->matched, 0, sizeof s->matched);
	s->spans = NULL;
	s->spans_cap = 0;
	safety_free(&s->files);
	s->entries = 0;
}

static bool key_of(const struct suppress *s, const struct address *a, struct buf *out)
{
	return s->fold ? address_key_provider(a, out) : address_key(a, out);
}

/* Position + 1 of what the list says about an entry, 0: nothing. */
static uint64_t add_note(struct suppress *s, struct str reason, struct str date)
{
	if (reason.n == 0 && date.n == 0)
		return 0;
	uint64_t at = buf_len(&s->notes) + 1;

	s->notes.limit = SIZE_MAX;
	buf_add(&s->notes, str_sub(reason, 0, str_find(reason, '\0')));
	buf_add_char(&s->notes, '\0');
	buf_add(&s->notes, str_sub(date, 0, str_find(date, '\0')));
	buf_add_char(&s->notes, '\0');
	return at;
}

/* The first list that names somebody is the one whose reason stands. */
static void put(struct suppress *s, struct set *set, struct str key, const struct suppress_entry *e)
{
	bool added;
	struct set_entry *entry = set_add(set, key, &added);

	if (added)
		entry->value = add_note(s, e->reason, e->date);
}

static bool add_hash(struct suppress *s, const struct suppress_entry *e, struct str text)
{
	unsigned char digest[SUPPRESS_DIGEST_MAX];
	enum suppress_digest kind;
	bool added;

	if (!suppress_read_digest(text, e->form, digest, &kind))
		return false;
	uint64_t *note = digests_add(&s->digests[kind], digest, &added);

	if (added)
		*note = add_note(s, e->reason, e->date);
	return true;
}

static bool add_domain(struct suppress *s, const struct suppress_entry *e, struct str domain)
{
	struct buf key = { 0 };
	bool ok = domain_to_ascii(&key, domain) == DOMAIN_OK;

	if (ok)
		put(s, &s->domains, buf_str(&key), e);
	buf_free(&key);
	return ok;
}

static bool add_address(struct suppress *s, const struct suppress_entry *e, struct str text)
{
	struct address a = { 0 };
	struct buf key = { 0 };
	struct str bare;
	bool ok = address_unwrap(text, &bare, NULL) &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK && key_of(s, &a, &key);

	if (ok)
		put(s, &s->keys, buf_str(&key), e);
	address_free(&a);
	buf_free(&key);
	return ok;
}

enum safety_kind suppress_add_entry(struct suppress *s, const struct suppress_entry *e)
{
	struct str text = address_trim(e->text);
	enum safety_kind kind = SAFETY_NONE;

	if (str_find(text, '@') == text.n)
		kind = add_hash(s, e, text) ? SAFETY_HASH : SAFETY_NONE;
	else if (str_starts(text, STR_LIT("@")))
		kind = add_domain(s, e, str_sub(text, 1, text.n)) ? SAFETY_DOMAIN : SAFETY_NONE;
	else
		kind = add_address(s, e, text) ? SAFETY_ADDRESS : SAFETY_NONE;
	s->entries += kind != SAFETY_NONE;
	return kind;
}

enum safety_kind suppress_add(struct suppress *s, struct str entry, struct str reason, struct str date)
{
	const struct suppress_entry e = { entry, SUPPRESS_BY_LENGTH, reason, date };

	return suppress_add_entry(s, &e);
}

static bool note_of(const struct suppress *s, const struct set_entry *entry, struct suppress_note *note)
{
	if (entry == NULL)
		return false;
	if (suppress_is_watched(s) && entry >= s->keys.entries && entry < s->keys.entries + s->keys.used)
		suppress_mark(s, SUPPRESS_TABLE_KEYS, (size_t)(entry - s->keys.entries));
	else if (suppress_is_watched(s))
		suppress_mark(s, SUPPRESS_TABLE_DOMAINS, (size_t)(entry - s->domains.entries));
	if (note != NULL) {
		*note = (struct suppress_note){ .entry = str_at(entry->p, entry->n) };
		suppress_fill_note(s, entry->value, note);
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

/* Of an internationalised domain people may have hashed the form that they read. */
static enum suppress_answer find_shown_digest(const struct suppress *s, struct str key, struct str domain,
	struct suppress_note *note)
{
	struct buf shown = { .limit = 0 };
	enum suppress_answer answer;

	if (str_search(domain, STR_LIT("xn--")) == domain.n)
		return SUPPRESS_NO;
	buf_add(&shown, str_sub(key, 0, key.n - domain.n));
	domain_show(&shown, domain);
	answer = suppress_find_digest(s, buf_str(&shown), note);
	buf_free(&shown);
	return answer;
}

/* A hash that somebody made of the address as written is of the plain form. */
static enum suppress_answer find_digests(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note)
{
	enum suppress_answer answer = suppress_find_digest(s, folded, note);

	if (answer == SUPPRESS_NO && s->fold && !str_eq(key, folded))
		answer = suppress_find_digest(s, key, note);
	return answer == SUPPRESS_NO ? find_shown_digest(s, key, domain, note) : answer;
}

/* Where lists are folded googlemail.com is gmail.com, too. */
static struct str domain_of(struct str key)
{
	size_t at = key.n;

	while (at > 0 && key.p[at - 1] != '@')
		at--;
	return str_sub(key, at, key.n);
}

bool suppress_has_digests(const struct suppress *s)
{
	bool found = false;

	for (size_t i = 0; i < SUPPRESS_DIGESTS; i++)
		found = found || s->digests[i].used > 0;
	return found;
}

enum suppress_answer suppress_has_key(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note)
{
	bool watched = suppress_is_watched(s);
	bool found = s->keys.used > 0 && note_of(s, set_find(&s->keys, folded), note);
	enum suppress_answer answer = SUPPRESS_NO;

	if (found && !watched)
		return SUPPRESS_YES;
	if (suppress_has_digests(s))
		answer = find_digests(s, key, folded, domain, found ? NULL : note);
	found = found || answer == SUPPRESS_YES;
	/* (Who is on a list twice is there twice.) */
	if (s->domains.used > 0 && (!found || watched) &&
		(note_of(s, find_domain(s, domain), found ? NULL : note) ||
			(s->fold && note_of(s, find_domain(s, domain_of(folded)), found ? NULL : note))))
		found = true;
	return found ? SUPPRESS_YES : answer;
}

enum suppress_answer suppress_has(const struct suppress *s, const struct address *a, struct suppress_note *note)
{
	struct buf key = { 0 };
	struct buf folded = { 0 };
	enum suppress_answer answer = SUPPRESS_UNKNOWN;

	if (address_key(a, &key) && (!s->fold || address_key_fold(buf_str(&key), &folded)))
		answer =
			suppress_has_key(s, buf_str(&key), buf_str(s->fold ? &folded : &key), buf_str(&a->ascii), note);
	buf_free(&key);
	buf_free(&folded);
	return answer;
}
