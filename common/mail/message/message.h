#ifndef PIPEMAIL_MAIL_MESSAGE_H
#define PIPEMAIL_MAIL_MESSAGE_H

#include "base/buf.h"

struct err;

/*
 * A finished message on its way out: what came in is looked at once (message_scan), then it is
 * decided what has to be mended before it may leave (message_plan), then it is written in its wire
 * form (message_header, message_body). All three take any cuts and constant memory; only the header
 * is kept. What is clean leaves as it came, to the octet.
 */

/* What a message lacks, of what message_wants can add. */
enum message_missing {
	MESSAGE_DATE = 1,
	MESSAGE_ID = 2,
	MESSAGE_FROM = 4,
};

struct message_wants {
	bool eight_bit;        /* 8BITMIME is offered: bodies with octets over 0x7f may leave as they are
			 */
	bool utf8;             /* SMTPUTF8 will be used: so may headers */
	bool downgrade;        /* with !utf8: addresses that only SMTPUTF8 can carry are made empty groups
			   that show them */
	bool replace_from;     /* from stands for what From says now, too */
	struct str date;       /* values for what is missing, final (RFC 2047 words done) */
	struct str message_id; /* with <> */
	struct str from;
};

enum message_mode {
	MESSAGE_AS_IS, /* the body leaves octet by octet */
	MESSAGE_LINES, /* only its line ends are mended */
	MESSAGE_PARTS, /* parts of it are encoded anew */
};

struct message {
	struct buf header; /* as it came, line ends made CRLF, without a From_ line and the
			      separator */
	uint64_t octets;   /* of all input */
	uint64_t body_at;  /* offset in the input where the body begins */
	uint64_t lines;
	unsigned missing;       /* enum message_missing */
	bool from_line;         /* an mbox From_ line stood in front */
	bool separated;         /* the empty line is there, or the input ended in the header */
	bool eight_bit;         /* a body has octets over 0x7f and leaves with them: BODY=8BITMIME (after
			     message_plan) */
	bool utf8;              /* a header leaves with such: SMTPUTF8 (after message_plan) */
	enum message_mode mode; /* after message_plan */
	struct buf plan;        /* the header block to send, with the empty line */
	uint64_t body_size;     /* of the body to send; for MESSAGE_PARTS to be counted by running
				   message_body */
	struct message_state *state;
};

void message_init(struct message *m);
void message_free(struct message *m);

/* Look at the input, any cuts, then its end. */
void message_scan(struct message *m, struct str s);
void message_scan_end(struct message *m);

/*
 * Decide, and write m->plan. May be called again with other wishes. 65 with the line for what
 * cannot be mended: a header over 16 MiB, a header line that cannot be folded, a signature (DKIM,
 * multipart/signed, S/MIME) that the change would break. Bcc and Resent-Bcc are taken out always.
 * Where !wants->utf8 leaves a header that only SMTPUTF8 can carry, m->utf8 is set: it is for the
 * caller to plan again with it, or to give up.
 */
bool message_plan(struct message *m, const struct message_wants *wants, struct err *err);

/* The body in its wire form: from body_at of the input on, any cuts, then its end. Begin each pass
 * with message_body_begin. */
void message_body_begin(struct message *m);
bool message_body(struct message *m, struct str s, struct buf *out, struct err *err);
bool message_body_end(struct message *m, struct buf *out, struct err *err);

/* The header of another message (one that we composed) without octets over 0x7f, as message_plan
 * makes it with downgrade. */
bool message_header_ascii(struct str header, bool downgrade, struct buf *out, struct err *err);

#endif
