#ifndef PIPEMAIL_MAIL_SUPPRESS_H
#define PIPEMAIL_MAIL_SUPPRESS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "text/csv.h"

struct address;

/*
 * Who must not be mailed: addresses, whole domains ("@domain", with what lies below it), and SHA-256 sums of addresses
 * for lists that nobody should read ("sha256:HEX" of the comparing form, the address in lower case). Matched by the
 * same comparing form as duplicates, so that no spelling slips past.
 */
struct suppress {
	bool fold;       /* compare provider forms too; set before the first entry */
	struct set keys; /* values: position + 1 in notes, 0: no note */
	struct set domains;
	struct set sums;
	struct buf notes; /* "reason\0date\0" one behind the other */
	uint64_t entries;
	uint64_t bad;       /* lines that are none of the three */
	uint64_t first_bad; /* line of the first of them in its file */
};

struct suppress_note {
	struct str reason; /* as the list has it, or empty */
	struct str date;
	struct str entry; /* that matched: an address, or a domain without its "@"; empty: a sum. Lives with the list */
};

void suppress_free(struct suppress *s);

/* One entry: "a@b", "@domain" or "sha256:HEX"; "Name <a@b>" too. False when it is none. */
bool suppress_add(struct suppress *s, struct str entry, struct str reason, struct str date);

/*
 * A list as CSV (columns email, address, recipient, sha256, domain: the first of them that is filled counts; else the
 * first column in which an entry stands; reason and date where there are such) or one entry a line; "#" lines and empty ones
 * are passed over, and what stands behind a blank and "#". Here "*@domain" and a bare sum are entries, too, in a column
 * of their own also a bare domain. What is not UTF-8 is Latin-1. Feed the octets of one file in any cuts.
 */
struct suppress_reader {
	struct suppress *into;
	struct csv csv;
	const char *name; /* of the file, for messages */
	size_t email;     /* SIZE_MAX: no such column */
	size_t address;
	size_t recipient;
	size_t sum;
	size_t domain;
	size_t reason;
	size_t date;
	size_t next;  /* as many octets tell more of the file than those that were there */
	bool started; /* the first row was met */
	bool named;   /* it names the columns */
};
void suppress_read_begin(struct suppress_reader *r, struct suppress *into, const char *name);
bool suppress_read_add(struct suppress_reader *r, struct str octets, struct err *err);
/* The end of the file: its last line counts. Frees r. */
bool suppress_read_end(struct suppress_reader *r, struct err *err);

/* Is the address suppressed? note (may be NULL) is filled from the list. */
bool suppress_has(const struct suppress *s, const struct address *a, struct suppress_note *note);
/* The same for an address of which the comparing form (address_key), the folded one (address_key_fold; the same
 * as key where the list does not fold) and the domain in A-labels are at hand. */
bool suppress_has_key(const struct suppress *s, struct str key, struct str folded, struct str domain,
	struct suppress_note *note);

#endif
