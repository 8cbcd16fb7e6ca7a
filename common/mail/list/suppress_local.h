#ifndef PIPEMAIL_MAIL_SUPPRESS_LOCAL_H
#define PIPEMAIL_MAIL_SUPPRESS_LOCAL_H

#include "mail/list/suppress.h"

/* Shared by suppress*.c: hashes. */

#define SUPPRESS_DIGEST_MAX 32 /* octets of the longest */

/* What the digits of a hash are, as a column or a prefix says: one of ours, or */
enum suppress_form {
	SUPPRESS_BY_LENGTH = SUPPRESS_DIGESTS, /* nothing: their number tells */
	SUPPRESS_FOREIGN,                      /* a kind of hash that is not computed here */
	SUPPRESS_NO_HASH,                      /* no hash at all */
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
/* What kind of hash a column or a prefix of that name announces. */
enum suppress_form suppress_form_of(struct str name);
/* "sha256:…" or at least 8 hexadecimal digits, whether they are a hash of ours or not. */
bool suppress_is_hash(struct str entry);
/* The octets and the kind of a hash. False where it is none of ours, or not of the form that was announced. */
bool suppress_read_digest(struct str entry, enum suppress_form form, unsigned char out[SUPPRESS_DIGEST_MAX],
	enum suppress_digest *kind);
/* Is a hash of s in the list? */
enum suppress_answer suppress_find_digest(const struct suppress *list, struct str s, struct suppress_note *note);
/* Can every hash of the list be computed? 71, with the file's name in it. */
bool suppress_check_digests(const struct suppress *s, const char *name, struct err *err);
/* What is wrong with a line in which no entry is. */
void suppress_add_why(struct buf *out, struct str entry, enum suppress_form form);

void suppress_fill_note(const struct suppress *s, uint64_t value, struct suppress_note *note);

#endif
