#ifndef PIPEMAIL_MAILBULK_ENGINE_H
#define PIPEMAIL_MAILBULK_ENGINE_H

#include <poll.h>

#include "cli/account.h"
#include "cli/connection.h"
#include "cli/progress.h"
#include "cmd/mailbulk/send/book.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/rows/owners.h"
#include "cmd/mailbulk/send/pace.h"
#include "cmd/mailbulk/send/provider.h"
#include "cmd/mailbulk/send/queue.h"
#include "cmd/mailbulk/send/results.h"
#include "cmd/mailbulk/check/selection.h"
#include "io/child.h"
#include "proto/smtp.h"

struct sasl;

/* clang-format off */
/*
 * Sending, in one thread: rows are admitted to sessions, sessions step, the journal is committed, and only then may
 * octets leave. That order within a turn is what keeps the promise that no row is sent twice:
 *
 *     admit    rows to sessions that have room, as rates and limits allow; the first of each reservation reserves it
 *     step     every session until it waits; its verdicts become records, and so does each message that is about to
 *              be whole
 *     commit   one write for all of them, and one fdatasync when rows were reserved (book.h)
 *     write    only now may the octets go
 *     poll     to the nearest deadline
 *     read
 */
/* clang-format on */

/* A server, and how much it is given: limit falls when it pushes back and grows with each message that it takes. */
struct relay {
	struct account_server server;
	double limit; /* connections it may have now, from 1 to most */
	double most;
	size_t open; /* connections it has */
	int64_t pause_until;
	int64_t fell;            /* when the limit last fell */
	unsigned failures;       /* waves of connections lost or refused without a message taken between */
	int64_t failed;          /* when the last of them was */
	bool greeted;            /* a session came up: until then one connection is enough to learn from */
	unsigned later;          /* 4xx in a row */
	bool unprovable;         /* a connection ended while it was tried what it does with a refused chunk */
	bool proven;             /* it took a message in this run */
	size_t rcpt_most;        /* recipients of one transaction, as its refusals taught; 0: not known */
	uint64_t per_connection; /* messages after which it closes a connection with 421, learnt; 0: not known */
	uint64_t closed_after;   /* messages after which it last did */
	unsigned broken;         /* rows in a row that ended two of its connections each */
	size_t blamed;           /* the provider that last pushed back, index + 1 */
	unsigned providers;      /* that did so one after the other, without a message taken between */
	bool dead;               /* given up; why says why */
	struct err why;
	bool asking; /* for a new token, by this command: for all connections that wait for one */
	struct child token;
};

/* A row on its way. */
struct ticket {
	struct waiting row;
	char key[33];
	char *email;         /* as it stands in RCPT TO; owned */
	const char *written; /* as it stands in the list: behind email, in the same block */
	bool done;           /* it has its verdict */
	bool accepted;       /* and that was good */
};

#define BATCH_MAX 50 /* recipients of one transaction when all get the same octets */
/* The octets are the limit for messages of the usual size, so that a long line is full. */
#define WINDOW_MESSAGES 64
#define WINDOW_OCTETS ((size_t)256 << 10)

/* A message on its way: one row, or several when all rows get the same. */
struct job {
	bool used;
	struct peer *peer;
	struct ticket tickets[BATCH_MAX];
	struct smtp_rcpt rcpts[BATCH_MAX];
	size_t n;
	struct letter letter;
	bool trying;      /* its T records are written */
	struct job *next; /* that is free, too */
};

/* A row that was accepted. */
struct recent {
	struct ticket ticket; /* owns its email */
	struct buf message_id;
};

enum peer_state { PEER_FREE, PEER_OPENING, PEER_UP /* it has a session */ };

struct peer {
	enum peer_state state;
	struct relay *relay;
	struct connection connection;
	struct smtp smtp;
	struct sasl *sasl;
	struct buf ehlo;
	bool wants_token; /* it is its relay's turn */
	bool ready;       /* it was up once */
	bool quitting;
	bool troubled; /* a message was lost with the connection: the first is the suspect, the others only stood behind
			  it */
	bool suspect;  /* a row is taken for the reason of its end */
	bool aside;    /* and that row was left for another run */
	bool closing;  /* the server said 421 */
	bool limited;  /* and spoke of a limit or of our reputation */
	size_t jobs;   /* under way on it */
	size_t handed; /* rows handed over to it that have no verdict yet */
	bool full;     /* --max-unknown: the next message waits for one */
	uint64_t finished; /* messages that it had a verdict for */
	uint64_t taken;    /* messages it was given */
	int64_t idle_since;
	struct recent *recent; /* owned: the last rows accepted after BDAT, a ring; NULL: none */
	size_t recent_most;
	uint64_t n_recent; /* that were ever put in it */
};

#define PUTS_MOST 3    /* runs that put a row back while others at its domain were accepted */
#define WAIT_MOST 1000 /* rows put back of which it is not known yet whether this run is one of those */
#define HELD_MOST 100  /* refused recipients in a row after which it is not the recipients */

/* A refusal that says nothing, until an acceptance shows that others are taken. All strings are owned. */
struct held {
	struct result result;
	char *address; /* as it stands in RCPT TO */
	char *email;
	char *enhanced;
	char *reply;
	char *message_id;
	char *key;
	uint16_t puts; /* of a row that was put back: in so many runs before */
	int64_t not_before;
};

#define LINE_MOST 256 /* rows that one reservation names */

/* The rows that go next. */
struct line {
	struct ticket tickets[LINE_MOST];
	size_t at; /* the first that is not taken */
	size_t n;
	bool reserved;       /* they are named in the journal */
	bool slowed;         /* something went wrong since */
	int64_t reserved_at; /* when that was */
	int64_t taken_at;    /* when one was last taken */
	uint64_t most;       /* rows of the next reservation, as the last ones went; 0: there was none */
};

struct engine {
	struct campaign *campaign;
	const struct settings *settings;
	struct list *list;
	struct selection selection;
	struct values again; /* of rows that waited */
	struct row again_row;
	struct line line;
	bool hurry; /* there are more rows to look at: do not wait */
	struct queue queue;
	struct owners owners; /* of the recipients' domains, with --by-mx */
	struct providers providers;
	struct pace pace;
	struct book book;
	char list_key[33]; /* of the list's first row */
	struct results results;
	struct relay *relays;
	size_t n_relays;
	struct peer *peers;
	size_t n_peers;
	struct job *jobs; /* n_peers * WINDOW_MESSAGES */
	size_t n_jobs;
	size_t n_touched;      /* jobs that were ever used: the others cost no memory */
	struct job *free_jobs; /* of these */
	size_t under_way;      /* jobs used */
	struct pollfd *fds;
	struct buf recalled; /* of the journal, about the row at hand */
	struct progress progress;
	struct moment wall;
	int64_t now;
	uint64_t left; /* rows of the list not looked at yet, as preflight counted them */
	/* Octets of the first message: preflight's last question, which only a server can answer. */
	uint64_t first_size;
	struct set took;         /* domains at which somebody was accepted */
	uint64_t verdicts;       /* recipients accepted or refused for good */
	uint64_t bounces;        /* of them, those that do not exist */
	uint64_t refused_in_row; /* recipients, for good */
	uint64_t content_in_row; /* of them, for the content */
	uint64_t ours_in_row;    /* replies about us */
	struct held held[HELD_MOST];
	size_t n_held;
	struct held *put_back; /* owned: rows at whose domain nobody was accepted so far */
	size_t n_put_back;
	size_t put_back_room;
	bool all_refused;     /* everybody was: refusals that say nothing leave their rows to another run */
	int64_t trouble;      /* when something first went wrong since a message was taken; 0: nothing did */
	int64_t patience;     /* for how long that may last */
	struct err ours;      /* the first refusal that leaves rows to us: what the run ends with */
	uint64_t bad;         /* rows that could not be rendered */
	uint64_t earlier_bad; /* refused by an earlier run */
	bool list_ended;
	bool stopping;   /* nothing more is admitted; why, if it is an error */
	bool parting;    /* every row has its end; the servers are said goodbye to */
	int64_t stop_by; /* what is under way by then is abandoned */
	struct err why;
};

/* engine.c: run until every row has its end, or nothing more can be done. */
void engine_run(struct engine *e);
/* Admit nothing more; the first reason counts. */
void engine_stop(struct engine *e, const struct err *why);
/* Something went wrong that is not one recipient's; when no message is taken for too long, the run ends (75). */
void engine_trouble(struct engine *e);

/* admit.c: give work to every session that has room. How many messages were given. */
size_t engine_admit(struct engine *e);
/* When there may be something to admit that there is not now; INT64_MAX: nothing waits for time. */
int64_t engine_admit_due(const struct engine *e);
/* Is anything left that could be admitted now or later? */
bool engine_more(const struct engine *e);

/* line.c: the next row that may go now, or NULL. It lives until the next call. */
const struct ticket *line_head(struct engine *e);
/* Take it, with what it holds: t->email is the caller's then. False: it may not go after all. Only after line_head gave
 * one. */
bool line_take(struct engine *e, struct ticket *t, const struct values **v);
/* A row that was taken will not be sent now, and has no verdict: its place in the reservation ends. */
void line_give_back(struct engine *e, const struct ticket *t);
/* Rows that are looked up and not taken. */
size_t line_left(const struct engine *e);
/* A reservation of which nothing is taken for a while is given back; when that will be. */
int64_t line_stale(struct engine *e);
/* A row of it that will not be tried any more. */
bool line_drain(struct engine *e, struct waiting *w);

/* feed.c: the next row, of those that wait and then of the list: 1 (t->email is the caller's), 0 look again, -1 none
 * now. */
int feed_draw(struct engine *e, struct ticket *t);
/* The same of those that wait, and of the list alone. */
int feed_waiting(struct engine *e, struct ticket *t);
int feed_fresh(struct engine *e, struct ticket *t);
/* The address for the results, which are to be joined with the list: as it is written there. */
struct str feed_written(const struct engine *e, const struct values *v);
/* Read a row that was drawn again, for its message. False: it may not go: it waits, is skipped, or the run stops. */
bool feed_read(struct engine *e, const struct ticket *t, const struct values **v);
/* A row that gets a line in the results without any server. */
void engine_skip(struct engine *e, enum result_status status, uint64_t row, struct str email, const char *reply);
/* leave.c: the rows that wait and will not be tried any more get their result. */
void engine_leave(struct engine *e, const char *reply);

/* held.c: keep the result of a refused row for a while. */
void held_add(struct engine *e, const struct result *result, const char *address);
/* It is clear what they mean: the rows are refused, or left for another run. */
void held_end(struct engine *e, bool refused);

/* Keep the result of a row that was put back until the end of the run. False: there are too many. */
bool held_put_back(struct engine *e, const struct result *result, const struct ticket *t, int64_t not_before);
/* The run ends: those at whose domain others were accepted meanwhile come nearer to being refused, or are. */
void held_put_back_end(struct engine *e);
/* Was somebody at the domain of this address accepted in this run? */
bool held_took(const struct engine *e, const char *address);
/* What is said of a row that is given up. */
#define GIVEN_UP " (deferred in 3 runs in which others at its domain were accepted)"

/* step.c: let a session go on until it waits. True when something happened. */
bool step_peer(struct engine *e, struct peer *p);

/* verdict.c: what became of a recipient (index, or SIZE_MAX: all that have no verdict yet). */
void engine_job_verdict(struct engine *e, struct job *job, size_t rcpt, const struct smtp_news *news);
/* T records for all of its recipients without a verdict: before its last octets may leave. */
void engine_job_trying(struct engine *e, struct job *job);
/* doubt.c: a row was accepted; its email is the peer's then, if it may turn out to be in doubt. */
void doubt_keep(struct engine *e, struct peer *p, struct ticket *t, struct str message_id);
/* Replies do not fit: what was accepted shortly before is unknown, in the journal and in one more line of results. */
void doubt_tell(struct engine *e, struct peer *p, const struct err *why);
void doubt_free(struct peer *p);
/* It is over. */
void engine_job_free(struct engine *e, struct job *job);

/* peer.c: connections. */
void peer_open(struct engine *e, struct peer *p, struct relay *relay);
/* The connection is over: its messages get their verdicts, the relay learns from it. why may be NULL. */
void peer_end(struct engine *e, struct peer *p, const struct err *why);
void peer_free(struct peer *p);
size_t peer_poll(struct peer *p, struct pollfd *fds, int64_t *deadline);
void peer_read(struct engine *e, struct peer *p);
void peer_write(struct peer *p);
void peer_quit(struct peer *p);
/* The server refused its token: it gets a newer one that is there already, or waits for its relay's. */
void peer_new_token(struct engine *e, struct peer *p);
/* What became of the relay's token command, if it runs: all that wait for it go on, or end. */
void peer_take_token(struct engine *e, struct relay *r);

/* relay.c: how much a server is given. */
void relay_accepted(struct relay *r);
void relay_pushed_back(struct relay *r, int64_t now, bool hard);
/* A connection could not be had or was lost. up: its session had come up. */
void relay_failed(struct relay *r, int64_t now, const struct err *why, bool up);
/* A connection ended in the turn of a row, which may be the row's fault. aside: it was its second, and is left. */
void relay_broken(struct relay *r, int64_t now, const struct err *why, bool aside);
/* It closed a connection with 421 after so many messages: the second time after as many, that is its limit. */
void relay_closed(struct relay *r, uint64_t after);
/* A provider behind it pushed back. True: so did others before, so that it is the relay. */
bool relay_blamed(struct relay *r, size_t provider);
bool relay_open_for(const struct relay *r, int64_t now);
/* The token command that it runs, to be polled. */
size_t relay_poll(struct relay *r, struct pollfd *fds, int64_t *deadline);
void relay_free(struct relay *r);

#endif
