#ifndef PIPEMAIL_PROTO_REPLY_H
#define PIPEMAIL_PROTO_REPLY_H

#include "base/buf.h"
#include "mail/returns/outcome.h"

struct err;

/*
 * One SMTP reply (RFC 5321, 4.2): three digits of which the first is 2 to 5, then a space, a hyphen or the end of
 * the line; the same code on every line; CRLF or LF. Limits: 4 KiB a line, 1,000 lines and 64 KiB a reply. A
 * refusal is a value, not an error.
 */
enum reply_class { REPLY_OK = 2, REPLY_GO_ON = 3, REPLY_LATER = 4, REPLY_NEVER = 5 };

struct reply {
	int code;
	struct buf text;     /* owned: the texts of the lines without codes, joined by LF */
	struct str enhanced; /* RFC 3463 status at the start of text ("5.1.1"), or empty; its class agrees with code */
	unsigned lines;
	enum outcome_stage stage; /* the command that it answers; set by the session, not by reply_take */
	bool open;                /* lines of a reply whose end has not come yet are kept here */
};

/*
 * Take one complete reply from the front of in. 1: taken. 0: more bytes are needed (complete lines may have been
 * taken already: open). -1: it is not a reply (ERR_PROTOCOL), and the connection is of no use any more. The call
 * after a 1 begins the next reply. A zeroed reply is valid.
 */
int reply_take(struct reply *r, struct buf *in, struct err *err);
/* Leaves r zeroed; freeing a zeroed one does nothing. */
void reply_free(struct reply *r);
/* dst, whose content is freed, becomes what src was; src becomes empty. */
void reply_move(struct reply *dst, struct reply *src);
/* Only for a reply that reply_take has returned. */
static inline enum reply_class reply_class(const struct reply *r)
{
	return (enum reply_class)(r->code / 100);
}
/*
 * Append "550 5.1.1 No such user here" on one line, lines joined by spaces, for people and reports; a status that
 * is repeated on each line is shown once. The bytes are the server's: utf8_show before they reach a terminal.
 * False when out is full.
 */
bool reply_show(const struct reply *r, struct buf *out);
/*
 * The name under which the server queued a message, as the common servers write it in a 2xx ("queued as 4F2A1"),
 * or STR_NONE. Lives as long as the reply's text.
 */
struct str reply_queue_id(const struct reply *r);

#endif
