#ifndef PIPEMAIL_LISTSCRUB_BOUNCES_H
#define PIPEMAIL_LISTSCRUB_BOUNCES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "cmd/listscrub/reason.h"
#include "mail/returns/dsn.h"

struct arena;

/* What bounce mailboxes and results files say, gathered by recipient. */
struct bounce_word {
	size_t code; /* offsets in texts + 1: status and diagnostic, NUL behind them; 0: none */
	size_t diagnostic;
	int64_t when;
	enum outcome_reason reason;
	uint64_t times; /* 0: nothing of this class was said */
};

struct bounce {
	struct bounce_word words[DSN_UNCOUNTED + 1]; /* by class, of each the latest */
	size_t address;                              /* as reported: offset in texts + 1 */
};

struct bounces {
	struct set keys; /* by comparing form; value: position in entries */
	struct bounce *entries;
	size_t n;
	size_t cap;
	struct buf texts;
	bool fold;
	uint64_t soft_limit;
	uint64_t messages; /* read */
	uint64_t reports;  /* found in them */
};

void bounces_init(struct bounces *b, bool fold, uint64_t soft_limit);
void bounces_free(struct bounces *b);

/* An mbox, a Maildir, one message, "-", or a results file of mailbulk. 65, 66, 74. */
bool bounces_read(struct bounces *b, const char *path, struct err *err);
/* One report about a recipient; o: NULL for complaints and requests. */
void bounces_note(struct bounces *b, struct str recipient, enum dsn_class class, const struct outcome *o,
	struct str code, struct str diagnostic, int64_t when);
/* One message. */
void bounces_message(struct bounces *b, struct str message);

/* The reason against an address (its comparing form), or REASON_NONE; detail in arena when that is not NULL. */
enum reason bounces_judge(const struct bounces *b, struct str key, struct arena *arena, struct str *detail);
/* address,reason,code,date of everybody who is out. */
void bounces_print(const struct bounces *b, struct buf *out);

#endif
