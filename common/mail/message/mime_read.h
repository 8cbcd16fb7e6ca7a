#ifndef PIPEMAIL_MAIL_MIME_READ_H
#define PIPEMAIL_MAIL_MIME_READ_H

#include "base/buf.h"

/*
 * Reads the parts of a message that came in (bounces, previews) without copying. Limits keep a hostile message
 * cheap: 100 parts, depth 10, 256 KiB of header; the rest is not looked at.
 */
struct mime_leaf {
	struct str header; /* of the part; a slice of message */
	struct str body;   /* still encoded; a slice of message */
	char type[80];     /* "message/delivery-status", lower case; text/plain where none is given */
	unsigned depth;
	unsigned parent; /* number of the enclosing multipart, 0 the message */
};
/*
 * A multipart whose boundary is missing, or is not the one that its lines have, is taken apart at what looks like one:
 * a line of "--" and more before a part's header.
 *
 * The i-th leaf of message, in order: call with i from 0 until it returns false (each call searches from the
 * start). message/rfc822 and other message types are leaves.
 */
bool mime_leaf(struct str message, size_t i, struct mime_leaf *leaf);
/* The first `most` leaves at once, in one walk; how many there were. */
size_t mime_leaves(struct str message, struct mime_leaf *leaves, size_t most);
/*
 * Append the body of a leaf with its Content-Transfer-Encoding decoded and, for text, its charset converted to
 * UTF-8; text in an unknown charset is read as UTF-8 or else Windows-1252. False only when out is full.
 */
bool mime_decode(const struct mime_leaf *leaf, struct buf *out);

#endif
