#ifndef PIPEMAIL_MAIL_MESSAGE_H
#define PIPEMAIL_MAIL_MESSAGE_H

#include "base/buf.h"

struct err;

/* clang-format off */
/*
 * A finished message that is to be sent on (as sendmail gets it): message_scan looks at it once, message_plan
 * decides what has to be repaired before it may leave, message_body writes it in its wire form. All take the input
 * in any pieces and use constant memory; only the header is kept. A message without faults leaves exactly as it
 * came.
 *
 *     message_init(&m);
 *     message_scan(&m, piece);  ...  message_scan_end(&m);             the whole input
 *     message_plan(&m, &wants, err);                                   now m.plan is the header to send
 *     message_body_begin(&m);
 *     message_body(&m, piece, &out, err);  ...  message_body_end(&m, &out, err);     the input from m.body_at on
 *     message_free(&m);
 */
/* clang-format on */

/* What a message lacks and message_plan can add (struct message.missing, as bits). */
enum message_missing {
	MESSAGE_DATE = 1,
	MESSAGE_ID = 2,
	MESSAGE_FROM = 4,
};

/* What the caller allows and supplies; the slices must live as long as the message. */
struct message_wants {
	/* 8BITMIME is offered: bodies with bytes over 0x7f may leave as they are. */
	bool eight_bit;
	bool utf8; /* SMTPUTF8 will be used: so may headers */
	/* With !utf8: addresses that only SMTPUTF8 can carry become empty groups that show them (RFC 6857). */
	bool downgrade;
	bool replace_from;     /* from replaces the From that is there, too */
	struct str date;       /* values for what is missing, final (RFC 2047 words done) */
	struct str message_id; /* with <> */
	struct str from;
	struct str reply_to; /* added where there is no Reply-To; empty: none is */
	/*
	 * Names without a domain in address fields get this one; empty: they stay. known tells whether a word before a
	 * comma is a recipient of its own (struct address_list), so that header and envelope agree; NULL: none is.
	 */
	struct str domain;
	bool (*known)(void *arg, struct str word);
	void *arg;
};

enum message_mode {
	MESSAGE_AS_IS, /* the body leaves unchanged */
	MESSAGE_LINES, /* only its line ends are repaired */
	MESSAGE_PARTS, /* parts of it are encoded anew */
};

struct message {
	/* As it came, with CRLF line ends, without a From_ line and the empty line. */
	struct buf header;
	uint64_t octets;  /* bytes of all input */
	uint64_t body_at; /* offset in bytes in the input where the body begins */
	uint64_t lines;
	unsigned missing; /* enum message_missing */
	bool from_line;   /* an mbox From_ line was in front */
	bool unbounded;   /* it says that it is a multipart, and not what divides its parts: it leaves as text */
	bool separated;   /* the empty line is there, or the input ended in the header */
	/* A body has bytes over 0x7f and leaves with them: BODY=8BITMIME (after message_plan). */
	bool eight_bit;
	/* A header leaves with such bytes: SMTPUTF8 (after message_plan). */
	bool utf8;
	enum message_mode mode; /* after message_plan */
	struct buf plan;        /* after message_plan: the header block to send, with the empty line */
	/* Bytes of the body to send; for MESSAGE_PARTS the caller counts them by running message_body once. */
	uint64_t body_size;
	struct message_state *state; /* owned, private */
};

/* Begin a message; m must not own anything. Free it with message_free, which leaves it zeroed. */
void message_init(struct message *m);
void message_free(struct message *m);

/* The next piece of the input; then message_scan_end once, before message_plan. */
void message_scan(struct message *m, struct str s);
void message_scan_end(struct message *m);

/*
 * Decide, and write m->plan. May be called again with other wants, also after a pass of message_body. Bcc and
 * Resent-Bcc are always removed. False with ERR_DATA and the line for what cannot be repaired: a header over 16
 * MiB, more than 20,000 parts, a header line that cannot be folded, a signature (DKIM, multipart/signed, S/MIME)
 * that the change would break. When !wants->utf8 leaves a header that only SMTPUTF8 can carry, m->utf8 is set: the
 * caller plans again with it, or gives up.
 */
bool message_plan(struct message *m, const struct message_wants *wants, struct err *err);

/*
 * Begin a pass over the body, of which there may be several. Then message_body gets the input from body_at on, in
 * any pieces, and message_body_end ends it; both append the wire form (CRLF lines, without dot stuffing) to out.
 * False with ERR_SOFTWARE when out is full (message_body_end sets no text then), or with ERR_DATA as message_plan.
 */
void message_body_begin(struct message *m);
bool message_body(struct message *m, struct str s, struct buf *out, struct err *err);
bool message_body_end(struct message *m, struct buf *out, struct err *err);

/*
 * Append the header of another message (one that we composed) without bytes over 0x7f, repaired as message_plan
 * does with downgrade. False with ERR_DATA.
 */
bool message_header_ascii(struct str header, bool downgrade, struct buf *out, struct err *err);

#endif
