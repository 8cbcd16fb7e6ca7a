#ifndef PIPEMAIL_MAIL_MIME_READ_H
#define PIPEMAIL_MAIL_MIME_READ_H

#include "base/buf.h"

/*
 * Reads the parts of a message that came in (bounces, previews) without copying. Limits keep a hostile message
 * cheap: a number of parts, depth 10, 256 KiB of header; the rest is not looked at.
 */
struct mime_leaf {
	struct str header; /* of the part; a slice of message */
	struct str body;   /* still encoded; a slice of message */
	char type[80];     /* "message/delivery-status", lower case; text/plain where none is given */
	unsigned depth;
	unsigned parent; /* number of the enclosing multipart, 0 the message */
	/* in a multipart/alternative: another part shows the same */
	bool alternative;
};

/* clang-format off */
/*
 * All leaves of a message in order, in one pass:
 *
 *     mime_walk_init(&w, message, 1000);
 *     while (mime_walk_next(&w, &leaf))
 *             ...
 *
 * w borrows the message and owns nothing. message/rfc822 and other message types are leaves; so is a multipart without
 * a boundary or deeper than 10.
 */
/* clang-format on */
#define MIME_MAX_DEPTH 10
struct mime_walk {
	struct str message;
	struct mime_level {        /* one multipart on the way down */
		struct str rest;   /* of it, not looked at yet */
		char boundary[72]; /* the line that separates its parts */
		unsigned number;   /* among all multiparts, from 1 */
		bool alternative;
	} levels[MIME_MAX_DEPTH];
	unsigned depth;
	unsigned multiparts;
	unsigned parts;
	unsigned most; /* parts to look at */
	bool begun;
	bool cut; /* there were more */
};
void mime_walk_init(struct mime_walk *w, struct str message, unsigned most);
bool mime_walk_next(struct mime_walk *w, struct mime_leaf *leaf);
/*
 * A multipart whose boundary is missing, or is not the one that its lines have, is taken apart at what looks like one:
 * a line of "--" and more before a part's header.
 *
 * The i-th leaf of message, in order: call with i from 0 until it returns false (each call searches from the
 * start), 100 parts at most.
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
