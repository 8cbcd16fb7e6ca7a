#ifndef PIPEMAIL_MAIL_MIME_COMPOSE_H
#define PIPEMAIL_MAIL_MIME_COMPOSE_H

#include "mail/message/mime_encode.h"
#include "mail/message/mime_lines.h"
#include "mail/message/mime_message.h"

struct err;

/*
 * Composes a new message from texts and files. Files are not opened here: they become segments that the owner of
 * the descriptors streams (mail/message/mime_message.h).
 */

/* One leaf: either content or file is given. All pointers are borrowed until mime_compose returns. */
struct mime_part {
	/* "text/plain", "image/png"...; a text type gets charset=utf-8 when it is UTF-8. */
	const char *type;
	struct str content;          /* used when file is MIME_NO_FILE */
	const struct mime_run *runs; /* lines of content that many messages have, in their order; or NULL */
	size_t n_runs;
	size_t file;
	uint64_t file_size;    /* bytes in the file */
	uint64_t encoded_size; /* of a file for which mime_part_stream says so: its size encoded */
	struct mime_scan scan; /* of a file; content is scanned here */
	const char *name;      /* file name for people, UTF-8, or NULL */
	const char *cid;       /* Content-ID without <>, for inline parts, or NULL */
};

/*
 * How a file is to be sent, from its type and scan: sets e's encoding and text, and *type (a message/rfc822 that
 * cannot be 7bit has to be application/octet-stream). attachment: every byte arrives as it is in the file. True
 * when the encoded size has to be counted by running the encoder; false when it is base64_lines_size(file_size).
 */
bool mime_part_stream(const struct mime_part *part, bool attachment, struct mime_encoder *e, const char **type);

/*
 * What a message is made of. The header fields given come first, as they are (complete lines with CRLF); then
 * MIME-Version and what the body needs. Structure: mixed(related(alternative(text, html, alternatives...), inlines...),
 * attachments...), each level only where it is needed.
 */
struct mime_compose {
	struct str header;
	const struct mime_part *text;         /* or NULL */
	const struct mime_part *html;         /* or NULL */
	const struct mime_part *alternatives; /* more forms of the body, each better than the ones before */
	size_t n_alternatives;
	const struct mime_part *inlines;
	size_t n_inlines;
	const struct mime_part *attachments;
	size_t n_attachments;
	struct str boundary; /* stem, unique for the message; a content that holds it is the
				caller's bad luck of 2^-90 */
};

/*
 * Append the whole message to m, which the caller has cleared. False with ERR_DATA when what is in memory is too
 * large for m->text or a field cannot be written; m is then of no use until it is cleared.
 */
bool mime_compose(struct mime_message *m, const struct mime_compose *c, struct err *err);

#endif
