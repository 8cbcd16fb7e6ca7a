#include <config.h>

#include "proto/tls_state.h"

#include <errno.h>

#include "base/mem.h"
#include "text/hex.h"
#include "mail/address/domain.h"

/*
 * A session: GnuTLS between two buffers. The certificate is checked in the handshake, by on_certificate, before
 * anything of ours is sent to the peer; a session that is up is always a verified one, so no caller can forget to
 * check.
 */

static ssize_t push(gnutls_transport_ptr_t p, const void *data, size_t n)
{
	struct tls *t = p;

	if (buf_add(&t->out, str_at(data, n)))
		return (ssize_t)n;
	gnutls_transport_set_errno(t->session, ENOBUFS);
	return -1;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *data, size_t n)
{
	struct tls *t = p;
	struct str have = str_sub(buf_str(&t->in), 0, n);

	if (have.n == 0) {
		if (t->wire_ended)
			return 0;
		gnutls_transport_set_errno(t->session, EAGAIN);
		return -1;
	}
	memcpy(data, have.p, have.n);
	buf_drop(&t->in, have.n);
	return (ssize_t)have.n;
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	const struct tls *t = p;

	(void)ms; /* nobody waits here */
	return buf_len(&t->in) > 0 || t->wire_ended;
}

/* Called in the handshake as soon as the certificate is there, before anything of ours is shown to the peer. */
static int on_certificate(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);

	return tls_verify(t, &t->fault) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* An address as it stands in a URL or a command: [2001:db8::1] or 192.0.2.1. */
static bool is_literal(struct str host)
{
	bool dots = host.n > 0;

	if (str_find(host, ':') < host.n)
		return true;
	for (size_t i = 0; i < host.n; i++)
		dots = dots && (ascii_digit(host.p[i]) || host.p[i] == '.');
	return dots;
}

/* The name to ask for and to compare with: an A-label, or an address without brackets and zone. */
static bool set_host(struct tls *t, struct str host, struct err *err)
{
	struct buf name = { 0 };
	enum domain_fault fault;

	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_sub(host, 1, host.n - 2);
	t->literal = is_literal(host);
	if (t->literal) {
		host = str_sub(host, 0, str_find(host, '%'));
		t->host = mem_copy(host.p, host.n);
		return true;
	}
	fault = domain_to_ascii(&name, host);
	if (fault == DOMAIN_OK) {
		t->host = mem_copy(buf_str(&name).p, buf_len(&name));
	} else if (host.n > 0 && host.n < 254 && str_ascii(host) && str_clean(host)) {
		/* Hosts of local networks have underscores and the like: they are compared as they are. */
		t->host = mem_copy(host.p, host.n);
	} else {
		err_set(err, ERR_USAGE, "the host name cannot be one: %s", domain_fault_text(fault));
	}
	buf_free(&name);
	return t->host != NULL;
}

struct tls *tls_new(struct tls_trust *trust, const char *host, struct err *err)
{
	struct tls *t = mem_alloc(sizeof *t);
	int rc;

	t->trust = trust;
	if (!set_host(t, str_of(host), err)) {
		mem_free(t);
		return NULL;
	}
	rc = gnutls_init(&t->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS);
	if (rc == 0)
		rc = gnutls_priority_set(t->session, trust->priority);
	if (rc == 0)
		rc = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, trust->credentials);
	if (rc == 0 && !t->literal)
		rc = gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, t->host, strlen(t->host));
	if (rc < 0) {
		err_set(err, ERR_SOFTWARE, "TLS cannot be set up: %s", gnutls_strerror(rc));
		tls_free(t);
		return NULL;
	}
	gnutls_session_set_ptr(t->session, t);
	gnutls_session_set_verify_function(t->session, on_certificate);
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_push_function(t->session, push);
	gnutls_transport_set_pull_function(t->session, pull);
	gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
	return t;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->session != NULL)
		gnutls_deinit(t->session);
	buf_free(&t->in);
	buf_free(&t->out);
	mem_free(t->host);
	mem_free(t);
}

struct buf *tls_in(struct tls *t)
{
	return &t->in;
}

struct buf *tls_out(struct tls *t)
{
	return &t->out;
}

void tls_wire_eof(struct tls *t)
{
	t->wire_ended = true;
}

/* What GnuTLS says, in words that help. */
static enum tls_status fail(struct tls *t, int rc, const char *doing, struct err *err)
{
	t->failed = true;
	switch (rc) {
	case GNUTLS_E_CERTIFICATE_ERROR:
	case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
		if (t->fault.kind == ERR_NONE)
			err_set(&t->fault, ERR_PROTOCOL, "the server's certificate cannot be trusted");
		break;
	case GNUTLS_E_PREMATURE_TERMINATION:
		err_set(&t->fault, ERR_TEMP, "the connection was cut %s", doing);
		break;
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
	case GNUTLS_E_WARNING_ALERT_RECEIVED:
		err_set(&t->fault, ERR_PROTOCOL, "the server gave up TLS %s: %s", doing,
			gnutls_alert_get_name(gnutls_alert_get(t->session)));
		break;
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
		err_set(&t->fault, ERR_PROTOCOL, "the server speaks neither TLS 1.3 nor TLS 1.2");
		break;
	case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
	case GNUTLS_E_RECORD_OVERFLOW:
	case GNUTLS_E_UNEXPECTED_PACKET:
		err_set(&t->fault, ERR_PROTOCOL,
			"the server does not speak TLS on this port (%s); for STARTTLS use smtp:// or pop3://",
			gnutls_strerror(rc));
		break;
	default:
		err_set(&t->fault, ERR_PROTOCOL, "TLS failed %s: %s", doing, gnutls_strerror(rc));
		break;
	}
	if (err != NULL)
		*err = t->fault;
	return TLS_FAILED;
}

enum tls_status tls_handshake(struct tls *t, struct err *err)
{
	int rc;

	if (t->up)
		return TLS_OK;
	do {
		rc = gnutls_handshake(t->session);
		/* A warning is only that; GnuTLS itself ends a peer that sends nothing else. */
	} while (rc == GNUTLS_E_WARNING_ALERT_RECEIVED || rc == GNUTLS_E_INTERRUPTED);
	if (rc == GNUTLS_E_AGAIN)
		return TLS_WANT;
	if (rc < 0) {
		gnutls_alert_send_appropriate(t->session, rc);
		return fail(t, rc, "in the handshake", err);
	}
	t->up = true;
	return TLS_OK;
}

enum tls_status tls_read(struct tls *t, struct buf *out, struct err *err)
{
	bool some = false;

	/* After an end nothing that still comes is looked at: it is not the peer's word any more. */
	if (t->failed && err != NULL)
		*err = t->fault;
	if (t->failed || t->ended)
		return t->failed ? TLS_FAILED : TLS_EOF;
	for (;;) {
		size_t waiting = buf_len(&t->in);
		char *room = buf_room(out, 16384);
		ssize_t n = room == NULL ? GNUTLS_E_AGAIN : gnutls_record_recv(t->session, room, 16384);

		if (n > 0) {
			buf_added(out, (size_t)n);
			some = true;
		} else if (n == 0) {
			t->ended = true;
			return TLS_EOF;
		} else if (n == GNUTLS_E_AGAIN) {
			/* It says so after a session ticket too, with a reply or the end right behind it. */
			if (buf_len(&t->in) < waiting && (buf_len(&t->in) > 0 || t->wire_ended))
				continue;
			return some ? TLS_OK : TLS_WANT;
		} else if (n == GNUTLS_E_REHANDSHAKE) {
			/* We have no wish to; a server that insists goes away. */
			gnutls_alert_send(t->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
		} else if (n != GNUTLS_E_INTERRUPTED && n != GNUTLS_E_WARNING_ALERT_RECEIVED) {
			return fail(t, (int)n, "without being closed", err);
		}
	}
}

enum tls_status tls_write(struct tls *t, struct str octets, struct err *err)
{
	while (octets.n > 0) {
		ssize_t n = gnutls_record_send(t->session, octets.p, octets.n);

		if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN)
			continue; /* never stored by halves: push takes all or fails for good */
		if (n < 0)
			return fail(t, (int)n, "in writing", err);
		octets = str_sub(octets, (size_t)n, octets.n);
	}
	return TLS_OK;
}

void tls_bye(struct tls *t)
{
	if (t->up && !t->bye)
		gnutls_bye(t->session, GNUTLS_SHUT_WR);
	t->bye = true;
}

static void dn_text(char *text, size_t size, int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned),
	gnutls_x509_crt_t crt)
{
	gnutls_datum_t dn;

	if (get(crt, &dn, 0) < 0)
		return;
	size_t n = dn.size < size ? dn.size : size - 1;

	memcpy(text, dn.data, n);
	text[n] = '\0';
	gnutls_free(dn.data);
}

static void name_text(char *text, size_t size, const char *name)
{
	struct str s = str_sub(str_of(name), 0, size - 1);

	if (s.n > 0)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
}

void tls_facts(struct tls *t, struct tls_facts *facts)
{
	gnutls_x509_crt_t peer = tls_peer(t);
	unsigned char digest[32];

	*facts = (struct tls_facts){ 0 };
	name_text(facts->version, sizeof facts->version,
		gnutls_protocol_get_name(gnutls_protocol_get_version(t->session)));
	name_text(facts->cipher, sizeof facts->cipher, gnutls_cipher_get_name(gnutls_cipher_get(t->session)));
	if (peer == NULL)
		return;
	dn_text(facts->subject, sizeof facts->subject, gnutls_x509_crt_get_dn3, peer);
	dn_text(facts->issuer, sizeof facts->issuer, gnutls_x509_crt_get_issuer_dn3, peer);
	facts->verified = !t->unverified;
	facts->not_after = gnutls_x509_crt_get_expiration_time(peer);
	if (tls_spki_sha256(peer, digest)) {
		memcpy(facts->pin, "sha256:", 7);
		hex_encode(facts->pin + 7, digest, sizeof digest);
	}
	gnutls_x509_crt_deinit(peer);
}

const char *tls_channel(struct tls *t, struct buf *out)
{
	bool exporter = gnutls_protocol_get_version(t->session) >= GNUTLS_TLS1_3;
	gnutls_datum_t data;

	if (!t->up ||
		gnutls_session_channel_binding(t->session, exporter ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE,
			&data) < 0)
		return NULL;
	buf_add(out, str_at((const char *)data.data, data.size));
	gnutls_free(data.data);
	return exporter ? "tls-exporter" : "tls-unique";
}
