#ifndef PIPEMAIL_PROTO_POP3_STATE_H
#define PIPEMAIL_PROTO_POP3_STATE_H

#include "proto/pop3.h"

/* What the parts of the POP3 session share; nobody else includes it. */

#define POP3_LINE_MAX ((size_t)16 << 10) /* RFC 1939 says 512; greetings of 9 KiB are about */
#define POP3_CAPA_MAX 200u

/* An answer that is still to come. */
enum pop3_want {
	WANT_GREETING,
	WANT_CAPA,
	WANT_STLS,
	WANT_UTF8,
	WANT_AUTH,
	WANT_USER,
	WANT_PASS,
	WANT_STAT,
	WANT_LIST,
	WANT_UIDL,
	WANT_RETR,
	WANT_TOP,
	WANT_DELE,
	WANT_QUIT,
};

enum pop3_phase {
	PHASE_GREETING,
	PHASE_CAPA,      /* before TLS, or before login */
	PHASE_STLS,
	PHASE_TLS,       /* the caller shakes hands */
	PHASE_LOGIN,
	PHASE_AGAIN,     /* the caller looks for a new token */
	PHASE_LISTING,
	PHASE_UP,
	PHASE_CLOSED,
	PHASE_FAILED,
};

struct pop3_order {
	enum pop3_want want;
	uint32_t number;
	unsigned lines; /* TOP */
};

/* A queue of orders; the same shape for what waits to be sent and what was. */
struct pop3_orders {
	struct pop3_order *p;
	size_t first;
	size_t n;
	size_t cap;
};

struct pop3_state {
	struct pop3_params params;
	enum pop3_phase phase;
	struct pop3_orders sent;    /* answers to come, in order */
	struct pop3_orders waiting; /* commands that the window holds back */
	size_t drop;     /* octets of `in` that the last event lent out */
	unsigned window; /* commands that may be in flight now */
	bool tls_up;
	bool in_body;    /* inside a multi-line answer */
	bool line_start;
	bool cr;         /* the last octet of the body so far was a CR */
	bool lf_only;    /* the server ends its lines in LF alone */
	bool utf8_on;
	bool capa_after; /* CAPA was asked again after login */
	bool auth_tried; /* a token was refused once already */
	bool deleted;    /* a DELE was taken: QUIT decides */
	bool ready_said;
	unsigned capa_lines;
	uint32_t count;  /* STAT's word */
	size_t items_cap;
	struct buf mechanisms;
	size_t *uid_at;  /* where in uids each item's is, while they come */
	struct buf uids; /* what the items' uids point into, once the listing is whole */
	struct buf initial; /* a response that waits for an empty challenge */
	bool has_initial;
	bool greeted;    /* the greeting is expected */
	struct buf line; /* the current line of a listing or answer */
	struct err err;
};

/* pop3.c */
struct pop3_order *pop3_expects(struct pop3 *p);
void pop3_command(struct pop3 *p, enum pop3_want want, uint32_t number, const char *text);
enum pop3_event pop3_fail(struct pop3 *p, struct pop3_news *news, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool pop3_pipelines(const struct pop3 *p);
/* One line without its end into st->line: 1, or 0 when it is not whole, or -1 when it is too long (news filled). */
int pop3_take_line(struct pop3 *p, struct pop3_news *news);
/* The kind of error that a refusal means, by its response code (RFC 2449, 3206). */
enum err_kind pop3_refusal(struct str text, enum err_kind otherwise);

/* pop3_login.c: from the greeting to the login; false when more octets are needed. */
bool pop3_login_answer(struct pop3 *p, const struct pop3_order *order, bool ok, struct str text, struct pop3_news *news,
		       enum pop3_event *event);
void pop3_login_capa_line(struct pop3 *p, struct str line);
bool pop3_login_capa_end(struct pop3 *p, struct pop3_news *news, enum pop3_event *event);
bool pop3_login_challenge(struct pop3 *p, struct str text, struct pop3_news *news, enum pop3_event *event);
/* Begin, or begin again with a new token. */
bool pop3_login_start(struct pop3 *p, struct pop3_news *news, enum pop3_event *event);

/* pop3_list.c: STAT, LIST and UIDL. */
void pop3_list_start(struct pop3 *p);
bool pop3_list_answer(struct pop3 *p, const struct pop3_order *order, bool ok, struct str text, struct pop3_news *news,
		      enum pop3_event *event);
bool pop3_list_line(struct pop3 *p, const struct pop3_order *order, struct str line, struct pop3_news *news,
		    enum pop3_event *event);
bool pop3_list_end(struct pop3 *p, const struct pop3_order *order, struct pop3_news *news, enum pop3_event *event);

/* pop3_body.c: a piece of a message; POP3_BODY, POP3_FINISH or POP3_WAIT. */
enum pop3_event pop3_body_next(struct pop3 *p, struct pop3_news *news);

#endif
