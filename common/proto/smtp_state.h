#ifndef PIPEMAIL_PROTO_SMTP_STATE_H
#define PIPEMAIL_PROTO_SMTP_STATE_H

#include "proto/smtp.h"

/*
 * The inside of an SMTP session, shared by its files: smtp (the turn), smtp_login (greeting to AUTH), smtp_ehlo
 * (what the server offers), smtp_check (what need not be tried), smtp_mail (what of a message is sent when),
 * smtp_proof (what the server does with a refused chunk),
 * smtp_reply (what replies mean), smtp_end (how it ends), smtp_line (all output). No other module includes this.
 *
 * Every command that was sent has a `want` in a queue, and replies are matched with it in order. Nothing is sent
 * while replies are read. So a byte that arrives where no reply is due is always noticed before the next command
 * is sent, and is never taken for its reply.
 */
enum smtp_phase {
	PHASE_GREETING,
	PHASE_HELLO, /* EHLO, or HELO after a refusal, is to be sent or was sent */
	PHASE_STARTTLS,
	PHASE_TLS, /* the caller does the TLS handshake */
	PHASE_AUTH,
	PHASE_AUTH_AGAIN, /* the caller fetches a new token */
	PHASE_UP,
	PHASE_QUIT,
	PHASE_OVER,
};

enum want_kind {
	WANT_GREETING,
	WANT_EHLO,
	WANT_HELO,
	WANT_STARTTLS,
	WANT_AUTH,
	WANT_RSET,
	WANT_MAIL,
	WANT_RCPT,
	WANT_DATA,
	WANT_END,   /* the verdict after the final dot */
	WANT_BDAT,  /* the verdict after the last chunk */
	WANT_PROOF, /* of what the server does with a refused chunk; rcpt: which of the replies */
	WANT_QUIT,
};

/* A reply that is due. */
struct want {
	enum want_kind kind;
	struct smtp_message *message;
	size_t rcpt; /* index of the recipient, of a WANT_RCPT */
};

/* How far a message has come. */
enum stage {
	STAGE_QUEUED,
	STAGE_ENVELOPE, /* its commands are being sent */
	STAGE_REPLIES,  /* they are sent; the content waits for the replies */
	STAGE_CONTENT,
	STAGE_LONE_DOT, /* 354 although no recipient was accepted: an empty message has to end it */
	STAGE_SENT,
};

enum smtp_way {
	WAY_DATA,
	WAY_CHUNK,       /* BDAT when the replies to RCPT are there */
	WAY_CHUNK_AHEAD, /* BDAT in the same flight */
};

struct smtp_message {
	struct smtp_message *next;
	struct smtp_mail mail;
	enum stage stage;
	enum smtp_way way;
	size_t step;  /* the next command of the envelope: 0 RSET, 1 MAIL, then the recipients, then DATA or BDAT */
	size_t wants; /* replies that are due */
	enum smtp_outcome *rcpts; /* what was said to each recipient; SMTP_NOT_SENT: nothing yet */
	size_t accepted;
	size_t later;
	size_t never;
	bool mail_refused;
	bool unread;  /* its BDAT was not understood: nobody has it */
	bool decided; /* its outcome is known, although replies are still due */
	enum smtp_outcome outcome;
	struct reply why; /* the reply that decided it; code 0: none */
	struct err err;
	uint64_t given;  /* bytes of content so far */
	bool line_start; /* dot stuffing: the next byte begins a line */
	char tail;       /* the last byte of the content so far */
	bool whole;      /* the last byte of the message is in out */
	uint64_t end;    /* position in the output stream after that byte */
	size_t told;     /* LMTP: verdicts were reported for the recipients before this one */
};

/*
 * Does the server, judged by its greeting, read the bytes of a BDAT that it refuses? Not known; yes, for one
 * message in a flight; yes, with several messages under way. One that does not read them would take the message
 * for commands.
 */
enum trust { TRUST_NONE, TRUST_FLIGHT, TRUST_WINDOW };

struct smtp_state {
	struct smtp_params params;
	enum smtp_phase phase;
	bool ehlo_refused; /* HELO is next */
	bool announced;    /* the event of this phase was told to the caller */
	bool tls;
	bool auth_retried;
	bool cancelled;      /* "*" was sent */
	struct buf response; /* a line of AUTH to be sent */
	bool has_response;
	bool held_initial; /* it is the initial response, kept for the first challenge */
	struct reply greeting;
	enum trust trust;
	enum { PROOF_NONE, PROOF_ASKED, PROOF_DONE } proof; /* of that trust, if it was asked for */
	bool chunk_refused;                                 /* in the proof */

	struct reply reply; /* the one being handled */
	struct want *wants;
	size_t wants_at;
	size_t n_wants;
	size_t wants_room;

	struct smtp_message *first; /* all messages, in order */
	struct smtp_message *send;  /* the first that is not sent whole */
	struct smtp_message *gone;  /* finished; freed at the next smtp_next, as news points into it */
	size_t n_messages;
	uint64_t mails;  /* transactions so far */
	uint64_t queued; /* messages so far */
	bool dirty;      /* the last transaction was not accepted: RSET comes before the next */
	bool ready_due;  /* SMTP_READY has to be reported */
	bool quit_wanted;

	bool proved;       /* a message was accepted */
	bool proved_chunk; /* and one by BDAT */
	unsigned refusals; /* messages refused in a row */
	size_t window;     /* messages under way that the server seems to accept */

	struct buf line;
	uint64_t position; /* bytes put into out since the start */
	unsigned flights;
	bool blocked; /* the server was waited for: what is sent next begins a new flight */

	bool eof;
	struct err eof_why;
	/* 421 came: what follows the command that it answers was not read, complete or not. */
	bool cut;
	/* Whose verdict the 421 was sent instead of, if any. */
	const struct smtp_message *cut_at;
	/* Bytes that had left when the session ended: decides between not sent and unknown. */
	uint64_t left_at_end;
	struct err why;    /* of the end */
	struct reply last; /* the server's word at the end, code 0: none */
	bool in_order;
};

/*
 * smtp_line: everything that is sent passes here. Begin, add, then send one command; arguments are checked at the
 * end.
 */
void smtp_line_begin(struct smtp *s, const char *verb);
void smtp_line_add(struct smtp *s, struct str text);
void smtp_line_number(struct smtp *s, uint64_t n);
/* Send the line. False: it has a control character in it or is too long, and the session was ended with ERR_DATA. */
bool smtp_line_send(struct smtp *s);
void smtp_put_octets(struct smtp *s, struct str octets);
/* Add octets of a DATA content to out, with dots stuffed. */
void smtp_put_stuffed(struct smtp *s, bool *line_start, struct str octets);
/* May it be put between < and > (RFC 5321, 4.1.2)? utf8: with SMTPUTF8. */
bool smtp_path_clean(struct str path, bool utf8);
/* May it be the value of an ESMTP parameter (RFC 5321, 4.1.2 esmtp-value)? */
bool smtp_value_clean(const char *value);

/*
 * smtp_want: the replies that are due. smtp_want_first is NULL when there are none; it is valid until the next add
 * or drop.
 */
void smtp_want_add(struct smtp *s, enum want_kind kind, struct smtp_message *m, size_t rcpt);
struct want *smtp_want_first(const struct smtp *s);
void smtp_want_drop(struct smtp *s);

/* smtp_login; true: there is an event */
void smtp_login_handle(struct smtp *s, enum want_kind kind);
bool smtp_login_send(struct smtp *s, struct smtp_news *news, enum smtp_event *event);
/* The end of the session, with the reply that refuses AUTH. */
void smtp_login_refused(struct smtp *s);

/* smtp_ehlo */
void smtp_caps_clear(struct smtp_caps *caps);
void smtp_caps_read(struct smtp_caps *caps, struct str lines);
enum trust smtp_trust_of(const struct reply *greeting, const struct smtp_caps *caps);

/* smtp_proof: before the first message, try what the server does with a refused chunk. True: it is not known yet. */
bool smtp_proof_waits(struct smtp *s);
/* The i-th reply to it. */
void smtp_proof_handle(struct smtp *s, size_t i);

/* smtp_mail */
/* Send what may be sent of the queued messages. True: there is an event. */
bool smtp_mail_send(struct smtp *s, struct smtp_news *news, enum smtp_event *event);

/* Mark m as SMTP_REJECTED_HERE, with its err, when this server cannot accept it. */
void smtp_mail_check(struct smtp *s, struct smtp_message *m);

/* Apply the reply to w. True: it is an event. */
bool smtp_reply_handle(struct smtp *s, const struct want *w, struct smtp_news *news, enum smtp_event *event);
/* A reply that answers nothing we sent: ends the session. */
void smtp_reply_stray(struct smtp *s);

/* The message is done: fill news with its final verdict. reply may be NULL. Always true. */
bool smtp_message_finish(struct smtp *s, struct smtp_message *m, enum smtp_outcome outcome, const struct reply *reply,
	struct smtp_news *news, enum smtp_event *event);
/* Was the message refused before its content? */
bool smtp_is_lost(const struct smtp_message *m);
/* Finish such a message; no content was sent. */
bool smtp_finish_lost(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event);
/* How many bytes were taken out of `out` since the start. */
uint64_t smtp_octets_left(const struct smtp *s);
enum smtp_outcome smtp_outcome_of(const struct reply *r);
/* The outcome of a message for which no recipient was accepted, or with all_or_nothing not every one. */
enum smtp_outcome smtp_outcome_of_rcpts(const struct smtp_message *m);
void smtp_message_free(struct smtp_message *m);
/*
 * End the session with this error; messages under way get their verdicts in the next turns. with_reply: the reply
 * at hand is the server's last one and is appended to text. Bytes that have not left are dropped.
 */
void smtp_session_end(struct smtp *s, enum err_kind kind, const char *text, bool with_reply);
/* End it in order. */
void smtp_session_close(struct smtp *s);
enum smtp_event smtp_session_over(struct smtp *s, struct smtp_news *news);

#endif
