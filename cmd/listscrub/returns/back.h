#ifndef PIPEMAIL_LISTSCRUB_BACK_H
#define PIPEMAIL_LISTSCRUB_BACK_H

#include "cmd/listscrub/returns/bounces.h"
#include "cmd/listscrub/returns/rest.h"
#include "cmd/listscrub/returns/sheet.h"
#include "mail/list/suppress.h"

struct settings;

/* clang-format off */
/*
 * Everything that came back, from the options to the files that grow.
 *
 *     back_read(&b, set, err);
 *     bounces_offer(&b.bounces, ...)      the addresses of the list, if bounces_asks
 *     back_settle(&b, err);               files written, b.bounces and b.confirmed ready for the rows
 *     back_free(&b);
 */
/* clang-format on */
struct back {
	const struct settings *set;
	struct bounces bounces;
	struct rest rest;
	struct sheet gone; /* --update-suppressed */
	struct sheet yes;  /* --update-confirmed */
	struct buf key;
	struct suppress confirmed; /* --confirmed */
};

/* Is anything of this asked for? */
bool back_is_asked(const struct settings *set);
bool back_read(struct back *b, const struct settings *set, struct err *err);
bool back_settle(void *back, struct err *err);
/* --forget. */
bool back_forget(struct back *b, const struct settings *set, struct err *err);
void back_free(struct back *b);

/* Tokens in any text, of people who left; yes: who said yes. 66, 74. */
bool back_read_tokens(struct bounces *b, const char *path, bool yes, struct err *err);

#endif
