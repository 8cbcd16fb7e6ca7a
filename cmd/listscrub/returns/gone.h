#ifndef PIPEMAIL_LISTSCRUB_GONE_H
#define PIPEMAIL_LISTSCRUB_GONE_H

#include "cmd/listscrub/returns/bounces.h"
#include "cmd/listscrub/returns/sheet.h"

/* The files that grow from run to run: who must not be mailed any more (--update-suppressed), who said yes
 * (--update-confirmed). */

/* "email,reason,code,first,last,count,source,words", and the other. NULL after the last. */
extern const char *const gone_columns[];
extern const char *const gone_yes_columns[];

/* What the file says, for bounces_settle. */
void gone_know(const struct sheet *s, struct bounces *b);
/* What came back since, into the file. */
void gone_update(struct sheet *s, const struct bounces *b);
/* Answers into the file, and those who left out of it. */
void gone_yes_update(struct sheet *s, const struct bounces *b);
/* Take a person out; hash: leave a hash of the address (sha256), so that nobody adds it again. */
bool gone_forget(struct sheet *s, const char *address, bool hash, struct err *err);
/* Rows as they would be in a new file, of those who are rejected; of those who said yes. */
void gone_print(const struct bounces *b, struct buf *out);
void gone_yes_print(const struct bounces *b, struct buf *out);
/* Claims that were not believed, or have no proof: "email,reason,code,date,source,words". */
void gone_print_unproved(const struct bounces *b, struct buf *out);

/* --- between gone.c and gone_print.c --- */

void gone_fill(struct sheet *s, size_t row, const struct bounces *b, const struct bounce_word *w, enum dsn_class class);
void gone_yes_fill(struct sheet *s, size_t row, const struct bounces *b, const struct bounce *e);

#endif
