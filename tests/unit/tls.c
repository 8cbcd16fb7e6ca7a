#include <config.h>

#include "tests/tls_server.h"

#include "base/err.h"
#include "proto/tls.h"

/* The client against GnuTLS's server side in memory: whom it believes, what it says when it does not, and how a stream
 * ends. */

#define DEFAULT "NORMAL"
#define DAY 86400L

static struct cert ca, other_ca, middle;
static struct cert good, expired, early, wrong, unknown, client_only, alone, cn_only, star, address, below;
static const unsigned char ip[] = { 192, 0, 2, 1 };

static void make_certs(void)
{
	cert_make(&ca, &(struct cert_wish){ .name = "Test CA", .ca = true });
	cert_make(&other_ca, &(struct cert_wish){ .name = "Other CA", .ca = true });
	cert_make(&middle, &(struct cert_wish){ .name = "Middle CA", .ca = true, .issuer = &ca });
	cert_make(&good, &(struct cert_wish){ .name = "mx.example", .issuer = &ca });
	cert_make(&expired,
		&(struct cert_wish){ .name = "mx.example", .issuer = &ca, .from = -30 * DAY, .to = -2 * DAY });
	cert_make(&early, &(struct cert_wish){ .name = "mx.example", .issuer = &ca, .from = 2 * DAY, .to = 30 * DAY });
	cert_make(&wrong, &(struct cert_wish){ .name = "a.example", .other_name = "b.example", .issuer = &ca });
	cert_make(&unknown, &(struct cert_wish){ .name = "mx.example", .issuer = &other_ca });
	cert_make(&client_only,
		&(struct cert_wish){ .name = "mx.example", .issuer = &ca, .purpose = GNUTLS_KP_TLS_WWW_CLIENT });
	cert_make(&alone, &(struct cert_wish){ .name = "mx.example" });
	cert_make(&cn_only, &(struct cert_wish){ .name = "mx.example", .issuer = &ca, .cn_only = true });
	cert_make(&star, &(struct cert_wish){ .name = "*.mail.example", .issuer = &ca });
	cert_make(&address, &(struct cert_wish){ .name = "by address", .issuer = &ca, .ip = ip, .ip_n = 4 });
	cert_make(&below, &(struct cert_wish){ .name = "mx.example", .issuer = &middle });
}

struct meeting {
	struct tls_trust *trust;
	struct tls *client;
	struct tls_server server;
	struct err err;
	enum tls_status status;
};

static void pass(struct buf *from, struct buf *to, size_t most)
{
	struct str s = str_sub(buf_str(from), 0, most);

	buf_add(to, s);
	buf_drop(from, s.n);
}

/* Move records both ways until nothing moves any more. */
static void shake(struct meeting *m, size_t most)
{
	for (int idle = 0; idle < 3; idle++) {
		if (m->status == TLS_WANT)
			m->status = tls_handshake(m->client, &m->err);
		if (buf_len(tls_out(m->client)) > 0 || buf_len(&m->server.out) > 0)
			idle = 0;
		pass(tls_out(m->client), &m->server.in, most);
		server_turn(&m->server);
		pass(&m->server.out, tls_in(m->client), most);
	}
}

static bool meet(struct meeting *m, const struct tls_trust_params *trust, const char *host, const struct cert *server,
	const char *chain, const char *priority, size_t most)
{
	*m = (struct meeting){ .status = TLS_WANT };
	m->trust = tls_trust_new(trust, &m->err);
	if (m->trust == NULL)
		return false;
	m->client = tls_new(m->trust, host, &m->err);
	server_start(&m->server, chain != NULL ? chain : server->pem, server->key_pem, priority, trust->cert_pem.n > 0);
	shake(m, most);
	return m->status == TLS_OK && m->server.up;
}

static void part(struct meeting *m)
{
	if (m->trust != NULL)
		server_end(&m->server);
	tls_free(m->client);
	tls_trust_free(m->trust);
}

static struct tls_trust_params trust_ca(void)
{
	return (struct tls_trust_params){ .ca_pem = str_of(ca.pem) };
}

static void believed(const char *what, const char *host, const struct cert *server, const char *chain)
{
	struct tls_trust_params trust = trust_ca();
	struct meeting m;

	if (!check(meet(&m, &trust, host, server, chain, DEFAULT, SIZE_MAX), "believed: %s", what))
		printf("# %s\n", m.err.text);
	part(&m);
	check(meet(&m, &trust, host, server, chain, DEFAULT, 1), "octet by octet: %s", what);
	part(&m);
}

static void not_believed(const char *what, const char *host, const struct cert *server, const char *text)
{
	struct tls_trust_params trust = trust_ca();
	struct meeting m;

	check(!meet(&m, &trust, host, server, NULL, DEFAULT, SIZE_MAX) && m.status == TLS_FAILED &&
			m.err.kind == ERR_PROTOCOL,
		"not believed: %s", what);
	if (!check(strstr(m.err.text, text) != NULL, "it is said why"))
		printf("# \"%s\" is not in \"%s\"\n", text, m.err.text);
	check(!m.server.up && m.server.failed != 0, "the server is told");
	part(&m);
}

/* "expired on 2025-01-02" of a time */
static const char *on_day(const char *what, time_t when)
{
	static char text[64];
	struct tm tm;
	char day[16];

	gmtime_r(&when, &tm);
	strftime(day, sizeof day, "%Y-%m-%d", &tm);
	snprintf(text, sizeof text, "certificate %s %s", what, day);
	return text;
}

static void test_belief(void)
{
	char chain[3 * sizeof below.pem];

	believed("a good certificate", "mx.example", &good, NULL);
	believed("in capitals, with a dot", "MX.Example.", &good, NULL);
	believed("a star", "a.mail.example", &star, NULL);
	believed("an address", "192.0.2.1", &address, NULL);
	believed("a common name only", "mx.example", &cn_only, NULL);
	snprintf(chain, sizeof chain, "%s%s", below.pem, middle.pem);
	believed("a chain", "mx.example", &below, chain);
	snprintf(chain, sizeof chain, "%s%s%s", below.pem, middle.pem, ca.pem);
	believed("a chain with its root", "mx.example", &below, chain);
	not_believed("expired", "mx.example", &expired,
		on_day("expired on", gnutls_x509_crt_get_expiration_time(expired.crt)));
	not_believed("not yet valid", "mx.example", &early,
		on_day("is not valid before", gnutls_x509_crt_get_activation_time(early.crt)));
	not_believed("for others", "mx.example", &wrong, "certificate is for a.example, b.example, not mx.example");
	not_believed("for another address", "192.0.2.2", &address, "certificate is for 192.0.2.1, not 192.0.2.2");
	not_believed("a name for an address", "192.0.2.1", &good, "certificate is for mx.example, not 192.0.2.1");
	not_believed("a star is one label", "a.b.mail.example", &star,
		"certificate is for *.mail.example, not a.b.mail.example");
	not_believed("an unknown issuer", "mx.example", &unknown, "signed by Other CA, which is not trusted");
	not_believed("a missing link", "mx.example", &below, "signed by Middle CA, which is not trusted");
	not_believed("self-signed", "mx.example", &alone, "self-signed");
	not_believed("for clients", "mx.example", &client_only, "not meant for servers");
}

static void pin_of(const struct cert *c, char *text, size_t size, bool colons)
{
	unsigned char digest[32];
	size_t n = sizeof digest;
	int at = snprintf(text, size, "sha256:");

	gnutls_x509_crt_get_key_id(c->crt, GNUTLS_KEYID_USE_SHA256, digest, &n);
	for (size_t i = 0; i < n; i++)
		at += snprintf(text + at, size - (size_t)at, "%s%02X", colons && i > 0 ? ":" : "", digest[i]);
}

static void test_pins(void)
{
	char pin[256];
	char two[600];
	struct tls_trust_params trust = { .ca_pem = str_of(ca.pem), .pin = pin };
	struct meeting m;
	struct err err;

	pin_of(&alone, pin, sizeof pin, false);
	check(meet(&m, &trust, "other.example", &alone, NULL, DEFAULT, SIZE_MAX), "a pinned key is enough");
	part(&m);
	check(!meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX) &&
			strstr(m.err.text, "not the pinned one") != NULL,
		"and no other will do, whoever signed it");
	part(&m);
	pin_of(&good, pin, sizeof pin, true);
	snprintf(two, sizeof two, "sha256:%064d, %s", 0, pin);
	trust.pin = two;
	check(meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX), "one of two");
	part(&m);
	static const char *const bad[] = { "", "sha256:", "sha1:00", "sha256:12",
		"md5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		trust.pin = bad[i];
		check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_USAGE, "no pin: \"%s\"", bad[i]);
	}
}

/* Is the server believed with these pins? */
static bool pinned(const char *pins, const char *chain)
{
	struct tls_trust_params trust = { .ca_pem = str_of(ca.pem), .pin = pins };
	struct meeting m;
	bool ok = meet(&m, &trust, "mx.example", &good, chain, DEFAULT, SIZE_MAX);

	part(&m);
	return ok;
}

/* The pin of the good key with one digit changed, at each place. */
static void test_near_pins(void)
{
	char pin[256];
	char near[256];
	char two[600];
	unsigned taken = 0;

	pin_of(&good, pin, sizeof pin, false);
	check(pinned(pin, NULL), "the pin itself");
	for (size_t i = 7; i < strlen(pin); i++) {
		memcpy(near, pin, sizeof near);
		near[i] = near[i] == '0' ? '1' : '0';
		taken += pinned(near, NULL);
	}
	check(taken == 0, "one digit off, at any place: %u taken", taken);
	/* Two pins, both wrong: by their first and by their last digit. */
	memcpy(near, pin, sizeof near);
	near[7] = near[7] == '0' ? '1' : '0';
	memcpy(two, near, sizeof near);
	strcat(two, ",");
	near[7] = pin[7];
	near[strlen(pin) - 1] = near[strlen(pin) - 1] == '0' ? '1' : '0';
	strcat(two, near);
	check(!pinned(two, NULL), "two wrong pins are not a right one");
	strcat(two, ",");
	strcat(two, pin);
	check(pinned(two, NULL), "the third is right");
}

static void test_weak(void)
{
	static const struct {
		unsigned bits;
		bool sha1, want;
		const char *name;
	} keys[] = { { 1024, false, false, "RSA of 1024 bits" }, { 2048, false, true, "RSA of 2048 bits" },
		{ 2048, true, false, "signed over SHA-1" } };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct tls_trust_params trust = trust_ca();
		struct cert weak;
		struct meeting m;

		cert_make(&weak,
			&(struct cert_wish){
				.name = "mx.example", .issuer = &ca, .rsa = keys[i].bits, .sha1 = keys[i].sha1 });
		bool ok = meet(&m, &trust, "mx.example", &weak, NULL, "NORMAL:%VERIFY_ALLOW_BROKEN", SIZE_MAX);

		check(ok == keys[i].want, "%s: %s", keys[i].name, m.err.text);
		part(&m);
		cert_free(&weak);
	}
}

/* A chain of n certificates: more than sixteen are not even looked at. */
static void test_long_chains(void)
{
	static struct cert links[20];
	static struct cert leaf;
	char pin[256];
	unsigned seen = 0;

	for (unsigned i = 0; i < 20; i++) {
		char name[20];

		snprintf(name, sizeof name, "Link %u", i);
		cert_make(&links[i],
			&(struct cert_wish){ .name = name, .ca = true, .issuer = i > 0 ? &links[i - 1] : &ca });
	}
	cert_make(&leaf, &(struct cert_wish){ .name = "mx.example", .issuer = &links[19] });
	pin_of(&leaf, pin, sizeof pin, false);
	for (unsigned n = 15; n < 19; n++) {
		struct tls_trust_params trust = { .ca_pem = str_of(ca.pem), .pin = pin };
		struct meeting m;
		struct buf chain = { 0 };

		buf_add_text(&chain, leaf.pem);
		for (unsigned i = 1; i < n; i++)
			buf_add_text(&chain, links[20 - i].pem);
		bool ok = meet(&m, &trust, "mx.example", &leaf, buf_text(&chain), DEFAULT, SIZE_MAX);
		struct str der;

		for (seen = 0; tls_peer_der(m.client, seen, &der);)
			seen++;
		check(ok == (n <= 16), "a chain of %u (%u came): %s", n, seen, m.err.text);
		check(ok || m.err.kind == ERR_PROTOCOL, "is refused in order");
		part(&m);
		buf_free(&chain);
	}
	for (unsigned i = 0; i < 20; i++)
		cert_free(&links[i]);
	cert_free(&leaf);
}

static void test_versions(void)
{
	struct tls_trust_params trust = trust_ca();
	struct tls_facts facts;
	struct meeting m;
	struct buf channel = { 0 };
	gnutls_datum_t theirs;

	check(meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX), "TLS 1.3");
	tls_facts(m.client, &facts);
	check(strcmp(facts.version, "TLS1.3") == 0 && facts.cipher[0] != '\0' &&
			strcmp(facts.subject, "CN=mx.example") == 0 && strcmp(facts.issuer, "CN=Test CA") == 0 &&
			facts.not_after > time(NULL) && strncmp(facts.pin, "sha256:", 7) == 0,
		"facts");
	check(strcmp(tls_channel(m.client, &channel), "tls-exporter") == 0, "tls-exporter");
	gnutls_session_channel_binding(m.server.session, GNUTLS_CB_TLS_EXPORTER, &theirs);
	check(str_eq(buf_str(&channel), str_at((char *)theirs.data, theirs.size)), "is the same at both ends");
	gnutls_free(theirs.data);
	struct str der;

	check(tls_peer_der(m.client, 0, &der) && der.n > 100 && !tls_peer_der(m.client, 1, &der),
		"the peer's certificate");
	part(&m);

	buf_clear(&channel);
	check(meet(&m, &trust, "mx.example", &good, NULL, "NORMAL:-VERS-TLS1.3", SIZE_MAX), "TLS 1.2");
	tls_facts(m.client, &facts);
	check(strcmp(facts.version, "TLS1.2") == 0, "TLS 1.2 is said");
	check(strcmp(tls_channel(m.client, &channel), "tls-unique") == 0, "tls-unique");
	gnutls_session_channel_binding(m.server.session, GNUTLS_CB_TLS_UNIQUE, &theirs);
	check(str_eq(buf_str(&channel), str_at((char *)theirs.data, theirs.size)), "is the same at both ends");
	gnutls_free(theirs.data);
	part(&m);
	buf_free(&channel);

	check(!meet(&m, &trust, "mx.example", &good, NULL, "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.1:+VERS-TLS1.0",
		      SIZE_MAX) &&
			m.err.kind == ERR_PROTOCOL,
		"no TLS 1.1 and no 1.0");
	part(&m);
}

static void test_client_certificate(void)
{
	struct tls_trust_params trust = trust_ca();
	struct meeting m;
	struct err err;
	char both[2 * sizeof client_only.pem];
	unsigned n = 0;

	trust.cert_pem = str_of(client_only.pem);
	trust.key_pem = str_of(client_only.key_pem);
	check(meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX), "with a client certificate");
	check(gnutls_certificate_get_peers(m.server.session, &n) != NULL && n == 1, "which the server sees");
	part(&m);
	snprintf(both, sizeof both, "%s%s", client_only.pem, client_only.key_pem);
	trust.cert_pem = str_of(both);
	trust.key_pem = STR_NONE;
	check(meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX), "certificate and key in one file");
	part(&m);
	trust.cert_pem = str_of(client_only.pem);
	trust.key_pem = str_of(good.key_pem);
	check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_CONFIG && strstr(err.text, "belong") != NULL,
		"a key of another certificate");
	trust.key_pem = STR_LIT("nonsense");
	check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_CONFIG, "a key that is none");
	trust.cert_pem = STR_NONE;
	check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_CONFIG, "a key without a certificate");
}

static void test_store(void)
{
	char many[64 * 1024] = "";
	struct cert filler[8];
	struct tls_trust_params trust = { .ca_pem = { many, 0 } };
	struct meeting m;
	struct err err;
	size_t n = 0;

	/* Two authorities of one name: the right one is found behind the wrong one. */
	for (size_t i = 0; i < 8; i++) {
		char name[32];

		snprintf(name, sizeof name, i == 3 ? "Test CA" : "CA %zu", i);
		cert_make(&filler[i], &(struct cert_wish){ .name = name, .ca = true });
		n += (size_t)snprintf(many + n, sizeof many - n, "# comment\n%s\n", filler[i].pem);
	}
	n += (size_t)snprintf(many + n, sizeof many - n, "%s", ca.pem);
	trust.ca_pem.n = n;
	if (!check(meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX), "one of many"))
		printf("# %s\n", m.err.text);
	part(&m);
	trust.ca_pem.n -= strlen(ca.pem);
	check(!meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX), "a namesake is nobody");
	part(&m);
	for (size_t i = 0; i < 8; i++)
		cert_free(&filler[i]);

	/* The server's own certificate may be what is trusted. */
	trust.ca_pem = str_of(alone.pem);
	check(meet(&m, &trust, "mx.example", &alone, NULL, DEFAULT, SIZE_MAX),
		"a self-signed certificate that is trusted");
	part(&m);
	check(!meet(&m, &trust, "other.example", &alone, NULL, DEFAULT, SIZE_MAX), "but for its name only");
	part(&m);
	trust.ca_pem = STR_LIT("");
	check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_CONFIG, "a file with nothing in it");
	trust.ca_pem = STR_LIT("-----BEGIN CERTIFICATE-----\nMIIBtest\n-----END CERTIFICATE-----\n");
	check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_CONFIG, "a damaged certificate");
	trust.ca_pem = STR_LIT("-----BEGIN CERTIFICATE-----\nMIIB");
	check(tls_trust_new(&trust, &err) == NULL && err.kind == ERR_CONFIG, "a cut one");
	trust.ca_pem = STR_NONE;
	check(!meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX),
		"the system does not know our authority");
	part(&m);
}

static void test_stream(void)
{
	struct tls_trust_params trust = trust_ca();
	struct meeting m;
	struct buf plain = { 0 };
	static char big[1 << 20];
	size_t got = 0;
	ssize_t n;

	meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX);
	check(tls_read(m.client, &plain, &m.err) == TLS_WANT, "nothing yet");
	gnutls_record_send(m.server.session, "220 mx\r\n", 8);
	while (buf_len(&m.server.out) > 0) {
		pass(&m.server.out, tls_in(m.client), 1);
		tls_read(m.client, &plain, &m.err);
	}
	check_same(buf_str(&plain), "220 mx\r\n", "a line, octet by octet");
	memset(big, 'x', sizeof big);
	check(tls_write(m.client, str_at(big, sizeof big), &m.err) == TLS_OK, "a megabyte");
	check(buf_len(tls_out(m.client)) < sizeof big + sizeof big / 100, "in full records: %zu octets on top",
		buf_len(tls_out(m.client)) - sizeof big);
	pass(tls_out(m.client), &m.server.in, SIZE_MAX);
	while ((n = gnutls_record_recv(m.server.session, big, sizeof big)) > 0)
		got += (size_t)n;
	check(got == sizeof big, "arrives");
	buf_clear(&plain);
	check(gnutls_session_ticket_send(m.server.session, 1, 0) == 0, "a ticket");
	gnutls_record_send(m.server.session, "250 ok\r\n", 8);
	pass(&m.server.out, tls_in(m.client), SIZE_MAX);
	check(tls_read(m.client, &plain, &m.err) == TLS_OK, "does not hide");
	check_same(buf_str(&plain), "250 ok\r\n", "the reply behind it");
	gnutls_bye(m.server.session, GNUTLS_SHUT_WR);
	buf_clear(&plain);
	pass(&m.server.out, tls_in(m.client), SIZE_MAX);
	check(tls_read(m.client, &plain, &m.err) == TLS_EOF, "close_notify is the end");
	buf_add_text(tls_in(m.client), "250 forged\r\n");
	check(tls_read(m.client, &plain, &m.err) == TLS_EOF && buf_len(&plain) == 0, "and nothing is read behind it");
	tls_bye(m.client);
	check(buf_len(tls_out(m.client)) > 0, "ours is sent");
	part(&m);

	meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX);
	tls_wire_eof(m.client);
	check(tls_read(m.client, &plain, &m.err) == TLS_FAILED && m.err.kind == ERR_TEMP &&
			strstr(m.err.text, "cut") != NULL,
		"a cut is no end");
	m.err = (struct err){ 0 };
	check(tls_read(m.client, &plain, &m.err) == TLS_FAILED && m.err.kind == ERR_TEMP, "and stays one");
	part(&m);

	meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX);
	buf_add_text(tls_in(m.client), "250 in clear\r\n");
	check(tls_read(m.client, &plain, &m.err) == TLS_FAILED && m.err.kind == ERR_PROTOCOL && buf_len(&plain) == 0,
		"clear text in the middle");
	part(&m);

	meet(&m, &trust, "mx.example", &good, NULL, DEFAULT, SIZE_MAX);
	gnutls_record_send(m.server.session, "220 mx\r\n", 8);
	m.server.out.p[m.server.out.end - 1] ^= 1;
	pass(&m.server.out, tls_in(m.client), SIZE_MAX);
	check(tls_read(m.client, &plain, &m.err) == TLS_FAILED && buf_len(&plain) == 0, "a forged record");
	part(&m);
	buf_free(&plain);
}

static void test_no_tls(void)
{
	struct tls_trust_params trust = trust_ca();
	struct err err = { 0 };
	struct tls_trust *t = tls_trust_new(&trust, &err);
	struct tls *c = tls_new(t, "mx.example", &err);

	check(tls_handshake(c, &err) == TLS_WANT, "hello");
	buf_add_text(tls_in(c), "554 go away, we speak no TLS here\r\n");
	check(tls_handshake(c, &err) == TLS_FAILED && err.kind == ERR_PROTOCOL &&
			strstr(err.text, "not speak TLS") != NULL,
		"clear text: %s", err.text);
	tls_free(c);
	c = tls_new(t, "mx.example", &err);
	tls_handshake(c, &err);
	tls_wire_eof(c);
	check(tls_handshake(c, &err) == TLS_FAILED && err.kind == ERR_TEMP, "cut: %s", err.text);
	tls_free(c);
	check(tls_new(t, "", &err) == NULL && err.kind == ERR_USAGE, "no host");
	check(tls_new(t, "a\nb", &err) == NULL && err.kind == ERR_USAGE, "a host with a line break");
	c = tls_new(t,
		"b\xc3\xbc"
		"cher.example",
		&err);
	check(c != NULL, "a U-label");
	tls_handshake(c, &err);
	check(str_search(buf_str(tls_out(c)), STR_LIT("xn--bcher-kva.example")) < buf_len(tls_out(c)),
		"is asked for as an A-label");
	tls_free(c);
	c = tls_new(t, "[2001:db8::1]", &err);
	tls_handshake(c, &err);
	check(str_search(buf_str(tls_out(c)), STR_LIT("2001")) == buf_len(tls_out(c)),
		"an address is not asked for by name");
	tls_free(c);
	tls_trust_free(t);
}

int main(void)
{
	struct cert *all[] = { &ca, &other_ca, &middle, &good, &expired, &early, &wrong, &unknown, &client_only, &alone,
		&cn_only, &star, &address, &below };

	make_certs();
	test_belief();
	test_pins();
	test_near_pins();
	test_weak();
	test_long_chains();
	test_versions();
	test_client_certificate();
	test_store();
	test_stream();
	test_no_tls();
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		cert_free(all[i]);
	return tap_done();
}
