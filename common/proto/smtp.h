#ifndef PIPEMAIL_PROTO_SMTP_H
#define PIPEMAIL_PROTO_SMTP_H

#include "base/buf.h"
#include "base/err.h"
#include "proto/tls.h"
#include "proto/reply.h"

struct sasl;

/* clang-format off */
/*
 * An SMTP (RFC 5321) or LMTP (RFC 2033) client session without a socket: octets from the server go into `in`, octets
 * for it come out of `out`, and smtp_next says what happened or what is wanted. Whoever owns a loop drives it. The
 * caller moves octets; the session never waits, never looks at a clock and never prints.
 *
 *     for (;;) switch (smtp_next(s, &news)) {
 *     case SMTP_WAIT:     write s->out, read into s->in (on end of file: smtp_eof)
 *     case SMTP_STARTTLS: nothing may be left in s->in; start TLS, then smtp_tls_started
 *     case SMTP_READY:    smtp_mail or smtp_quit
 *     case SMTP_CONTENT:  smtp_content… until the message is through, then smtp_content_end
 *     case SMTP_RCPT:     what the server says to one recipient
 *     case SMTP_VERDICT:  what became of one message
 *     case SMTP_AUTH_AGAIN: the token was refused: smtp_auth_retry with a new one, or smtp_quit
 *     case SMTP_CLOSED:   over, in order
 *     case SMTP_FAILED:   over, news.err says why
 *     }
 */
/* clang-format on */
enum smtp_cap {
	SMTP_CAP_PIPELINING = 1 << 0,
	SMTP_CAP_8BITMIME = 1 << 1,
	SMTP_CAP_SMTPUTF8 = 1 << 2,
	SMTP_CAP_CHUNKING = 1 << 3,
	SMTP_CAP_BINARYMIME = 1 << 4,
	SMTP_CAP_DSN = 1 << 5,
	SMTP_CAP_SIZE = 1 << 6,
	SMTP_CAP_STARTTLS = 1 << 7,
	SMTP_CAP_ENHANCED = 1 << 8,
	SMTP_CAP_REQUIRETLS = 1 << 9,
	SMTP_CAP_LIMITS = 1 << 10,
	SMTP_CAP_AUTH = 1 << 11,
	SMTP_CAP_ESMTP = 1 << 12, /* EHLO was taken at all */
};

struct smtp_caps {
	unsigned flags;
	uint64_t size;     /* SIZE, 0: not said */
	uint64_t rcpt_max; /* LIMITS (RFC 9422), 0: not said */
	uint64_t mail_max;
	uint64_t rcpt_domain_max;
	struct buf auth;  /* mechanisms, separated by blanks */
	struct buf lines; /* the EHLO lines as they came, for --probe */
};

struct smtp_params {
	bool lmtp;
	const char *ehlo;    /* name or address literal for EHLO/LHLO */
	enum tls_policy tls; /* TLS_IMPLICIT: it is up already */
	bool clear_auth;     /* credentials may go without TLS (Unix socket, or an explicit --tls=off to loopback) */
	struct sasl *sasl;   /* credentials, or NULL: no AUTH. Borrowed for the session's life */
	bool lock_step;      /* one command at a time, whatever is offered */
	bool probe;          /* stop at SMTP_READY even if nothing can be sent: for --probe */
	bool chunking;       /* BDAT where offered */
	bool trusted;        /* this server is known to read the octets of a BDAT that it refuses (it did on an earlier
		       * connection); else only servers that are recognised as Postfix, Exim, Exchange or Gmail are sent
		       * a BDAT before their replies to RCPT are there */
	size_t window_messages; /* messages that may be under way at once; 0 or 1: one */
	size_t window_bytes;
};

/* One recipient of one message; strings are borrowed until its verdict. */
struct smtp_rcpt {
	struct str address; /* as it goes into RCPT TO:<…> */
	const char *notify; /* NOTIFY= value or NULL */
	const char *orcpt;  /* ORCPT= value (xtext) or NULL */
};

struct smtp_mail {
	struct str reverse_path; /* as it goes into MAIL FROM:<…>; empty is <> */
	const struct smtp_rcpt *rcpts;
	size_t n_rcpts;
	uint64_t size;  /* exact octets of the content in CRLF form, before dot stuffing */
	bool eight_bit; /* the body has octets over 0x7f */
	bool utf8;      /* an address or a header needs SMTPUTF8 */
	bool require_tls;
	const char *ret;     /* RET= or NULL */
	const char *envid;   /* ENVID= (xtext) or NULL */
	bool all_or_nothing; /* no message unless every recipient is taken */
	bool envelope_only; /* MAIL and RCPT are tried and taken back with RSET: accepted, it ends with SMTP_NOT_SENT */
	bool last;          /* nothing follows: QUIT rides along */
	uint64_t tag;       /* the caller's, comes back in every event */
};

enum smtp_event {
	SMTP_WAIT,
	SMTP_STARTTLS,
	SMTP_READY,   /* the session is up and there is room for a message; told once for each room, smtp_room tells at
			 any time */
	SMTP_RCPT,    /* news.tag, .rcpt, .reply; SMTP_ACCEPTED, _LATER or _NEVER in .outcome */
	SMTP_CONTENT, /* news.tag: its content is wanted now, up to smtp_content_room octets; again and again until
			 smtp_content_end */
	SMTP_VERDICT, /* news.tag, .outcome, .reply. For LMTP one a recipient that was accepted, with .rcpt; .final is
			 set with the last */
	SMTP_AUTH_AGAIN,
	SMTP_CLOSED, /* over, in order; a verdict that was given holds */
	SMTP_FAILED, /* over; with ERR_PROTOCOL after an acceptance on the same connection that acceptance is in doubt.
		      * out may hold a QUIT, which may be sent without waiting for its answer */
};

enum smtp_outcome {
	SMTP_ACCEPTED,
	SMTP_REFUSED_LATER, /* 4xx */
	SMTP_REFUSED_NEVER, /* 5xx */
	SMTP_NOT_SENT,      /* nothing of it can have been delivered: may be tried again */
	SMTP_UNKNOWN,       /* handed over whole and no verdict came */
	SMTP_REJECTED_HERE, /* the message cannot go to this server at all (SIZE, SMTPUTF8, REQUIRETLS): .err says
			     * why */
};

struct smtp_news {
	uint64_t tag;
	size_t rcpt; /* index into the mail's rcpts; SIZE_MAX: the message as a whole */
	enum smtp_outcome outcome;
	bool final;                /* the last event of this message */
	const struct reply *reply; /* NULL when no server word stands behind it; lives until the next call */
	struct err err;
};

struct smtp {
	struct buf in;  /* from the server */
	struct buf out; /* for the server */
	struct smtp_caps caps;
	unsigned used;            /* extensions (enum smtp_cap) that a message or the login made use of */
	const char *mechanism;    /* the SASL mechanism that was used, or NULL; borrowed from sasl */
	struct smtp_state *state; /* the rest is the session's own */
};

void smtp_init(struct smtp *s, const struct smtp_params *params);
void smtp_free(struct smtp *s);
enum smtp_event smtp_next(struct smtp *s, struct smtp_news *news);

/* After SMTP_STARTTLS, when TLS stands. What the server said before is forgotten (RFC 3207, 4.2). */
void smtp_tls_started(struct smtp *s);
/* Queue a message: only when smtp_room says so. The mail itself is copied, what it points to is borrowed. */
bool smtp_room(const struct smtp *s);
void smtp_mail(struct smtp *s, const struct smtp_mail *mail);
/* Content in CRLF form, any cuts; the session stuffs dots or counts octets. smtp_content_room: how much it should be
 * given now, so that `out` stays small; 0: flush first (SMTP_WAIT). */
size_t smtp_content_room(const struct smtp *s);
void smtp_content(struct smtp *s, struct str octets);
/* In the middle of a message, and there is room for more of it: smtp_next says SMTP_CONTENT, without anything coming
 * from the server first. A loop that polls must not wait for the server then. */
bool smtp_content_due(const struct smtp *s);
void smtp_content_end(struct smtp *s);
/* The content cannot be had after all (a file shrank): the connection has to be dropped; nothing is delivered. */
void smtp_abort(struct smtp *s);
/* New credentials were put into params->sasl. */
void smtp_auth_retry(struct smtp *s);
void smtp_quit(struct smtp *s);
/* The connection ended or broke (why in err, which may be NULL): messages under way get their verdicts, then
 * SMTP_FAILED or SMTP_CLOSED. What was taken out of `out` counts as handed over. */
void smtp_eof(struct smtp *s, const struct err *err);
/* Groups of octets that were sent without waiting for a reply in between, up to now: for --report's numbers. */
unsigned smtp_flights(const struct smtp *s);
/* What is being waited for, for messages: "greeting", "reply to MAIL", "reply to the end of data"… */
const char *smtp_waiting_for(const struct smtp *s);

#endif
