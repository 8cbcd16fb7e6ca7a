#ifndef PIPEMAIL_CMD_POPFETCH_VISIT_H
#define PIPEMAIL_CMD_POPFETCH_VISIT_H

#include "cli/drive.h"
#include "cli/progress.h"
#include "cmd/popfetch/fetch.h"
#include "cmd/popfetch/sink.h"
#include "cmd/popfetch/state.h"
#include "proto/pop3.h"

/* One session with one server: what it lists, what of it is wanted, and what became of each. */
enum fate { FATE_LEAVE, FATE_LOOK /* its date, for --since */, FATE_FETCH, FATE_FETCHED, FATE_DELETE, FATE_DELETED };

struct visit {
	const struct settings *settings;
	struct account_server *server;
	struct drive drive;
	struct pop3 pop3;
	struct state *state; /* NULL: nothing is remembered */
	struct sink *sink;   /* NULL: --list */
	struct tally *tally;
	struct progress progress;
	enum fate *fates;    /* of pop3.items */
	char **keys;         /* what the state knows them by; NULL: the server gives no UIDs */
	size_t looks;        /* answers to TOP that are still to come */
	size_t wanted;       /* messages that are asked for and have not come */
	bool quitting;
	bool ended;          /* the connection is over; end: why, when not in order */
	struct err end;
	struct buf head;     /* of a message that is looked at */
	struct err err;
};

/* Connect, log in, fetch, delete, leave. False with v->err for what stopped it. */
bool visit(struct visit *v);
void visit_free(struct visit *v);

/* plan.c: which message shall have which fate, once the listing is there. False with 69: no UIDs where they are needed. */
bool plan(struct visit *v, struct err *err);
/* Ask for what is next: looks first, then messages. */
void plan_ask(struct visit *v);
/* The header of a message that was looked at: fetch it or leave it. */
void plan_look(struct visit *v, uint32_t number, struct str header);
/* What is stored and may be deleted is asked to be deleted. */
void plan_delete(struct visit *v);
/* Index of the message of that number. */
size_t plan_index(const struct visit *v, uint32_t number);

#endif
