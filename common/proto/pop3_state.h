#ifndef PIPEMAIL_PROTO_POP3_STATE_H
#define PIPEMAIL_PROTO_POP3_STATE_H

#include "proto/pop3.h"

/*
 * The inside of a POP3 session, shared by its parts: pop3 (the turn and the commands), pop3_line (lines out and in, how
 * it ends), pop3_login (greeting to AUTH), pop3_list (capabilities and listings), pop3_body (messages).
 *
 * Every command that was sent has a `want` in a queue; answers are matched with it in order.
 */
enum pop3_phase {
	POP3_PHASE_GREETING,
	POP3_PHASE_CAPA,
	POP3_PHASE_STLS,
	POP3_PHASE_TLS, /* the caller shakes hands */
	POP3_PHASE_UTF8,
	POP3_PHASE_AUTH,
	POP3_PHASE_AUTH_AGAIN, /* the caller fetches a new token */
	POP3_PHASE_CAPA_AGAIN, /* some servers tell only then what they can do */
	POP3_PHASE_LISTING,
	POP3_PHASE_UP,
	POP3_PHASE_QUIT,
	POP3_PHASE_OVER,
};

enum pop3_want_kind {
	POP3_WANT_GREETING,
	POP3_WANT_CAPA,
	POP3_WANT_STLS,
	POP3_WANT_UTF8,
	POP3_WANT_AUTH,
	POP3_WANT_USER,
	POP3_WANT_PASS,
	POP3_WANT_STAT,
	POP3_WANT_LIST,
	POP3_WANT_UIDL,
	POP3_WANT_RETR,
	POP3_WANT_TOP,
	POP3_WANT_DELE,
	POP3_WANT_QUIT,
	POP3_WANT_STEP, /* pop3_step */
};

enum pop3_question {
	POP3_ASK_LIST,
	POP3_ASK_UIDL,
	POP3_ASK_NOOP,    /* +OK */
	POP3_ASK_NOTHING, /* a command that does not exist: -ERR */
	POP3_ASK_WHOLE,   /* the listing again: a list of the same messages */
	POP3_ASK_TRY = 8, /* in the beginning: is LIST or UIDL of one message answered as it should be? */
	POP3_ASK_LAST = 16,
};

struct pop3_want {
	enum pop3_want_kind kind;
	uint32_t number;
	unsigned lines; /* of TOP; or of pop3_question */
};

struct pop3_step {
	uint64_t random;
	uint32_t tried;   /* the message that lists and uidls were tried with; 0: none yet */
	unsigned trying;  /* questions that are still to tell */
	bool skip;        /* the server may have answered one with a whole list: lines that are no status are ignored */
	size_t skipped;   /* such lines */
	bool lists;       /* LIST of one message may be asked */
	bool uidls;       /* and UIDL */
	bool nothing;     /* a command that does not exist is refused */
	size_t whole;     /* lines of a whole list so far */
	unsigned every;   /* messages */
	unsigned since;   /* messages asked for since the last question */
	uint64_t octets;  /* of them, by LIST */
	unsigned pending; /* rounds of questions without an answer */
	bool wanted;
	bool last; /* wanted after the last command */
};

struct pop3_state {
	struct pop3_params params;
	enum pop3_phase phase;
	bool announced;
	bool tls;
	bool capa_known; /* the server answered CAPA with +OK once */
	bool auth_retried;
	bool cancelled;
	bool user_pass;        /* instead of AUTH */
	struct buf mechanisms; /* of CAPA's SASL */
	const char *mechanism;
	struct buf response;
	bool has_response;
	bool held_initial; /* response is the initial one, kept for the first challenge */

	bool lf_only;        /* no line of the server had a CR so far */
	bool in_list;        /* the lines of an answer are coming */
	unsigned list_lines; /* of CAPA so far */
	unsigned list_next;  /* STAT, LIST or UIDL */
	bool in_body;
	bool line_start; /* in a body */
	bool cr;
	uint32_t tail; /* the last four octets of the body */
	uint64_t dots; /* of the body, taken out */
	uint64_t crlf; /* line ends of the body */
	size_t given;  /* octets at the front of in that are done with in the next turn */

	uint64_t count; /* STAT's word */
	size_t items_room;
	struct buf uids; /* what the items' uids point into, once the listing is there */

	struct pop3_want *queue; /* commands in order: sent ones first */
	size_t queue_at;
	size_t n_queue;
	size_t n_sent;
	size_t queue_room;
	size_t window;
	uint64_t answers;
	struct pop3_step step;
	bool quit_wanted;
	bool deleted; /* a DELE was taken */
	bool piped;   /* commands about messages were in flight together: any answer since may be another's */

	struct buf line;
	bool eof;
	struct err eof_why;
	struct err why;
	bool in_order;
};

/* pop3_line */
void pop3_say(struct pop3 *p, const char *verb, struct str argument);
/* The next whole line of the server without its end; false: none yet, or too long (the session ended). It stays in `in`
 * until the next turn. */
bool pop3_take_line(struct pop3 *p, size_t limit, struct str *line);
/* +OK or -ERR, with the words behind it. -1: neither. */
int pop3_status(struct str line, struct str *words);
void pop3_end(struct pop3 *p, enum err_kind kind, const char *text);
/* As pop3_end with the server's words, and 75 where they say that it is for now. */
void pop3_refused(struct pop3 *p, enum err_kind never, const char *what, struct str words);
void pop3_close(struct pop3 *p);
bool pop3_is_temporary(struct str words);
void pop3_want(struct pop3 *p, enum pop3_want_kind kind);
/* Commands that were sent and have no answer. */
struct pop3_want *pop3_first_want(const struct pop3 *p);
void pop3_drop_want(struct pop3 *p);
/* After those that were sent and before the others. */
void pop3_want_next(struct pop3 *p, const struct pop3_want *w);

/* pop3_login */
void pop3_login_status(struct pop3 *p, enum pop3_want_kind kind, int status, struct str words);
/* "+ challenge"; true when AUTH was waiting for one. */
bool pop3_login_challenge(struct pop3 *p, struct str line);
void pop3_login_refused(struct pop3 *p, struct str words);
void pop3_login_listed(struct pop3 *p); /* CAPA's answer is whole */
bool pop3_login_send(struct pop3 *p, enum pop3_event *event);

/* pop3_list */
void pop3_caps_clear(struct pop3 *p);
void pop3_caps_line(struct pop3 *p, struct str line);
void pop3_list_stat(struct pop3 *p, struct str words);
void pop3_list_line(struct pop3 *p, enum pop3_want_kind kind, struct str line);
/* All listings are there: sort them and join the UIDs. */
void pop3_list_end(struct pop3 *p);
struct pop3_item *pop3_list_find(const struct pop3 *p, uint32_t number);

/* pop3_step */
void pop3_step_init(struct pop3 *p);
/* Before w is sent: true when it has to wait, for an answer or for questions that were queued before it. */
bool pop3_step_before(struct pop3 *p, const struct pop3_want *w);
/* Nothing is left to be sent. True when questions were queued. */
bool pop3_step_idle(struct pop3 *p);
void pop3_step_send(struct pop3 *p, const struct pop3_want *w);
/* A reply; status as of pop3_status. */
enum pop3_event pop3_step_reply(struct pop3 *p, int status, struct str words);
/* A line of the list that a question was for. */
enum pop3_event pop3_step_line(struct pop3 *p, struct str line);

/* pop3_body: the next piece of a message; POP3_WAIT: more octets are needed. */
enum pop3_event pop3_body_next(struct pop3 *p, struct pop3_news *news);

#endif
