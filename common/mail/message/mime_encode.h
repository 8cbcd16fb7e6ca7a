#ifndef PIPEMAIL_MAIL_MIME_ENCODE_H
#define PIPEMAIL_MAIL_MIME_ENCODE_H

#include "base/buf.h"
#include "mail/message/mime_scan.h"
#include "text/base64.h"
#include "text/qp.h"

/*
 * Content on its way into its wire form, in any cuts. Zeroed but for the first two, then
 * mime_encode_end. Text leaves with CRLF line ends (also inside base64, RFC 2045, 6.8), other
 * content to the octet.
 */
struct mime_encoder {
	enum mime_encoding encoding;
	bool text;
	bool cr;      /* the last octet was a CR, and its line end is written already */
	bool in_line; /* something stands behind the last line end */
	struct base64_lines base64;
	struct qp qp;
	struct buf scratch;
};
bool mime_encode(struct mime_encoder *e, struct buf *out, struct str s);
bool mime_encode_end(struct mime_encoder *e, struct buf *out);
void mime_encoder_free(struct mime_encoder *e);

#endif
