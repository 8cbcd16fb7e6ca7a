#ifndef PIPEMAIL_PROTO_SMTP_H
#define PIPEMAIL_PROTO_SMTP_H

#include "base/buf.h"
#include "base/err.h"
#include "proto/tls.h"
#include "proto/reply.h"

struct sasl;

/* clang-format off */
/*
 * An SMTP (RFC 5321) or LMTP (RFC 2033) client session without a socket: bytes from the server go into `in`, bytes
 * for it come out of `out`, and smtp_next says what happened or what is wanted. The caller owns the loop and moves
 * the bytes; the session never waits, never looks at a clock and never prints. Messages are queued with smtp_mail;
 * how they are sent (one command at a time, pipelined, in chunks) depends on what the server offers and has shown
 * that it can do.
 *
 *     smtp_init(&s, &params);
 *     for (;;) switch (smtp_next(&s, &news)) {
 *     case SMTP_WAIT:       write s.out, read into s.in (on end of file: smtp_eof)
 *     case SMTP_STARTTLS:   nothing may be left in s.in; start TLS, then smtp_tls_started
 *     case SMTP_READY:      smtp_mail or smtp_quit
 *     case SMTP_CONTENT:    smtp_content... until the message is complete, then smtp_content_end
 *     case SMTP_RCPT:       the server's reply for one recipient
 *     case SMTP_VERDICT:    what happened to one message
 *     case SMTP_AUTH_AGAIN: the token was refused: smtp_auth_retry with a new one, or smtp_quit
 *     case SMTP_CLOSED:     over, in order
 *     case SMTP_FAILED:     over, news.err says why
 *     }
 *     smtp_free(&s);
 */
/* clang-format on */

/* What the server offers, as bits of smtp_caps.flags and smtp.used. */
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
	SMTP_CAP_ESMTP = 1 << 12, /* EHLO was accepted at all */
};

/* What the server offers, from its last EHLO reply; read-only. The bufs are owned by the session. */
struct smtp_caps {
	unsigned flags;
	uint64_t size;     /* SIZE (RFC 1870): bytes, 0: not said or no limit */
	uint64_t rcpt_max; /* LIMITS (RFC 9422), 0: not said */
	uint64_t mail_max;
	uint64_t rcpt_domain_max;
	struct buf auth;  /* mechanisms, separated by spaces */
	struct buf lines; /* the EHLO lines as they came, for --probe */
};

/* How to run the session; copied, with what it points to borrowed for the session's life. */
struct smtp_params {
	bool lmtp;
	const char *ehlo;    /* host name or address literal for EHLO or LHLO */
	enum tls_policy tls; /* TLS_IMPLICIT: it is up already */
	bool clear_auth;     /* credentials may go without TLS (Unix socket, or an explicit --tls=off to loopback) */
	struct sasl *sasl;   /* credentials, or NULL: no AUTH. Borrowed for the session's life */
	bool lock_step;      /* one command at a time, whatever is offered */
	bool probe;          /* stop at SMTP_READY even when nothing can be sent: for --probe */
	bool chunking;       /* use BDAT (RFC 3030) where it is offered */
	/*
	 * This server is known to read the bytes of a BDAT that it refuses (it did on an earlier connection). Else
	 * only servers that are recognised as Postfix, Exim, Exchange or Gmail are sent a BDAT before their
	 * replies to RCPT have come.
	 */
	bool trusted;
	/*
	 * Find out by trying, instead of by the server's name: one round trip before the first message, worth it where
	 * many follow. Only where PIPELINING and CHUNKING are offered, and not with LMTP.
	 */
	bool prove;
	size_t window_messages; /* messages under way at once; 0 or 1: one */
	size_t window_bytes;    /* bytes of content under way at once, roughly */
};

/* One recipient of one message; the strings are borrowed until the verdict of the message. */
struct smtp_rcpt {
	struct str address; /* as it goes into RCPT TO:<…> */
	const char *notify; /* NOTIFY= value or NULL */
	const char *orcpt;  /* ORCPT= value (xtext) or NULL */
};

/* One message. The struct is copied by smtp_mail; what it points to is borrowed until its final verdict. */
struct smtp_mail {
	struct str reverse_path; /* as it goes into MAIL FROM:<…>; empty is <> */
	const struct smtp_rcpt *rcpts;
	size_t n_rcpts;
	uint64_t size;  /* exact bytes of the content in CRLF form, before dot stuffing */
	bool eight_bit; /* the body has bytes over 0x7f */
	bool utf8;      /* an address or a header needs SMTPUTF8 */
	bool require_tls;
	const char *ret;     /* RET= or NULL */
	const char *envid;   /* ENVID= (xtext) or NULL */
	bool all_or_nothing; /* send no message unless every recipient was accepted */
	bool envelope_only; /* MAIL and RCPT are tried and taken back with RSET: accepted, it ends with SMTP_NOT_SENT */
	bool last;          /* no message follows: QUIT is sent with it */
	uint64_t tag;       /* the caller's own; it comes back in every event */
};

/* What smtp_next reports. Fields of smtp_news that are not named are unset. */
enum smtp_event {
	SMTP_WAIT,
	SMTP_STARTTLS,
	/* The session is up and has room for a message; reported once for each room (smtp_room tells at any time). */
	SMTP_READY,
	/* news.tag, .rcpt, .reply; .outcome is SMTP_ACCEPTED, SMTP_REFUSED_LATER or SMTP_REFUSED_NEVER. */
	SMTP_RCPT,
	/* news.tag: its content is wanted now, up to smtp_content_room bytes; repeated until smtp_content_end. */
	SMTP_CONTENT,
	/*
	 * news.tag, .outcome, .reply. LMTP: one for each recipient that was accepted, with .rcpt; .final is set
	 * with the last.
	 */
	SMTP_VERDICT,
	SMTP_AUTH_AGAIN,
	/* Over, in order; verdicts that were given hold. */
	SMTP_CLOSED,
	/*
	 * Over, news.err says why. With ERR_PROTOCOL after an acceptance on the same connection, that acceptance
	 * is in doubt. `out` may contain a QUIT, which may be sent without waiting for its reply.
	 */
	SMTP_FAILED,
};

/* What happened to a message or a recipient. */
enum smtp_outcome {
	SMTP_ACCEPTED,
	SMTP_REFUSED_LATER, /* 4xx */
	SMTP_REFUSED_NEVER, /* 5xx */
	SMTP_NOT_SENT,      /* it cannot have been delivered: may be tried again */
	SMTP_UNKNOWN,       /* sent completely, and no reply came: may have been delivered (ERR_OUTCOME) */
	/* The message cannot be sent to this server (SIZE, SMTPUTF8, REQUIRETLS): .err says why. */
	SMTP_REJECTED_HERE,
};

struct smtp_news {
	uint64_t tag;
	size_t rcpt; /* index into the mail's rcpts; SIZE_MAX: the message as a whole */
	enum smtp_outcome outcome;
	bool final;                /* the last event of this message */
	const struct reply *reply; /* NULL if no reply caused it; lives until the next smtp_next */
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

/*
 * Begin a session; s must not own anything (zeroed is fine). Free it with smtp_free, which wipes its buffers and
 * does nothing with a zeroed one.
 */
void smtp_init(struct smtp *s, const struct smtp_params *params);
void smtp_free(struct smtp *s);
/*
 * The next event; *news is filled for it. Never waits: on SMTP_WAIT move bytes between in, out and the server,
 * then call again.
 */
enum smtp_event smtp_next(struct smtp *s, struct smtp_news *news);

/*
 * After SMTP_STARTTLS, when TLS is up. What the server offered before is forgotten (RFC 3207, 4.2). Bytes left in
 * s->in end the session with ERR_PROTOCOL: they were not protected.
 */
void smtp_tls_started(struct smtp *s);
/* May another message be queued? smtp_mail queues one and must only be called when it says so. */
bool smtp_room(const struct smtp *s);
void smtp_mail(struct smtp *s, const struct smtp_mail *mail);
/* How many bytes of content the session should be given now, so that `out` stays small; 0: flush `out` first. */
/*
 * The content of the message of the last SMTP_CONTENT, in CRLF form, in any pieces; the session stuffs dots or
 * counts bytes.
 */

size_t smtp_content_room(const struct smtp *s);
/* Bytes of the content; exactly mail.size in all, or the session ends with ERR_DATA. */
void smtp_content(struct smtp *s, struct str octets);
/*
 * In the middle of a message, with room for more of it: smtp_next will report SMTP_CONTENT without anything from
 * the server. A loop that polls must then not wait for the server.
 */
bool smtp_content_due(const struct smtp *s);
/* The content is complete. */
void smtp_content_end(struct smtp *s);
/*
 * The content cannot be read after all (a file became shorter): the session ends with ERR_IO, the connection has
 * to be closed, and nothing is delivered.
 */
void smtp_abort(struct smtp *s);
/* New credentials were put into params->sasl (sasl_set_password): try AUTH again. */
void smtp_auth_retry(struct smtp *s);
/* Send QUIT after the messages that are queued; before login it ends the session at once. */
void smtp_quit(struct smtp *s);
/*
 * The connection ended or broke (err says why, may be NULL; copied): messages under way get their verdicts from
 * the next calls of smtp_next, then SMTP_FAILED or SMTP_CLOSED. What was taken out of `out` counts as sent.
 */
void smtp_eof(struct smtp *s, const struct err *err);
/* The session ended while it was found out what the server does with a chunk that it refuses (params.prove). */
bool smtp_proof_broke(const struct smtp *s);
/* How many groups of bytes were sent without waiting for a reply in between (round trips), for --report. */
unsigned smtp_flights(const struct smtp *s);
/* What is being waited for, for messages: "greeting", "reply to MAIL"...; "" for nothing. Static. */
const char *smtp_waiting_for(const struct smtp *s);

#endif
