#ifndef PIPEMAIL_MAIL_SAFETY_H
#define PIPEMAIL_MAIL_SAFETY_H

#include "base/buf.h"
#include "base/err.h"

struct json;

/*
 * What was found in the files that say who must not be mailed (--suppress, --drop-role=FILE, --drop-disposable=FILE).
 * A file that cannot be understood stops the run: whoever is on it would be mailed. What cannot be used in a file that
 * is otherwise understood is counted, and the first of it is named.
 */
enum safety_kind {
	SAFETY_ADDRESS,
	SAFETY_DOMAIN,
	SAFETY_HASH,
	SAFETY_ROLE,
	SAFETY_KINDS,
	SAFETY_NONE = SAFETY_KINDS,
};

struct safety_file {
	const char *option;             /* without its dashes; borrowed */
	const char *name;               /* borrowed */
	uint64_t entries[SAFETY_KINDS]; /* usable lines, by kind */
	uint64_t bad;                   /* lines without a usable entry */
	uint64_t bad_line;              /* the first of them, */
	char bad_why[160];              /* and what is wrong with it */
	bool named;                     /* it has a header that names a column of ours */
	bool begun;                     /* it has more than blank lines and comments */
};

struct safety {
	struct safety_file *files;
	size_t n;
	size_t cap;
};

void safety_free(struct safety *s);
/* One more file. It lives until the next one. */
struct safety_file *safety_add(struct safety *s, const char *option, const char *name);

/* A line that cannot be used. */
void safety_bad(struct safety_file *f, uint64_t line, const char *why);
uint64_t safety_entries(const struct safety_file *f);
/* After its last line: can the file be relied on? 65: no usable entry in it, or (without allow_empty) nothing at all.
 * A header alone is a list with no entries. */
bool safety_check(const struct safety_file *f, bool allow_empty, struct err *err);

/* "suppress gone.csv: 1,234 entries (1,200 addresses, 30 domains, 4 hashes), 2 unusable lines, first: line 17: …" */
void safety_add_text(struct buf *out, const struct safety_file *f);
/* An object for each file, into an array that is open. */
void safety_add_json(struct json *j, const struct safety *s);

#endif
