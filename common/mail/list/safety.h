#ifndef PIPEMAIL_MAIL_SAFETY_H
#define PIPEMAIL_MAIL_SAFETY_H

#include "base/buf.h"
#include "base/err.h"

struct json;

/* clang-format off */
/*
 * What was found in the files that say who must not be mailed (--suppress, --drop-role=FILE,
 * --drop-disposable=FILE), for the summary, the JSON and the report. A file that cannot be understood stops the
 * run, because everybody on it would be mailed. Unusable lines in a file that is otherwise understood are counted,
 * and the first is named.
 *
 *     f = safety_add(&s, "suppress", name);
 *     f->entries[SAFETY_ADDRESS]++;  or  safety_bad(f, line, why);        for each line
 *     safety_check(f, allow_empty, err);
 */
/* clang-format on */
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
	const char *name;               /* borrowed; "standard input" for "-" */
	uint64_t entries[SAFETY_KINDS]; /* usable lines, by kind */
	uint64_t excepted;              /* lines about somebody whom the list itself does not suppress */
	uint64_t bad;                   /* lines without a usable entry */
	uint64_t bad_line;              /* the first of them, counted from 1 */
	char bad_why[160];              /* and what is wrong with it */
	bool named;                     /* it has a header with at least one name that is known */
	bool begun;                     /* it has something other than blank lines and comments */
};

struct safety {
	struct safety_file *files;
	size_t n;
	size_t cap;
};

/* Frees the array of files; option and name are the caller's. */
void safety_free(struct safety *s);
/*
 * One more file; option without its dashes. The result lives until the next safety_add. The strings are borrowed
 * for as long as s is used.
 */
struct safety_file *safety_add(struct safety *s, const char *option, const char *name);

/* Count a line without a usable entry; the first is kept with why (copied, cut at 159 bytes). */
void safety_bad(struct safety_file *f, uint64_t line, const char *why);
/* The sum over all kinds. */
uint64_t safety_entries(const struct safety_file *f);
/*
 * After the last line: can the file be relied on? False with ERR_DATA: it has lines but no usable entry, or
 * nothing at all and no allow_empty. A header alone is a valid list without entries.
 */
bool safety_check(const struct safety_file *f, bool allow_empty, struct err *err);

/* "suppress gone.csv: 1,234 entries (1,200 addresses, 30 domains, 4 hashes), 2 unusable lines, first: line 17: …" */
void safety_add_text(struct buf *out, const struct safety_file *f);
/* Append one object for each file to an array that the caller has opened. */
void safety_add_json(struct json *j, const struct safety *s);

#endif
