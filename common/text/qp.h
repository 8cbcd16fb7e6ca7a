#ifndef PIPEMAIL_TEXT_QP_H
#define PIPEMAIL_TEXT_QP_H

#include "base/str.h"

struct buf;

/*
 * Quoted-printable (RFC 2045, 6.7) of text: LF, CRLF and lone CR are line ends and leave as CRLF,
 * lines are at most 76 octets, a blank before a line end, a leading "." and a leading "From " are
 * encoded, so that no relay changes the body. Streams: feed any cuts with the same zeroed state,
 * then end it.
 */
struct qp {
	char line[80]; /* the line so far, encoded */
	size_t n;
	bool cr; /* the last octet was a CR */
};
bool qp_add(struct qp *state, struct buf *out, struct str s);
/* What is held; a last line without an end gets a soft break and no line end of its own: the
 * decoded text is the input with CRLF line ends, to the octet. */
bool qp_end(struct qp *state, struct buf *out);

/* Tolerant, as RFC 2045 asks of readers: a malformed escape stands for itself. */
bool qp_decode(struct buf *out, struct str s);

#endif
