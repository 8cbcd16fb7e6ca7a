#ifndef PIPEMAIL_MAIL_SUPPRESS_H
#define PIPEMAIL_MAIL_SUPPRESS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "mail/list/digests.h"
#include "mail/list/list.h"
#include "mail/list/safety.h"

struct address;

/* The hashes in which lists of addresses are exchanged. */
enum suppress_digest {
	SUPPRESS_MD5,
	SUPPRESS_SHA1,
	SUPPRESS_SHA256,
	SUPPRESS_DIGESTS,
};

/*
 * Who must not be mailed: addresses, whole domains ("@domain", with what lies below it), and hashes of addresses in
 * lower case, for lists that nobody should read ("md5:HEX", "sha1:HEX", "sha256:HEX", or the bare 32, 40 or 64
 * hexadecimal digits). Matched by the same comparing form as duplicates, so that no spelling slips past.
 */
struct suppress {
	bool fold;       /* compare provider forms too; set before the first entry */
	struct set keys; /* values: position + 1 in notes, 0: no note */
	struct set domains;
	struct digests digests[SUPPRESS_DIGESTS];
	struct buf notes; /* "reason\0date\0" one after another */
	uint64_t entries;
	struct safety files; /* that were read */
};

struct suppress_note {
	struct str reason; /* as the list has it, or empty */
	struct str date;
	struct str
		entry; /* that matched: an address, or a domain without its "@"; empty: a hash. Lives with the list */
	const char *hash; /* the name of the hash that matched ("MD5"), or NULL */
};

enum suppress_answer {
	SUPPRESS_NO,
	SUPPRESS_YES,
	/* A hash of the address could not be computed: it must not be mailed, and the run fails (71). */
	SUPPRESS_UNKNOWN,
};

/* Before the first entry: the set and its random key (16 bytes). */
void suppress_init(struct suppress *s, bool fold, const unsigned char random[16]);
void suppress_free(struct suppress *s);

/* One entry: "a@b", "Name <a@b>", "@domain" or a hash. What kind it was; SAFETY_NONE when it is none of them. */
enum safety_kind suppress_add(struct suppress *s, struct str entry, struct str reason, struct str date);

/*
 * A list as mail/list/list.h reads it: CSV, plain lines or JSON Lines. Under a header the first of its columns with an
 * entry counts: names of an address, hashes, domain; reason and date where there are such. A column's name tells which
 * hash is in it (sha256, email_md5 ..., any for "hash"). Without such names it is the first cell in which an address or
 * a domain is found, and the hash beside it. "#" lines and blank ones are ignored, and what follows a blank and "#".
 * Here "*@domain" is an entry, too, in a column of their own also a bare domain. Feed the octets of one file in any cuts.
 */
#define SUPPRESS_COLUMNS 8

struct suppress_reader {
	struct suppress *into;
	struct safety_file *file; /* counts of this one */
	struct list_reader list;
	struct suppress_column {
		size_t at;
		size_t rank; /* the first in this order with an entry counts */
		int form;    /* enum suppress_form, of a column of hashes */
	} columns[SUPPRESS_COLUMNS];
	size_t n;
	size_t reason;
	size_t date;
	bool looked; /* for names of columns */
};
/* option, name: of the file, for counts and messages; they outlive s. */
void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *option, const char *name);
/* 65. */
bool suppress_read_add(struct suppress_reader *r, struct str octets, struct err *err);
/* The end of the file: its last line counts. 65 where the file cannot be relied on (safety_check), 71 where a hash that
 * is in it cannot be computed here. Frees r. */
bool suppress_read_end(struct suppress_reader *r, bool allow_empty, struct err *err);
/* The same where reading failed. */
void suppress_read_abort(struct suppress_reader *r);

/* Is any entry a hash? */
bool suppress_has_digests(const struct suppress *s);
/* Is the address suppressed? note (may be NULL) is filled from the list. */
enum suppress_answer suppress_has(const struct suppress *s, const struct address *a, struct suppress_note *note);
/* The same for an address of which the comparing form (address_key), the folded one (address_key_fold; the same
 * as key where the list does not fold) and the domain in A-labels are at hand. */
enum suppress_answer suppress_has_key(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note);

#endif
