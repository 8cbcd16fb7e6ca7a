#ifndef PIPEMAIL_PROTO_SASL_H
#define PIPEMAIL_PROTO_SASL_H

#include "base/buf.h"
#include "base/err.h"

/* clang-format off */
/*
 * SASL (RFC 4422) for SMTP AUTH (RFC 4954) and POP3 AUTH (RFC 5034): libgsasl for PLAIN, LOGIN, CRAM-MD5,
 * SCRAM-SHA-1 and -256 with -PLUS, EXTERNAL; OAUTHBEARER (RFC 7628) and XOAUTH2 are ours. Bytes in, bytes out, no
 * socket.
 *
 *     s = sasl_new(&params, err);
 *     sasl_set_channel(s, type, data);                       after TLS is up, if there is channel binding
 *     name = sasl_choose(s, offered, secure, err);
 *     sasl_start(s, &out, &initial, err);
 *     sasl_step(s, challenge, &out, err);                    for each challenge
 *     if (server says success && sasl_finished(s)) ...
 *     sasl_free(s);
 *
 * An object is used by one session at a time.
 */
/* clang-format on */
struct sasl_params {
	const char *mechanism; /* "auto" or one name in lower case: plain, login, cram-md5, scram-sha-256-plus,
				  oauthbearer… */
	const char *service;   /* "smtp" or "pop" */
	const char *host;      /* the server's name, for the mechanisms that sign it; copied, as service is */
	unsigned port;
	struct str user;
	struct str password; /* or the token of the OAuth mechanisms; p NULL: none. Copied, and wiped with the object */
	bool token;          /* password is an OAuth token */
};

struct sasl;

/*
 * NULL with ERR_CONFIG for an unknown mechanism or one that lacks its credentials, ERR_DATA for credentials that
 * no mechanism can carry (NUL; with a token any control character). All is copied. Free with sasl_free, which
 * wipes the password; NULL does nothing.
 */
struct sasl *sasl_new(const struct sasl_params *params, struct err *err);
void sasl_free(struct sasl *s);
/* Another object with the same credentials, for a second session at the same time; nothing of a session is copied. */
struct sasl *sasl_copy(const struct sasl *s);
/* A new token or password (copied; p NULL: none) for the next sasl_start. */
void sasl_set_password(struct sasl *s, struct str password);
/* Channel binding data of the TLS session (tls_channel), for -PLUS; none: STR_NONE. */
void sasl_set_channel(struct sasl *s, const char *type, struct str data);
/*
 * The best mechanism that both sides have; offered are names separated by spaces. secure: the connection is
 * encrypted, or may be treated so; without it only mechanisms that do not reveal the password. NULL with ERR_AUTH
 * and what was offered. The name, in upper case, is static. Ends a session that was begun.
 */
const char *sasl_choose(struct sasl *s, struct str offered, bool secure, struct err *err);
/*
 * Begin the chosen mechanism. *initial: it has an initial response, appended to out in base64 (it may be empty).
 * False with ERR_AUTH.
 */
bool sasl_start(struct sasl *s, struct buf *out, bool *initial, struct err *err);
/*
 * Answer one challenge (base64) with one response, appended to out in base64 (it may be empty). At most 10 rounds
 * and 16 KiB a challenge. False with ERR_PROTOCOL or ERR_AUTH: cancel with "*". out contains secrets: wipe it.
 */
bool sasl_step(struct sasl *s, struct str challenge, struct buf *out, struct err *err);
/*
 * The mechanism is complete, including what the server has to prove (SCRAM: its signature). A server that reports
 * success before that must not be believed.
 */
bool sasl_finished(const struct sasl *s);
/* The credentials are a token, so a refusal may be cured by a new one. */
bool sasl_is_token(const struct sasl *s);
/*
 * Append what a refusal of the login means for a person: "the server refuses the login", or with what the server
 * said about a token in its challenge "the server refuses the token (status 400, scope ...)".
 */
void sasl_add_refusal(const struct sasl *s, struct buf *out);
/* For USER and PASS of POP3; both live until s is changed. */
struct str sasl_user(const struct sasl *s);
struct str sasl_password(const struct sasl *s);

#endif
