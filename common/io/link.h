#ifndef PIPEMAIL_IO_LINK_H
#define PIPEMAIL_IO_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include "io/net.h"
#include "io/tlsa.h"
#include "io/wire.h"
#include "proto/tls.h"

struct sasl;

/* clang-format off */
/*
 * A connection to a server from its name to its last octet, for anybody's poll loop: name and address (RFC 8305), a
 * SOCKS5 proxy, TLS from the start or by STARTTLS and STLS, TLSA records (DANE), channel binding, time-outs. Nothing
 * here waits and nothing calls back:
 *
 *     link_open
 *     for (;;) {
 *             link_write(l, &session.out)                           what the session has to say
 *             n = link_poll(l, &session.out, fds, &deadline); poll  and whatever else there is to poll
 *             while ((event = link_next(l, &session.in)) …)         until LINK_WAIT
 *     }
 */
/* clang-format on */
struct link_params {
	const char *label; /* of the server, put before every error: "smtp.example.org:25" */
	struct net_target target;
	const char *proxy_host; /* a SOCKS5 proxy, or NULL */
	unsigned proxy_port;
	struct str proxy_user; /* p NULL: no login */
	struct str proxy_password;
	struct tls_trust *trust; /* TLS from the first byte, with this trust; NULL: only after link_start_tls */
	/*
	 * DANE: no handshake without TLSA records in the trust. Those that are there are good until then
	 * (monotonic; 0: there are none). Shared by all links to the server. NULL: no DANE.
	 */
	int64_t *tlsa_until;
	struct sasl *sasl; /* gets the channel binding data of TLS (for SCRAM-...-PLUS); or NULL */
	int64_t timeout;   /* nanoseconds for each thing that is waited for */
	int64_t deadline;  /* of the whole, monotonic; INT64_MAX: none */
};

/* How far the connection has come; the order is that of a connection's life. */
enum link_state {
	LINK_CLOSED,
	LINK_DIALLING,
	LINK_PROXY,
	LINK_TLSA,
	LINK_HANDSHAKE,
	LINK_OPEN, /* the session's bytes pass */
	LINK_OVER, /* ended or broken; link_close has to be called */
};

struct link {
	enum link_state state;     /* read only */
	struct link_params params; /* read only, but deadline may be brought forward at any time */
	/* The rest is the module's own. */
	struct net_dial *dial;
	struct tlsa tlsa;
	struct wire wire;
	struct tls_trust *trust;
	const struct buf *clear;  /* what has to be empty when the handshake begins, after STARTTLS */
	bool starttls;            /* TLS came later than LINK_UP */
	bool untold;              /* LINK_UP or LINK_TLS has to be reported */
	bool last_call;           /* the time is over: what is there is read once more */
	const char *awaited;      /* what link_expect was told */
	int64_t wait_until;       /* for it */
	uint64_t sent;            /* wire.sent when the wait began */
	const struct pollfd *fds; /* as of link_poll */
	size_t n_fds;
};

enum link_event {
	LINK_WAIT,  /* nothing happened: poll */
	LINK_UP,    /* the session may begin: proxy, and TLS from the first byte, are done */
	LINK_TLS,   /* what link_start_tls began is done */
	LINK_INPUT, /* bytes were appended to in */
	LINK_EOF,   /* the server closed it in order; err says so (ERR_TEMP) */
	/*
	 * It is over, err says why: ERR_NOHOST, ERR_UNAVAILABLE, ERR_OS, ERR_TEMP (a time-out too), ERR_PROTOCOL,
	 * ERR_AUTH, ERR_CONFIG.
	 */
	LINK_FAILED,
};

/*
 * Begin. What params point to is borrowed for l's life. False with err (ERR_USAGE, ERR_NOHOST, ERR_OS, ERR_TEMP,
 * ERR_CONFIG, with the label before the text) when that fails at once; l is closed then.
 */
bool link_open(struct link *l, const struct link_params *params, struct err *err);
/*
 * The session waits for this (static text, for the message of a time-out): the time-out begins when the text
 * changes. NULL: it waits for nothing, and only the deadline counts.
 */
void link_expect(struct link *l, const char *what);
/* The peer made progress: what is waited for gets its full time again. */
void link_progress(struct link *l);
/* Entries that link_poll fills at most. */
#define LINK_FDS NET_DIAL_FDS
/*
 * Fill at most LINK_FDS entries to poll for; returns how many. The array stays the caller's and must live until
 * link_next. out: what waits to be written, may be NULL. *deadline (monotonic) is lowered to when link_next has to
 * be called again.
 */
size_t link_poll(struct link *l, const struct buf *out, struct pollfd *fds, int64_t *deadline);
/*
 * After poll: what happened, one thing a call; call again until it returns LINK_WAIT. Session bytes are appended
 * to in; NULL: none are read.
 */
enum link_event link_next(struct link *l, struct buf *in, struct err *err);
/*
 * Give what is in out to the kernel, as far as it accepts it, and remove it from out; does nothing unless the link
 * is LINK_OPEN. LINK_WAIT, or LINK_FAILED with err.
 */
enum link_event link_write(struct link *l, struct buf *out, struct err *err);
/*
 * STARTTLS or STLS was agreed on: begin TLS with this trust; LINK_TLS follows. in is the session's input and must
 * be empty then and at the handshake, because unprotected bytes may be forged: false or LINK_FAILED with
 * ERR_PROTOCOL otherwise. trust is borrowed for the link's life, in until LINK_TLS.
 */
bool link_start_tls(struct link *l, struct tls_trust *trust, const struct buf *in, struct err *err);
/* The connected socket, to ask for names and addresses; -1 before there is one. Not to be closed. */
int link_fd(const struct link *l);
/* Facts about the TLS session; false when there is none. */
bool link_facts(const struct link *l, struct tls_facts *facts);
/* Send close_notify if there is TLS, and close. Does nothing with a zeroed or closed one. */
void link_close(struct link *l);

#endif
