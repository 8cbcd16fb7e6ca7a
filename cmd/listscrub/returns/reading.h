#ifndef PIPEMAIL_LISTSCRUB_READING_H
#define PIPEMAIL_LISTSCRUB_READING_H

#include "cmd/listscrub/returns/bounces.h"

/* One file of --bounces while it is read; shared by bounces_read.c and tables.c only. */
struct reading {
	struct bounces *b;
	const char *path;
	int fd;            /* -1: a Maildir */
	struct buf octets; /* read and not worked off */
	bool eof;
	bool only_cr;  /* line ends are CR */
	bool too_long; /* there is no room for the rest of a line */
	enum {
		READING_MAILDIR,
		READING_MBOX,
		READING_MESSAGE,
		READING_RESULTS,
		READING_JOURNAL,
		READING_NOTHING,
	} kind;
};

/* So many octets are read at a time. */
#define READING_CHUNK ((size_t)64 << 10)
/* More octets; false with ERR_IO, or ERR_NONE when a signal asks to stop. At the limit too_long is set. */
bool reading_more(struct reading *r, struct err *err);
/* Results of mailbulk, as CSV or JSON Lines; its journal. */
bool reading_results(struct reading *r, struct err *err);
bool reading_journal(struct reading *r, struct err *err);

#endif
