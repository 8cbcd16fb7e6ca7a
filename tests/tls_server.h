#ifndef PIPEMAIL_TESTS_TLS_SERVER_H
#define PIPEMAIL_TESTS_TLS_SERVER_H

#include "tests/tap.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

/* Certificates made for the test, and a TLS server between two buffers. */

struct cert {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	char pem[4096];
	char key_pem[4096];
};

struct cert_wish {
	const char *name;        /* CN, and dNSName unless cn_only */
	const char *other_name;  /* a second dNSName */
	const unsigned char *ip; /* iPAddress */
	size_t ip_n;
	const struct cert *issuer; /* NULL: itself */
	bool ca;
	bool cn_only;
	const char *purpose; /* NULL: TLS server */
	unsigned rsa;        /* bits of an RSA key; 0: a key on P-256 */
	bool sha1;           /* signed over SHA-1 */
	long from;           /* seconds from now */
	long to;
};

static void export_pem(struct cert *c)
{
	size_t n = sizeof c->pem;

	gnutls_x509_crt_export(c->crt, GNUTLS_X509_FMT_PEM, c->pem, &n);
	n = sizeof c->key_pem;
	gnutls_x509_privkey_export_pkcs8(c->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, c->key_pem, &n);
}

static void cert_make(struct cert *c, const struct cert_wish *wish)
{
	static unsigned char serial;
	time_t now = time(NULL);
	unsigned char id[20];
	size_t n = sizeof id;

	gnutls_x509_privkey_init(&c->key);
	if (wish->rsa > 0)
		gnutls_x509_privkey_generate(c->key, GNUTLS_PK_RSA, wish->rsa, 0);
	else
		gnutls_x509_privkey_generate(c->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
			0);
	gnutls_x509_crt_init(&c->crt);
	gnutls_x509_crt_set_version(c->crt, 3);
	serial++;
	gnutls_x509_crt_set_serial(c->crt, &serial, 1);
	gnutls_x509_crt_set_dn_by_oid(c->crt, GNUTLS_OID_X520_COMMON_NAME, 0, wish->name, (unsigned)strlen(wish->name));
	gnutls_x509_crt_set_activation_time(c->crt, now + (wish->from != 0 ? wish->from : -3600));
	gnutls_x509_crt_set_expiration_time(c->crt, now + (wish->to != 0 ? wish->to : 86400));
	gnutls_x509_crt_set_key(c->crt, c->key);
	gnutls_x509_crt_set_basic_constraints(c->crt, wish->ca, -1);
	gnutls_x509_crt_set_key_usage(c->crt, wish->ca ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
	gnutls_x509_crt_get_key_id(c->crt, 0, id, &n);
	gnutls_x509_crt_set_subject_key_id(c->crt, id, n);
	if (!wish->ca) {
		if (!wish->cn_only && wish->ip == NULL)
			gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_DNSNAME, wish->name,
				(unsigned)strlen(wish->name), 0);
		if (wish->other_name != NULL)
			gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_DNSNAME, wish->other_name,
				(unsigned)strlen(wish->other_name), GNUTLS_FSAN_APPEND);
		if (wish->ip != NULL)
			gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_IPADDRESS, wish->ip,
				(unsigned)wish->ip_n, GNUTLS_FSAN_APPEND);
		gnutls_x509_crt_set_key_purpose_oid(c->crt,
			wish->purpose != NULL ? wish->purpose : GNUTLS_KP_TLS_WWW_SERVER, 0);
	}
	gnutls_x509_crt_sign2(c->crt, wish->issuer != NULL ? wish->issuer->crt : c->crt,
		wish->issuer != NULL ? wish->issuer->key : c->key, wish->sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0);
	export_pem(c);
}

static void cert_free(struct cert *c)
{
	gnutls_x509_crt_deinit(c->crt);
	gnutls_x509_privkey_deinit(c->key);
}

struct tls_server {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t tickets;
	struct buf in;
	struct buf out;
	bool up;
	int failed;
};

static ssize_t server_push(gnutls_transport_ptr_t p, const void *data, size_t n)
{
	buf_add(&((struct tls_server *)p)->out, str_at(data, n));
	return (ssize_t)n;
}

static ssize_t server_pull(gnutls_transport_ptr_t p, void *data, size_t n)
{
	struct tls_server *s = p;
	struct str have = str_sub(buf_str(&s->in), 0, n);

	if (have.n == 0) {
		gnutls_transport_set_errno(s->session, EAGAIN);
		return -1;
	}
	memcpy(data, have.p, have.n);
	buf_drop(&s->in, have.n);
	return (ssize_t)have.n;
}

static int server_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	(void)ms;
	return buf_len(&((struct tls_server *)p)->in) > 0;
}

/* One by one: GnuTLS's own reader takes sixteen of a chain at most. */
static void server_show(struct tls_server *s, const char *chain, const char *key)
{
	gnutls_datum_t k = { (unsigned char *)(uintptr_t)key, (unsigned)strlen(key) };
	gnutls_pcert_st certs[32];
	gnutls_privkey_t own;
	int n = 0;

	for (const char *p = chain; n < 32 && (p = strstr(p, "-----BEGIN")) != NULL; p++) {
		gnutls_datum_t c = { (unsigned char *)(uintptr_t)p, (unsigned)strlen(p) };

		if (gnutls_pcert_import_x509_raw(&certs[n++], &c, GNUTLS_X509_FMT_PEM, 0) < 0)
			abort();
	}
	gnutls_privkey_init(&own);
	if (gnutls_privkey_import_x509_raw(own, &k, GNUTLS_X509_FMT_PEM, NULL, 0) < 0 ||
		gnutls_certificate_set_key(s->credentials, NULL, 0, certs, n, own) < 0)
		abort();
}

/* chain: certificates to show, PEM, the own first. ask: want the client's. */
static void server_start(struct tls_server *s, const char *chain, const char *key, const char *priority, bool ask)
{
	*s = (struct tls_server){ 0 };
	gnutls_certificate_allocate_credentials(&s->credentials);
	server_show(s, chain, key);
	gnutls_init(&s->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(s->session, priority, NULL);
	gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, s->credentials);
	/* As servers do: tickets come right behind the handshake, often with the first reply. */
	if (gnutls_session_ticket_key_generate(&s->tickets) == 0)
		gnutls_session_ticket_enable_server(s->session, &s->tickets);
	if (ask)
		gnutls_certificate_server_set_request(s->session, GNUTLS_CERT_REQUEST);
	gnutls_transport_set_ptr(s->session, s);
	gnutls_transport_set_push_function(s->session, server_push);
	gnutls_transport_set_pull_function(s->session, server_pull);
	gnutls_transport_set_pull_timeout_function(s->session, server_timeout);
}

static void server_turn(struct tls_server *s)
{
	if (s->up || s->failed != 0)
		return;
	int rc = gnutls_handshake(s->session);

	if (rc == 0)
		s->up = true;
	else if (gnutls_error_is_fatal(rc)) {
		s->failed = rc;
		gnutls_alert_send_appropriate(s->session, rc);
	}
}

static void server_end(struct tls_server *s)
{
	gnutls_deinit(s->session);
	gnutls_free(s->tickets.data);
	gnutls_certificate_free_credentials(s->credentials);
	buf_free(&s->in);
	buf_free(&s->out);
}

#endif
