#ifndef PIPEMAIL_MAILBULK_BOOK_H
#define PIPEMAIL_MAILBULK_BOOK_H

#include "cmd/mailbulk/send/ledger.h"
#include "io/journal.h"

struct campaign;
struct settings;

/* clang-format off */
/*
 * The journal of a run, and what must be on disk when. What holds at the end of every book_commit, before anything may
 * leave:
 *
 *   - a row of which the last octets may leave is named by a reservation (R) that is on disk, and by a hand-over (T)
 *     that is written;
 *   - behind the last reservation that is on disk no other one is written: what a power failure can damage names at
 *     most one reservation more, and nobody of that one had left;
 *   - a row that is deferred or put back has no place in a reservation any more: before it may leave it gets another.
 *
 * So a reservation costs one sync for all of its rows; hand-overs and verdicts cost a write. Where the file system is
 * not known to keep what was written for later readers (journal_ordered), hand-overs are synced too.
 */
/* clang-format on */
struct book {
	struct journal journal;
	struct ledger ledger;
	bool used;         /* not with --test */
	bool campaign_due; /* its C record is to be written before the next one */
	bool ordered;      /* hand-overs need no sync */
	bool sync_due;     /* a record was added that must be on disk before anything leaves */
	bool reserving;    /* a reservation was added since the last commit */
	uint64_t open;     /* rows reserved that have no end */
	const struct campaign *campaign;
	const struct settings *settings;
	char share[16];    /* of this run: "K/N" or empty */
	char list_key[33]; /* of the list's first row, or empty */
	int64_t wall;      /* the time for the records */
	struct buf record;
	struct err why; /* the first record that could not be added */
};

/* A row that is reserved. */
struct book_row {
	const char *key;
	const char *address;
};

/*
 * Open the journal, learn from it, and see that it is this campaign's. What an earlier run left in doubt is written
 * down and synced. 64, 65, 73, 74, 75. Without a journal (--test) do not call it: then all others do nothing.
 */
bool book_open(struct book *b, struct campaign *campaign, const struct settings *settings, const char *list_key,
	int64_t wall, struct err *err);
/* Is there a journal beside this one that is of the same text and list, cut into another number of shares? Then some
 * people would have it twice: false, with 65. One of the whole list is a warning: it may be of a trial. */
bool book_shares(const struct book *b, struct err *err);
void book_free(struct book *b);

/* Name the rows that go next; before the next commit no second reservation may be made (book_may_reserve). */
bool book_may_reserve(const struct book *b);
void book_reserve(struct book *b, const struct book_row *rows, size_t n);
/* Rows of it that are not sent now. */
void book_release(struct book *b, const struct book_row *rows, size_t n);
/* The last octets of a row's message may leave after the next commit. */
void book_trying(struct book *b, const char *key, const char *address, struct str message_id);
/* A verdict, or LEDGER_DEFERRED. ends: it is the end of the row's place in its reservation. */
void book_verdict(struct book *b, enum ledger_state state, const char *key, const char *address,
	const struct ledger_words *w, bool ends);

/* Write what was added, and sync it if it has to be. False with 74: nothing may leave any more. */
bool book_commit(struct book *b, struct err *err);
/* The run ends in order: what is reserved and did not leave is released, and all is synced. 74. */
bool book_close(struct book *b, struct err *err);

/* What an earlier run says of a row, by its value in the ledger: the words of its last record; room lives as long as
 * they are used. */
void book_recall(const struct book *b, const char *key, uint64_t value, struct buf *room, struct ledger_words *w);

#endif
