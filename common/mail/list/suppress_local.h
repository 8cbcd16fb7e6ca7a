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

/* --- suppress_columns.c: what a file of the list is made of --- */

/* Ranks of columns with addresses are those of list_name_rank. */
#define SUPPRESS_RANK_HASH ((size_t)2 * LIST_LOOSE)
#define SUPPRESS_RANK_DOMAIN ((size_t)3 * LIST_LOOSE)

/*
 * Before the first row: what are the columns called? The header may also be the first row, where the reader of lists
 * does not know a name in it. True when the row is used up by that. row may be NULL.
 */
bool suppress_take_header(struct suppress_reader *r, const struct csv_row *row);
/* The names of the columns once more, where files were joined with ">>". */
bool suppress_is_header(const struct suppress_reader *r, const struct csv_row *row);
/* The trimmed cell, empty where the row is too short. */
struct str suppress_cell(const struct csv_row *row, size_t i);

/* What the columns of an export say about the person of a row; the later ones outweigh the ones before. */
enum suppress_says {
	SUPPRESS_SAYS_NOTHING, /* blank, or a status such as "active": other rows tell whether that means anything */
	SUPPRESS_SAYS_UNKNOWN, /* there is no such column, or a status that is not known */
	SUPPRESS_SAYS_MAY,     /* it says that this one may be mailed */
	SUPPRESS_SAYS_GONE,
};
enum suppress_says suppress_says(const struct suppress_reader *r, const struct csv_row *row);

/* --- suppress_match.c --- */

/* A file begins and ends. */
void suppress_span_begin(struct suppress *s);
void suppress_span_end(struct suppress *s);
/* The entry matched somebody. */
void suppress_mark(const struct suppress *s, size_t table, size_t entry);
static inline bool suppress_is_watched(const struct suppress *s)
{
	return s->spans != NULL && s->matched[SUPPRESS_TABLE_KEYS] != NULL;
}

/* --- suppress_held.c --- */

/* Without the "# comment" after it. */
struct str suppress_without_comment(struct str s);
/* The domain in "example.org", "*.example.org" or ".example.org", in lower case, in room. */
struct str suppress_bare_domain(struct str entry, struct buf *room);
/* Is there nothing in the row but a domain? It is an entry where the whole file is like that. */
bool suppress_is_bare(const struct csv_row *row);

/* Append a copy of the row. */
void suppress_hold(struct buf *out, const struct csv_row *row);
/* Give all rows that were held to take, in order, and free them. */
void suppress_release(struct suppress_reader *r, struct buf *held,
	void (*take)(struct suppress_reader *r, const struct csv_row *row));

/* Set note->reason and date from a value of the sets; empty strings for 0. */
void suppress_fill_note(const struct suppress *s, uint64_t value, struct suppress_note *note);

#endif
