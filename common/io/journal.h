#ifndef PIPEMAIL_IO_JOURNAL_H
#define PIPEMAIL_IO_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * An append-only file of records, one line each, readable with grep: the text, a TAB, and the CRC-32 of the text
 * in eight hex digits. A record is there completely or not at all: an incomplete end is found by its CRC and cut
 * off when the file is opened. Records are collected and committed in groups: one write and one fdatasync a turn
 * of the caller's loop.
 *
 *     journal_open(&j, path, replay, arg, err);      replay gets every record of earlier runs
 *     journal_add(&j, record, err);                  as often as needed
 *     journal_commit(&j, err);                       only now may the caller act on the records
 *     journal_close(&j);
 */
/* clang-format on */
struct journal {
	int fd;
	char *path;         /* NULL: not open */
	struct buf pending; /* records that were added and not written */
	uint64_t size;      /* bytes in the file, of complete records */
	uint64_t cut;       /* bytes of an incomplete end that journal_open removed */
	bool unsynced;      /* something was written since the last sync */
	bool failed;        /* a write or sync failed: every further commit fails */
};

/* 1 MiB, in bytes without TAB, CRC and line end. */
#define JOURNAL_RECORD_MAX ((size_t)1 << 20)

/* Called with each complete record, which lives for the call. False stops and passes err on. */
typedef bool journal_replay(void *arg, struct str record, struct err *err);

/*
 * Open or create path (0600, a regular file, symbolic links are not followed), lock it, read it, cut off an
 * incomplete end, and sync what is left. Every complete record is given to replay, in order, before it returns.
 * False, with j closed: ERR_CANTCREAT; ERR_TEMP when another run has it locked; ERR_IO; ERR_DATA with the line for
 * a damaged record that complete ones follow (unless a block of zeros shows that none of them was ever synced); or
 * what replay set.
 */
bool journal_open(struct journal *j, const char *path, journal_replay *replay, void *arg, struct err *err);
/* How a journal is read whose caller knows more about its records. */
struct journal_reader {
	journal_replay *replay; /* as above */
	/*
	 * Gets each complete record that follows damage: true: it may be cut off with the damage, false passes err
	 * on, which is filled. NULL: such a record is ERR_DATA (as in journal_open).
	 */
	journal_replay *after_damage;
	/* Called before the first record when what is found cannot be synced. NULL: that is ERR_IO. */
	void (*unsynced)(void *arg);
	void *arg;
};
/* journal_open in that way. What a run before left is synced before it is read. */
bool journal_open_as(struct journal *j, const char *path, const struct journal_reader *reader, struct err *err);
/*
 * Give the records of a journal that may be another run's to reader, and leave it as it is: no lock, no sync,
 * nothing cut off. At most *whole bytes are read, which then is where the last complete record ended. False with
 * ERR_NOINPUT, ERR_IO, ERR_DATA, or what reader set.
 */
bool journal_read(const char *path, const struct journal_reader *reader, uint64_t *whole, struct err *err);
/*
 * Does the file system keep, while the machine runs, what was written in order, so that a later run reads it without a
 * sync? True for local ones that are known (ext4, xfs, btrfs, f2fs, tmpfs, overlay), false for all others.
 */
bool journal_ordered(const struct journal *j);
/*
 * Add a record, copied. False with ERR_SOFTWARE: a control character other than TAB, or over JOURNAL_RECORD_MAX.
 * Not durable before journal_commit.
 */
bool journal_add(struct journal *j, struct str record, struct err *err);
/*
 * Write and fdatasync all that was added; costs nothing when nothing was. False with ERR_IO, and every later call
 * fails too: a second fdatasync may report success for data that is lost.
 */
bool journal_commit(struct journal *j, struct err *err);
/* Write without syncing: survives the end of the process, not of the machine. False with ERR_IO. */
bool journal_flush(struct journal *j, struct err *err);
/* Read the record at an offset of the file, as journal_open gave them out, into record. False with ERR_IO, or with
 * ERR_DATA when there is none. */
bool journal_at(const struct journal *j, uint64_t at, struct buf *record, struct err *err);
/* Close without writing what is pending, which releases the lock. Does nothing with a zeroed or closed j. */
void journal_close(struct journal *j);

/*
 * The reading of a journal without a file: set replay and arg, feed its bytes in any pieces, then end. Complete
 * records go to replay; damage that nothing complete follows is the incomplete end.
 */
struct journal_scan {
	journal_replay *replay;
	journal_replay *after_damage; /* may be NULL */
	void *arg;
	struct buf line;     /* owned until journal_scan_end: a line that is not complete yet */
	bool long_line;      /* it is longer than any record */
	uint64_t length;     /* its bytes so far, kept or not */
	uint64_t at;         /* offset of its first byte */
	uint64_t number;     /* of lines before it */
	uint64_t bad_at;     /* of the first damage */
	uint64_t bad_number; /* its line, from 1; 0: none */
	bool hole;           /* it reads as zeros: a block of an unsynced write was lost in a power failure */
	bool foreign;        /* the first line is of some other file */
	bool ended;          /* the line at hand has no LF */
	bool open_end;       /* the last record is complete except for its LF */
};
/* False with ERR_DATA for damage in the middle, or what replay set. journal_scan_end has to be called even then. */
bool journal_scan_feed(struct journal_scan *s, struct str octets, struct err *err);
/* The end of the input. *whole: bytes up to the incomplete end. Errors as journal_scan_feed. */
bool journal_scan_end(struct journal_scan *s, uint64_t *whole, struct err *err);
/* Append a record as it is in the file, with its LF. False when out is full. */
bool journal_format(struct buf *out, struct str record);

#endif
