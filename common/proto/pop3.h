#ifndef PIPEMAIL_PROTO_POP3_H
#define PIPEMAIL_PROTO_POP3_H

#include "base/buf.h"
#include "base/err.h"
#include "proto/tls.h"

struct sasl;

/*
 * A POP3 client session (RFC 1939, 2449, 2595, 3206, 5034, 6856) without a socket, of the same shape as struct smtp.
 * Only CRLF.CRLF ends a message, but for servers that never send a CR in any line of theirs: there LF.LF does. Numbers
 * and UIDs of the server are hostile until proven; a status line has at most 16 KiB, a line of a list 4 KiB, a list 4
 * million.
 */
enum pop3_cap {
	POP3_CAP_TOP = 1 << 0,
	POP3_CAP_UIDL = 1 << 1,
	POP3_CAP_USER = 1 << 2,
	POP3_CAP_SASL = 1 << 3,
	POP3_CAP_STLS = 1 << 4,
	POP3_CAP_PIPELINING = 1 << 5,
	POP3_CAP_RESP_CODES = 1 << 6,
	POP3_CAP_UTF8 = 1 << 7,
};

struct pop3_params {
	enum tls_policy tls; /* TLS_IMPLICIT: it is up already */
	bool clear_auth;
	struct sasl *sasl; /* credentials, borrowed. USER and PASS are used where PLAIN might be and the server has no
			      mechanism of ours */
	bool lock_step;
	bool no_uidl;    /* do not ask for UIDs (uidl_silent) */
	bool lf_bodies;  /* in a message a lone LF ends a line too (pop3_looks_ended) */
	bool confirm;    /* ask in between whether replies are in step with commands (pop3_confirm) */
	uint64_t seed;   /* random: what is asked then. Nobody who wrote a message may know it */
	unsigned every;  /* ask after so many messages; 0: 25. It grows up to that as answers come */
	unsigned window; /* commands in flight when PIPELINING is offered; 0: 256. It begins with 32, since the
			    listings came in one flight, and grows as answers come */
};

enum pop3_event {
	POP3_WAIT,
	POP3_STLS,       /* shake hands, then pop3_tls_started */
	POP3_READY,      /* logged in, the listing is there: pop3_retr, pop3_top, pop3_dele, pop3_quit */
	POP3_BEGIN,      /* news.number: its message starts (headers only after pop3_top) */
	POP3_BODY,       /* news.octets: a piece of it, dots unstuffed, line ends as they came */
	POP3_FINISH,     /* news.number: it is whole */
	POP3_REFUSED,    /* news.number: -ERR to RETR, TOP or DELE, with news.text */
	POP3_DELETED,    /* news.number: +OK to DELE */
	POP3_CONFIRMED,  /* every event so far was of a session in step: what came may be believed */
	POP3_AUTH_AGAIN, /* the token was refused: pop3_auth_retry with a new one, or pop3_quit */
	POP3_CLOSED,     /* +OK to QUIT: the deletions hold */
	POP3_FAILED,     /* over, news.err says why; what was not finished or deleted by an event is not */
};

#define POP3_UID_MAX 1000 /* octets; RFC 1939 has 70 */
struct pop3_item {
	uint32_t number;
	uint64_t size;  /* LIST's word: a hint */
	uint32_t uid_n; /* octets of its UID (pop3_uid) */
	uint32_t uid_at;
};

struct pop3_news {
	uint32_t number;
	struct str octets;
	uint64_t dots;   /* with POP3_FINISH: dots that were stuffed, */
	uint64_t crlf;   /* and lines that ended in CRLF */
	struct str text; /* the server's words, without "-ERR " */
	struct err err;
};

struct pop3 {
	struct buf in;
	struct buf out;
	unsigned caps;           /* what was offered last */
	struct buf caps_lines;   /* as it came, for -v */
	bool desynchronised;     /* commands were in flight together before it went wrong: lock step may help */
	uint64_t retry_after;    /* seconds to stay away, where a refusal says so or the mailbox is in use */
	uint64_t login_delay;    /* of CAPA, seconds */
	bool uidl_silent;        /* UIDL, which was not announced, was answered with +OK and no list */
	size_t unanswered;       /* commands in flight when the session ended */
	struct pop3_item *items; /* in order of number, after POP3_READY */
	size_t n_items;
	struct pop3_state *state;
};

void pop3_init(struct pop3 *p, const struct pop3_params *params);
void pop3_free(struct pop3 *p);
enum pop3_event pop3_next(struct pop3 *p, struct pop3_news *news);
void pop3_tls_started(struct pop3 *p);
void pop3_auth_retry(struct pop3 *p);
/* Queue commands (after POP3_READY); they are sent as the window allows, in order. */
void pop3_retr(struct pop3 *p, uint32_t number);
void pop3_top(struct pop3 *p, uint32_t number, unsigned lines);
void pop3_dele(struct pop3 *p, uint32_t number);
void pop3_quit(struct pop3 *p);
/*
 * A server that does not stuff dots, or a message that makes one look like that, ends a message early, and what follows
 * is taken for replies to later commands: messages come under each other's numbers. So LIST and UIDL are asked of
 * messages drawn at random, of which the listing has told the answer; a reply that is another's does not fit. With
 * params.confirm that happens every few messages; pop3_confirm asks for it now, after what was sent.
 */
void pop3_confirm(struct pop3 *p);
/* Ask for it as soon as every command that was queued is sent, without waiting for their replies. */
void pop3_confirm_last(struct pop3 *p);
/* Has something come, or been asked for, since POP3_CONFIRMED? */
bool pop3_unconfirmed(const struct pop3 *p);
void pop3_eof(struct pop3 *p, const struct err *err);
/*
 * There are servers that send CRLF after replies and a lone LF in messages, the end of which is not seen then. True
 * when all that came of a message ends as there: LF, dot, CRLF. When nothing follows for a while, another session with
 * lf_bodies may read it; it has to be confirmed, since a message can be written like that.
 */
bool pop3_looks_ended(const struct pop3 *p);
/* Its UID, until pop3_free; empty: the server has no UIDL, or says something that is no UID (a control, over 1,000
 * octets). */
struct str pop3_uid(const struct pop3 *p, const struct pop3_item *item);
/* The message that a reply to RETR or TOP is awaited for, or 0. */
uint32_t pop3_replying(const struct pop3 *p);
const char *pop3_waiting_for(const struct pop3 *p);

#endif
