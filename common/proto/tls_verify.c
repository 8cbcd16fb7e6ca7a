#include <config.h>

#include "proto/tls_state.h"

#include "base/mem.h"
#include "text/hex.h"

/*
 * Who the peer is: the pin of its key, if one is set; then its TLSA records, if there are any; else, without a
 * pin, the chain, the name, the purpose and the dates of its certificate. A pin and TLSA records must both match.
 */

struct chain {
	gnutls_x509_crt_t crts[TLS_MAX_CHAIN];
	unsigned n;
};

static void chain_free(struct chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		gnutls_x509_crt_deinit(c->crts[i]);
	c->n = 0;
}

static bool chain_load(struct chain *c, gnutls_session_t session, struct err *err)
{
	unsigned n = 0;
	const gnutls_datum_t *certs = gnutls_certificate_get_peers(session, &n);

	*c = (struct chain){ 0 };
	if (certs == NULL || n == 0)
		return err_set(err, ERR_PROTOCOL, "the server showed no certificate");
	if (n > TLS_MAX_CHAIN)
		return err_set(err, ERR_PROTOCOL, "the server showed %u certificates", n);
	for (unsigned i = 0; i < n; i++) {
		if (gnutls_x509_crt_init(&c->crts[i]) < 0)
			mem_die();
		c->n = i + 1;
		int rc = gnutls_x509_crt_import(c->crts[i], &certs[i], GNUTLS_X509_FMT_DER);

		if (rc < 0) {
			chain_free(c);
			return err_set(err, ERR_PROTOCOL, "the server's certificate is damaged: %s",
				gnutls_strerror(rc));
		}
	}
	return true;
}

gnutls_x509_crt_t tls_peer(struct tls *t)
{
	struct chain c;

	if (!chain_load(&c, t->session, NULL))
		return NULL;
	gnutls_x509_crt_t leaf = c.crts[0];

	for (unsigned i = 1; i < c.n; i++)
		gnutls_x509_crt_deinit(c.crts[i]);
	return leaf;
}

bool tls_spki_sha256(gnutls_x509_crt_t crt, unsigned char digest[32])
{
	size_t n = 32;

	return gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, digest, &n) == 0 && n == 32;
}

static bool verify_pin(const struct tls_trust *trust, gnutls_x509_crt_t leaf, struct err *err)
{
	unsigned char digest[32];
	char hex[2 * sizeof digest + 1];

	if (!tls_spki_sha256(leaf, digest))
		return err_set(err, ERR_PROTOCOL, "the server's key has no fingerprint");
	for (size_t i = 0; i < trust->n_pins; i++)
		if (memcmp(digest, trust->pins[i], sizeof digest) == 0)
			return true;
	hex_encode(hex, digest, sizeof digest);
	return err_set(err, ERR_PROTOCOL, "the server's key is not the pinned one: it is sha256:%s", hex);
}

/* What can be done about a chain that nobody vouches for. */
static bool say_way_out(gnutls_x509_crt_t leaf, struct err *err)
{
	unsigned char digest[32];
	char hex[2 * sizeof digest + 1];
	struct err why;

	if (err == NULL || !tls_spki_sha256(leaf, digest))
		return false;
	why = *err;
	hex_encode(hex, digest, sizeof digest);
	return err_set(err, why.kind, "%.200s; --pin sha256:%s trusts exactly this key, --ca-file FILE who signed it",
		why.text, hex);
}

static bool verify_chain(struct tls *t, struct chain *c, struct err *err)
{
	gnutls_x509_trust_list_t list;
	bool owned;

	if (!tls_trust_list(t->trust, c->crts, c->n, &list, &owned, err))
		return false;
	bool ok = tls_verify_against(t, list, c->crts, c->n, err);

	if (owned)
		gnutls_x509_trust_list_deinit(list, 1);
	return ok || say_way_out(c->crts[0], err);
}

bool tls_verify(struct tls *t, struct err *err)
{
	struct chain c;
	bool ok;

	if (!chain_load(&c, t->session, err))
		return false;
	ok = t->trust->n_pins == 0 || verify_pin(t->trust, c.crts[0], err);
	if (ok && buf_len(&t->trust->tlsa) > 0) {
		ok = tls_verify_dane(t, c.crts, c.n, err);
	} else if (ok && t->trust->n_pins == 0) {
		ok = verify_chain(t, &c, err);
		t->unverified = !ok && t->trust->lenient;
		ok = ok || t->unverified;
	}
	chain_free(&c);
	return ok;
}
