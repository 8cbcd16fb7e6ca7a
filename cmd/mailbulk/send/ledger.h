#ifndef PIPEMAIL_MAILBULK_LEDGER_H
#define PIPEMAIL_MAILBULK_LEDGER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "cmd/mailbulk/rows/keys.h"
#include "io/boot.h"

/* clang-format off */
/*
 * What the journal's records mean, without the journal: which rows were sent, which are in doubt. One record a line,
 * fields with tabs between them:
 *
 *     C  time  id  fingerprint  key column  share  list
 *                                              this journal is of that sending (again when another text was accepted),
 *                                              of share K/N of the list whose first row has that key
 *     R  time  boot  key  address  key ...     reserved: on disk before the first of these rows may leave
 *     T  time  key  address  message-id        handed over: written before the last octets of the message may leave
 *     S  time  key  address  code  reply       sent: the server took it
 *     F  time  key  address  code  reply       refused for good
 *     D  time  key  address  code  reply       not sent: to be tried again
 *     U  time  key  address  0     why         may have been delivered: no verdict came
 *     E  time  [key ...]                       the reservation of these rows, or of all, ends: they did not leave
 *
 * S, F, D and U end with four more fields, which may be empty: reason and stage (mail/outcome), enhanced status and
 * Message-ID (without <>). D has two more: the time before which it is not tried again, and in how many runs it was
 * put back while others at its domain were accepted. Older journals do not have them.
 *
 * The last record of a key counts. S and F are never tried again, D is; T without a verdict is as U: in doubt. T and
 * verdicts need not be on disk: after a power failure they may be missing, and then R tells who may have left. So a
 * row of a reservation that another boot of the machine wrote is in doubt, too, unless it has a verdict or an end; one
 * of this boot without a T did not leave.
 */
/* clang-format on */
enum ledger_state {
	LEDGER_NEW,
	LEDGER_TRYING,
	LEDGER_SENT,
	LEDGER_REFUSED,
	LEDGER_DEFERRED,
	LEDGER_UNKNOWN,
	LEDGER_RESERVED, /* by a run of this boot */
	LEDGER_ADRIFT,   /* by a run of another boot: in doubt */
};

#define LEDGER_STATES 8u
#define LEDGER_RELEASE 'E'

/* ledger_record.c: the letter of each state's record; LEDGER_NEW's is C. */
extern const char ledger_letters[LEDGER_STATES];

#define LEDGER_OVERHEAD 10u /* bytes of a record in the journal beside its text: TAB, CRC and LF */
#define LEDGER_CUT (UINT64_MAX / 4 / LEDGER_STATES)

struct ledger {
	struct keys rows;            /* key to state, and where in the journal its last record is */
	struct keys deferred;        /* key to where its last D record is */
	char boot[BOOT_ID_MAX];      /* of this run, set before the replay; "-": every reservation is of another */
	char last_boot[BOOT_ID_MAX]; /* of the last reservation; empty: there was none */
	struct buf cut;              /* the reservation that follows damage, and is cut off with it */
	uint64_t released;           /* reservations before this place in the journal are over */
	uint64_t at;                 /* of the next record in the journal */
	uint64_t record_at;          /* of the one that is replayed */
	char id[33];                 /* of the sending; empty: no C record yet */
	char fingerprint[33];        /* of the last C record */
	char key_column[128];
	char share[16];                 /* "K/N", or empty: all of the list, or not said */
	char list_key[33];              /* key of the list's first row; empty: not said */
	int64_t first;                  /* time of the first record */
	uint64_t counts[LEDGER_STATES]; /* rows by state */
	int64_t today; /* day (since 1970, UTC) whose S records are counted in sent_today; set before the replay */
	uint64_t sent_today;
	int64_t since;      /* hand-overs from this time on are noted by domain; 0: none are. Set before the replay */
	struct set domains; /* domain in lower case to the time of the last of them */
	char time_text[24]; /* the last time that was parsed */
	int64_t time;
};

void ledger_free(struct ledger *l);
/* Take one record: what journal_open replays. 65 for one that is none of ours. */
bool ledger_replay(void *ledger, struct str record, struct err *err);
/*
 * A record that follows damage. A power failure can only have damaged what was written since the last reservation was
 * synced: at most one more follows. True: cut it off; whom it names is in doubt. False with 65: it is more than that.
 */
bool ledger_after_damage(void *ledger, struct str record, struct err *err);
/* What was found cannot be synced: nothing is known of what is on disk, as after a power failure. */
void ledger_unsynced(void *ledger);
/* The state of a row. */
enum ledger_state ledger_state(const struct ledger *l, const char *key);
/* The same, and below, for the value that `rows` had for it (0: none). */
enum ledger_state ledger_state_of(const struct ledger *l, const char *key, uint64_t value);

/* Where the record that tells the state of a row is in the journal; false: it has none. */
bool ledger_at(const struct ledger *l, const char *key, uint64_t *at);
bool ledger_at_of(const struct ledger *l, const char *key, uint64_t value, uint64_t *at);

/* A row that is in doubt, and where the record is that says so (LEDGER_CUT: in `cut`). */
struct ledger_doubt {
	char key[33];
	uint64_t at;
};
/* All of them in the order of the journal, owned by the caller. */
struct ledger_doubt *ledger_doubts(const struct ledger *l, size_t *n);

/* What a record says of its row; all borrowed from the record, empty where it does not say. */
struct ledger_words {
	int code;
	struct str enhanced;
	struct str reply;
	struct str reason;
	struct str stage;
	struct str message_id;
	struct str address;
	int64_t not_before; /* of D; 0: at once */
	unsigned puts;      /* of D */
};
/* False: it is not a record of this row (of an R record only the row's address can be had). */
bool ledger_read(struct str record, const char *key, struct ledger_words *w);

/* A record for journal_add. reply is made one line without controls. */
struct ledger_campaign {
	const char *id;
	const char *fingerprint;
	const char *key_column; /* or "" */
	const char *share;      /* "K/N" or "" */
	const char *list_key;   /* or "" */
};
void ledger_campaign(struct buf *out, int64_t now, const struct ledger_campaign *c);
/* R and E: begin, then each row (address NULL: E). */
void ledger_reserve(struct buf *out, int64_t now, const char *boot);
void ledger_release(struct buf *out, int64_t now);
void ledger_name(struct buf *out, const char *key, const char *address);
void ledger_trying(struct buf *out, int64_t now, const char *key, const char *address, struct str message_id);
void ledger_verdict(struct buf *out, enum ledger_state state, int64_t now, const char *key, const char *address,
	const struct ledger_words *w);

#endif
