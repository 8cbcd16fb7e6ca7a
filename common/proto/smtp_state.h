#ifndef PIPEMAIL_PROTO_SMTP_STATE_H
#define PIPEMAIL_PROTO_SMTP_STATE_H

#include "proto/smtp.h"

/*
 * The inside of an SMTP session, shared by its parts: smtp (the turn), smtp_login (greeting to AUTH), smtp_ehlo (what
 * the server says of itself), smtp_check (what need not be tried), smtp_mail (what is sent of a message and when),
 * smtp_reply (what the answers mean), smtp_end (how it ends), smtp_line (the one way out).
 *
 * Every command that was sent has a `want` in a queue; replies are matched with it in order. Nothing is sent from where
 * replies are read, so that surplus octets at a point where none may be are always seen before the next command leaves.
 */
enum smtp_phase {
	PHASE_GREETING,
	PHASE_HELLO, /* EHLO, or HELO after it was refused, is to be sent or under way */
	PHASE_STARTTLS,
	PHASE_TLS, /* the caller shakes hands */
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
	WANT_END,  /* the verdict after the final dot */
	WANT_BDAT, /* the verdict after the last chunk */
	WANT_QUIT,
};

struct want {
	enum want_kind kind;
	struct smtp_message *message;
	size_t rcpt;
};

enum stage {
	STAGE_QUEUED,
	STAGE_ENVELOPE, /* its commands are being sent */
	STAGE_REPLIES,  /* they are sent, the content waits for the replies */
	STAGE_CONTENT,
	STAGE_LONE_DOT, /* 354 although no recipient was taken */
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
	size_t wants; /* replies outstanding */
	enum smtp_outcome *rcpts; /* what was said to each recipient; SMTP_NOT_SENT: nothing yet */
	size_t accepted;
	size_t later;
	size_t never;
	bool mail_refused;
	bool decided; /* its outcome is known although replies are outstanding */
	enum smtp_outcome outcome;
	struct reply why; /* the reply behind it, code 0: none */
	struct err err;
	uint64_t given;  /* octets of content so far */
	bool line_start; /* stuffing: the next octet begins a line */
	char tail;       /* the last octet of it */
	bool whole;      /* the last octet of it is in out */
	uint64_t end;    /* position in the stream behind that octet */
	size_t told;     /* LMTP: verdicts are told for the recipients before this one */
};

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

	struct reply reply; /* the one being handled */
	struct want *wants;
	size_t wants_at;
	size_t n_wants;
	size_t wants_room;

	struct smtp_message *first; /* all messages, in order */
	struct smtp_message *send;  /* the first that is not sent whole */
	struct smtp_message *gone;  /* finished; freed in the next turn */
	size_t n_messages;
	uint64_t mails;  /* transactions so far */
	uint64_t queued; /* messages so far */
	bool dirty;      /* the last transaction did not end in acceptance */
	bool ready_due;
	bool quit_wanted;

	bool proved;       /* a message went through */
	bool proved_chunk; /* and one by BDAT */
	unsigned refusals; /* messages refused in a row */
	size_t window;     /* messages under way that the server seems to bear */

	struct buf line;
	uint64_t position; /* octets put into out */
	unsigned flights;
	bool blocked; /* the server was waited for: what goes out next is a new flight */

	bool eof;
	struct err eof_why;
	bool cut; /* 421 came: what stands behind the command that it answers was not taken, whole or not */
	const struct smtp_message *cut_at; /* whose verdict it stood for, if any */
	uint64_t left_at_end;              /* octets that had left when the session ended */
	struct err why;                    /* of the end */
	struct reply last;                 /* the server's word at the end, code 0: none */
	bool in_order;
};

/* smtp_line: everything that goes to the server passes here. */
void smtp_line_begin(struct smtp *s, const char *verb);
void smtp_line_add(struct smtp *s, struct str text);
void smtp_line_number(struct smtp *s, uint64_t n);
/* Send the line, or end the session because a control character is in it. */
bool smtp_line_send(struct smtp *s);
void smtp_put_octets(struct smtp *s, struct str octets);
/* Add octets of a DATA content to out, with dots stuffed. */
void smtp_put_stuffed(struct smtp *s, bool *line_start, struct str octets);
/* May it stand between < and >? */
bool smtp_path_clean(struct str path, bool utf8);
/* May it be the value of an ESMTP parameter (RFC 5321, 4.1.2 esmtp-value)? */
bool smtp_value_clean(const char *value);

/* smtp_want: replies outstanding. first: NULL when there are none. */
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

/* smtp_mail */
/* True: there is an event. */
bool smtp_mail_send(struct smtp *s, struct smtp_news *news, enum smtp_event *event);

/* smtp_check: mark m as SMTP_REJECTED_HERE when this server cannot take it. */
void smtp_mail_check(struct smtp *s, struct smtp_message *m);

/* smtp_reply: what a reply to w means; true: it is an event. */
bool smtp_reply_handle(struct smtp *s, const struct want *w, struct smtp_news *news, enum smtp_event *event);
/* A reply that answers nothing we sent. */
void smtp_reply_stray(struct smtp *s);

/* smtp_end: the message is done; its final verdict is the event. reply may be NULL. */
bool smtp_message_finish(struct smtp *s, struct smtp_message *m, enum smtp_outcome outcome, const struct reply *reply,
	struct smtp_news *news, enum smtp_event *event);
/* Has the message come to nothing before its content? */
bool smtp_is_lost(const struct smtp_message *m);
/* It ends there, with no content taken. */
bool smtp_finish_lost(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event);
/* How many octets were taken out of `out`. */
uint64_t smtp_octets_left(const struct smtp *s);
enum smtp_outcome smtp_outcome_of(const struct reply *r);
/* The outcome of a message that no recipient, or with all_or_nothing not every one, was accepted of. */
enum smtp_outcome smtp_outcome_of_rcpts(const struct smtp_message *m);
void smtp_message_free(struct smtp_message *m);
/* End the session; what is under way gets its verdicts in the next turns. with_reply: the reply at hand is the server's
 * last word and is told behind text. */
void smtp_session_end(struct smtp *s, enum err_kind kind, const char *text, bool with_reply);
/* The end in order. */
void smtp_session_close(struct smtp *s);
enum smtp_event smtp_session_over(struct smtp *s, struct smtp_news *news);

#endif
