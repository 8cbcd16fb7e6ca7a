#ifndef PIPEMAIL_MAIL_SUPPRESS_LOCAL_H
#define PIPEMAIL_MAIL_SUPPRESS_LOCAL_H

#include "mail/list/suppress.h"

/* Shared by suppress*.c: hashes. No other module includes this. */

/* Bytes of the longest. */
#define SUPPRESS_DIGEST_MAX 32

/* What the name of a column, or a prefix, says about the digits: a value of enum suppress_digest, or one of these. */
enum suppress_form {
	SUPPRESS_BY_LENGTH = SUPPRESS_DIGESTS, /* nothing: their number decides */
	SUPPRESS_FOREIGN,                      /* a kind of hash that is not computed here */
	SUPPRESS_NO_HASH,                      /* not a hash */
};

struct suppress_entry {
	struct str text;
	enum suppress_form form; /* of bare digits */
	struct str reason;
	struct str date;
};

/* As suppress_add. */
enum safety_kind suppress_add_entry(struct suppress *s, const struct suppress_entry *e);

void suppress_digest_init(struct digests sets[SUPPRESS_DIGESTS], const unsigned char random[16]);
/* What kind of hash a column or a prefix of that name announces; case and punctuation are ignored. */
enum suppress_form suppress_form_of(struct str name);
/* "sha256:..." or at least 8 hexadecimal digits, whether we can use the hash or not. */
bool suppress_is_hash(struct str entry);
/* Decode a hash to out and set its kind. False when it is not one of ours or not of the announced form. */
bool suppress_read_digest(struct str entry, enum suppress_form form, unsigned char out[SUPPRESS_DIGEST_MAX],
	enum suppress_digest *kind);
/* Is a hash of s in the list? Computes each kind that the list contains. */
enum suppress_answer suppress_find_digest(const struct suppress *list, struct str s, struct suppress_note *note);
/* Can every kind of hash in the list be computed? False with ERR_OS and the file's name. */
bool suppress_check_digests(const struct suppress *s, const char *name, struct err *err);
/* Append what is wrong with a line without an entry, for safety_bad. */
void suppress_add_why(struct buf *out, struct str entry, enum suppress_form form);

/* Set note->reason and date from a value of the sets; empty strings for 0. */
void suppress_fill_note(const struct suppress *s, uint64_t value, struct suppress_note *note);

#endif
