#ifndef PIPEMAIL_LISTSCRUB_BOUNCES_H
#define PIPEMAIL_LISTSCRUB_BOUNCES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "cmd/listscrub/reason.h"
#include "mail/returns/dsn.h"

struct arena;

/* What bounce mailboxes and results files say, collected by recipient. */

/* The latest report of one class about one recipient. */
struct bounce_word {
	size_t code;       /* offsets in texts + 1: status and diagnostic, NUL behind them; 0: none */
	size_t diagnostic; /* likewise; at most 300 bytes */
	int64_t when;      /* seconds since 1970, 0: not known */
	enum outcome_reason reason;
	uint64_t times; /* 0: nothing of this class was said */
};

struct bounce {
	struct bounce_word words[DSN_UNCOUNTED + 1]; /* by class, of each the latest */
	size_t address;                              /* as reported: offset in texts + 1 */
};

/* Owned by the caller; bounces_init, read any number of files, bounces_judge for each row, bounces_free. */
struct bounces {
	struct set keys; /* by key (address_key); value: position in entries */
	struct bounce *entries;
	size_t n;
	size_t cap;
	struct buf texts;
	bool fold;           /* keys are those of address_key_provider */
	uint64_t soft_limit; /* soft bounces that reject an address; 0: never */
	uint64_t messages;   /* read */
	uint64_t reports;    /* found in them */
};

/* b must be zeroed. fold and soft_limit are those of the settings. */
void bounces_init(struct bounces *b, bool fold, uint64_t soft_limit);
void bounces_free(struct bounces *b);

/*
 * Read an mbox, a Maildir, one message, "-" (standard input), or a results file of mailbulk. False with ERR_DATA,
 * ERR_NOINPUT or ERR_IO.
 */
bool bounces_read(struct bounces *b, const char *path, struct err *err);
/*
 * Count one report about a recipient; all is copied. o is NULL for complaints and requests. What is not an address
 * is ignored.
 */
void bounces_note(struct bounces *b, struct str recipient, enum dsn_class class, const struct outcome *o,
	struct str code, struct str diagnostic, int64_t when);
/* Count all reports in one message. */
void bounces_message(struct bounces *b, struct str message);

/*
 * The reason against the address with this key, or REASON_NONE. A complaint counts before an unsubscribe request,
 * that before a hard bounce, that before soft_limit soft ones. The detail is put into arena if that is not NULL.
 * Safe in several threads.
 */
enum reason bounces_judge(const struct bounces *b, struct str key, struct arena *arena, struct str *detail);
/* Append "address,reason,code,date" lines for all addresses that are rejected, with a header. */
void bounces_print(const struct bounces *b, struct buf *out);

#endif
