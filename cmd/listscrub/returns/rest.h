#ifndef PIPEMAIL_LISTSCRUB_REST_H
#define PIPEMAIL_LISTSCRUB_REST_H

#include "base/str.h"
#include "io/file.h"

/* The mbox of messages that nobody understood (--rest), byte for byte; it is there when all are. Zeroed at first. */
struct rest {
	struct file_new file;
	struct buf out;
	uint64_t messages;
	struct err err; /* the first failure to write; reported at the end */
	bool failed;
};

/* 73. */
bool rest_open(struct rest *r, const char *path, struct err *err);
/* sender: of From, or empty; when: in seconds since 1970. r may be NULL. */
void rest_add(struct rest *r, struct str message, struct str sender, int64_t when);
/* 73 or 74; r is as before rest_open then. Does nothing if it is not open. */
bool rest_close(struct rest *r, struct err *err);
void rest_abort(struct rest *r);

#endif
