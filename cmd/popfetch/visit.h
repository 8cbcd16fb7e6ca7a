#ifndef PIPEMAIL_CMD_POPFETCH_VISIT_H
#define PIPEMAIL_CMD_POPFETCH_VISIT_H

#include "cli/drive.h"
#include "cli/progress.h"
#include "cmd/popfetch/fetch.h"
#include "cmd/popfetch/sink.h"
#include "cmd/popfetch/state.h"
#include "proto/pop3.h"

/* One session with one server: what it lists, what of it is wanted, and what became of each. */
enum fate {
	FATE_LEAVE,
	FATE_WAIT, /* wanted, when --limit lets it */
	FATE_LOOK, /* its date is asked for, for --since */
	FATE_FETCH,
	FATE_KEPT,    /* it is in the mailbox, now or before */
	FATE_DELETE,  /* and may be deleted */
	FATE_DELETED, /* asked to be */
	FATE_UNDELETED,
};

/* What the sessions of one run learn from each other. */
struct course {
	bool over; /* another session would not help */
	bool lock_step;
	bool careful;      /* a session was lost: one command at a time, and each message is confirmed at first */
	uint64_t failures; /* lost sessions since something was stored */
	struct set deaths; /* messages at which a careful session was lost; values: how often */
	size_t dead;       /* of them, how many are not asked for again */
};

struct visit {
	const struct settings *settings;
	struct account_server *server;
	struct drive drive;
	struct pop3 pop3;
	struct state *state; /* NULL: nothing is remembered */
	struct sink *sink;   /* NULL: --list */
	struct tally *tally;
	struct progress progress;
	struct course *course;
	enum fate *fates;  /* of pop3.items */
	char **keys;       /* what the state knows them by; NULL: to be made of its octets when they are here */
	size_t next;       /* the first that waits may be this one */
	size_t looks;      /* answers to TOP that are still to come */
	size_t wanted;     /* messages that are asked for and have not come */
	size_t last;       /* index of the message that came last, or SIZE_MAX */
	size_t begun;      /* index of the message that is coming, or SIZE_MAX */
	uint64_t octets;   /* of it so far */
	uint64_t moved;    /* octets since the wait began anew */
	void *hash;        /* of it; NULL: nothing is remembered */
	uint64_t sum;      /* the first 8 octets of the last hash */
	unsigned forms;    /* what LIST's size may mean on this server: a bit each (plan_measure) */
	size_t measured;   /* messages that agreed with forms */
	struct set hashes; /* how many of each were seen in this session */
	bool endless;      /* what comes is longer than any message */
	bool confirming;   /* the session was asked to confirm what came */
	bool quitting;
	bool ended; /* the connection is over; end: why, when not in order */
	struct err end;
	struct buf head; /* of a message that is looked at */
	struct err err;
};

/* Connect, log in, fetch, delete, leave. False with v->err for what stopped it. */
bool visit(struct visit *v);
void visit_free(struct visit *v);

/* For the parts of this module. Circle because an event about one message (visit_message.c) may be the last that the
 * session (visit.c) waits for, and what is wanted next (plan.c) depends on both. Ask for the confirmation of what came;
 * ask for more, or end when nothing is left to come. */
bool visit_message(struct visit *v, enum pop3_event event, const struct pop3_news *news);
void visit_confirm(struct visit *v);
bool visit_go_on(struct visit *v);
#define VISIT_LOOK_MAX ((size_t)256 << 10)

/* Its UID for messages to people. */
const char *visit_uid(const struct visit *v, size_t i);

/* plan.c: which message shall have which fate, once the listing is there. */
void plan(struct visit *v);
/* Ask for as much as --limit lets: again when something turned out not to count. */
void plan_ask(struct visit *v);
/* The header of a message that was looked at: fetch it or leave it. */
void plan_look(struct visit *v, size_t i, struct str header);
/* What is stored and may be deleted is asked to be deleted. */
void plan_delete(struct visit *v);
/* --list. */
bool plan_print(struct visit *v);
/* Index of the message of that number. */
size_t plan_index(const struct visit *v, uint32_t number);
/* The session was lost at that message. fatal: it is not worth another try. */
void plan_lost(struct visit *v, size_t i, bool fatal);
/* A message that is kept: may it be deleted now? when: it was stored, or -1: in this session. */
enum fate plan_kept(const struct visit *v, int64_t when);

/* A message of so many octets, stuffed dots and CRLFs came whole: false where LIST's size was exact for the messages
 * before and is not for this one. */
bool plan_measure(struct visit *v, size_t i, uint64_t octets, uint64_t dots, uint64_t crlf);

/* hash.c: a message by its octets. It has a key when it has no UID of its own. */
void hash_begin(struct visit *v);
void hash_add(struct visit *v, struct str octets);
/* The key; the caller frees it. A second message of the same octets has another one. */
char *hash_end(struct visit *v);
/* v->sum alone. */
void hash_sum(struct visit *v);
void hash_drop(struct visit *v);

#endif
