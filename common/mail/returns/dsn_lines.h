#ifndef PIPEMAIL_MAIL_DSN_LINES_H
#define PIPEMAIL_MAIL_DSN_LINES_H

#include "base/buf.h"

/*
 * The lines of a report as mail servers write them for people, and the recipients that they name:
 * first all recipients are found, then each line is given to the recipients that it speaks of.
 */
#define DSN_LINES_RECIPIENTS 1000

struct dsn_mail;

struct dsn_entry {
	struct str recipient; /* a slice of the text */
	struct buf about;     /* what is said of it */
	bool current;         /* the lines are about it now */
	bool named;           /* by the line that is looked at */
};

struct dsn_lines {
	struct dsn_entry *entries;
	size_t n;
	size_t cap;
};

/* Recipients that text names as failed, whoever of m is no recipient aside. */
void dsn_lines_find(struct dsn_lines *l, struct str text, const struct dsn_mail *m);
void dsn_lines_add(struct dsn_lines *l, struct str recipient);
/* Fill about. */
void dsn_lines_share(struct dsn_lines *l, struct str text);
void dsn_lines_free(struct dsn_lines *l);
/* Is this the line behind which the returned message begins? */
bool dsn_lines_is_end(struct str line);

#endif
