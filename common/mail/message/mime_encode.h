#ifndef PIPEMAIL_MAIL_MIME_ENCODE_H
#define PIPEMAIL_MAIL_MIME_ENCODE_H

#include "base/buf.h"
#include "mail/message/mime_scan.h"
#include "text/base64.h"
#include "text/qp.h"

/* clang-format off */
/*
 * Encodes content in any pieces. Set encoding and text, zero the rest; feed; end; free. Text gets CRLF line ends
 * (inside base64 too, RFC 2045, 6.8), other content is kept to the byte.
 *
 *     struct mime_encoder e = { .encoding = MIME_QP, .text = true };
 *     mime_encode(&e, &out, piece);
 *     mime_encode_end(&e, &out);
 *     mime_encoder_free(&e);
 */
/* clang-format on */
struct mime_encoder {
	enum mime_encoding encoding;
	bool text;
	bool cr;      /* the last byte was a CR, whose line end is already written */
	bool in_line; /* the last line has no end yet */
	struct base64_lines base64;
	struct qp qp;
	struct buf scratch;
};
/* Append the next piece, encoded. False when out is full. */
bool mime_encode(struct mime_encoder *e, struct buf *out, struct str s);
/* Append what is held; a last line of text without an end gets one (but in quoted-printable a soft break). */
bool mime_encode_end(struct mime_encoder *e, struct buf *out);
void mime_encoder_free(struct mime_encoder *e);

#endif
