#include <config.h>

#include "mail/message/smime.h"

#include <gnutls/abstract.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>

#include "base/err.h"
#include "base/mem.h"

static gnutls_datum_t datum(struct str s)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.p, (unsigned)s.n };
}

/* Does the key belong to the certificate? GnuTLS would sign all the same. */
static bool belong_together(gnutls_x509_crt_t crt, gnutls_privkey_t key)
{
	unsigned char of_crt[64], of_key[64];
	size_t n = sizeof of_crt, m = sizeof of_key;
	gnutls_pubkey_t public;
	bool ok;

	if (gnutls_pubkey_init(&public) < 0)
		mem_die();
	ok = gnutls_pubkey_import_privkey(public, key, 0, 0) == 0 &&
		gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &m) == 0 &&
		gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, of_crt, &n) == 0 && n == m &&
		memcmp(of_crt, of_key, n) == 0;
	gnutls_pubkey_deinit(public);
	return ok;
}

static bool sign(struct str entity, gnutls_x509_crt_t *chain, unsigned n, gnutls_privkey_t key, struct buf *der,
	struct err *err)
{
	const gnutls_datum_t data = datum(entity);
	gnutls_datum_t out = { 0 };
	gnutls_pkcs7_t p7;
	int rc;

	if (gnutls_pkcs7_init(&p7) < 0)
		mem_die();
	rc = gnutls_pkcs7_sign(p7, chain[0], key, &data, NULL, NULL, GNUTLS_DIG_SHA256,
		GNUTLS_PKCS7_INCLUDE_TIME | GNUTLS_PKCS7_INCLUDE_CERT);
	for (unsigned i = 1; i < n && rc == 0; i++)
		rc = gnutls_pkcs7_set_crt(p7, chain[i]);
	if (rc == 0)
		rc = gnutls_pkcs7_export2(p7, GNUTLS_X509_FMT_DER, &out);
	bool ok = rc == 0 && buf_add(der, str_at((const char *)out.data, out.size));

	gnutls_free(out.data);
	gnutls_pkcs7_deinit(p7);
	return ok || err_set(err, ERR_SOFTWARE, "cannot sign: %s", gnutls_strerror(rc));
}

bool smime_sign(struct str entity, struct str cert_pem, struct str key_pem, struct buf *der, struct err *err)
{
	const gnutls_datum_t certs = datum(cert_pem), secret = datum(key_pem);
	gnutls_x509_crt_t *chain = NULL;
	gnutls_privkey_t key;
	unsigned n = 0;
	int rc = gnutls_x509_crt_list_import2(&chain, &n, &certs, GNUTLS_X509_FMT_PEM, 0);
	bool ok = false;

	if (rc < 0 || n == 0)
		return err_set(err, ERR_CONFIG, "no certificate that can be used: %s", gnutls_strerror(rc));
	if (gnutls_privkey_init(&key) < 0)
		mem_die();
	rc = gnutls_privkey_import_x509_raw(key, &secret, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc < 0)
		err_set(err, ERR_CONFIG, "no private key that can be used: %s", gnutls_strerror(rc));
	else if (!belong_together(chain[0], key))
		err_set(err, ERR_CONFIG, "the certificate and the key do not belong together");
	else
		ok = sign(entity, chain, n, key, der, err);
	gnutls_privkey_deinit(key);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return ok;
}
