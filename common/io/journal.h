#ifndef PIPEMAIL_IO_JOURNAL_H
#define PIPEMAIL_IO_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"

/*
 * An append-only file of records, one line each, readable with grep: the text, a tab, and a CRC-32 of the text in eight hex digits. A
 * record is there whole or not at all: a torn tail is found by its CRC and cut off when the file is opened. Records are gathered
 * and committed in groups: one write and one fdatasync a turn.
 */
struct journal {
	int fd;
	char *path;
	struct buf pending;
	bool failed; /* a write or sync failed: nothing more may be promised */
};

/* Open or make path (0600, no symlink followed), lock it (75 when another run has it), cut a torn tail. Every whole record is
 * given to replay in order, before journal_open returns; a damaged record that is not the tail is 65 with its line. replay's
 * false stops (its err is passed on). */
bool journal_open(struct journal *j, const char *path, bool (*replay)(void *arg, struct str record, struct err *err), void *arg,
		  struct err *err);
/* Add a record: no LF, no other control but TAB in it. Not durable before journal_commit. */
bool journal_add(struct journal *j, struct str record, struct err *err);
/* Write and fdatasync all that was added since; nothing to do is no cost. After a failure every later call fails. */
bool journal_commit(struct journal *j, struct err *err);
/* Write without syncing: survives the process, not the machine. */
bool journal_flush(struct journal *j, struct err *err);
void journal_close(struct journal *j);

#endif
