#include <config.h>

#include "proto/tls_state.h"

#include "base/mem.h"

/*
 * DANE (RFC 6698, 7671, 7672): the peer's certificate held against TLSA records that DNSSEC vouches for. Of the four
 * usages only DANE-TA (2) and DANE-EE (3) stand without authorities; the other two are of no use for mail (RFC
 * 7672, 3.1.3).
 */

enum {
	USAGE_TA = 2,
	USAGE_EE = 3,
	SELECT_CERT = 0,
	SELECT_KEY = 1,
	MATCH_EXACT = 0,
	MATCH_SHA256 = 1,
	MATCH_SHA512 = 2
};

struct tlsa {
	unsigned usage;
	unsigned selector;
	unsigned matching;
	struct str data;
};

/* The next record that can be used; false when there is none left. */
static bool next_record(struct str *rest, struct tlsa *r)
{
	while (rest->n >= 2) {
		const unsigned char *p = (const unsigned char *)rest->p;
		size_t n = (size_t)(p[0] << 8 | p[1]);
		struct str rdata = str_sub(*rest, 2, n);

		*rest = str_sub(*rest, 2 + rdata.n, rest->n);
		if (n < 4 || rdata.n < n)
			continue;
		*r = (struct tlsa){ p[2], p[3], p[4], str_sub(rdata, 3, rdata.n) };
		bool sound = r->matching == MATCH_EXACT || (r->matching == MATCH_SHA256 && r->data.n == 32) ||
			(r->matching == MATCH_SHA512 && r->data.n == 64);

		if ((r->usage == USAGE_TA || r->usage == USAGE_EE) && r->selector <= SELECT_KEY && sound)
			return true;
	}
	return false;
}

bool tls_trust_tlsa(struct tls_trust *t, struct str records, struct err *err)
{
	struct str rest = records;
	struct tlsa r;

	if (!next_record(&rest, &r))
		return err_set(err, ERR_PROTOCOL, "no TLSA record is of a kind that can be used (usage 2 or 3)");
	buf_clear(&t->tlsa);
	buf_add(&t->tlsa, records);
	return true;
}

/* The public key of a certificate as it stands in it, to be freed by gnutls_free. */
static bool key_of(gnutls_x509_crt_t crt, gnutls_datum_t *der)
{
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		mem_die();
	bool ok = gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
		gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, der) == 0;

	gnutls_pubkey_deinit(key);
	return ok;
}

static bool data_fits(const struct tlsa *r, struct str der)
{
	unsigned char digest[64];

	if (r->matching == MATCH_EXACT)
		return str_eq(r->data, der);
	if (gnutls_hash_fast(r->matching == MATCH_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512, der.p, der.n,
		    digest) < 0)
		return false;
	return memcmp(digest, r->data.p, r->data.n) == 0;
}

static bool fits(const struct tlsa *r, gnutls_x509_crt_t crt, struct str der)
{
	gnutls_datum_t key = { 0 };

	if (r->selector == SELECT_CERT)
		return data_fits(r, der);
	bool ok = key_of(crt, &key) && data_fits(r, str_at((const char *)key.data, key.size));

	gnutls_free(key.data);
	return ok;
}

static void add_anchor(gnutls_x509_trust_list_t list, struct str der)
{
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der.p, (unsigned)der.n };
	gnutls_x509_crt_t crt;

	if (gnutls_x509_crt_init(&crt) < 0)
		mem_die();
	if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) < 0 ||
		gnutls_x509_trust_list_add_cas(list, &crt, 1, 0) != 1)
		gnutls_x509_crt_deinit(crt);
}

/* Take for an authority what a DANE-TA record names: one of the chain, or the certificate in the record itself. */
static unsigned add_anchors(struct tls *t, const struct tlsa *r, const gnutls_x509_crt_t *chain, unsigned n,
	gnutls_x509_trust_list_t list)
{
	unsigned found = 0;
	struct str der;

	for (unsigned i = 1; i < n && tls_peer_der(t, i, &der); i++)
		if (fits(r, chain[i], der)) {
			add_anchor(list, der);
			found++;
		}
	if (found == 0 && r->selector == SELECT_CERT && r->matching == MATCH_EXACT) {
		add_anchor(list, r->data);
		found++;
	}
	return found;
}

bool tls_verify_dane(struct tls *t, gnutls_x509_crt_t *chain, unsigned n, struct err *err)
{
	struct str rest = buf_str(&t->trust->tlsa);
	gnutls_x509_trust_list_t list;
	unsigned anchors = 0;
	bool ok = false;
	struct str leaf;
	struct tlsa r;

	if (!tls_peer_der(t, 0, &leaf))
		return err_set(err, ERR_PROTOCOL, "the server showed no certificate");
	if (gnutls_x509_trust_list_init(&list, 0) < 0)
		mem_die();
	while (!ok && next_record(&rest, &r)) {
		/* Names and dates of the certificate mean nothing then (RFC 7672, 3.1.1). */
		if (r.usage == USAGE_EE)
			ok = fits(&r, chain[0], leaf);
		else
			anchors += add_anchors(t, &r, chain, n, list);
	}
	if (!ok && anchors > 0)
		ok = tls_verify_against(t, list, chain, n, err);
	else if (!ok)
		err_set(err, ERR_PROTOCOL, "certificate fits none of the TLSA records in DNS (DANE)");
	gnutls_x509_trust_list_deinit(list, 1);
	return ok;
}
