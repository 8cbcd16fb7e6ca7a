#ifndef PIPEMAIL_PROTO_REPLY_H
#define PIPEMAIL_PROTO_REPLY_H

#include "base/buf.h"
#include "mail/returns/outcome.h"

struct err;

/*
 * One SMTP reply (RFC 5321, 4.2): three digits of which the first is 2 to 5, then a blank, a hyphen or the line's
 * end; the same code on every line; CRLF or LF. Budgets: 4 KiB a line, 1,000 lines and 64 KiB a reply.
 */
enum reply_class { REPLY_OK = 2, REPLY_GO_ON = 3, REPLY_LATER = 4, REPLY_NEVER = 5 };

struct reply {
	int code;
	struct buf text;     /* the lines' texts without codes, joined by LF */
	struct str enhanced; /* RFC 3463 status at the start of text ("5.1.1"), or empty; its class agrees with code */
	unsigned lines;
	enum outcome_stage stage; /* the command that it answers, as the session knows it */
	bool open;                /* lines of a reply whose end has not come yet are kept here */
};

/* Take one whole reply from the front of in: 1 taken, 0 more octets are needed (whole lines may have been taken
 * already: open), -1 it is none (76 in err). The next call begins the next reply. A zeroed reply is valid. */
int reply_take(struct reply *r, struct buf *in, struct err *err);
void reply_free(struct reply *r);
/* dst becomes what src was, and src empty. */
void reply_move(struct reply *dst, struct reply *src);
static inline enum reply_class reply_class(const struct reply *r)
{
	return (enum reply_class)(r->code / 100);
}
/* "550 5.1.1 No such user here" on one line, lines joined by blanks, for people and reports. The server's octets
 * as they came: what goes to a terminal passes utf8_show. */
bool reply_show(const struct reply *r, struct buf *out);
/* The name under which the server took a message, as the common servers tell it in a 2xx ("queued as 4F2A1"), or
 * empty. Lives as long as the reply. */
struct str reply_queue_id(const struct reply *r);

#endif
