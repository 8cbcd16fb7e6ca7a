#ifndef PIPEMAIL_MAILBULK_LEDGER_H
#define PIPEMAIL_MAILBULK_LEDGER_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/mailbulk/rows/keys.h"

/* clang-format off */
/*
 * What the journal's records mean, without the journal: which rows were sent, which are in doubt. One record a line,
 * fields with tabs between them:
 *
 *     C  time  id  fingerprint  key column     this journal is of that sending (again when another text was accepted)
 *     T  time  key  address  message-id        trying: durable before the last octets of the message may leave
 *     S  time  key  address  code  reply       sent: the server took it
 *     F  time  key  address  code  reply       refused for good
 *     D  time  key  address  code  reply       not sent: to be tried again
 *     U  time  key  address  0     why         may have been delivered: no verdict came
 *
 * S, F, D and U end with four more fields, which may be empty: reason and stage (mail/outcome), enhanced status and
 * Message-ID (without <>). Older journals do not have them.
 *
 * The last record of a key counts. S and F are never tried again, D is, T without a verdict is as U: in doubt.
 */
/* clang-format on */
enum ledger_state { LEDGER_NEW, LEDGER_TRYING, LEDGER_SENT, LEDGER_REFUSED, LEDGER_DEFERRED, LEDGER_UNKNOWN };

struct ledger {
	struct keys rows;     /* key to state, and where in the journal its last record is */
	uint64_t at;          /* of the next record in the journal */
	uint64_t record_at;   /* of the one that is replayed */
	char id[33];          /* of the sending; empty: no C record yet */
	char fingerprint[33]; /* of the last C record */
	char key_column[128];
	int64_t first;      /* time of the first record */
	uint64_t counts[6]; /* rows by state */
	int64_t today;      /* day (since 1970, UTC) whose S records are counted in sent_today; set before the replay */
	uint64_t sent_today;
};

void ledger_free(struct ledger *l);
/* Take one record: what journal_open replays. 65 for one that is none of ours. */
bool ledger_replay(void *ledger, struct str record, struct err *err);
/* The state of a row. */
enum ledger_state ledger_state(const struct ledger *l, const char *key);

/* Where the last record of a row is in the journal; false: it has none. */
bool ledger_at(const struct ledger *l, const char *key, uint64_t *at);

/* What a record says of its row; all borrowed from the record, empty where it does not say. */
struct ledger_words {
	int code;
	struct str enhanced;
	struct str reply;
	struct str reason;
	struct str stage;
	struct str message_id;
};
/* False: it is not a record of this row. */
bool ledger_read(struct str record, const char *key, struct ledger_words *w);

/* A record for journal_add. reply is made one line without controls. */
void ledger_campaign(struct buf *out, int64_t now, const char *id, const char *fingerprint, const char *key_column);
void ledger_trying(struct buf *out, int64_t now, const char *key, const char *address, struct str message_id);
void ledger_verdict(struct buf *out, enum ledger_state state, int64_t now, const char *key, const char *address,
	const struct ledger_words *w);

#endif
