#ifndef PIPEMAIL_MAIL_SUPPRESS_H
#define PIPEMAIL_MAIL_SUPPRESS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "mail/list/digests.h"
#include "mail/list/list.h"
#include "mail/list/safety.h"

struct address;

/* clang-format off */
/*
 * Who must not be mailed: addresses, whole domains ("@domain", subdomains included), and hashes of addresses in
 * lower case, for lists that nobody should be able to read. Matching uses the keys that find duplicates
 * (address_key), so no other spelling of an address gets past the list.
 *
 *     suppress_init(&s, fold, random);
 *     suppress_read_begin(&r, &s, "suppress", name);
 *     suppress_read_add(&r, bytes, err);                     until the end of the file
 *     suppress_read_end(&r, allow_empty, err);
 *     if (suppress_has(&s, &address, &note) != SUPPRESS_NO)
 *             ... must not be mailed ...
 *     suppress_free(&s);
 */
/* clang-format on */

/* The hashes in which such lists are exchanged. */
enum suppress_digest {
	SUPPRESS_MD5,
	SUPPRESS_SHA1,
	SUPPRESS_SHA256,
	SUPPRESS_DIGESTS,
};

/* Tables of entries: one for each kind of hash, addresses, domains. */
#define SUPPRESS_TABLE_KEYS SUPPRESS_DIGESTS
#define SUPPRESS_TABLE_DOMAINS (SUPPRESS_DIGESTS + 1)
#define SUPPRESS_TABLES (SUPPRESS_DIGESTS + 2)

/* The list, of one or more files. Read-only use (suppress_has...) is safe from several threads at once. */
struct suppress {
	bool fold;       /* compare provider forms too (address_key_provider); set before the first entry */
	struct set keys; /* addresses; values: position + 1 in notes, 0: no note */
	struct set domains;
	struct digests digests[SUPPRESS_DIGESTS];
	struct buf notes;    /* "reason\0date\0" one after another */
	uint64_t entries;    /* accepted, duplicates included */
	struct safety files; /* that were read */

	/* --- suppress_match.c: which entries matched somebody; NULL: nobody asked --- */
	unsigned char *matched[SUPPRESS_TABLES]; /* owned: a byte for each entry that was there when it was asked */
	size_t watched[SUPPRESS_TABLES];         /* how many */
	struct suppress_span {
		size_t from[SUPPRESS_TABLES];
		size_t to[SUPPRESS_TABLES];
	} * spans; /* owned: by file, the entries that are not in an earlier one */
	size_t spans_cap;
};

/* Why an address is suppressed; all slices live until the list is changed or freed. */
struct suppress_note {
	struct str reason; /* as the list has it, or empty */
	struct str date;
	struct str
		entry; /* that matched: an address, or a domain without its "@"; empty: a hash. Lives with the list */
	const char *hash; /* the name of the hash that matched ("MD5"), or NULL */
};

/* Anything but SUPPRESS_NO means: do not mail. */
enum suppress_answer {
	SUPPRESS_NO,
	SUPPRESS_YES,
	/* A hash of the address could not be computed: it must not be mailed, and the run fails (71). */
	SUPPRESS_UNKNOWN,
};

/* Begin an empty list; random are 16 random bytes for the hash tables. s must not own anything. */
void suppress_init(struct suppress *s, bool fold, const unsigned char random[16]);
void suppress_free(struct suppress *s);

/*
 * Add one entry: "a@b", "Name <a@b>", "@domain", "md5:HEX", "sha1:HEX", "sha256:HEX", or the bare 32, 40 or 64
 * digits. All is copied. Returns its kind, SAFETY_NONE (nothing added) when it is none of these. The first entry
 * of an address keeps its reason and date.
 */
enum safety_kind suppress_add(struct suppress *s, struct str entry, struct str reason, struct str date);

/*
 * Reads a file as mail/list/list.h does: CSV, plain lines or JSON Lines. Below a header the columns that count are
 * those named as an address, a hash or a domain; the first of them with an entry, in this order, is taken, with
 * reason and date where such columns exist. A column's name also says which hash it contains (sha256,
 * email_md5...; any kind for "hash"). Without known names it is the first cell that is an address or a domain, and
 * the hash beside it. Lines that begin with "#", blank lines, and what follows " #" are ignored. Here "*@domain"
 * is an entry too, and a bare domain in a column of domains, or where a file has nothing but domains; not "gmail.com",
 * which may be a slip (an error that asks for "@gmail.com"). Columns of services' exports (unsubscribed, accepts
 * marketing, status...) say which of the rows may be mailed; those are not entries. A header in the middle is ignored.
 * Feed the bytes of one file in any pieces.
 */
#define SUPPRESS_COLUMNS 8

/* One file being read; private. Ended by suppress_read_end or suppress_read_abort, which free it. */
struct suppress_reader {
	struct suppress *into;
	struct safety_file *file; /* counts of this one; owned by into->files */
	struct list_reader list;
	struct suppress_column {
		size_t at;
		size_t rank; /* the first in this order with an entry counts */
		int form;    /* enum suppress_form, of a column of hashes */
	} columns[SUPPRESS_COLUMNS];
	size_t n;
	size_t reason;
	size_t date;
	size_t words;
	enum suppress_sign { SUPPRESS_NO_SIGN, SUPPRESS_LEFT, SUPPRESS_MAY, SUPPRESS_STATUS } sign[SUPPRESS_COLUMNS];
	size_t sign_at[SUPPRESS_COLUMNS]; /* columns of exports that say whether somebody may be mailed */
	size_t signs;
	bool looked;        /* for names of columns */
	bool parted;        /* a row said that somebody left: blank cells of such columns mean that one did not */
	struct buf unsaid;  /* rows that say nothing in them, until that is known */
	struct buf bare;    /* rows with a domain without "@", which counts in a list of domains only */
	uint64_t free_line; /* the first bare domain at which anybody may be; 0: none */
	char free_name[64];
};
/*
 * option (without dashes) and name are of the file, for counts and messages; both must outlive `into`. One reader
 * at a time for one list: a second would move the array of files.
 */
void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *option, const char *name);
/* False with ERR_DATA and the name: damaged CSV, or not a list. Call suppress_read_abort then. */
bool suppress_read_add(struct suppress_reader *r, struct str octets, struct err *err);
/*
 * The end of the file: its last line counts. False with ERR_DATA when the file cannot be relied on (safety_check),
 * ERR_OS when it contains hashes that cannot be computed on this system (MD5 in FIPS mode). Frees r either way.
 */
bool suppress_read_end(struct suppress_reader *r, bool allow_empty, struct err *err);
/* Frees r after an error in reading. Entries read so far stay in the list. */
void suppress_read_abort(struct suppress_reader *r);

/* From here on, remember which of the entries match an address (safe from several threads). */
void suppress_watch(struct suppress *s);
/* Set files' unmatched: entries of each that matched nobody since. Without suppress_watch it does nothing. */
void suppress_count_unmatched(struct suppress *s);
/*
 * listscrub writes soft bounces that are still counted into the same file, with words that begin so and go on with a
 * date: such a row suppresses nobody. *rest is what follows the date.
 */
#define SUPPRESS_COUNTED "counted until "
bool suppress_counted_until(struct str words, struct str *rest);

/* Is any entry a hash? */
bool suppress_has_digests(const struct suppress *s);
/*
 * Is the address suppressed? Asks for the address, its domain and every parent of it, and its hashes. *note (may
 * be NULL) is filled with SUPPRESS_YES only.
 */
enum suppress_answer suppress_has(const struct suppress *s, const struct address *a, struct suppress_note *note);
/*
 * The same for callers that have the keys at hand: key is address_key's, folded is address_key_fold's (equal to
 * key if the list does not fold), domain is in A-labels and lower case.
 */
enum suppress_answer suppress_has_key(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note);

#endif
