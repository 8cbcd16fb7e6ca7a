#ifndef PIPEMAIL_MAIL_DSN_BOOK_H
#define PIPEMAIL_MAIL_DSN_BOOK_H

#include "base/str.h"

/*
 * The phrases by which reports are understood, all found in one pass over a text: what a line is for is told by the
 * tables that have a phrase in it. Used by the dsn files only.
 */
enum dsn_table {
	DSN_INTRO = 1 << 0,     /* after this line failed recipients are listed */
	DSN_PHRASE = 1 << 1,    /* an address in this line is a failed recipient */
	DSN_ASK = 1 << 2,       /* whom to ask: not a recipient */
	DSN_DELAY = 1 << 3,     /* it is under way still */
	DSN_CHALLENGE = 1 << 4, /* a stranger's server wants to know first that a person writes */
	DSN_END = 1 << 5,       /* the returned message begins, if the line looks so */
	DSN_ALIAS = 1 << 6,     /* how an address came about */
	DSN_WHOM = 1 << 7,      /* any word for a recipient: counts where nothing better is found */
	DSN_FAILURE = 1 << 8,   /* that something was not delivered, as subjects say it */
	DSN_SERVER = 1 << 9,    /* who writes such mail */
	DSN_FATAL = 1 << 10,    /* it is given up: what sounds like a delay is none */
};

/* Which tables have a phrase in s (bits of enum dsn_table), ignoring ASCII case. The first call compiles the tables,
 * which live as long as the process; several threads may call it at once. */
unsigned dsn_book(struct str s);

#endif
