#ifndef PIPEMAIL_PROTO_TLS_H
#define PIPEMAIL_PROTO_TLS_H

#include "base/buf.h"
#include "base/err.h"

/*
 * A TLS client (GnuTLS) over memory: records from the peer go in, records for it come out. 1.2 and 1.3 only; chain,
 * host name, purpose and dates are checked, or the key's pin.
 */
/* When a connection has TLS; what options, links and sessions go by. */
enum tls_policy {
	TLS_REQUIRE,  /* STARTTLS or STLS, or nothing is done */
	TLS_TRY,      /* where it is offered */
	TLS_OFF,      /* never */
	TLS_IMPLICIT, /* from the first octet (RFC 8314) */
};

struct tls_trust; /* certificates and keys in memory, shared by many sessions */

struct tls_trust_params {
	struct str ca_pem;   /* trusted certificates, copied; p NULL: the system's store as GnuTLS knows it, which costs
			    * 20 ms to load: better read that file and give it here, where only the certificates a
			    * server needs are parsed */
	struct str cert_pem; /* client certificate and key, or empty */
	struct str key_pem;
	const char *pin; /* "sha256:HEX" of the SubjectPublicKeyInfo, more than one with commas, or NULL; with a pin the
			  * chain is not asked for */
};
struct tls_trust *tls_trust_new(const struct tls_trust_params *params, struct err *err);
void tls_trust_free(struct tls_trust *t);
/* DANE: TLSA records (RFC 6698) that DNSSEC vouches for, each its RDATA behind two octets with its length (network
 * order); copied. From now on peers are held against those of usage 2 and 3 as RFC 7672 says, and no other authority is
 * asked; a pin must fit as well. 76 when none can be used; what was said before holds then. */
bool tls_trust_tlsa(struct tls_trust *t, struct str records, struct err *err);

enum tls_status { TLS_OK, TLS_WANT, TLS_EOF /* close_notify */, TLS_FAILED };

struct tls;
/* host: as the user wrote it (a U-label is made an A-label; an address literal is checked as an address). Needs trust
 * for life. */
struct tls *tls_new(struct tls_trust *trust, const char *host, struct err *err);
void tls_free(struct tls *t);

/* Records: from the wire into tls_in (then call tls_handshake or tls_read), from tls_out onto the wire. */
struct buf *tls_in(struct tls *t);
struct buf *tls_out(struct tls *t);
/* The wire ended: what follows is truncation unless a close_notify came. */
void tls_wire_eof(struct tls *t);

/* TLS_OK: it stands and the peer is who it should be. */
enum tls_status tls_handshake(struct tls *t, struct err *err);
/* Plain octets that arrived, appended to out. */
enum tls_status tls_read(struct tls *t, struct buf *out, struct err *err);
/* Seal plain octets into records of up to 16 KiB. Takes all. */
enum tls_status tls_write(struct tls *t, struct str octets, struct err *err);
void tls_bye(struct tls *t); /* close_notify */

/* Facts for --probe and reports. */
struct tls_facts {
	char version[16];
	char cipher[48];
	char subject[160];
	char issuer[160];
	int64_t not_after;
	char pin[80]; /* sha256:HEX */
};
void tls_facts(struct tls *t, struct tls_facts *facts);
/* Channel binding data for sasl_set_channel, appended to out: the type ("tls-exporter", RFC 9266, under TLS 1.3;
 * "tls-unique", RFC 5929, under 1.2), NULL where it cannot be had. */
const char *tls_channel(struct tls *t, struct buf *out);
/* The peer's certificates as DER, its own first. False past the last. */
bool tls_peer_der(struct tls *t, unsigned index, struct str *der);

#endif
