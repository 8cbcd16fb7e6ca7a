#ifndef PIPEMAIL_MAIL_MIME_H
#define PIPEMAIL_MAIL_MIME_H

#include "base/buf.h"
#include "text/base64.h"
#include "text/qp.h"

struct err;

/*
 * A message to be sent, as a list of segments: octets that are there, and files that whoever owns
 * descriptors streams through an encoder when the time comes. So a message of any size is composed
 * in constant memory, its size is known before the first octet leaves, and this floor opens
 * nothing.
 */
enum mime_encoding { MIME_7BIT, MIME_8BIT, MIME_QP, MIME_BASE64 };

struct mime_segment {
	size_t at; /* MIME_NO_FILE: where its octets stand in message.text */
	size_t n;
	size_t file;                 /* index into the caller's files, or MIME_NO_FILE */
	enum mime_encoding encoding; /* of a file's octets: a struct mime_encoder's first two */
	bool text;
	uint64_t size; /* octets on the wire (CRLF form, before dot stuffing) */
};
#define MIME_NO_FILE ((size_t)-1)

struct mime_message {
	struct buf text; /* all octets in memory, one behind the other */
	struct mime_segment *segments;
	size_t n;
	size_t cap;
	uint64_t size;  /* of the whole */
	bool eight_bit; /* a body has octets over 0x7f: BODY=8BITMIME */
	bool utf8;      /* a header has: SMTPUTF8 */
};

void mime_message_free(struct mime_message *m);
/* Empty it and keep the storage: for the next row of a list. */
void mime_message_clear(struct mime_message *m);

/* What was found in one content by looking at it once (in any cuts, zeroed at the start): enough to
 * choose an encoding. */
struct mime_scan {
	uint64_t octets;
	uint64_t high;     /* over 0x7f */
	uint64_t qp_extra; /* octets that quoted-printable would add, roughly */
	uint64_t longest;  /* line */
	uint64_t line;
	bool nul;
	bool lone_cr;
	bool lone_lf;
	bool control;   /* other than TAB, CR and LF */
	bool from_line; /* a line begins with "From " */
	unsigned from;  /* octets of that at the start of this line */
	bool not_utf8;
	unsigned char tail[4]; /* an unfinished UTF-8 sequence */
	unsigned tail_n;
	bool cr;
};
void mime_scan_add(struct mime_scan *scan, struct str s);
/* No octet of it was anything but UTF-8, seen to its end. */
bool mime_scan_utf8(const struct mime_scan *scan);
/* As text it may travel as it is, but for lines that an mbox would quote. */
bool mime_scan_7bit(const struct mime_scan *scan);
/* The cheapest encoding that brings it through unchanged: 7bit, quoted-printable or base64.
 * is_text: line ends may be normalised; otherwise every octet arrives as it is. */
enum mime_encoding mime_choose(const struct mime_scan *scan, bool is_text);

/*
 * Content on its way into its wire form, in any cuts. Zeroed but for the first two, then
 * mime_encode_end. Text leaves with CRLF line ends (also inside base64, RFC 2045, 6.8), other
 * content to the octet.
 */
struct mime_encoder {
	enum mime_encoding encoding;
	bool text;
	bool cr;      /* the last octet was a CR, and its line end is written already */
	bool in_line; /* something stands behind the last line end */
	struct base64_lines base64;
	struct qp qp;
	struct buf scratch;
};
bool mime_encode(struct mime_encoder *e, struct buf *out, struct str s);
bool mime_encode_end(struct mime_encoder *e, struct buf *out);
void mime_encoder_free(struct mime_encoder *e);

/* One leaf. Either content or file is given. */
struct mime_part {
	const char *type;   /* "text/plain", "image/png"…; a text type gets charset=utf-8 where it is
			     UTF-8 */
	struct str content; /* octets, when file is MIME_NO_FILE */
	size_t file;
	uint64_t file_size;    /* octets in the file */
	uint64_t encoded_size; /* of a file for which mime_part_stream says so: its size encoded */
	struct mime_scan scan; /* of a file; content is scanned here */
	const char *name;      /* file name for people, UTF-8, or NULL */
	const char *cid;       /* Content-ID without <>, for inline parts, or NULL */
};

/*
 * How a part is to travel, from its type and scan: type may be changed (a message/rfc822 that
 * cannot be 7bit has to be octets). attachment: every octet arrives as it is in the file. True when
 * the size on the wire has to be counted by running the encoder, false when
 * base64_lines_size(file_size) is it.
 */
bool mime_part_stream(const struct mime_part *part, bool attachment, struct mime_encoder *e, const char **type);

/*
 * What a message is made of. The header fields given come first, as they are (complete lines with
 * CRLF); then MIME-Version and what the body needs. Structure: mixed( related( alternative( text,
 * html ), inlines… ), attachments… ), each level only where it is needed.
 */
struct mime_compose {
	struct str header;
	const struct mime_part *text; /* or NULL */
	const struct mime_part *html; /* or NULL */
	const struct mime_part *inlines;
	size_t n_inlines;
	const struct mime_part *attachments;
	size_t n_attachments;
	struct str boundary; /* stem, unique for the message; a content that holds it is the
				caller's bad luck of 2^-90 */
};

/* Append the whole message to m (cleared before by the caller). False with 65 where something
 * cannot be said. */
bool mime_compose(struct mime_message *m, const struct mime_compose *c, struct err *err);

/* A text alternative for people without HTML: tags away, entities decoded, links as "text <url>",
 * lists and paragraphs as lines, script and style dropped. UTF-8 in, UTF-8 out. */
bool mime_html_to_text(struct buf *out, struct str html);

/*
 * Reading (for bounces and previews): the parts of a message, found without copying. Limits: 100
 * parts, depth 10, 256 KiB of header; what lies beyond is not looked at.
 */
struct mime_leaf {
	struct str header; /* of the part */
	struct str body;   /* as it stands, encoded */
	char type[80];     /* "message/delivery-status", lower case; text/plain where none is given */
	unsigned depth;
	unsigned parent; /* number of the enclosing multipart, 0 the message */
};
/* Every leaf of message in order: call with i from 0 until false. message/rfc822 and other message
 * types are leaves. */
bool mime_leaf(struct str message, size_t i, struct mime_leaf *leaf);
/* The body of a leaf with its Content-Transfer-Encoding undone and, for text, its charset made
 * UTF-8. */
bool mime_decode(const struct mime_leaf *leaf, struct buf *out);

#endif
