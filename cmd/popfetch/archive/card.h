#ifndef PIPEMAIL_POPFETCH_CARD_H
#define PIPEMAIL_POPFETCH_CARD_H

#include "base/buf.h"

struct mime_leaf;

/*
 * What an index says of a message: decoded, UTF-8, without controls (shown as \xNN), each value on one line and at most
 * so long. Zeroed at first, reused for the next message, freed with card_free.
 */
struct card {
	struct buf from;
	struct buf to;
	struct buf subject;
	struct buf message_id; /* with its <>; empty without one */
	/* The messages that it answers, by In-Reply-To or else the last of References; the first of References. */
	struct buf parent;
	struct buf root;
	bool dated;
	int64_t date; /* seconds since 1970: of Date, else of the newest Received */
	uint64_t size;
	unsigned attachments; /* not counting text, pictures in the text and signatures */
	/*
	 * 32 hexadecimal digits of the SHA-256 of its content, without the fields that mail programs change
	 * when a message was read (Status and the like), with LF line ends and without empty lines at the end:
	 * the same message in an mbox and in a Maildir, before and after it was read, has the same key.
	 */
	char key[33];
};
void card_read(struct card *c, struct str message, uint64_t size);
void card_free(struct card *c);

/* What becomes of a part. */
enum card_part {
	CARD_TEXT,      /* shown as text */
	CARD_HTML,      /* shown in a frame */
	CARD_MESSAGE,   /* a message: shown within this one, and a file */
	CARD_PICTURE,   /* a picture that the HTML may show where it is: a file too, but not an attachment */
	CARD_SIGNATURE, /* a file, but not an attachment */
	CARD_ENCRYPTED, /* a file that says that the message is encrypted */
	CARD_FILE,
};
enum card_part card_part(const struct mime_leaf *leaf);
/* Most parts of a message that are looked at. */
#define CARD_PARTS 1000u

#endif
