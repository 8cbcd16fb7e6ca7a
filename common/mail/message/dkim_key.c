#include <config.h>

#include "mail/message/dkim.h"

#include "base/err.h"
#include "base/mem.h"
#include "mail/message/dkim_key.h"
#include "text/base64.h"

struct dkim_key *dkim_key_new(struct str pem, struct err *err)
{
	struct dkim_key *k = mem_alloc(sizeof *k);
	char *copy = mem_copy(pem.p, pem.n);
	gnutls_datum_t datum = { (unsigned char *)copy, (unsigned)pem.n };
	int rc = gnutls_privkey_init(&k->key);
	int algorithm;

	if (rc == 0)
		rc = gnutls_privkey_import_x509_raw(k->key, &datum, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	mem_wipe(copy, pem.n);
	mem_free(copy);
	if (rc != 0) {
		err_set(err, ERR_CONFIG, "the DKIM key cannot be read as PEM: %s", gnutls_strerror(rc));
		goto fail;
	}
	algorithm = gnutls_privkey_get_pk_algorithm(k->key, &k->bits);
	k->ed25519 = algorithm == GNUTLS_PK_EDDSA_ED25519;
	if (!k->ed25519 && algorithm != GNUTLS_PK_RSA) {
		err_set(err, ERR_CONFIG, "the DKIM key is neither RSA nor Ed25519");
		goto fail;
	}
	if (!k->ed25519 && k->bits < 1024) {
		err_set(err, ERR_CONFIG, "the DKIM key has %u bits: verifiers take 1024 at the least", k->bits);
		goto fail;
	}
	return k;
fail:
	dkim_key_free(k);
	return NULL;
}

struct dkim_key *dkim_key_copy(const struct dkim_key *key, struct err *err)
{
	struct dkim_key *k = mem_alloc(sizeof *k);
	gnutls_x509_privkey_t plain = NULL;
	int rc = gnutls_privkey_export_x509(key->key, &plain);

	k->bits = key->bits;
	k->ed25519 = key->ed25519;
	if (rc == 0)
		rc = gnutls_privkey_init(&k->key);
	if (rc == 0)
		rc = gnutls_privkey_import_x509(k->key, plain, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (plain != NULL)
		gnutls_x509_privkey_deinit(plain);
	if (rc == 0)
		return k;
	err_set(err, ERR_CONFIG, "the DKIM key cannot be copied: %s", gnutls_strerror(rc));
	dkim_key_free(k);
	return NULL;
}

void dkim_key_free(struct dkim_key *k)
{
	if (k != NULL && k->key != NULL)
		gnutls_privkey_deinit(k->key);
	mem_free(k);
}

bool dkim_key_public(const struct dkim_key *k, struct buf *out, unsigned *bits, bool *ed25519)
{
	gnutls_pubkey_t public = NULL;
	gnutls_datum_t datum = { NULL, 0 };
	bool ok = gnutls_pubkey_init(&public) == 0 && gnutls_pubkey_import_privkey(public, k->key, 0, 0) == 0;

	/* RFC 8463 publishes the bare 32 octets, RFC 6376 the SubjectPublicKeyInfo. */
	if (ok && k->ed25519)
		ok = gnutls_pubkey_export_ecc_raw2(public, NULL, &datum, NULL, 0) == 0;
	else if (ok)
		ok = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &datum) == 0;
	ok = ok && base64_add(out, str_at((const char *)datum.data, datum.size));
	gnutls_free(datum.data);
	if (public != NULL)
		gnutls_pubkey_deinit(public);
	*bits = k->bits;
	*ed25519 = k->ed25519;
	return ok;
}

bool dkim_key_sign(const struct dkim_key *k, const unsigned char digest[32], struct buf *out, struct err *err)
{
	gnutls_datum_t hash = { (unsigned char *)digest, 32 };
	gnutls_datum_t signature = { NULL, 0 };
	int rc;

	/* Ed25519 signs the digest as its message (RFC 8463, 3). */
	if (k->ed25519)
		rc = gnutls_privkey_sign_data2(k->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &hash, &signature);
	else
		rc = gnutls_privkey_sign_hash2(k->key, GNUTLS_SIGN_RSA_SHA256, 0, &hash, &signature);
	if (rc != 0)
		return err_set(err, ERR_CONFIG, "signing with the DKIM key failed: %s", gnutls_strerror(rc));
	bool ok = base64_add(out, str_at((const char *)signature.data, signature.size));

	gnutls_free(signature.data);
	return ok;
}
