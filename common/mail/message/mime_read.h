#ifndef PIPEMAIL_MAIL_MIME_READ_H
#define PIPEMAIL_MAIL_MIME_READ_H

#include "base/buf.h"

/*
 * Reading (for bounces and previews): the parts of a message, found without copying. Limits: 100
 * parts, depth 10, 256 KiB of header; what lies beyond is not looked at.
 */
struct mime_leaf {
	struct str header; /* of the part */
	struct str body;   /* as it stands, encoded */
	char type[80];     /* "message/delivery-status", lower case; text/plain where none is given */
	unsigned depth;
	unsigned parent; /* number of the enclosing multipart, 0 the message */
};
/* Every leaf of message in order: call with i from 0 until false. message/rfc822 and other message
 * types are leaves. */
bool mime_leaf(struct str message, size_t i, struct mime_leaf *leaf);
/* The body of a leaf with its Content-Transfer-Encoding undone and, for text, its charset made
 * UTF-8. */
bool mime_decode(const struct mime_leaf *leaf, struct buf *out);

#endif
