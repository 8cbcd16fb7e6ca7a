#ifndef PIPEMAIL_MAILBULK_ATTACHED_H
#define PIPEMAIL_MAILBULK_ATTACHED_H

#include <stdbool.h>

#include "base/buf.h"
#include "io/stamp.h"
#include "mail/message/mime_compose.h"

struct err;

/*
 * A file that is part of messages and is not kept in memory: it is looked at once, so that its encoding and its size
 * on the wire are known, and read again each time a message with it leaves. A message is only whole while the file
 * stays as it was.
 */
struct attached {
	char *path; /* owned; NULL: there is none */
	struct stamp stamp;
};

/*
 * Look at a file whose part has its type, and fill in the part's scan, file_size and encoded_size. It is read to its
 * end only where that can change how it is encoded. 66 when it cannot be opened, 65 when it is not a regular file, 74.
 */
bool attached_look(struct attached *a, const char *path, struct mime_part *part, struct err *err);
void attached_free(struct attached *a);

/* One reading of such a file, encoded. Zeroed is valid; between begin and end it holds a descriptor. */
struct attached_reader {
	const struct attached *attached;
	bool open;
	int fd;
	uint64_t at;    /* bytes of the file so far */
	uint64_t given; /* octets so far */
	struct mime_encoder encoder;
	struct buf raw;
	struct buf out;
};
/* False: 66 when it is not there any more, 74 when it was changed since it was looked at. */
bool attached_begin(struct attached_reader *r, const struct attached *a, enum mime_encoding encoding, bool text,
	struct err *err);
/* The next octets, until the next call; none at the end. 74 when it was changed, or cannot be read. */
bool attached_next(struct attached_reader *r, struct str *octets, struct err *err);
/* Closes the file and frees the storage. */
void attached_end(struct attached_reader *r);

#endif
