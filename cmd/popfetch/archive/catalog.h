#ifndef PIPEMAIL_POPFETCH_CATALOG_H
#define PIPEMAIL_POPFETCH_CATALOG_H

#include "cmd/popfetch/archive/table.h"
#include "cmd/popfetch/archive/threads.h"

#include "base/err.h"

struct buf;
struct card;
struct folder;

/*
 * What an archive has: messages.tsv, one line a message, appended. In memory a message takes some hundred
 * bytes, whatever it says; the rest is read back from the file. A line that a kill cut off is removed when the
 * catalog is opened, and its message comes again.
 */
#define CATALOG_FILE "messages.tsv"

struct catalog {
	int fd;
	const char *path; /* of the archive's folder, borrowed */
	uint64_t end;     /* bytes of whole lines in the file */
	struct catalog_entry {
		char key[16];
		int64_t date; /* seconds since 1970; CATALOG_UNDATED */
		uint64_t at;  /* of its line */
		uint32_t n;   /* bytes of its line */
	} * entries;
	size_t n;
	size_t cap;
	size_t loaded; /* those that were there when it was opened */
	struct table keys;
	struct threads threads;
	struct buf *pending; /* lines that are not in the file yet; owned */
};
/* Dates out of 1980 to 2199 count as none: nobody has mail of then, and each month is a page. */
#define CATALOG_UNDATED INT64_MIN

/* The values of one message; slices of the line, which live until the next catalog_read. */
struct record {
	struct str key;
	struct str date; /* "2026-11-23T08:05:00Z", or empty */
	struct str from;
	struct str to;
	struct str subject;
	struct str size;
	struct str attachments;
	struct str message_id;
	struct str parent;
	struct str root;
};

/*
 * Open the catalog of a folder, or begin one, locked against other runs. False: 65 it is not a catalog, 73, 74,
 * 75 another run has it.
 */
bool catalog_open(struct catalog *c, const struct folder *f, struct err *err);
/* 1 + the number of the message with that key (32 digits), or 0. */
uint32_t catalog_find(const struct catalog *c, const char *key);
/* Add a message, in memory; returns the name of its thread. */
uint64_t catalog_add(struct catalog *c, const struct card *card);
/* Append what was added to the file and sync it. Everything that the lines speak of has to be synced before. 74. */
bool catalog_commit(struct catalog *c, struct err *err);
/* Read message i; line holds its text. 74; 65 where the file was changed meanwhile. */
bool catalog_read(const struct catalog *c, size_t i, struct buf *line, struct record *r, struct err *err);
void catalog_close(struct catalog *c);

#endif
