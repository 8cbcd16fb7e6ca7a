#ifndef PIPEMAIL_MAIL_MIME_MESSAGE_H
#define PIPEMAIL_MAIL_MIME_MESSAGE_H

#include "base/buf.h"
#include "mail/message/mime_scan.h"

/*
 * A message to be sent, as a list of segments: bytes in memory, and files that whoever owns descriptors reads and
 * encodes when they are sent. So a message of any size is composed in constant memory and its size is known before
 * the first byte leaves.
 */
struct mime_segment {
	size_t at; /* MIME_NO_FILE: offset of its bytes in message.text */
	size_t n;
	size_t file;                 /* index into the caller's files, or MIME_NO_FILE */
	enum mime_encoding encoding; /* of a file's octets: a struct mime_encoder's first two */
	bool text;
	uint64_t size; /* octets on the wire (CRLF form, before dot stuffing) */
};
#define MIME_NO_FILE ((size_t)-1)

struct mime_message {
	struct buf text; /* owned: all bytes in memory, one segment after the other */
	struct mime_segment *segments;
	size_t n;
	size_t cap;
	uint64_t size;  /* of the whole */
	bool eight_bit; /* a body has bytes over 0x7f: BODY=8BITMIME (RFC 6152) */
	bool utf8;      /* a header has: SMTPUTF8 (RFC 6531) */
};

/* Frees what m owns and leaves it zeroed, a valid empty message. */
void mime_message_free(struct mime_message *m);
/* Empty it and keep the storage: for the next row of a list. */
void mime_message_clear(struct mime_message *m);

#endif
