#ifndef PIPEMAIL_PROTO_SASL_H
#define PIPEMAIL_PROTO_SASL_H

#include "base/buf.h"
#include "base/err.h"

/*
 * SASL (RFC 4422) for SMTP AUTH and POP3 AUTH: libgsasl for PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1/-256 and -PLUS,
 * EXTERNAL; OAUTHBEARER (RFC 7628) and XOAUTH2 are one string each and ours. Memory in, memory out.
 */
struct sasl_params {
	const char *mechanism; /* "auto" or one name in lower case: plain, login, cram-md5, scram-sha-256-plus,
				  oauthbearer… */
	const char *service;   /* "smtp" or "pop" */
	const char *host;
	unsigned port;
	struct str user;
	struct str password; /* or the token of the OAuth mechanisms; p NULL: none. Copied, and wiped with the object */
	bool token;          /* password is an OAuth token */
};

struct sasl;

/* 78 for an unknown mechanism or one that lacks its credentials, 65 for credentials that no mechanism can carry
 * (NUL). */
struct sasl *sasl_new(const struct sasl_params *params, struct err *err);
void sasl_free(struct sasl *s);
/* The same credentials for one more session at the same time; nothing of a session comes along. */
struct sasl *sasl_copy(const struct sasl *s);
/* A new token or password, for the next attempt. */
void sasl_set_password(struct sasl *s, struct str password);
/* Channel binding data of the TLS session (tls_channel), for -PLUS; none: STR_NONE. */
void sasl_set_channel(struct sasl *s, const char *type, struct str data);
/* The best mechanism both sides have (offered: names separated by blanks). secure: the line is encrypted or may be
 * treated so; without it only mechanisms that do not show the password. NULL with 77 and what was offered. The name, in
 * upper case, lives as long as s. */
const char *sasl_choose(struct sasl *s, struct str offered, bool secure, struct err *err);
/* Begin the chosen mechanism: *initial is set when it has an initial response (appended to out, base64; it may be
 * empty). */
bool sasl_start(struct sasl *s, struct buf *out, bool *initial, struct err *err);
/* One challenge (base64 text of the server) to one response (base64, may be empty). At most 10 rounds; false:
 * cancel. */
bool sasl_step(struct sasl *s, struct str challenge, struct buf *out, struct err *err);
/* The mechanism is satisfied with what the server proved (SCRAM: its signature). A success that comes before is
 * none. */
bool sasl_finished(const struct sasl *s);
/* The credentials are a token, so that a refusal may be cured by a new one. */
bool sasl_is_token(const struct sasl *s);
/* Append what a refusal of the login is for a person: "the server refuses the login", with what the server said about a
 * token in its challenge (sasl_fault_show): "the server refuses the token (status 400, scope …)". */
void sasl_add_refusal(const struct sasl *s, struct buf *out);
/* USER/PASS of POP3 */
struct str sasl_user(const struct sasl *s);
struct str sasl_password(const struct sasl *s);

#endif
