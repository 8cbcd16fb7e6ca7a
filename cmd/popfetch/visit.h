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

struct visit {
	const struct settings *settings;
	struct account_server *server;
	struct drive drive;
	struct pop3 pop3;
	struct state *state; /* NULL: nothing is remembered */
	struct sink *sink;   /* NULL: --list */
	struct tally *tally;
	struct progress progress;
	bool lock_step;
	enum fate *fates;  /* of pop3.items */
	char **keys;       /* what the state knows them by; NULL: to be made of its octets when they are here */
	size_t next;       /* the first that waits may be this one */
	size_t looks;      /* answers to TOP that are still to come */
	size_t wanted;     /* messages that are asked for and have not come */
	size_t begun;      /* index of the message that is coming, or SIZE_MAX */
	uint64_t octets;   /* of it so far */
	uint64_t moved;    /* octets since the wait began anew */
	void *hash;        /* of it, when it has no UID of its own */
	struct set hashes; /* how many of each were seen in this session */
	bool quitting;
	bool ended; /* the connection is over; end: why, when not in order */
	struct err end;
	struct buf head; /* of a message that is looked at */
	struct err err;
};

/* Connect, log in, fetch, delete, leave. False with v->err for what stopped it. */
bool visit(struct visit *v);
void visit_free(struct visit *v);

/* plan.c: which message shall have which fate, once the listing is there. */
void plan(struct visit *v);
/* Ask for as much as --limit lets: again when something turned out not to count. */
void plan_ask(struct visit *v);
/* The header of a message that was looked at: fetch it or leave it. */
void plan_look(struct visit *v, size_t i, struct str header);
/* What is stored and may be deleted is asked to be deleted. */
void plan_delete(struct visit *v);
/* Index of the message of that number. */
size_t plan_index(const struct visit *v, uint32_t number);
/* A message that is kept: may it be deleted now? when: it was stored, or -1: in this session. */
enum fate plan_kept(const struct visit *v, int64_t when);

/* hash.c: a key for a message that has no UID of its own, by its octets. */
void hash_begin(struct visit *v);
void hash_add(struct visit *v, struct str octets);
/* The key; the caller frees it. A second message of the same octets has another one. */
char *hash_end(struct visit *v);
void hash_drop(struct visit *v);

#endif
