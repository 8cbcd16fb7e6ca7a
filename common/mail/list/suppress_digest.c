#include <config.h>

#include "mail/list/suppress_local.h"

#include <gnutls/crypto.h>

#include "mail/address/address.h"
#include "text/hex.h"
#include "text/utf8.h"

/* Shorter ones are words ("decade"). */
#define LEAST_DIGITS 8
#define LONGEST_NAME 40
#define SHOWN_MAX 40

static const struct {
	const char *name;
	size_t octets;
	gnutls_digest_algorithm_t algorithm;
} kinds[SUPPRESS_DIGESTS] = {
	[SUPPRESS_MD5] = { "MD5", 16, GNUTLS_DIG_MD5 },
	[SUPPRESS_SHA1] = { "SHA-1", 20, GNUTLS_DIG_SHA1 },
	[SUPPRESS_SHA256] = { "SHA-256", 32, GNUTLS_DIG_SHA256 },
};

void suppress_digest_init(struct digests sets[SUPPRESS_DIGESTS], const unsigned char random[16])
{
	for (size_t i = 0; i < SUPPRESS_DIGESTS; i++) {
		sets[i] = (struct digests){ .width = kinds[i].octets };
		memcpy(sets[i].key, random, sizeof sets[i].key);
	}
}

/* Found in names without their case, blanks and punctuation; the first that is in a name counts. The digits of a hash
 * that is not ours may be as many as those of one that is (SHA3-256, BLAKE2s), and would match nobody. */
enum suppress_form suppress_form_of(struct str name)
{
	static const struct {
		const char *word;
		enum suppress_form form;
	} words[] = {
		{ "sha512", SUPPRESS_FOREIGN },
		{ "sha384", SUPPRESS_FOREIGN },
		{ "sha224", SUPPRESS_FOREIGN },
		{ "sha3", SUPPRESS_FOREIGN },
		{ "blake", SUPPRESS_FOREIGN },
		{ "keccak", SUPPRESS_FOREIGN },
		{ "ripemd", SUPPRESS_FOREIGN },
		{ "murmur", SUPPRESS_FOREIGN },
		{ "xxh", SUPPRESS_FOREIGN },
		{ "crc32", SUPPRESS_FOREIGN },
		{ "hmac", SUPPRESS_FOREIGN },
		{ "bcrypt", SUPPRESS_FOREIGN },
		{ "md4", SUPPRESS_FOREIGN },
		{ "sha256", (enum suppress_form)SUPPRESS_SHA256 },
		{ "sha2256", (enum suppress_form)SUPPRESS_SHA256 },
		{ "sha1", (enum suppress_form)SUPPRESS_SHA1 },
		{ "md5", (enum suppress_form)SUPPRESS_MD5 },
		{ "hash", SUPPRESS_BY_LENGTH },
		{ "digest", SUPPRESS_BY_LENGTH },
	};
	char bare[LONGEST_NAME];
	size_t n = 0;

	if (name.n > sizeof bare)
		return SUPPRESS_NO_HASH;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '@' || name.p[i] == '.')
			return SUPPRESS_NO_HASH;
		if (ascii_alpha(name.p[i]) || ascii_digit(name.p[i]))
			bare[n++] = ascii_lower(name.p[i]);
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_search(str_at(bare, n), str_of(words[i].word)) < n)
			return words[i].form;
	return SUPPRESS_NO_HASH;
}

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return true;
}

/* Cut the "sha256:" off an entry. False where there is none: "Hash Bang: ann@a.example" is somebody. */
static bool cut_prefix(struct str *entry, enum suppress_form *form)
{
	struct str rest = *entry;
	struct str name = str_cut(&rest, ':');

	if (rest.p == NULL || str_find(rest, '@') < rest.n || str_find(name, ' ') < name.n)
		return false;
	*form = suppress_form_of(name);
	if (*form == SUPPRESS_NO_HASH)
		return false;
	*entry = address_trim(rest);
	return true;
}

bool suppress_is_hash(struct str entry)
{
	enum suppress_form form;

	return cut_prefix(&entry, &form) || (entry.n >= LEAST_DIGITS && is_hex(entry));
}

bool suppress_read_digest(struct str entry, enum suppress_form form, unsigned char out[SUPPRESS_DIGEST_MAX],
	enum suppress_digest *kind)
{
	enum suppress_form told;

	if (cut_prefix(&entry, &told))
		form = told;
	for (size_t i = 0; i < SUPPRESS_DIGESTS; i++)
		if (entry.n == 2 * kinds[i].octets && (form == SUPPRESS_BY_LENGTH || (size_t)form == i)) {
			*kind = (enum suppress_digest)i;
			return hex_decode(out, entry);
		}
	return false;
}

enum suppress_answer suppress_find_digest(const struct suppress *list, struct str s, struct suppress_note *note)
{
	unsigned char out[SUPPRESS_DIGEST_MAX];
	enum suppress_answer answer = SUPPRESS_NO;

	for (size_t i = 0; i < SUPPRESS_DIGESTS; i++) {
		if (list->digests[i].used == 0)
			continue;
		if (gnutls_hash_fast(kinds[i].algorithm, s.p, s.n, out) < 0) {
			answer = answer == SUPPRESS_YES ? answer : SUPPRESS_UNKNOWN;
			continue;
		}
		const uint64_t *value = digests_find(&list->digests[i], out);

		if (value == NULL)
			continue;
		if (note != NULL && answer != SUPPRESS_YES) {
			*note = (struct suppress_note){ .entry = STR_LIT(""), .hash = kinds[i].name };
			suppress_fill_note(list, *value, note);
		}
		answer = SUPPRESS_YES;
		if (!suppress_is_watched(list))
			break;
		suppress_mark(list, i, (size_t)(value - list->digests[i].values));
	}
	return answer;
}

bool suppress_check_digests(const struct suppress *s, const char *name, struct err *err)
{
	unsigned char out[SUPPRESS_DIGEST_MAX];

	for (size_t i = 0; i < SUPPRESS_DIGESTS; i++) {
		if (s->digests[i].used == 0)
			continue;
		int error = gnutls_hash_fast(kinds[i].algorithm, "", 0, out);

		if (error < 0)
			return err_set(err, ERR_OS,
				"%s: it has %s hashes, which cannot be computed on this system (FIPS mode?): %s", name,
				kinds[i].name, gnutls_strerror(error));
	}
	return true;
}

static void add_shown(struct buf *out, struct str entry)
{
	buf_add_char(out, '\'');
	utf8_show(out, entry, SHOWN_MAX);
	buf_add_char(out, '\'');
}

void suppress_add_why(struct buf *out, struct str entry, enum suppress_form form)
{
	struct str digits = entry;
	enum suppress_form told;
	bool prefixed = cut_prefix(&digits, &told);

	if (prefixed)
		form = told;
	if (entry.n == 0) {
		buf_add_text(out, "no address, domain or hash in this row");
	} else if (form == SUPPRESS_FOREIGN) {
		add_shown(out, entry);
		buf_add_text(out, " is a hash of a kind that is not supported (MD5, SHA-1 and SHA-256 are)");
	} else if ((size_t)form < SUPPRESS_DIGESTS) {
		add_shown(out, entry);
		buf_printf(out, " is not %s %s hash (%zu hexadecimal digits)",
			kinds[(size_t)form].algorithm == GNUTLS_DIG_MD5 ? "an" : "a", kinds[(size_t)form].name,
			2 * kinds[(size_t)form].octets);
	} else if (digits.n >= LEAST_DIGITS && is_hex(digits)) {
		add_shown(out, entry);
		buf_printf(out, " has %zu digits; MD5 has 32, SHA-1 40, SHA-256 64", digits.n);
	} else {
		add_shown(out, entry);
		buf_add_text(out, " is not an address, @domain or hash");
	}
}

void suppress_fill_note(const struct suppress *s, uint64_t value, struct suppress_note *note)
{
	note->reason = note->date = STR_LIT("");
	if (value == 0)
		return;
	note->reason = str_of(buf_str(&s->notes).p + value - 1);
	note->date = str_of(note->reason.p + note->reason.n + 1);
}
