#ifndef PIPEMAIL_IO_JOURNAL_H
#define PIPEMAIL_IO_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"

/*
 * An append-only file of records, one line each, readable with grep: the text, a tab, and a CRC-32 of
 * the text in eight hex digits. A record is there whole or not at all: a torn tail is found by its CRC
 * and cut off when the file is opened. Records are gathered and committed in groups: one write and one
 * fdatasync a turn.
 */
struct journal {
	int fd;
	char *path; /* NULL: not open */
	struct buf pending;
	uint64_t size; /* octets that are in the file and whole */
	uint64_t cut;  /* octets of a torn tail that journal_open removed */
	bool unsynced; /* written since the last commit */
	bool failed;   /* a write or sync failed: nothing more may be promised */
};

#define JOURNAL_RECORD_MAX ((size_t)1 << 20)

/* What a whole record is given to. (A function type, so that signatures can be read.) */
typedef bool journal_replay(void *arg, struct str record, struct err *err);

/* Open or make path (0600, regular, no symlink followed; 73), lock it (75 when another run has it), cut
 * a torn tail. Every whole record is given to replay in order, before journal_open returns; a damaged
 * record that whole ones follow is 65 with its line, unless a block of zeros tells that it and they were
 * never synced. What is left is synced before journal_open returns. replay's false stops (its err is passed on). On
 * failure j is closed. */
bool journal_open(struct journal *j, const char *path, journal_replay *replay, void *arg, struct err *err);
/* Add a record: no control character but TAB in it (70). Not durable before journal_commit. */
bool journal_add(struct journal *j, struct str record, struct err *err);
/* Write and fdatasync all that was added since; nothing to do is no cost. After a failure (74) every
 * later call fails too: a second fdatasync would say yes to what is lost. */
bool journal_commit(struct journal *j, struct err *err);
/* Write without syncing: survives the process, not the machine. */
bool journal_flush(struct journal *j, struct err *err);
/* Read the record at an offset of the file, as journal_open gave them out, into record. 74; 65: there is none. */
bool journal_at(const struct journal *j, uint64_t at, struct buf *record, struct err *err);
/* Closes without writing what is pending. A zeroed j is fine. */
void journal_close(struct journal *j);

/*
 * The reading of a journal apart from any file: feed its octets in any cuts, then end. Whole records go
 * to replay; damage that nothing whole follows is the tail.
 */
struct journal_scan {
	journal_replay *replay;
	void *arg;
	struct buf line;     /* not whole yet */
	bool long_line;      /* it is past any record's length */
	uint64_t length;     /* its octets so far, kept or not */
	uint64_t at;         /* offset of its first octet */
	uint64_t number;     /* of lines before it */
	uint64_t bad_at;     /* of the first damage */
	uint64_t bad_number; /* its line, from 1 on; 0: none */
	bool hole;           /* it reads as zeros: a power failure took a block of an unsynced write */
	bool open_end;       /* the last record is whole but for its LF */
};
bool journal_scan_feed(struct journal_scan *s, struct str octets, struct err *err);
/* *whole: octets up to the torn tail. */
bool journal_scan_end(struct journal_scan *s, uint64_t *whole, struct err *err);
/* One record as it stands in the file, with its LF. */
bool journal_format(struct buf *out, struct str record);

#endif
