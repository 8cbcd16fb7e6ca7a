#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "mail/address/address.h"
#include "mail/list/suppress.h"
#include "text/hex.h"
#include "text/json.h"
#include "text/number.h"

enum cuts { WHOLE, BYTES, RANDOM, CUTS };

static const unsigned char key[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static const struct {
	gnutls_digest_algorithm_t algorithm;
	const char *name;
} hashes[] = { { GNUTLS_DIG_MD5, "md5" }, { GNUTLS_DIG_SHA1, "sha1" }, { GNUTLS_DIG_SHA256, "sha256" },
	{ GNUTLS_DIG_SHA512, "sha512" } };

/* Up to four at once in a printf. */
static const char *hash_of(const char *name, const char *address)
{
	static char texts[4][129];
	static unsigned turn;
	unsigned char out[64];
	char *text = texts[turn++ % 4];

	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (strcmp(hashes[i].name, name) == 0) {
			gnutls_hash_fast(hashes[i].algorithm, address, strlen(address), out);
			hex_encode(text, out, gnutls_hash_get_len(hashes[i].algorithm));
		}
	return text;
}

static void upper(struct buf *b)
{
	for (size_t i = b->off; i < b->end; i++)
		if (b->p[i] >= 'a' && b->p[i] <= 'z')
			b->p[i] -= 'a' - 'A';
}

static bool feed(struct suppress_reader *r, struct str text, enum cuts cuts, struct err *err)
{
	while (text.n > 0) {
		size_t n = cuts == WHOLE ? text.n : cuts == BYTES ? 1 : 1 + (size_t)random_below(9);

		if (!suppress_read_add(r, str_sub(text, 0, n), err))
			return false;
		text = str_sub(text, n, text.n);
	}
	return true;
}

static enum suppress_answer has(const struct suppress *s, const char *address, struct suppress_note *note)
{
	struct address a = { 0 };
	enum suppress_answer answer = SUPPRESS_NO;

	if (check(address_parse(&a, str_of(address), ADDRESS_QUOTED) == ADDRESS_OK, "%s is an address", address))
		answer = suppress_has(s, &a, note);
	address_free(&a);
	return answer;
}

/* What a list says: "ann bob; suppress s: 2 entries (…)", or "65 s: …". */
static void tell(struct str text, bool allow_empty, enum cuts cuts, struct buf *out)
{
	static const char *const people[] = { "ann", "bob", "zoe" };
	struct suppress s = { 0 };
	struct suppress_reader r;
	struct err err = { 0 };

	suppress_init(&s, false, key);
	suppress_read_begin(&r, &s, "suppress", "s");
	bool ok = feed(&r, text, cuts, &err);

	if (!ok)
		suppress_read_abort(&r);
	else
		ok = suppress_read_end(&r, allow_empty, &err);
	for (size_t i = 0; ok && i < sizeof people / sizeof *people; i++) {
		struct buf k = { 0 };

		buf_printf(&k, "%s@a.de", people[i]);
		if (suppress_has_key(&s, buf_str(&k), buf_str(&k), STR_LIT("a.de"), NULL) == SUPPRESS_YES)
			buf_printf(out, "%s ", people[i]);
		buf_free(&k);
	}
	if (ok)
		safety_add_text(out, &s.files.files[0]);
	else
		buf_printf(out, "%d %s", err.kind, err.text);
	suppress_free(&s);
}

static void tells(struct str text, const char *want)
{
	for (int cuts = WHOLE; cuts < CUTS; cuts++) {
		struct buf out = { 0 };

		tell(text, false, (enum cuts)cuts, &out);
		check_same(buf_str(&out), want, want);
		buf_free(&out);
	}
}

__attribute__((format(printf, 2, 3))) static void tells_of(const char *want, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tells(str_of(text), want);
}

static void forms_of_hashes(void)
{
	for (size_t i = 0; i < 3; i++) {
		const char *name = hashes[i].name;
		struct buf shout = { 0 };

		tells_of("ann suppress s: 1 entry (1 hash)", "%s\n", hash_of(name, "ann@a.de"));
		tells_of("ann suppress s: 1 entry (1 hash)", "%s:%s\n", name, hash_of(name, "ann@a.de"));
		tells_of("ann bob suppress s: 2 entries (2 hashes)", "id,email_%s\n1,%s\n2,%s\n", name,
			hash_of(name, "ann@a.de"), hash_of(name, "bob@a.de"));
		tells_of("ann suppress s: 1 entry (1 hash)", "email\n%s\n", hash_of(name, "ann@a.de"));
		buf_printf(&shout, "%s: %s\n%s # bob", name, hash_of(name, "ann@a.de"), hash_of(name, "bob@a.de"));
		upper(&shout);
		tells(buf_str(&shout), "ann bob suppress s: 2 entries (2 hashes)");
		buf_free(&shout);
	}
	tells_of("ann bob zoe suppress s: 3 entries (1 address, 2 hashes)", "zoe@a.de\n%s\n%s\n",
		hash_of("md5", "ann@a.de"), hash_of("sha1", "bob@a.de"));
	tells_of("ann suppress s: 1 entry (1 hash)", "SHA-256 Hash,MD5\n%s,%s\n", hash_of("sha256", "ann@a.de"),
		hash_of("md5", "zoe@a.de"));
	tells_of("ann suppress s: 1 entry (1 hash)", "sha512,md5\n%s,%s\n", hash_of("sha512", "ann@a.de"),
		hash_of("md5", "ann@a.de"));
}

static void hashes_that_are_none(void)
{
	struct buf want = { 0 };

	buf_printf(&want,
		"65 s:1: no usable entry in this --suppress file; the first: '%.40s...' has 128 digits; MD5 has 32, "
		"SHA-1 40, SHA-256 64",
		hash_of("sha512", "ann@a.de"));
	tells_of(buf_text(&want), "%s\n%s\n", hash_of("sha512", "ann@a.de"), hash_of("sha512", "bob@a.de"));
	tells_of(
		"65 s:1: no usable entry in this --suppress file; the first: 'deadbeef' has 8 digits; MD5 has 32, SHA-1 40, "
		"SHA-256 64",
		"deadbeef\ncafe0000\n");
	buf_clear(&want);
	buf_printf(&want,
		"65 s:2: no usable entry in this --suppress file; the first: '%s' is a hash of a kind that is not "
		"supported (MD5, SHA-1 and SHA-256 are)",
		"0123456789abcdef0123456789abcdef01234567...");
	tells_of(buf_text(&want), "sha3_256\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
	tells_of(
		"65 s:1: no usable entry in this --suppress file; the first: 'sha256:0123' is not a SHA-256 hash (64 hexadecimal "
		"digits)",
		"sha256:0123\n");
	tells_of(
		"65 s:2: no usable entry in this --suppress file; the first: '0123456789abcdef0123456789abcdef' is not a SHA-1 "
		"hash (40 hexadecimal digits)",
		"sha1\n0123456789abcdef0123456789abcdef\n");
	tells_of(
		"65 s:2: no usable entry in this --suppress file; the first: 'x' is not an MD5 hash (32 hexadecimal digits)",
		"md5\nx\n");
	/* A number of 32 digits beside an address is no reason not to take the address. */
	tells_of("ann suppress s: 2 entries (1 address, 1 hash)", "0123456789abcdef0123456789abcdef,ann@a.de\n");
	/* The address that is shown to people is not the one that is meant. */
	tells_of("ann suppress s: 1 entry (1 hash)", "email,md5\na**@a.de,%s\n", hash_of("md5", "ann@a.de"));
	tells_of("ann suppress s: 1 entry (1 hash)", "email,md5\nno longer here,%s\n", hash_of("md5", "ann@a.de"));
	tells_of("ann suppress s: 1 entry (1 address)", "Md5 Hash: Ann <ann@a.de>\n");
	buf_free(&want);
}

static void files_that_stop(void)
{
	struct buf out = { 0 };

	tells_of("suppress s: 0 entries", "email\n");
	tells_of("suppress s: 0 entries",
		"\xef\xbb\xbf"
		"email;reason\r\n");
	tells_of("suppress s: 0 entries", "sha256");
	tells(STR_LIT(""), "65 s: this --suppress file is empty; --allow-empty accepts it as a list with no entries");
	tells(STR_LIT("\xef\xbb\xbf"),
		"65 s: this --suppress file is empty; --allow-empty accepts it as a list with no entries");
	tells_of("65 s: this --suppress file is empty; --allow-empty accepts it as a list with no entries",
		"\n# nobody\n ,\n");
	tells_of(
		"65 s:1: no usable entry in this --suppress file; the first: 'nobody' is not an address, @domain or hash",
		"nobody\n");
	tells_of("65 s:2: no usable entry in this --suppress file; the first: no address, domain or hash in this row",
		"email,name\n,Ann\n");
	tells_of(
		"65 s:1: no usable entry in this --suppress file; the first: no column of this header is known (email, domain, "
		"sha256, md5 ...)",
		"who,why\n");
	tells_of(
		"ann suppress s: 1 entry (1 address), 2 unusable lines, first: line 3: 'bob' is not an address, @domain or hash",
		"email\nann@a.de\nbob\nzoe@\n");
	tells_of(
		"ann suppress s: 1 entry (1 address), 1 unusable line, first: line 1: 'bob@@a.de' is not an address, @domain or "
		"hash",
		"bob@@a.de,left\nann@a.de,left\n");
	tells_of("ann bob zoe suppress s: 1 entry (1 domain)", "@a.de\n");
	tells_of("ann suppress s: 2 entries (1 address, 1 domain)",
		"address,since,why\nann@a.de,2026-02-11,asked by telephone\n@b.de,2025-10-01,the company is no more\n");
	tells_of("ann suppress s: 1 entry (1 address)", "address,email\nann@a.de,\n");
	tells_of("65 s: line 2: the quote that opens here is never closed", "email\n\"ann@a.de\nbob@a.de\n");
	tell(STR_LIT("\n"), true, WHOLE, &out);
	check_same(buf_str(&out), "suppress s: 0 entries", "nothing in it, with leave");
	buf_clear(&out);
	tell(STR_LIT("nobody\n"), true, WHOLE, &out);
	check(str_starts(buf_str(&out), STR_LIT("65 ")), "with leave too what is there has to be understood");
	buf_free(&out);
}

static void notes(void)
{
	struct suppress s = { 0 };
	struct suppress_note note = { 0 };

	suppress_init(&s, true, key);
	check(suppress_add(&s,
		      str_of(hash_of("sha1",
			      "ann@b\xc3\xbc"
			      "cher.example")),
		      STR_LIT("asked"), STR_LIT("2026-01-02")) == SAFETY_HASH,
		"a bare hash is an entry");
	check(has(&s,
		      "Ann@B\xc3\x9c"
		      "CHER.example",
		      &note) == SUPPRESS_YES &&
			note.entry.n == 0 && strcmp(note.hash, "SHA-1") == 0 && str_eq(note.reason, STR_LIT("asked")) &&
			str_eq(note.date, STR_LIT("2026-01-02")),
		"the hash of an address as people read it, and what the list says of it");
	suppress_add(&s, str_of(hash_of("md5", "ann@xn--bcher-kva.example")), STR_LIT(""), STR_LIT(""));
	suppress_add(&s, str_of(hash_of("md5", "j.doe@gmail.com")), STR_LIT(""), STR_LIT(""));
	suppress_add(&s, str_of(hash_of("md5", "bob@gmail.com")), STR_LIT(""), STR_LIT(""));
	check(has(&s, "J.Doe@gmail.com", &note) == SUPPRESS_YES && strcmp(note.hash, "MD5") == 0 && note.reason.n == 0,
		"with folding the form as it was written");
	check(has(&s, "B.O.B+x@googlemail.com", NULL) == SUPPRESS_YES, "and the folded one");
	check(has(&s, "jdoe@gmail.com", NULL) == SUPPRESS_NO, "but not what was not hashed");
	suppress_free(&s);
}

/* A million entries would be a test of patience: as many as make the table grow often. */
static void many(void)
{
	struct digests d = { .width = 20, .key = { 1, 2 } };
	unsigned char digest[20] = { 0 };
	unsigned wrong = 0;
	bool added;

	check(digests_find(&d, digest) == NULL, "nothing is in an empty set");
	for (uint32_t i = 0; i < 50000; i++) {
		memcpy(digest + 16, &i, sizeof i);
		*digests_add(&d, digest, &added) = i;
		wrong += !added || *digests_add(&d, digest, &added) != i || added;
	}
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(digest + 16, &i, sizeof i);
		const uint64_t *value = digests_find(&d, digest);

		wrong += i < 50000 ? value == NULL || *value != i : value != NULL;
	}
	check(wrong == 0 && d.used == 50000, "digests that differ in their last octets only");
	digests_free(&d);
	digests_free(&d);
}

static void numbers(void)
{
	char n[32];
	struct safety lists = { 0 };
	struct safety_file *f = safety_add(&lists, "drop-role", "-");
	struct buf out = { 0 };
	struct json j;

	f->entries[SAFETY_ROLE] = 1234567;
	safety_bad(f, 17, "a\"b");
	safety_bad(f, 18, "c");
	safety_add_text(&out, f);
	check_same(buf_str(&out),
		"drop-role standard input: 1,234,567 entries (1,234,567 roles), 2 unusable lines, first: line 17: a\"b",
		"counts as text");
	buf_clear(&out);
	json_init(&j, &out);
	json_array(&j);
	safety_add_json(&j, &lists);
	json_close(&j, ']');
	check_same(buf_str(&out),
		"[{\"option\":\"drop-role\",\"file\":\"standard input\",\"entries\":1234567,\"addresses\":0,\"domains\":0,"
		"\"hashes\":0,\"roles\":1234567,\"excepted\":0,\"unusable\":2,\"first_unusable_line\":17,"
		"\"first_unusable_why\":\"a\\\"b\"}]",
		"counts as JSON");
	check(strcmp(number_grouped(n, 0), "0") == 0 && strcmp(number_grouped(n, 999), "999") == 0 &&
			strcmp(number_grouped(n, UINT64_MAX), "18,446,744,073,709,551,615") == 0,
		"digits in groups");
	buf_free(&out);
	safety_free(&lists);
}

/* One more row, or the header (person < 0), of a list with these columns: r reason, n number, i something like a hash,
 * e address, 5 MD5, 1 SHA-1, 2 SHA-256, d date. */
static void add_row(struct buf *out, const char *columns, int person, char delimiter, const char *end)
{
	static const char *const titles[] = { "r", "Reason", "n", "No.", "i", "id", "e", "E-Mail", "5", "md5", "1",
		"sha1", "2", "sha256", "d", "Date" };
	static const char *const reasons[] = { "left", "\"asked, by telephone; twice\"", "", "b\xc3\xb6se" };
	char address[40];

	snprintf(address, sizeof address, "p%d@a%d.example", person, person % 3);
	for (size_t i = 0; columns[i] != '\0'; i++) {
		if (i > 0)
			buf_add_char(out, delimiter);
		for (size_t k = 0; person < 0 && k < sizeof titles / sizeof *titles; k += 2)
			if (columns[i] == titles[k][0])
				buf_add_text(out, titles[k + 1]);
		if (person < 0)
			continue;
		if (columns[i] == 'r')
			buf_add_text(out, reasons[random_below(4)]);
		else if (columns[i] == 'n')
			buf_printf(out, "%u", (unsigned)random_below(100000));
		else if (columns[i] == 'i')
			buf_printf(out, "%032x", (unsigned)random_below(1u << 30));
		else if (columns[i] == 'd')
			buf_add_text(out, "2026-01-02 10:20:30");
		else if (columns[i] == 'e')
			buf_add_text(out, address);
		else
			buf_add_text(out,
				hash_of(columns[i] == '5'           ? "md5"
						: columns[i] == '1' ? "sha1"
								    : "sha256",
					address));
	}
	buf_add_text(out, end);
}

/* Lists as programs write them: everybody on one is suppressed, and nobody else. */
static void generated(void)
{
	static const char *const shapes[] = { "e", "er", "re", "nre", "ied", "5", "1", "2", "n5r", "r2d", "ne5", "12",
		"rnde", "d1" };
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	static const char *const tops[] = { "", "\xef\xbb\xbf", "# exported\n", "\n" };
	unsigned wrong = 0;

	for (int i = 0; i < 2000; i++) {
		const char *shape = shapes[random_below(sizeof shapes / sizeof *shapes)];
		const char *end = ends[random_below(3)];
		char delimiter = ",;\t|"[random_below(4)];
		/* (A first line that ends otherwise tells the ends of the others wrong.) */
		const char *top = tops[random_below(end[0] == '\n' ? 4 : 2)];
		/* (Without a header only rows tell: a number may look like a hash, never like an address.) */
		bool header = random_below(4) > 0;
		int people = 1 + (int)random_below(150);
		struct buf text = { 0 };
		struct suppress s = { 0 };
		struct suppress_reader r;
		struct err err = { 0 };
		unsigned missed = 0;

		buf_add_text(&text, top);
		if (header)
			add_row(&text, shape, -1, delimiter, end);
		for (int k = 0; k < people; k++)
			add_row(&text, shape, k, delimiter, end);
		suppress_init(&s, false, key);
		suppress_read_begin(&r, &s, "suppress", "s");
		bool ok = feed(&r, buf_str(&text), RANDOM, &err) && suppress_read_end(&r, false, &err);

		for (int k = 0; k < people + 20; k++) {
			char address[40];
			char domain[20];

			snprintf(address, sizeof address, "p%d@a%d.example", k, k % 3);
			snprintf(domain, sizeof domain, "a%d.example", k % 3);
			enum suppress_answer answer =
				suppress_has_key(&s, str_of(address), str_of(address), str_of(domain), NULL);

			missed += (answer == SUPPRESS_YES) != (k < people);
		}
		if (!ok || missed > 0 || s.files.files[0].bad > 0) {
			wrong++;
			printf("# %s: %u wrong of %d, header %d; %.*s\n", err.text, missed, people, header,
				(int)(buf_len(&text) < 200 ? buf_len(&text) : 200), buf_str(&text).p);
		}
		buf_free(&text);
		suppress_free(&s);
	}
	check(wrong == 0, "whoever is on a list is suppressed");
}

/* Whatever the octets are, they are told the same in any cuts, and never without an entry. */
static void anything(void)
{
	static const char *const alphabets[] = { "a@.,\n;\"#:0 ", "0123456789abcdef\n,", "" };
	struct buf text = { 0 };
	struct buf one = { 0 };
	struct buf other = { 0 };
	unsigned wrong = 0;

	for (int i = 0; i < 3000; i++) {
		random_octets(&text, 90, str_of(alphabets[i % 3]));
		buf_clear(&one);
		buf_clear(&other);
		tell(buf_str(&text), false, WHOLE, &one);
		tell(buf_str(&text), false, RANDOM, &other);
		wrong += !str_eq(buf_str(&one), buf_str(&other));
	}
	check(wrong == 0, "a list is the same in any cuts");
	buf_free(&text);
	buf_free(&one);
	buf_free(&other);
}

int main(void)
{
	forms_of_hashes();
	hashes_that_are_none();
	files_that_stop();
	notes();
	many();
	numbers();
	generated();
	anything();
	return tap_done();
}
