#ifndef PIPEMAIL_MAIL_DSN_LINES_H
#define PIPEMAIL_MAIL_DSN_LINES_H

#include "base/buf.h"
#include "base/set.h"

/*
 * The lines of a report as mail servers write them for people, and the recipients that they name. First
 * dsn_lines_find finds all recipients, then dsn_lines_share gives each line to the recipients that it is about.
 * Used by dsn_text.c and dsn_fields.c only.
 */

/* At most so many recipients; more are ignored. */
#define DSN_LINES_RECIPIENTS 1000

struct dsn_mail;

struct dsn_entry {
	struct str recipient; /* a slice of the text */
	struct buf about;     /* owned: the lines about it, at most 4 KiB */
	uint64_t line;        /* number of the last line that names it */
	uint64_t run;         /* and of the last run of lines that do */
};

/* Zeroed at first; dsn_lines_free frees it. */
struct dsn_lines {
	struct dsn_entry *entries;
	size_t n;
	size_t cap;
	struct set keys; /* recipients in lower case; value: position in entries */
	size_t *current; /* those that the lines are about now; n_current of them */
	size_t n_current;
	size_t *named; /* those that the line names that is looked at */
	size_t n_named;
};

/*
 * Add the recipients that text names as failed, except addresses that m shows not to be recipients
 * (dsn_mail_is_nobody). The slices point into text, which must live as long as l.
 */
void dsn_lines_find(struct dsn_lines *l, struct str text, const struct dsn_mail *m);
/* The same where nothing better was found: an address that is a line of its own, or beside any word for a recipient. */
void dsn_lines_guess(struct dsn_lines *l, struct str text, const struct dsn_mail *m);
/* Add one, unless it is there (ASCII case ignored). The slice is borrowed. */
void dsn_lines_add(struct dsn_lines *l, struct str recipient);
/* The entry of a recipient, or NULL. */
struct dsn_entry *dsn_lines_entry(const struct dsn_lines *l, struct str recipient);
/* Append each line of text to `about` of the recipients that it speaks of. */
void dsn_lines_share(struct dsn_lines *l, struct str text);
void dsn_lines_free(struct dsn_lines *l);
/* Does the returned message begin after this line? */
bool dsn_lines_is_end(struct str line);

#endif
