#ifndef PIPEMAIL_MAIL_HEADER_H
#define PIPEMAIL_MAIL_HEADER_H

#include "base/str.h"

struct buf;
struct err;

/* clang-format off */
/*
 * Reads and writes a header block (RFC 5322, 2.2). Reading gives slices of the message. Every header line of the
 * project is written by header_add, which refuses CR, LF, NUL and other control characters whoever calls it: a
 * cell of a list cannot add a field to a message.
 *
 *     header_init(&r, block);
 *     while ((event = header_next(&r, &field)) != HEADER_END)
 *             if (event == HEADER_FIELD && str_ieq(field.name, STR_LIT("Subject")))
 *                     ...
 */
/* clang-format on */
struct header_field {
	struct str name;  /* without the colon */
	struct str body;  /* raw, with its folding, without the final line end */
	struct str whole; /* name, colon, body and line end as they are in the input */
};

struct header_reader {   /* borrows the block, nothing to free */
	struct str rest; /* not read yet */
	uint64_t line;   /* line number of the next field, from 1 */
};
enum header_event {
	HEADER_FIELD,
	HEADER_END, /* rest begins with the empty line, or is empty */
	/* not a field: field.whole is the line with those that continue it; the next call goes on after it */
	HEADER_MALFORMED,
};
/*
 * Begin at the first line of block, which may be a whole message; LF and CRLF both end lines. block must outlive
 * r.
 */
void header_init(struct header_reader *r, struct str block);
/*
 * The next field; its slices point into the block. White space between name and colon is ignored, as the obsolete
 * syntax has it (RFC 5322, 4.5). Repeated calls after HEADER_END give HEADER_END.
 */
enum header_event header_next(struct header_reader *r, struct header_field *field);

/*
 * Where the body of message begins: the length in bytes of the header block with the empty line that ends it;
 * message.n when there is no empty line.
 */
size_t header_length(struct str message);
/*
 * The raw body of the first field of that name (ASCII case ignored), a slice of block; STR_NONE (p NULL) without
 * one.
 */
struct str header_find(struct str block, const char *name);
/*
 * Append a field body without its line ends (RFC 5322, 2.2.3) and without white space at both ends. White space
 * that began a continuation line stays. False when out is full.
 */
bool header_unfold(struct buf *out, struct str body);

/*
 * Append "Name: value" CRLF, folded before white space so that lines have at most 76 characters where possible and
 * never over 998 (RFC 5322, 2.1.1), none of them blank. value is final: RFC 2047 encoding was done. White space at
 * its ends is dropped and a TAB counts as a space. False with ERR_DATA, and nothing appended, for a name that is
 * not a field name or is over 76 bytes, a value with a control character or invalid UTF-8, one that cannot be
 * folded (998 bytes without white space), and a full out.
 */
bool header_add(struct buf *out, struct str name, struct str value, struct err *err);
/*
 * As header_add for free text in UTF-8 (Subject, Comments): encoded as RFC 2047 asks where needed, so it can
 * always be folded. A control character is refused, not encoded.
 */
bool header_add_text(struct buf *out, struct str name, struct str utf8, struct err *err);

#endif
