#ifndef PIPEMAIL_PROTO_POP3_H
#define PIPEMAIL_PROTO_POP3_H

#include "base/buf.h"
#include "base/err.h"
#include "proto/tls.h"

struct sasl;

/* clang-format off */
/*
 * A POP3 client session (RFC 1939, 2449, 2595, 3206, 5034, 6856) without a socket, of the same shape as struct
 * smtp: bytes go into `in`, come out of `out`, and pop3_next says what happened. Only CRLF.CRLF ends a message;
 * with servers that never send a CR in any line LF.LF does. Numbers and UIDs of the server are hostile input.
 * Limits: 16 KiB a status line, 4 KiB a line of a list, 4 million messages.
 *
 *     pop3_init(&p, &params);
 *     for (;;) switch (pop3_next(&p, &news)) {
 *     case POP3_WAIT:  write p.out, read into p.in (on end of file: pop3_eof)
 *     case POP3_STLS:  do the TLS handshake, then pop3_tls_started
 *     case POP3_READY: p.items is the mailbox: pop3_retr, pop3_dele ..., pop3_quit
 *     ...
 *     }
 *     pop3_free(&p);
 *
 * Capabilities, as bits of pop3.caps.
 */
/* clang-format on */
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

/* How to run the session; copied, with what it points to borrowed for the session's life. */
struct pop3_params {
	enum tls_policy tls; /* TLS_IMPLICIT: it is up already */
	bool clear_auth;     /* credentials may be sent without TLS */
	/*
	 * Credentials, borrowed; used by one session at a time. USER and PASS are used where PLAIN would be
	 * allowed and the server has no mechanism of ours.
	 */
	struct sasl *sasl; /* credentials, borrowed. USER and PASS are used where PLAIN might be and the server has no
			      mechanism of ours */
	bool lock_step;    /* one command at a time, whatever is offered */
	/* Commands in flight when PIPELINING is offered; 0: 64. It begins with 4 and grows with the replies. */
	unsigned window; /* commands in flight when PIPELINING is offered; 0: 64. It begins with 4 and grows as answers
			    come */
};

/* What pop3_next reports. Deletions take effect only when the server accepts QUIT (RFC 1939, 6). */
enum pop3_event {
	POP3_WAIT,
	POP3_STLS,       /* do the TLS handshake, then call pop3_tls_started */
	POP3_READY,      /* logged in, the listing is there: pop3_retr, pop3_top, pop3_dele, pop3_quit */
	POP3_BEGIN,      /* news.number: its message starts (headers only after pop3_top) */
	POP3_BODY,       /* news.octets: a piece of it, without dot stuffing, line ends as they came */
	POP3_FINISH,     /* news.number: it is complete */
	POP3_REFUSED,    /* news.number: -ERR to RETR, TOP or DELE, with news.text */
	POP3_DELETED,    /* news.number: +OK to DELE */
	POP3_AUTH_AGAIN, /* the token was refused: pop3_auth_retry with a new one, or pop3_quit */
	POP3_CLOSED,     /* +OK to QUIT: the deletions took effect */
	POP3_FAILED,     /* over, news.err says why; what no event finished or deleted is not */
};

/* One message of the mailbox. */
struct pop3_item {
	uint32_t number;
	uint64_t size; /* bytes, as LIST says: a hint, not to be relied on */
	/*
	 * UIDL's unique id; empty if the server has no UIDL or sends something that is not a UID (a control
	 * character, over 1,000 bytes). Lives as long as the session.
	 */
	struct str uid; /* empty: the server has no UIDL, or says something that is no UID (a control, over 1,000
			    octets) */
};

/* Slices live until the next pop3_next. */
struct pop3_news {
	uint32_t number;
	struct str octets;
	struct str text; /* the server's text, without "-ERR " */
	struct err err;
};

/* A session. Everything but in and out is read-only for the caller. */
struct pop3 {
	struct buf in;
	struct buf out;
	unsigned caps;         /* enum pop3_cap, as offered last */
	struct buf caps_lines; /* as it came, for -v */
	/* Several commands were in flight before it failed: a new session with lock_step may succeed. */
	bool desynchronised;     /* commands were in flight together before it went wrong: lock step may help */
	struct pop3_item *items; /* in order of number, after POP3_READY */
	size_t n_items;
	struct pop3_state *state;
};

/* Begin a session; p must not own anything. pop3_free wipes its buffers; a zeroed one does nothing. */
void pop3_init(struct pop3 *p, const struct pop3_params *params);
void pop3_free(struct pop3 *p);
/*
 * The next event; *news is filled for it. Never waits. Errors of POP3_FAILED: ERR_PROTOCOL, ERR_AUTH (login
 * refused), ERR_TEMP (the connection ended, or the server says that it is temporary), ERR_UNAVAILABLE, or what
 * pop3_eof was given.
 */
enum pop3_event pop3_next(struct pop3 *p, struct pop3_news *news);
/*
 * After POP3_STLS, when TLS is up. What the server offered before is forgotten (RFC 2595, 4); bytes left in `in`
 * end the session with ERR_PROTOCOL.
 */
void pop3_tls_started(struct pop3 *p);
/* After POP3_AUTH_AGAIN: a new token was put into params->sasl. */
void pop3_auth_retry(struct pop3 *p);
/* Queue commands (after POP3_READY); they are sent in order, as the window allows. number is of an item. */
void pop3_retr(struct pop3 *p, uint32_t number);
/* The header and the first `lines` lines of the body. */
void pop3_top(struct pop3 *p, uint32_t number, unsigned lines);
/* Mark for deletion, which takes effect with QUIT. */
void pop3_dele(struct pop3 *p, uint32_t number);
/* Send QUIT after the queued commands; before login it ends the session at once. */
void pop3_quit(struct pop3 *p);
/* The connection ended or broke (err says why, may be NULL; copied). */
void pop3_eof(struct pop3 *p, const struct err *err);
/* What is being waited for, for messages; "" for nothing. Static. */
const char *pop3_waiting_for(const struct pop3 *p);

#endif
