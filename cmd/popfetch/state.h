#ifndef PIPEMAIL_CMD_POPFETCH_STATE_H
#define PIPEMAIL_CMD_POPFETCH_STATE_H

#include "base/set.h"
#include "io/journal.h"

/* clang-format off */
/*
 * What was fetched of one account, and what was just being stored: an append-only journal, so that a message is neither
 * fetched twice nor missed wherever the run was killed. Records:
 *
 *     T key extra     this one is about to be stored: extra is its length and From_ line (mbox) or file name (Maildir)
 *     N key size hash extra   as T, with what tells whether a UID stands for another message one day
 *     B place …       now it will be: "B mbox PATH OFFSET CRC" or "B maildir PATH"
 *     E key time [size hash]  it is stored
 *     D               the batch is done
 *     A               the batch was taken back
 *     G key time n    not listed since then, in n sessions; 0 0: it is listed again
 *     Z key           deleted on the server: when it is listed again, it may be another message
 *     X key           forgotten: not on the server for 30 days and three sessions
 *     M path          where the messages went last
 *     F key           the session ended in the middle of this message: next time it comes last
 *     L time          commands in flight put the server out of step: one at a time for 30 days
 *
 * A key is "u" and the UID, or for a message without a UID of its own "h", the SHA-256 of its octets, and from the
 * second such message of a listing on a blank and a number.
 */
/* clang-format on */
struct state_try {
	char *key;
	char *extra;
	uint64_t size;
	uint64_t hash;
};

/* What is known of a message beside its key. */
struct state_note {
	uint64_t size;     /* as the server listed it, + 1; 0: nothing is known, STATE_DOUBT: it has to be compared */
	uint64_t hash;     /* the first 8 octets of its SHA-256 */
	int64_t gone;      /* not listed since, or 0 */
	uint32_t sessions; /* without it since then, 3 at most */
	bool deleted;      /* on the server, at our wish */
	bool fresh;        /* stored by this process */
};
#define STATE_DOUBT UINT64_MAX

struct state {
	char *path;
	int lock; /* PATH.lock, never renamed or removed */
	struct journal journal;
	struct set seen;          /* values: time stored + 1; 0: forgotten */
	struct state_note *notes; /* of seen.entries */
	size_t cap_notes;
	struct set trouble;      /* values: 1: the last session ended in the middle of it */
	int64_t lock_step;       /* since when + 1; 0: not */
	uint64_t records;        /* in the file: when most of them are dead, it is written anew */
	struct state_try *tries; /* of the batch that is open, or that a crash left open */
	size_t n_tries;
	size_t cap_tries;
	char *mailbox; /* where messages went last, or NULL */
	char *place;   /* of the batch that a crash left open, or NULL */
};

/* 75 when another run has it; else as journal_open. place and tries tell what has to be mended (sink_recover). */
bool state_open(struct state *s, const char *path, struct err *err);
void state_close(struct state *s);

/* When the message was stored, or -1: not yet. */
int64_t state_seen(const struct state *s, struct str key);

/* One batch: tries, then the place (durable when it returns), then done or taken back. */
bool state_try(struct state *s, struct str key, struct str extra, struct err *err);
/* The same, with its size + 1 as listed, or STATE_DOUBT, and its hash. */
bool state_try_noted(struct state *s, struct str key, struct str extra, uint64_t size, uint64_t hash, struct err *err);
bool state_begin(struct state *s, struct str place, struct err *err);
/* sync: E and D are on disk when it returns; else they survive the process only. */
bool state_done(struct state *s, int64_t now, bool sync, struct err *err);
bool state_undone(struct state *s, struct err *err);

/* One message at once, without a batch: somebody else has it. Durable with the next commit. size and hash as of
 * state_try_noted; size 0: none. */
bool state_store(struct state *s, struct str key, int64_t now, uint64_t size, uint64_t hash, struct err *err);

/* Messages and servers that need care. Durable with the next commit. */
bool state_fault(struct state *s, struct str key, struct err *err);
bool state_is_fault(const struct state *s, struct str key);
bool state_set_lock_step(struct state *s, struct err *err);
bool state_is_lock_step(const struct state *s);

/* The note of a message that state_seen knows, or NULL. It lives until the next call that is not about asking. */
const struct state_note *state_noted(const struct state *s, struct str key);
/* It was compared and is what it was: its listed size + 1 may be another. Durable with the next commit. */
bool state_same(struct state *s, struct str key, uint64_t size, struct err *err);
/* It was deleted on the server. Durable with the next commit. */
bool state_deleted(struct state *s, struct str key, struct err *err);
/* Note where messages go. Durable with the next commit. */
bool state_set_mailbox(struct state *s, const char *path, struct err *err);

/* After a session that ended in order: note which keys are not in listed, and forget those that were not for 30 days
 * and three sessions, durably; where most of the file is dead, write it anew. */
bool state_tidy(struct state *s, const struct set *listed, int64_t now, struct err *err);

/* For the parts of this module: a record with at most two fields. */
bool state_add(struct state *s, const char *kind, struct str a, struct str b, struct err *err);

#endif
