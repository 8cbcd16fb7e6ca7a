#ifndef PIPEMAIL_TEXT_QP_H
#define PIPEMAIL_TEXT_QP_H

#include "base/str.h"

struct buf;

/*
 * Quoted-printable (RFC 2045, 6.7) for bodies of text. LF, CRLF and a lone CR are line ends and become CRLF; lines
 * have at most 76 characters. Also encoded is what relays may change although it would be valid: white space
 * before a line end, "." and "From " at the start of a line. It is a stream: feed the input in any pieces with the
 * same state, zeroed before the first, then end it.
 */
struct qp {
	char line[80]; /* the current line, already encoded, not written yet */
	size_t n;
	bool cr; /* the last byte was a CR: a LF after it is not another line end */
};
/* False when out is full; the output is then incomplete. */
bool qp_add(struct qp *state, struct buf *out, struct str s);
/*
 * Write what is held and make the state zero again. A last line without a line end gets a soft break, so that
 * decoding gives the input again, with CRLF line ends, to the byte.
 */
bool qp_end(struct qp *state, struct buf *out);

/*
 * Append s decoded, tolerantly as RFC 2045 asks of readers: a malformed escape is copied as it is, white space at
 * line ends is removed, line ends are kept as they are. False, with nothing appended, only when out is full.
 */
bool qp_decode(struct buf *out, struct str s);

#endif
