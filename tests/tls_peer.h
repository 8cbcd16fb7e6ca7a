#ifndef PIPEMAIL_TESTS_TLS_PEER_H
#define PIPEMAIL_TESTS_TLS_PEER_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A TLS server for tests: a key and a certificate of localhost made on the spot, and the server's side of a
 * handshake over a blocking descriptor. */
struct tls_peer {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t pem; /* of the certificate, its own authority */
};

static void tls_peer_must(int rc)
{
	if (rc < 0)
		abort();
}

__attribute__((unused)) static void tls_peer_init(struct tls_peer *s)
{
	unsigned char serial = 1;

	memset(s, 0, sizeof *s);
	tls_peer_must(gnutls_x509_privkey_init(&s->key));
	tls_peer_must(gnutls_x509_privkey_generate(s->key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	tls_peer_must(gnutls_x509_crt_init(&s->crt));
	tls_peer_must(gnutls_x509_crt_set_version(s->crt, 3));
	tls_peer_must(gnutls_x509_crt_set_serial(s->crt, &serial, 1));
	tls_peer_must(gnutls_x509_crt_set_activation_time(s->crt, time(NULL) - 3600));
	tls_peer_must(gnutls_x509_crt_set_expiration_time(s->crt, time(NULL) + 86400));
	tls_peer_must(gnutls_x509_crt_set_dn(s->crt, "CN=localhost", NULL));
	tls_peer_must(gnutls_x509_crt_set_subject_alt_name(s->crt, GNUTLS_SAN_DNSNAME, "localhost", 9,
		GNUTLS_FSAN_SET));
	tls_peer_must(gnutls_x509_crt_set_subject_alt_name(s->crt, GNUTLS_SAN_IPADDRESS, "\177\0\0\1", 4,
		GNUTLS_FSAN_APPEND));
	tls_peer_must(gnutls_x509_crt_set_ca_status(s->crt, 1));
	tls_peer_must(gnutls_x509_crt_set_key(s->crt, s->key));
	tls_peer_must(gnutls_x509_crt_sign2(s->crt, s->crt, s->key, GNUTLS_DIG_SHA256, 0));
	tls_peer_must(gnutls_x509_crt_export2(s->crt, GNUTLS_X509_FMT_PEM, &s->pem));
	tls_peer_must(gnutls_certificate_allocate_credentials(&s->credentials));
	tls_peer_must(gnutls_certificate_set_x509_key(s->credentials, &s->crt, 1, s->key));
}

__attribute__((unused)) static void tls_peer_free(struct tls_peer *s)
{
	gnutls_certificate_free_credentials(s->credentials);
	gnutls_x509_crt_deinit(s->crt);
	gnutls_x509_privkey_deinit(s->key);
	gnutls_free(s->pem.data);
}

/* The session over fd, its handshake done; NULL when that failed. */
__attribute__((unused)) static gnutls_session_t tls_peer_accept(struct tls_peer *s, int fd)
{
	gnutls_session_t session;
	int rc;

	tls_peer_must(gnutls_init(&session, GNUTLS_SERVER));
	tls_peer_must(gnutls_set_default_priority(session));
	tls_peer_must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, s->credentials));
	gnutls_transport_set_int(session, fd);
	do {
		rc = gnutls_handshake(session);
	} while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc >= 0)
		return session;
	gnutls_deinit(session);
	return NULL;
}

#endif
