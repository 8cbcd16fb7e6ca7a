#ifndef PIPEMAIL_MAILSEND_OUTGOING_H
#define PIPEMAIL_MAILSEND_OUTGOING_H

#include "cmd/mailsend/compose/source.h"
#include "mail/message/dkim.h"
#include "mail/message/message.h"
#include "mail/message/mime_compose.h"

/* clang-format off */
/*
 * A message on its way out, composed here or finished by another program. outgoing_plan decides its form once the
 * server's extensions are known; then it is read to its end, as often as needed, in its wire form (CRLF, before
 * dot stuffing). Files and long inputs are streamed, so memory does not grow with the message.
 *
 *     outgoing_plan(&o, eight_bit, utf8, downgrade, err);
 *     outgoing_rewind(&o);
 *     do {
 *             buf_clear(&block);
 *             more = outgoing_read(&o, 65536, &block, err);
 *     } while (more > 0);
 *     outgoing_free(&o);
 */
/* clang-format on */
struct outgoing {
	bool composed;
	bool empty;               /* there is nothing in its body */
	struct mime_message mime; /* composed: what was made, and its files */
	size_t mime_header;       /* bytes of mime.text that are the header block */
	struct source *files;     /* owned; mime's segments are indices into it */
	size_t n_files;
	struct message message; /* finished */
	struct source input;
	struct message_wants wants;
	struct buf date, from, id, reply_to; /* what wants points to */
	char message_id[260];                /* with its <>; "" when it has none */

	struct dkim_key *key; /* owned; NULL: the message is not signed */
	char *dkim_domain;
	const char *dkim_selector; /* borrowed */
	int64_t signed_at;         /* seconds since 1970, for t= */

	/* After outgoing_plan. */
	struct buf head; /* the header block to send, with its empty line */
	uint64_t size;   /* exact bytes of the whole message */
	bool eight_bit;
	bool utf8; /* the header has bytes over 0x7f */
	bool downgraded;

	/* The pass. */
	uint64_t given; /* bytes given out */
	size_t segment;
	uint64_t at;         /* in the segment or input */
	uint64_t file_given; /* bytes of the current file, encoded */
	struct mime_encoder encoder;
	struct buf raw;
	bool ended;
};

void outgoing_free(struct outgoing *o);
/*
 * Decide the form for a server: does it offer 8BITMIME, and will the header be sent with SMTPUTF8? Without that,
 * addresses in the header that need it become empty groups if downgrade is set; else o->utf8 says that they are
 * there. Signs, which reads the whole body. May be called again. False with ERR_DATA for what cannot be sent, or
 * with the errors of reading and signing.
 */
bool outgoing_plan(struct outgoing *o, bool eight_bit, bool utf8, bool downgrade, struct err *err);
/* Read from the start again. */
void outgoing_rewind(struct outgoing *o);
/*
 * Append the next bytes, about n of them. 1: there is more; 0: that was all; -1: err. ERR_IO when a file changed
 * its size since it was looked at: the size was announced to the server.
 */
int outgoing_read(struct outgoing *o, size_t n, struct buf *out, struct err *err);

#endif
