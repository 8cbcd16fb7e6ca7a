#ifndef PIPEMAIL_POPFETCH_SOURCE_H
#define PIPEMAIL_POPFETCH_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/message/mbox.h"

/* clang-format off */
/*
 * The messages of a mailbox that exists, one after the other: an mbox, a Maildir (new and cur, in the order of
 * their names), "-" for an mbox on standard input, or a file with one message. Nothing in it is changed.
 *
 *     source_open(&s, path, err) while (source_next(&s, err)) ... s.message, s.size ... source_close(&s);
 *     err.kind tells why it ended
 *
 * An mbox is read as far as it reached when it was opened, so that a message that is being appended is not seen
 * in part.
 */
/* clang-format on */

/* Most bytes of a message that are looked at; the rest only counts. */
#define SOURCE_MESSAGE_MAX ((size_t)128 << 20)

struct source {
	struct str message; /* lives until the next call */
	uint64_t size;      /* bytes, also of what is not in message */
	uint64_t done;      /* bytes read */
	uint64_t total;     /* bytes that there are; 0: not known */
	uint64_t failed;    /* files of a Maildir that could not be read, each was named */
	/* private */
	const char *path;
	int fd;
	bool single; /* a file with one message */
	bool eof;
	uint64_t left; /* of an mbox as it was when it was opened */
	struct buf octets;
	struct buf body;
	struct mbox_reader mbox;
	char **names; /* of a Maildir, "new/…" and "cur/…" */
	size_t n;
	size_t at;
};

/* False: 66 it cannot be opened, 65 it is not a mailbox, 75 another program keeps it locked, 71. path is borrowed. */
bool source_open(struct source *s, const char *path, struct err *err);
/* The next message; false at the end, and with err set when reading failed or a signal asked to stop. */
bool source_next(struct source *s, struct err *err);
void source_close(struct source *s);

#endif
