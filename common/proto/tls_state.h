#ifndef PIPEMAIL_PROTO_TLS_STATE_H
#define PIPEMAIL_PROTO_TLS_STATE_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "proto/tls.h"

/*
 * The inside of proto/tls, shared by its files: trust (what is trusted), verify, chain and dane (who the peer is),
 * tls (records). No other module includes this.
 */
#define TLS_MAX_PINS 8
#define TLS_MAX_CHAIN 16

/*
 * A trusted certificate, not parsed except for the place of its subject: slices of tls_trust.der. Parsing all
 * certificates of a system would take most of the time of sending one message.
 */
struct tls_anchor {
	struct str der;
	struct str subject;
};

struct tls_trust {
	bool system; /* use GnuTLS's own store, loaded when first needed */
	gnutls_x509_trust_list_t system_list;
	struct buf der;
	struct tls_anchor *anchors; /* in order of subject */
	size_t n_anchors;
	unsigned char pins[TLS_MAX_PINS][32];
	size_t n_pins;
	bool lenient;
	struct buf tlsa; /* records of tls_trust_tlsa; empty: no DANE */
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
};

struct tls {
	struct tls_trust *trust;
	gnutls_session_t session;
	struct buf in;
	struct buf out;
	char *host;      /* owned: A-label or address, as it is checked and shown */
	bool literal;    /* it is an address */
	bool wire_ended; /* tls_wire_eof was called */
	bool up;
	bool ended;  /* close_notify came: nothing is read any more */
	bool failed; /* nor after this */
	bool bye;
	bool unverified;  /* the chain was let pass */
	struct err fault; /* why it failed */
};

/*
 * The anchors that could have issued something in the chain, or the system's store. *owned: the caller has to free
 * *list. False with ERR_CONFIG.
 */
bool tls_trust_list(struct tls_trust *t, const gnutls_x509_crt_t *chain, unsigned n, gnutls_x509_trust_list_t *list,
	bool *owned, struct err *err);
/* Is the peer of the session who it should be? By pin, TLSA records or chain. False with ERR_PROTOCOL. */
bool tls_verify(struct tls *t, struct err *err);
/* Does the peer match the TLSA records of its trust (RFC 7671, RFC 7672)? */
bool tls_verify_dane(struct tls *t, gnutls_x509_crt_t *chain, unsigned n, struct err *err);
/* Check chain, name, purpose and dates against these authorities. */
bool tls_verify_against(struct tls *t, gnutls_x509_trust_list_t list, gnutls_x509_crt_t *chain, unsigned n,
	struct err *err);
/* The peer's own certificate, to be freed with gnutls_x509_crt_deinit; NULL if there is none. */
gnutls_x509_crt_t tls_peer(struct tls *t);
/* SHA-256 of the SubjectPublicKeyInfo (RFC 7469, 2.4). */
bool tls_spki_sha256(gnutls_x509_crt_t crt, unsigned char digest[32]);

#endif
