#include <config.h>

#include "proto/tls_state.h"

#include <stdlib.h>

#include "base/mem.h"
#include "text/base64.h"

/*
 * A system's store is some 140 certificates, and to parse them all costs GnuTLS more than sending a message does. So
 * they are only decoded and sorted by subject; those that could have issued something in a server's chain are parsed
 * when it is there.
 */

/* One DER element: tag, content, and the whole of it. */
struct element {
	unsigned char tag;
	struct str body;
	struct str whole;
};

static bool take_element(struct str *s, struct element *e)
{
	const unsigned char *p = (const unsigned char *)s->p;
	size_t head = 2;
	size_t n;

	if (s->n < 2)
		return false;
	n = p[1];
	if (n >= 0x80) {
		size_t octets = n & 0x7f;

		if (octets == 0 || octets > 4 || s->n < 2 + octets)
			return false;
		n = 0;
		for (size_t i = 0; i < octets; i++)
			n = n << 8 | p[2 + i];
		head += octets;
	}
	if (n > s->n - head)
		return false;
	e->tag = p[0];
	e->body = str_sub(*s, head, n);
	e->whole = str_sub(*s, 0, head + n);
	*s = str_sub(*s, head + n, s->n);
	return true;
}

/* The subject (the whole SEQUENCE, as it stands) of a certificate in DER; false when it is none. */
static bool der_subject(struct str der, struct str *subject)
{
	struct element e;
	struct str rest = der;

	/* Certificate, then TBSCertificate (RFC 5280, 4.1) */
	for (int level = 0; level < 2; level++) {
		if (!take_element(&rest, &e) || e.tag != 0x30)
			return false;
		rest = e.body;
	}
	/* [0] version or, in version 1, at once the serial number */
	if (!take_element(&rest, &e) || (e.tag == 0xa0 && !take_element(&rest, &e)))
		return false;
	/* signature algorithm, issuer, validity, subject */
	for (int i = 0; i < 4; i++)
		if (!take_element(&rest, &e) || e.tag != 0x30)
			return false;
	*subject = e.whole;
	return true;
}

static int by_subject(const void *a, const void *b)
{
	return str_cmp(((const struct tls_anchor *)a)->subject, ((const struct tls_anchor *)b)->subject);
}

/* The text between the next BEGIN and END lines of a certificate; false when there is none left. */
static bool next_pem(struct str *rest, struct str *body)
{
	static const struct str begin = { "-----BEGIN ", 11 };

	for (;;) {
		size_t at = str_search(*rest, begin);

		if (at == rest->n)
			return false;
		*rest = str_sub(*rest, at + begin.n, rest->n);
		bool wanted = str_starts(*rest, STR_LIT("CERTIFICATE-----")) ||
			str_starts(*rest, STR_LIT("X509 CERTIFICATE-----"));
		size_t line = str_find(*rest, '\n');
		struct str text = str_sub(*rest, line, rest->n);
		size_t end = str_search(text, STR_LIT("-----END "));

		if (end == text.n)
			return false;
		*rest = str_sub(text, end, text.n);
		if (wanted) {
			*body = str_sub(text, 0, end);
			return true;
		}
	}
}

static bool load_anchors(struct tls_trust *t, struct str pem, struct err *err)
{
	struct str rest = pem;
	struct str body;
	size_t room = 0;
	size_t from = 0;

	/* Decoded it is smaller, so the slices stay where they are. */
	buf_init(&t->der, pem.n + 1);
	if (buf_room(&t->der, pem.n) == NULL)
		return err_set(err, ERR_CONFIG, "the trusted certificates are too many");
	while (next_pem(&rest, &body)) {
		if (!base64_decode_loose(&t->der, body))
			return err_set(err, ERR_CONFIG, "a trusted certificate is damaged: certificate %zu of the file",
				t->n_anchors + 1);
		t->anchors = mem_grow(t->anchors, t->n_anchors, &room, sizeof *t->anchors);
		struct tls_anchor *a = &t->anchors[t->n_anchors];

		a->der = str_sub(buf_str(&t->der), from, SIZE_MAX);
		if (!der_subject(a->der, &a->subject))
			return err_set(err, ERR_CONFIG, "a trusted certificate is damaged: certificate %zu of the file",
				t->n_anchors + 1);
		from = buf_len(&t->der);
		t->n_anchors++;
	}
	if (t->n_anchors == 0)
		return err_set(err, ERR_CONFIG, "there is no certificate in the file of trusted certificates");
	qsort(t->anchors, t->n_anchors, sizeof *t->anchors, by_subject);
	return true;
}

/* "sha256:" and 64 hexadecimal digits, which may have colons between the octets. */
static bool parse_pin(struct str s, unsigned char pin[32])
{
	size_t n = 0;

	if (!str_istarts(s, STR_LIT("sha256:")))
		return false;
	for (size_t i = 7; i < s.n; i++) {
		if (s.p[i] == ':' && n % 2 == 0 && n > 0)
			continue;
		int digit = ascii_hex(s.p[i]);

		if (digit < 0 || n == 64)
			return false;
		pin[n / 2] = (unsigned char)(n % 2 == 0 ? digit << 4 : pin[n / 2] | digit);
		n++;
	}
	return n == 64;
}

static bool load_pins(struct tls_trust *t, const char *text, struct err *err)
{
	struct str rest = str_of(text);

	while (rest.p != NULL) {
		struct str pin = str_trim(str_cut(&rest, ','));

		if (t->n_pins == TLS_MAX_PINS)
			return err_set(err, ERR_USAGE, "more than %d pins", TLS_MAX_PINS);
		if (!parse_pin(pin, t->pins[t->n_pins++]))
			return err_set(err, ERR_USAGE, "a pin is sha256: and 64 hexadecimal digits, not %.*s",
				STR_ARGS(pin));
	}
	return true;
}

static gnutls_datum_t datum(struct str s)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.p, (unsigned)s.n };
}

static bool load_client(struct tls_trust *t, struct str cert, struct str key, struct err *err)
{
	gnutls_datum_t c = datum(cert);
	gnutls_datum_t k = datum(key.n > 0 ? key : cert); /* both may stand in one file */
	int rc;

	if (cert.n == 0 && key.n > 0)
		return err_set(err, ERR_CONFIG, "a client key without its certificate");
	if (cert.n == 0)
		return true;
	rc = gnutls_certificate_set_x509_key_mem2(t->credentials, &c, &k, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return err_set(err, ERR_CONFIG, "the client certificate and the client key do not belong together");
	if (rc < 0)
		return err_set(err, ERR_CONFIG, "client certificate or key: %s", gnutls_strerror(rc));
	return true;
}

struct tls_trust *tls_trust_new(const struct tls_trust_params *params, struct err *err)
{
	struct tls_trust *t = mem_alloc(sizeof *t);
	bool ok;

	t->system = params->ca_pem.p == NULL;
	t->lenient = params->lenient;
	if (gnutls_certificate_allocate_credentials(&t->credentials) < 0 ||
		gnutls_priority_init(&t->priority, "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL) < 0)
		mem_die();
	ok = (params->pin == NULL || load_pins(t, params->pin, err)) &&
		(t->system || load_anchors(t, params->ca_pem, err)) &&
		load_client(t, params->cert_pem, params->key_pem, err);
	if (!ok) {
		tls_trust_free(t);
		t = NULL;
	}
	return t;
}

void tls_trust_free(struct tls_trust *t)
{
	if (t == NULL)
		return;
	if (t->system_list != NULL)
		gnutls_x509_trust_list_deinit(t->system_list, 1);
	gnutls_certificate_free_credentials(t->credentials);
	gnutls_priority_deinit(t->priority);
	mem_free(t->anchors);
	buf_free(&t->der);
	buf_free(&t->tlsa);
	mem_free(t);
}

static bool system_list(struct tls_trust *t, gnutls_x509_trust_list_t *list, struct err *err)
{
	if (t->system_list == NULL) {
		if (gnutls_x509_trust_list_init(&t->system_list, 0) < 0)
			mem_die();
		if (gnutls_x509_trust_list_add_system_trust(t->system_list, 0, 0) <= 0) {
			gnutls_x509_trust_list_deinit(t->system_list, 1);
			t->system_list = NULL;
			return err_set(err, ERR_CONFIG,
				"this system has no trusted certificates (install ca-certificates, or name a file with --ca-file)");
		}
	}
	*list = t->system_list;
	return true;
}

/* Parse the anchors with this subject into the list. */
static void add_anchors(struct tls_trust *t, struct str subject, gnutls_x509_trust_list_t list)
{
	size_t low = 0;
	size_t high = t->n_anchors;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(t->anchors[middle].subject, subject) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < t->n_anchors && str_eq(t->anchors[low].subject, subject); low++) {
		gnutls_datum_t der = datum(t->anchors[low].der);
		gnutls_x509_crt_t crt;

		if (gnutls_x509_crt_init(&crt) < 0)
			mem_die();
		/* One that GnuTLS cannot parse is no reason to trust nothing. */
		if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) < 0)
			gnutls_x509_crt_deinit(crt);
		else if (gnutls_x509_trust_list_add_cas(list, &crt, 1, 0) != 1)
			gnutls_x509_crt_deinit(crt);
	}
}

bool tls_trust_list(struct tls_trust *t, const gnutls_x509_crt_t *chain, unsigned n, gnutls_x509_trust_list_t *list,
	bool *owned, struct err *err)
{
	*owned = !t->system;
	if (t->system)
		return system_list(t, list, err);
	if (gnutls_x509_trust_list_init(list, 0) < 0)
		mem_die();
	for (unsigned i = 0; i < n; i++) {
		gnutls_datum_t dn;

		if (gnutls_x509_crt_get_raw_issuer_dn(chain[i], &dn) == 0) {
			add_anchors(t, str_at((const char *)dn.data, dn.size), *list);
			gnutls_free(dn.data);
		}
		/* A trusted certificate may itself be in the chain, a server's own among them. */
		if (gnutls_x509_crt_get_raw_dn(chain[i], &dn) == 0) {
			add_anchors(t, str_at((const char *)dn.data, dn.size), *list);
			gnutls_free(dn.data);
		}
	}
	return true;
}
