#ifndef PIPEMAIL_MAILSEND_OUTGOING_H
#define PIPEMAIL_MAILSEND_OUTGOING_H

#include "cmd/mailsend/compose/source.h"
#include "mail/message/dkim.h"
#include "mail/message/message.h"
#include "mail/message/mime_compose.h"

/*
 * A message on its way out, composed or finished: asked once what the server takes (outgoing_plan),
 * then read to its end as often as needed, in its wire form (CRLF, before dot stuffing). Files and
 * long inputs are streamed.
 */
struct outgoing {
	bool composed;
	struct mime_message mime; /* composed: what was made, and its files */
	size_t mime_header;       /* octets of mime.text that are the header block */
	struct source *files;
	size_t n_files;
	struct message message; /* finished */
	struct source input;
	struct message_wants wants;
	struct buf date, from, id; /* what wants points to */
	char message_id[260];      /* with its <>; "" when it has none */

	struct dkim_key *key; /* NULL: not signed */
	char *dkim_domain;
	const char *dkim_selector; /* borrowed */
	int64_t signed_at;

	/* After outgoing_plan. */
	struct buf head; /* header block with the empty line */
	uint64_t size;   /* of the whole */
	bool eight_bit;
	bool utf8; /* the header has octets over 0x7f */
	bool downgraded;

	/* The pass. */
	uint64_t given; /* octets handed out */
	size_t segment;
	uint64_t at;         /* in the segment or input */
	uint64_t file_given; /* octets that the file has come to, encoded */
	struct mime_encoder encoder;
	struct buf raw;
	bool ended;
};

void outgoing_free(struct outgoing *o);
/*
 * Decide on the form for a server: does it take 8BITMIME, and will the header go by SMTPUTF8?
 * Without that, addresses in the header that need it are shown as empty groups when downgrade is
 * set, else o->utf8 tells that they are there. May be called again.
 */
bool outgoing_plan(struct outgoing *o, bool eight_bit, bool utf8, bool downgrade, struct err *err);
/* From the start again. */
void outgoing_rewind(struct outgoing *o);
/* Append the next octets, about n at the most: 1 there is more, 0 that was all, -1 error. A file
 * whose size changed under us is 74. */
int outgoing_read(struct outgoing *o, size_t n, struct buf *out, struct err *err);

#endif
