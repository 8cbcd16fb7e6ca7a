#ifndef PIPEMAIL_MAIL_HEADER_H
#define PIPEMAIL_MAIL_HEADER_H

#include "base/str.h"

struct buf;
struct err;

/*
 * A header block (RFC 5322, 2.2), read as slices of the message and written with the one function
 * that all header lines leave by: it refuses CR, LF, NUL and other controls, whoever calls it.
 */
struct header_field {
	struct str name;  /* without the colon */
	struct str body;  /* raw, with its folding, without the final line end */
	struct str whole; /* name, colon, body and line end as they stand */
};

struct header_reader {
	struct str rest;
	uint64_t line; /* line number of the next field, from 1 */
};
enum header_event {
	HEADER_FIELD,
	HEADER_END,       /* rest begins with the empty line, or is empty */
	HEADER_MALFORMED, /* a line that is no field: field.whole, with the lines that continue it;
			   * the next call goes on behind them */
};
/* block: from the first line on; LF and CRLF both end lines. Pull fields until HEADER_END. Blanks
 * between name and colon are passed over, as the obsolete syntax has them. */
void header_init(struct header_reader *r, struct str block);
enum header_event header_next(struct header_reader *r, struct header_field *field);

/* Length of the header block of message with the empty line that ends it, in octets: where the
 * body begins. message.n when there is no empty line. */
size_t header_length(struct str message);
/* The raw body of the first field of that name, or STR_NONE (p NULL). */
struct str header_find(struct str block, const char *name);
/* A field body without its folding (line ends taken out, as RFC 5322 2.2.3 unfolds) and trimmed. */
bool header_unfold(struct buf *out, struct str body);

/*
 * "Name: value" CRLF, folded at blanks so that lines are at most 76 octets where that is possible,
 * never over 998 and never blank. value is final (RFC 2047 words done); blanks at its ends are
 * dropped, a TAB is a blank. False with 65, and nothing written, for a name that is no field name,
 * a value with a control in it or that is no UTF-8, and one that cannot be folded (998 octets
 * without a blank).
 */
bool header_add(struct buf *out, struct str name, struct str value, struct err *err);
/* The same for free text in UTF-8 (Subject, Comments): encoded as needed, so that it always can be
 * folded. */
bool header_add_text(struct buf *out, struct str name, struct str utf8, struct err *err);

#endif
