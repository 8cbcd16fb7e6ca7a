#ifndef PIPEMAIL_MAIL_MBOX_H
#define PIPEMAIL_MAIL_MBOX_H

#include "base/str.h"

struct buf;

/* clang-format off */
/*
 * The mbox format: the frame of RFC 4155 and the quoting of mboxrd ("From " sender and asctime date in UTC, LF
 * line ends, a ">" before every line that matches "^>*From ", one empty line after each message), which can be
 * undone exactly.
 *
 *     mbox_begin(&w, &out, sender, now);
 *     mbox_add(&w, &out, piece);              as often as there are pieces
 *     mbox_end(&w, &out);
 */
/* clang-format on */

/*
 * The writer. Bytes come in any pieces with CRLF or LF line ends; a lone CR stays a byte of its line. The
 * functions return false when out is full. Nothing to free.
 */
struct mbox_writer {
	char held[8]; /* the start of a line that could become "From " */
	unsigned held_n;
	bool in_line; /* the current line is past the place where quoting is decided */
	bool cr;      /* the last byte was a CR, not written yet */
	bool quoting; /* only '>' so far in this line */
};
/*
 * Reset w and append the From_ line. sender is the envelope sender; an empty one, and one that is not a simple
 * ASCII address, becomes MAILER-DAEMON. seconds since 1970.
 */
bool mbox_begin(struct mbox_writer *w, struct buf *out, struct str sender, int64_t seconds);
bool mbox_add(struct mbox_writer *w, struct buf *out, struct str s);
/* End the last line if it is open, and append the empty line. */
bool mbox_end(struct mbox_writer *w, struct buf *out);

/* clang-format off */
/*
 * Reads an mbox message by message, whatever the size of the file. A line that begins with "From " counts as a
 * From_ line at the start of the file, and after an empty line if it has a date after the sender. One ">" is
 * removed from "^>+From ". Content-Length is not used.
 *
 *     mbox_feed(&r, bytes, eof);
 *     while ((event = mbox_next(&r, &line)) != MBOX_MORE && event != MBOX_END && event != MBOX_NOT)
 *             ...
 *     keep the last r.pending.n bytes in front of what is read next
 *
 * MORE: feed more. BEGIN, LINE, FINISH: a message begins, has this line, ends. END: no more messages. NOT: not an
 * mbox.
 */
/* clang-format on */
enum mbox_event { MBOX_MORE, MBOX_BEGIN, MBOX_LINE, MBOX_FINISH, MBOX_END, MBOX_NOT };
/* Zeroed at the start; borrows the bytes fed last; nothing to free. */
struct mbox_reader {
	struct str pending; /* what was fed and not used yet */
	bool started;
	bool in_message;
	bool blank;      /* the last line was empty and is held back: it may belong to the frame */
	bool blank_crlf; /* and it ended in CRLF */
	bool eof;
	bool failed;
};
/*
 * Replace the bytes to look at: those left in pending (a last line without its end) must come first. eof: no more
 * follow.
 */
void mbox_feed(struct mbox_reader *r, struct str octets, bool eof);
/*
 * The next event. *line is one line with its end with MBOX_LINE, and the From_ line with MBOX_BEGIN; it lives as
 * long as the bytes fed (an empty line is static). After MBOX_NOT every call gives MBOX_NOT.
 */
enum mbox_event mbox_next(struct mbox_reader *r, struct str *line);

#endif
