#ifndef PIPEMAIL_PROTO_TLS_H
#define PIPEMAIL_PROTO_TLS_H

#include "base/buf.h"
#include "base/err.h"

/*
 * A TLS client (GnuTLS) over memory: records from the peer go in, records for it come out. 1.2 and 1.3 only; chain,
 * host name, purpose and dates are checked, or the key's pin.
 */
/* clang-format off */
/*
 * A TLS client (GnuTLS) over memory: records from the peer go in, records for it come out. TLS 1.2 and 1.3 only.
 * The peer's chain, host name, purpose and dates are checked, or the pin of its key, or its TLSA records. Only a
 * chain may be let pass (tls_trust_params.lenient).
 *
 *     trust = tls_trust_new(&params, err);
 *     t = tls_new(trust, "smtp.example.org", err);
 *     while ((status = tls_handshake(t, err)) == TLS_WANT)
 *             write tls_out(t), read into tls_in(t)
 *     tls_write(t, bytes, err); write tls_out(t) ... read into tls_in(t); tls_read(t, &out, err)
 *     tls_bye(t);  tls_free(t);  tls_trust_free(trust);
 */
/* clang-format on */

/* When a connection uses TLS; options, links and sessions all use this. */
enum tls_policy {
	TLS_REQUIRE,  /* STARTTLS or STLS, and nothing is sent without it */
	TLS_TRY,      /* if it is offered */
	TLS_OFF,      /* never */
	TLS_IMPLICIT, /* from the first byte (RFC 8314) */
};

/* Certificates and keys in memory, shared by many sessions of one thread. */
struct tls_trust;

struct tls_trust_params {
	/*
	 * Trusted certificates; p NULL: the system's store as GnuTLS knows it, which takes 20 ms to load. Reading
	 * that file and passing it here is faster: only the certificates that a server needs are parsed.
	 */
	struct str ca_pem;
	struct str cert_pem; /* client certificate and key, or empty */
	struct str key_pem;
	/*
	 * "sha256:HEX" of the SubjectPublicKeyInfo, up to 8 separated by commas, or NULL. With a pin the chain is
	 * not checked.
	 */
	const char *pin;
	/*
	 * For a server of this machine: a chain that cannot be verified is used all the same, and tls_facts.verified
	 * says so. A pin, TLSA records and a broken certificate are checked as ever.
	 */
	bool lenient;
};
/*
 * NULL with ERR_CONFIG for certificates or keys that cannot be used, ERR_USAGE for a malformed pin. All is copied.
 * It must outlive every session that uses it.
 */
struct tls_trust *tls_trust_new(const struct tls_trust_params *params, struct err *err);
void tls_trust_free(struct tls_trust *t);
/*
 * DANE: TLSA records (RFC 6698) that DNSSEC has validated, each as its RDATA after two bytes with its length
 * (network order); copied. From now on peers are checked against those of usage 2 and 3 as RFC 7672 says, and no
 * other authority; a pin must match as well. False with ERR_PROTOCOL when none of them can be used; what was set
 * before then still holds.
 */
bool tls_trust_tlsa(struct tls_trust *t, struct str records, struct err *err);

/*
 * OK: done. WANT: move bytes and call again. EOF: the peer closed properly (close_notify). FAILED: err says why;
 * the session is of no use any more.
 */
enum tls_status { TLS_OK, TLS_WANT, TLS_EOF /* close_notify */, TLS_FAILED };

struct tls;
/*
 * A session with host, as the user wrote it: a U-label becomes an A-label, an address literal is checked as an
 * address. NULL with ERR_USAGE for a host name that cannot be one, ERR_SOFTWARE. Free with tls_free; NULL does
 * nothing.
 */
struct tls *tls_new(struct tls_trust *trust, const char *host, struct err *err);
void tls_free(struct tls *t);

/*
 * Bytes from the wire go into tls_in (then call tls_handshake or tls_read); bytes in tls_out go to the wire. Both
 * live as long as t.
 */
struct buf *tls_in(struct tls *t);
struct buf *tls_out(struct tls *t);
/* The wire ended: reading then fails as truncated unless a close_notify came. */
void tls_wire_eof(struct tls *t);

/*
 * TLS_OK: the session is up and the peer was verified, before anything of ours was shown to it. TLS_FAILED with
 * ERR_PROTOCOL (certificate, protocol) or ERR_TEMP (the connection was cut).
 */
enum tls_status tls_handshake(struct tls *t, struct err *err);
/* Append the plain bytes that have arrived. TLS_OK: some. TLS_WANT: none yet, or out is full. */
enum tls_status tls_read(struct tls *t, struct buf *out, struct err *err);
/* Encrypt bytes into records of up to 16 KiB in tls_out. TLS_OK: all were taken; there is no partial write. */
enum tls_status tls_write(struct tls *t, struct str octets, struct err *err);
void tls_bye(struct tls *t); /* close_notify */

/* For --probe and reports; texts are cut where they do not fit. */
struct tls_facts {
	char version[16];
	char cipher[48];
	char subject[160];
	char issuer[160];
	int64_t not_after; /* seconds since 1970 */
	bool verified;     /* false only with tls_trust_params.lenient */
	char pin[80];      /* "sha256:HEX" of this key, as tls_trust_params.pin takes it */
};
void tls_facts(struct tls *t, struct tls_facts *facts);
/*
 * Append channel binding data for sasl_set_channel. Returns its type: "tls-exporter" (RFC 9266) with TLS 1.3,
 * "tls-unique" (RFC 5929) with 1.2; NULL if there is none.
 */
const char *tls_channel(struct tls *t, struct buf *out);
/* The peer's certificates as DER, its own first (index 0). False past the last. *der lives as long as t. */
bool tls_peer_der(struct tls *t, unsigned index, struct str *der);

#endif
