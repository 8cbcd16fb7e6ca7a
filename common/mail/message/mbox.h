#ifndef PIPEMAIL_MAIL_MBOX_H
#define PIPEMAIL_MAIL_MBOX_H

#include "base/str.h"

struct buf;

/*
 * The mbox format as RFC 4155 has its frame and mboxrd its quoting: "From " sender and asctime date in UTC, LF line
 * ends, ">" before every "^>*From ", one empty line after each message. Reversible.
 */

/* Writer. Octets come in any cuts with CRLF, LF or lone CR line ends (a lone CR stays an octet of its line). */
struct mbox_writer {
	char held[8]; /* the start of a line that could become >>>From */
	unsigned held_n;
	bool in_line;
	bool cr;
	bool quoting; /* only '>' so far in this line */
};
/* The From_ line. sender: envelope sender or "" (MAILER-DAEMON); what is no plain ASCII address becomes
 * MAILER-DAEMON. */
bool mbox_begin(struct mbox_writer *w, struct buf *out, struct str sender, int64_t seconds);
bool mbox_add(struct mbox_writer *w, struct buf *out, struct str s);
/* Ends the last line and adds the empty one. */
bool mbox_end(struct mbox_writer *w, struct buf *out);

/*
 * Reader: message by message, whatever the size of the file. Feed octets, pull events; a From_ line counts after an
 * empty line or at the start, when it has a date behind the sender. One ">" is taken off "^>+From ".
 * Content-Length is not believed.
 */
enum mbox_event { MBOX_MORE, MBOX_BEGIN, MBOX_LINE, MBOX_FINISH, MBOX_END, MBOX_NOT };
struct mbox_reader {
	struct str pending;
	bool started;
	bool in_message;
	bool blank; /* the last line was empty and is held back: it may belong to the frame */
	bool blank_crlf;
	bool eof;
	bool failed;
};
/* Give the next octets to look at; those that csv-like readers leave (a last line without its end) are in pending.n
 * after MBOX_MORE: keep them in front of what comes next. */
void mbox_feed(struct mbox_reader *r, struct str octets, bool eof);
/* MBOX_LINE: *line is one line with its end; MBOX_BEGIN: the From_ line; MBOX_NOT: this is no mbox. */
enum mbox_event mbox_next(struct mbox_reader *r, struct str *line);

#endif
