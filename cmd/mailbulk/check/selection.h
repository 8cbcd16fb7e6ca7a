#ifndef PIPEMAIL_MAILBULK_SELECTION_H
#define PIPEMAIL_MAILBULK_SELECTION_H

#include "base/err.h"
#include "cmd/mailbulk/rows/keys.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/letter/values.h"
#include "mail/list/suppress.h"

struct campaign;
struct settings;

/* Which rows of the list are this run's, and what is wrong with the others. One walk over the list is one selection. */
enum choice {
	CHOICE_TAKEN,
	CHOICE_SUPPRESSED, /* why says by what reason */
	CHOICE_DUPLICATE,  /* another row has its key */
	CHOICE_BAD,        /* why says what is wrong with it */
	CHOICE_END,        /* of the list, or of --limit */
	CHOICE_FAIL,       /* why is what stops the run */
};

#define SELECTION_SEEN (UINT64_C(1) << 63)

struct selection {
	const struct campaign *campaign;
	const struct settings *settings;
	struct list *list;
	const struct suppress *suppress;
	struct keys *seen;    /* keys to the lines of their rows, with SELECTION_SEEN; others are the caller's values */
	struct keys own;      /* it, unless the caller has a table already */
	uint64_t earlier;     /* the caller's value of the row that was given out; 0: there was none */
	struct values values; /* of the row that was given out */
	struct row row;
	uint64_t taken;
	uint64_t elsewhere; /* rows of other shares */
	char first_key[33]; /* of the list's first row, whatever its share; empty so far */
	struct buf scratch;
};

void selection_init(struct selection *s, const struct campaign *campaign, struct list *list,
	const struct suppress *suppress);
void selection_free(struct selection *s);
/* The next row of this run's share; rows of other shares are passed over. */
enum choice selection_next(struct selection *s, struct err *why);
/* A row of this selection that waited, read into row and values anew: is it still the one with that key, and may it be
 * mailed? CHOICE_TAKEN, _SUPPRESSED, or _FAIL: 74, the list was changed. */
enum choice selection_again(struct selection *s, const unsigned char key[16], struct row *row, struct values *values,
	struct err *why);

/* Read every --suppress file. 64, 65, 66, 71, 74; 75 when a signal asks to stop. */
bool selection_suppress(struct suppress *suppress, const struct settings *settings, struct err *err);

#endif
