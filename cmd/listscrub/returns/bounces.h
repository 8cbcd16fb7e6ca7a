#ifndef PIPEMAIL_LISTSCRUB_BOUNCES_H
#define PIPEMAIL_LISTSCRUB_BOUNCES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "cmd/listscrub/reason.h"
#include "mail/returns/dsn.h"

struct arena;
struct rest;

/* clang-format off */
/*
 * What came back: mailboxes, results files and journals, collected by recipient.
 *
 *     bounces_init(&b, &asked);
 *     bounces_read(&b, paths, n, err);       claims: who says what about whom, and what might prove it
 *     bounces_offer(&b, ...)                 for each address that is known: tokens find their person
 *     bounces_settle(&b);                    what is believed becomes the entries
 *     bounces_judge(&b, key, ...)            for each row
 */
/* clang-format on */

/* What the settings ask for; borrowed. */
struct bounces_asked {
	bool fold;              /* keys are those of address_key_provider */
	uint64_t soft_limit;    /* soft bounces that reject an address; 0: never */
	int64_t soft_window;    /* of these seconds */
	struct str key;         /* of tokens; empty: none */
	int64_t now;            /* seconds since 1970 */
	bool only_proved;       /* --trust=proof */
	int64_t confirm_within; /* seconds; 0: however old the request */
	struct rest *rest;      /* where messages go that nobody understood; NULL: nowhere */
};

/* What is known of one class about one recipient. The offsets are of texts, + 1; 0: none. */
struct bounce_word {
	size_t code;
	size_t words; /* at most 300 bytes */
	size_t source;
	int64_t first; /* seconds since 1970; 0: not known */
	int64_t last;
	int64_t known; /* the last one in the file of --update-suppressed: what is not later was counted there */
	enum outcome_reason reason;
	uint64_t times; /* 0: nothing of this class was said */
	bool proved;
};

struct bounce {
	struct bounce_word words[DSN_UNCOUNTED + 1]; /* by class */
	size_t address;                              /* as reported */
	size_t key;
	int64_t delivered; /* the last time that a server took something for it */
	int64_t *days;     /* on which soft bounces counted, in order; owned */
	size_t n_days;
	size_t cap_days;
	struct {
		int64_t when;  /* of the answer; 0: none */
		int64_t asked; /* day of the request, since 1970 */
		size_t message_id;
		size_t source;
		size_t text;
	} confirmed;
};

/* One thing that is said, before it is believed. */
struct claim {
	enum dsn_class class; /* DSN_NOTHING: a confirmation */
	enum outcome_reason reason;
	size_t address, key; /* offsets as above; 0: it is not known whose it is */
	size_t code, words, source, message_id, token;
	int64_t when;
	size_t message;      /* number of the message, for claims of one to be seen together */
	size_t next_id;      /* the next claim about the same returned message, + 1 */
	size_t next_token;   /* and with the same token */
	size_t held, n_held; /* the message itself, in held: nobody knows yet whose complaint it is */
	bool proved;
	bool several; /* more than one person it could be about */
	bool dropped; /* not believed */
};

/* Mail to one provider's people. */
struct bounces_rate {
	uint64_t sent, bounced, complained;
};
#define BOUNCES_PROVIDERS 4

/* For summaries. */
struct bounces_counts {
	uint64_t messages;
	uint64_t kinds[DSN_IS_NOTICE + 1]; /* of them */
	uint64_t rows;                     /* of results and journals */
	uint64_t reports;
	uint64_t again; /* reports that were read before */
	uint64_t proved;
	uint64_t unproved; /* reports without proof, believed or not */
	uint64_t dropped;  /* not believed */
	uint64_t wrong;    /* tokens of nobody */
	uint64_t answers;  /* to requests */
	uint64_t confirmed;
	uint64_t skipped; /* messages that could not be read */
	struct bounces_rate rates[BOUNCES_PROVIDERS];
	/* Addresses that are rejected, by outcome; complaints and wishes stand after these. */
	uint64_t reasons[OUTCOME_REASONS + 2];
};

/* Owned by the caller; zeroed at first. */
struct bounces {
	struct bounces_asked asked;
	struct set keys; /* by key (address_key); value: position in entries */
	struct bounce *entries;
	size_t n;
	size_t cap;
	_Atomic unsigned char *seen; /* by entry: is it on the list? */
	struct buf texts;
	struct claim *claims;
	size_t n_claims;
	size_t cap_claims;
	struct set read;        /* reports: what is there was read before */
	struct set ids;         /* Message-IDs that reports are about; value: the last claim + 1 */
	struct set tokens;      /* in lower case; value: likewise */
	struct set days;        /* the part of confirm tokens that is in clear */
	size_t n_leave, n_rows; /* of tokens: those for leaving, and keys of rows */
	struct buf held;
	struct bounces_counts counts;
	bool settled;
};

void bounces_init(struct bounces *b, const struct bounces_asked *asked);
void bounces_free(struct bounces *b);

/*
 * Read mboxes, Maildirs, single messages, "-" (standard input), results files and journals of mailbulk. Mailboxes come
 * first, whatever the order: what was sent explains what came back. False with ERR_DATA, ERR_NOINPUT or ERR_IO.
 */
bool bounces_read(struct bounces *b, const char *const *paths, size_t n, struct err *err);

/* Does somebody have to be found among addresses? */
bool bounces_asks(const struct bounces *b);
/* An address that is known: plain is its address_key. Tokens of it are resolved. */
void bounces_offer(struct bounces *b, struct str plain, struct str address);
/* What the file of --update-suppressed says of an address; before bounces_settle. */
void bounces_know(struct bounces *b, struct str address, enum dsn_class class, const struct bounce_word *known,
	const char *const texts[3]);
/* All is read: decide what is believed. */
void bounces_settle(struct bounces *b);

/*
 * The reason against the address with this key, or REASON_NONE. A complaint counts before an unsubscribe request,
 * that before a hard bounce, that before soft_limit soft ones. The detail is put into arena if that is not NULL.
 * Safe in several threads.
 */
enum reason bounces_judge(const struct bounces *b, struct str key, struct arena *arena, struct str *detail);
/* What weighs most of what was said about an address, and its class; NULL: nothing rejects it. */
const struct bounce_word *bounces_verdict(const struct bounces *b, const struct bounce *e, enum dsn_class *class);
/* The same with soft bounces below the limit. */
const struct bounce_word *bounces_heaviest(const struct bounces *b, const struct bounce *e, enum dsn_class *class);
/* "no-mailbox", "complaint", "unsubscribe". */
const char *bounces_reason(const struct bounce_word *w, enum dsn_class class);
bool bounces_is_confirmed(const struct bounces *b, const struct bounce *e);
struct str bounces_text(const struct bounces *b, size_t at);
/* How many of those who are rejected were on no list that was judged. */
uint64_t bounces_absent(const struct bounces *b);

/* How many addresses are rejected for each reason: the i-th, by its name; false past the last. */
bool bounces_count(const struct bounces *b, size_t i, const char **reason, uint64_t *n);

/* --- between the files of this room --- */

/* Collect one message. source: file and number. */
void bounces_message(struct bounces *b, struct str message, const char *file, uint64_t number);
/* One row of results: email is not judged yet; o->reason OUTCOME_NONE and sent: it was delivered. */
struct bounces_row {
	struct str email, code, words, message_id, key;
	const char *file;
	uint64_t line;
	int64_t when;
	bool sent;
};
void bounces_take_row(struct bounces *b, const struct bounces_row *row, const struct outcome *o);
/* A claim; NULL: it was read before. The caller fills in the rest. */
struct claim *bounces_claim(struct bounces *b, enum dsn_class class, struct str address);
void bounces_link_id(struct bounces *b, struct claim *c, struct str id);
void bounces_link_token(struct bounces *b, struct claim *c, struct str token);
size_t bounces_keep(struct bounces *b, struct str s);
/* Append the comparing form; false: not an address. plain may be NULL. */
bool bounces_key(const struct bounces *b, struct str address, struct buf *key, struct buf *plain);
struct bounce *bounces_entry(struct bounces *b, struct str key, struct str address);
/* The rest of a results row or journal record: who was it sent to? */
void bounces_sent(struct bounces *b, struct str address, struct str message_id, struct str row_key);
unsigned bounces_provider(struct str address);
const char *bounces_provider_name(unsigned provider);
bool bounces_is_soft(enum outcome_reason reason);

#endif
