#ifndef PIPEMAIL_MAIL_DSN_LINES_H
#define PIPEMAIL_MAIL_DSN_LINES_H

#include "base/buf.h"

/*
 * The lines of a report as mail servers write them for people, and the recipients that they name:
 * first all recipients are found, then each line is given to the recipients that it speaks of.
 */
#define DSN_LINES_RECIPIENTS 100

struct dsn_lines {
	struct str recipients[DSN_LINES_RECIPIENTS]; /* slices of the text */
	struct buf about[DSN_LINES_RECIPIENTS];	     /* what is said of each */
	size_t n;
};

/* Recipients that text names as failed. own: addresses (separated by blanks) that the report was
 * sent to, which are none. */
void dsn_lines_find(struct dsn_lines *l, struct str text, struct str own);
void dsn_lines_add(struct dsn_lines *l, struct str recipient);
/* Fill about. */
void dsn_lines_share(struct dsn_lines *l, struct str text);
void dsn_lines_free(struct dsn_lines *l);
/* Is this the line behind which the returned message begins? */
bool dsn_lines_is_end(struct str line);

#endif
