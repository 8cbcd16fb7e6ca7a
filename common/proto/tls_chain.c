#include <config.h>

#include "proto/tls_state.h"

#include "text/date.h"

/* A chain of certificates against some authorities, and in words what is wrong with it. */

bool tls_peer_der(struct tls *t, unsigned index, struct str *der)
{
	unsigned n = 0;
	const gnutls_datum_t *certs = gnutls_certificate_get_peers(t->session, &n);

	if (certs == NULL || index >= n)
		return false;
	*der = str_at((const char *)certs[index].data, certs[index].size);
	return true;
}

/* The day of a time, "2025-01-02". */
static void add_day(struct buf *out, time_t when)
{
	struct buf iso = { 0 };

	date_add_iso(&iso, when);
	buf_add(out, str_sub(buf_str(&iso), 0, 10));
	buf_free(&iso);
}

/* Which certificate of the chain is out of its time, and since when. */
static bool say_dates(const gnutls_x509_crt_t *chain, unsigned n, bool expired, struct err *err)
{
	struct buf day = { 0 };
	time_t when = -1;
	unsigned which = 0;

	for (unsigned i = 0; i < n; i++) {
		time_t t = expired ? gnutls_x509_crt_get_expiration_time(chain[i])
				   : gnutls_x509_crt_get_activation_time(chain[i]);

		/* The earliest end or the latest beginning is the one that failed. */
		if (t != (time_t)-1 && (when == (time_t)-1 || (expired ? t < when : t > when))) {
			when = t;
			which = i;
		}
	}
	if (when != (time_t)-1)
		add_day(&day, when);
	err_set(err, ERR_PROTOCOL, "%scertificate %s %s", which == 0 ? "" : "the issuer's ",
		expired ? "expired on" : "is not valid before", buf_text(&day));
	buf_free(&day);
	return false;
}

static void add_address(struct buf *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (n == 4)
			buf_printf(out, "%s%d", i > 0 ? "." : "", p[i]);
		else
			buf_printf(out, "%s%02x", i > 0 && i % 2 == 0 ? ":" : "", p[i]);
	}
}

/* The names that a certificate is for: the first three, and how many more there are. */
static void add_names(struct buf *out, gnutls_x509_crt_t leaf)
{
	char name[256];
	unsigned told = 0;
	unsigned more = 0;

	for (unsigned i = 0; i < 1000; i++) {
		size_t n = sizeof name;
		int type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name, &n, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (type != GNUTLS_SAN_DNSNAME && type != GNUTLS_SAN_IPADDRESS)
			continue;
		if (told == 3) {
			more++;
			continue;
		}
		buf_add_text(out, told++ > 0 ? ", " : "");
		if (type == GNUTLS_SAN_DNSNAME)
			buf_add(out, str_at(name, n));
		else
			add_address(out, (unsigned char *)name, n);
	}
	if (more > 0)
		buf_printf(out, " and %u more", more);
	if (told == 0) {
		size_t n = sizeof name;

		if (gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &n) == 0)
			buf_add(out, str_at(name, n));
		else
			buf_add_text(out, "no name at all");
	}
}

static bool say_owner(const struct tls *t, gnutls_x509_crt_t leaf, struct err *err)
{
	struct buf names = { .limit = 1024 };

	add_names(&names, leaf);
	err_set(err, ERR_PROTOCOL, "certificate is for %.*s, not %s", STR_ARGS(buf_str(&names)), t->host);
	buf_free(&names);
	return false;
}

static bool say_signer(const gnutls_x509_crt_t *chain, unsigned length, struct err *err)
{
	gnutls_x509_crt_t last = chain[length - 1];
	char issuer[120] = "";
	size_t n = sizeof issuer;

	if (length == 1 && gnutls_x509_crt_check_issuer(last, last) != 0)
		return err_set(err, ERR_PROTOCOL, "certificate is self-signed and not trusted");
	if (gnutls_x509_crt_get_issuer_dn_by_oid(last, GNUTLS_OID_X520_COMMON_NAME, 0, 0, issuer, &n) != 0)
		return err_set(err, ERR_PROTOCOL, "certificate is signed by nobody that is trusted here");
	return err_set(err, ERR_PROTOCOL, "certificate is signed by %s, which is not trusted here", issuer);
}

static bool say_status(const struct tls *t, const gnutls_x509_crt_t *chain, unsigned n, unsigned status,
	struct err *err)
{
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return say_signer(chain, n, err);
	if (status & GNUTLS_CERT_SIGNER_NOT_CA)
		return err_set(err, ERR_PROTOCOL, "issuer of the certificate is not a CA certificate");
	if (status & (GNUTLS_CERT_REVOKED | GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED))
		return err_set(err, ERR_PROTOCOL, "certificate was revoked");
	if (status & GNUTLS_CERT_EXPIRED)
		return say_dates(chain, n, true, err);
	if (status & GNUTLS_CERT_NOT_ACTIVATED)
		return say_dates(chain, n, false, err);
	if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
		return say_owner(t, chain[0], err);
	if (status & GNUTLS_CERT_PURPOSE_MISMATCH)
		return err_set(err, ERR_PROTOCOL, "certificate is not meant for servers");
	if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
		return err_set(err, ERR_PROTOCOL, "certificate has a key or a signature that is too weak");
	if (status & GNUTLS_CERT_SIGNATURE_FAILURE)
		return err_set(err, ERR_PROTOCOL, "certificate has a false signature");

	gnutls_datum_t text;

	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
		return err_set(err, ERR_PROTOCOL, "certificate cannot be trusted");
	err_set(err, ERR_PROTOCOL, "%s", (const char *)text.data);
	gnutls_free(text.data);
	return false;
}

bool tls_verify_against(struct tls *t, gnutls_x509_trust_list_t list, gnutls_x509_crt_t *chain, unsigned n,
	struct err *err)
{
	unsigned status = 0;
	gnutls_typed_vdata_st data[2] = {
		/* GnuTLS compares a name that is an address with the addresses of the certificate. */
		{ .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)t->host, .size = (unsigned)strlen(t->host) },
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER },
	};

	data[1].size = (unsigned)strlen(GNUTLS_KP_TLS_WWW_SERVER);
	int rc = gnutls_x509_trust_list_verify_crt2(list, chain, n, data, 2,
		GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), &status, NULL);

	if (rc < 0)
		return err_set(err, ERR_PROTOCOL, "certificate cannot be checked: %s", gnutls_strerror(rc));
	return status == 0 || say_status(t, chain, n, status, err);
}
