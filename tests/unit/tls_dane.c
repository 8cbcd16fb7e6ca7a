#include <config.h>

#include "tests/tls_server.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "base/err.h"
#include "proto/tls.h"

/* TLSA records against GnuTLS's server side in memory: which certificates fit, and that damaged records fit nothing. */

#define DAY 86400L

static struct cert ca, middle, below, expired;
static char chain[3 * sizeof below.pem];

/* A record in the form of tls_trust_tlsa. */
static void add_record(struct buf *out, unsigned usage, unsigned selector, unsigned matching, const struct cert *c)
{
	static const gnutls_digest_algorithm_t digests[] = { GNUTLS_DIG_NULL, GNUTLS_DIG_SHA256, GNUTLS_DIG_SHA512 };
	unsigned char der[4096];
	unsigned char digest[64];
	size_t n = sizeof der;
	gnutls_pubkey_t key;

	gnutls_pubkey_init(&key);
	gnutls_pubkey_import_x509(key, c->crt, 0);
	if (selector == 0)
		gnutls_x509_crt_export(c->crt, GNUTLS_X509_FMT_DER, der, &n);
	else
		gnutls_pubkey_export(key, GNUTLS_X509_FMT_DER, der, &n);
	gnutls_pubkey_deinit(key);
	if (matching > 0) {
		gnutls_hash_fast(digests[matching], der, n, digest);
		n = matching == 1 ? 32 : 64;
		memcpy(der, digest, n);
	}
	buf_add_char(out, (char)((n + 3) >> 8));
	buf_add_char(out, (char)((n + 3) & 0xff));
	buf_add_char(out, (char)usage);
	buf_add_char(out, (char)selector);
	buf_add_char(out, (char)matching);
	buf_add(out, str_at((const char *)der, n));
}

static enum tls_status shake(struct tls *client, struct tls_server *server, struct err *err)
{
	enum tls_status status = TLS_WANT;

	for (int i = 0; i < 20 && status == TLS_WANT; i++) {
		status = tls_handshake(client, err);
		buf_add(&server->in, buf_str(tls_out(client)));
		buf_clear(tls_out(client));
		server_turn(server);
		buf_add(tls_in(client), buf_str(&server->out));
		buf_clear(&server->out);
	}
	return status;
}

/* Is the server believed that shows this? text: what is said when it is not. */
static bool believed(struct str records, const char *host, const struct cert *leaf, const char *pem, const char *text)
{
	struct tls_trust *trust = tls_trust_new(&(struct tls_trust_params){ .ca_pem = str_of(ca.pem) }, NULL);
	struct tls_server server = { 0 };
	struct err err = { 0 };
	bool ok = tls_trust_tlsa(trust, records, &err);
	struct tls *client = tls_new(trust, host, NULL);

	server_start(&server, pem, leaf->key_pem, "NORMAL", false);
	ok = ok && shake(client, &server, &err) == TLS_OK;
	if (!ok && (text == NULL || err.kind != ERR_PROTOCOL || strstr(err.text, text) == NULL))
		printf("# %s\n", err.text);
	ok = ok || text == NULL ? ok : err.kind != ERR_PROTOCOL || strstr(err.text, text) == NULL;
	server_end(&server);
	tls_free(client);
	tls_trust_free(trust);
	return ok;
}

static void one(bool good, unsigned usage, unsigned selector, unsigned matching, const struct cert *c, const char *name,
	const char *host, const char *text)
{
	struct buf records = { 0 };

	add_record(&records, usage, selector, matching, c);
	check(believed(buf_str(&records), host, &below, chain, text) == good, "%u %u %u, %s, for %s: %s", usage,
		selector, matching, name, host, good ? "fits" : "does not");
	buf_free(&records);
}

static void test_fit(void)
{
	for (unsigned selector = 0; selector < 2; selector++)
		for (unsigned matching = 0; matching < 3; matching++) {
			one(true, 3, selector, matching, &below, "the server's own", "mx.example", NULL);
			one(true, 3, selector, matching, &below, "the server's own", "other.example", NULL);
			one(false, 3, selector, matching, &ca, "its authority", "mx.example", "fits none");
			one(true, 2, selector, matching, &middle, "who signed it", "mx.example", NULL);
			one(true, 2, selector, matching, &ca, "the root", "mx.example", NULL);
			one(false, 2, selector, matching, &middle, "who signed it", "other.example",
				"certificate is for");
			one(false, 1, selector, matching, &below, "the server's own", "mx.example", "usage 2 or 3");
			one(false, 0, selector, matching, &ca, "the root", "mx.example", "usage 2 or 3");
		}
	/* The server's own is no authority, and a stranger's certificate in the record signs nothing here. */
	one(false, 2, 1, 1, &below, "the server's own", "mx.example", "fits none");
	one(false, 2, 0, 0, &expired, "a stranger", "mx.example", "certificate");
}

/* One octet off, at the first, a middle and the last place; and two that are both wrong. */
static void test_near(void)
{
	for (unsigned usage = 2; usage < 4; usage++)
		for (unsigned selector = 0; selector < 2; selector++)
			for (unsigned matching = 0; matching < 3; matching++) {
				/* An authority that stands whole in the record needs no signature on it. */
				if (usage == 2 && selector == 0 && matching == 0)
					continue;
				struct buf records = { 0 };
				unsigned taken = 0;

				add_record(&records, usage, selector, matching, usage == 2 ? &middle : &below);
				size_t n = buf_len(&records);
				const size_t places[] = { 5, 6, n / 2, n - 2, n - 1 };

				for (size_t i = 0; i < 5; i++) {
					records.p[records.off + places[i]] ^= 1;
					taken +=
						believed(buf_str(&records), "mx.example", &below, chain, "certificate");
					records.p[records.off + places[i]] ^= 1;
				}
				/* Wrong in the first octet, then in the last. */
				add_record(&records, usage, selector, matching, usage == 2 ? &middle : &below);
				records.p[records.off + 5] ^= 1;
				records.p[records.off + 2 * n - 1] ^= 1;
				taken += believed(buf_str(&records), "mx.example", &below, chain, "certificate");
				check(taken == 0, "%u %u %u: near misses fit nothing", usage, selector, matching);
				buf_free(&records);
			}
}

/* A digest of another length is none, whatever it begins with. */
static void test_lengths(void)
{
	struct tls_trust *trust = tls_trust_new(&(struct tls_trust_params){ .ca_pem = str_of(ca.pem) }, NULL);

	for (unsigned matching = 1; matching < 3; matching++)
		for (int more = -1; more < 2; more++) {
			struct buf record = { 0 };
			struct err err = { 0 };

			add_record(&record, 3, 1, matching, &below);
			if (more > 0)
				buf_add_char(&record, 'x');
			if (more < 0)
				buf_cut(&record, buf_len(&record) - 1);
			record.p[record.off + 1] = (char)(record.p[record.off + 1] + more);
			check(tls_trust_tlsa(trust, buf_str(&record), &err) == (more == 0), "digest %u, %d octets more",
				matching, more);
			buf_free(&record);
		}
	tls_trust_free(trust);
}

/* With a pin both have to fit. */
static void test_pin_and_records(void)
{
	unsigned char digest[32];
	size_t n = sizeof digest;
	char pin[80] = "sha256:";

	gnutls_x509_crt_get_key_id(below.crt, GNUTLS_KEYID_USE_SHA256, digest, &n);
	for (size_t i = 0; i < n; i++)
		snprintf(pin + 7 + 2 * i, 3, "%02x", digest[i]);
	for (int wrong = 0; wrong < 3; wrong++) {
		struct tls_server server = { 0 };
		struct buf records = { 0 };
		struct err err = { 0 };

		pin[70] = (char)(wrong == 1 ? (pin[70] == '0' ? '1' : '0') : "0123456789abcdef"[digest[31] & 15]);
		struct tls_trust *trust =
			tls_trust_new(&(struct tls_trust_params){ .ca_pem = str_of(ca.pem), .pin = pin }, NULL);
		struct tls *client = tls_new(trust, "mx.example", NULL);

		add_record(&records, 3, 1, 1, wrong == 2 ? &ca : &below);
		server_start(&server, chain, below.key_pem, "NORMAL", false);
		bool ok = tls_trust_tlsa(trust, buf_str(&records), &err) && shake(client, &server, &err) == TLS_OK;

		check(ok == (wrong == 0), "%s: %s",
			wrong == 1           ? "the pin is wrong"
				: wrong == 2 ? "the record is wrong"
					     : "both fit",
			err.text);
		server_end(&server);
		tls_free(client);
		tls_trust_free(trust);
		buf_free(&records);
	}
}

static void test_dates(void)
{
	struct buf records = { 0 };

	add_record(&records, 3, 1, 1, &expired);
	check(believed(buf_str(&records), "mx.example", &expired, expired.pem, NULL), "dates are nothing to usage 3");
	buf_clear(&records);
	add_record(&records, 2, 1, 1, &expired);
	add_record(&records, 3, 1, 1, &expired);
	check(believed(buf_str(&records), "mx.example", &expired, expired.pem, NULL), "the second of two");
	buf_free(&records);
}

static void test_damaged(void)
{
	struct buf records = { 0 };
	struct tls_trust *trust = tls_trust_new(&(struct tls_trust_params){ .ca_pem = str_of(ca.pem) }, NULL);
	struct err err;
	size_t taken = 0;

	add_record(&records, 3, 1, 1, &below);
	for (size_t n = 0; n < buf_len(&records); n++)
		taken += tls_trust_tlsa(trust, str_sub(buf_str(&records), 0, n), &err) || err.kind != ERR_PROTOCOL;
	check(taken == 0, "a record that is cut off is none");
	check(tls_trust_tlsa(trust, buf_str(&records), &err), "a whole one is one");
	check(!tls_trust_tlsa(trust, STR_LIT("\0\0\0\1x\0\3\3\1\1"), &err), "short ones are none");
	check(!tls_trust_tlsa(trust, STR_LIT("\0\4\3\2\0x"), &err) &&
			!tls_trust_tlsa(trust, STR_LIT("\0\4\3\1\3x"), &err),
		"nor unknown kinds");
	buf_free(&records);
	tls_trust_free(trust);
}

int main(void)
{
	cert_make(&ca, &(struct cert_wish){ .name = "Test CA", .ca = true });
	cert_make(&middle, &(struct cert_wish){ .name = "Middle CA", .ca = true, .issuer = &ca });
	cert_make(&below, &(struct cert_wish){ .name = "mx.example", .issuer = &middle });
	cert_make(&expired, &(struct cert_wish){ .name = "mx.example", .from = -30 * DAY, .to = -2 * DAY });
	snprintf(chain, sizeof chain, "%s%s%s", below.pem, middle.pem, ca.pem);
	test_fit();
	test_near();
	test_lengths();
	test_pin_and_records();
	test_dates();
	test_damaged();
	cert_free(&ca);
	cert_free(&middle);
	cert_free(&below);
	cert_free(&expired);
	return tap_done();
}
