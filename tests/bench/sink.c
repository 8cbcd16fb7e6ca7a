#include <config.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * An SMTP server for benchmarks: takes everything, keeps nothing but one line a message in its log:
 * octets of the content as the client meant it (dots unstuffed), its SHA-256, octets on the wire since
 * the connection began, and how often the client had to wait. One connection at a time, so that the
 * client is what is measured.
 *
 *     sink LOGFILE [CERT KEY [implicit]]     prints its port
 */
struct peer {
	int fd;
	gnutls_session_t tls;
	char in[1 << 18];
	size_t at;
	size_t end;
	unsigned long long wire; /* octets received on the socket, records and all */
	unsigned flights;        /* times that an answer was sent with nothing more to read */
	gnutls_hash_hd_t hash;
	unsigned long long content;
	char out[4096];
	size_t out_n;
};

static FILE *journal;
static gnutls_certificate_credentials_t credentials;

static ssize_t pull(gnutls_transport_ptr_t arg, void *data, size_t n)
{
	struct peer *p = arg;
	ssize_t got = recv(p->fd, data, n, 0);

	if (got > 0)
		p->wire += (unsigned long long)got;
	return got;
}

static ssize_t push(gnutls_transport_ptr_t arg, const void *data, size_t n)
{
	return send(((struct peer *)arg)->fd, data, n, MSG_NOSIGNAL);
}

static int pull_timeout(gnutls_transport_ptr_t arg, unsigned ms)
{
	(void)arg;
	(void)ms;
	return 1;
}

static void flush_out(struct peer *p)
{
	if (p->out_n == 0)
		return;
	p->flights++;
	if (p->tls != NULL)
		gnutls_record_send(p->tls, p->out, p->out_n);
	else if (send(p->fd, p->out, p->out_n, MSG_NOSIGNAL) < 0)
		perror("send");
	p->out_n = 0;
}

static void say(struct peer *p, const char *line)
{
	size_t n = strlen(line);

	if (p->out_n + n > sizeof p->out)
		flush_out(p);
	memcpy(p->out + p->out_n, line, n);
	p->out_n += n;
}

/* More octets behind what is there; false at the end. Answers leave only when there is nothing to read. */
static bool fill(struct peer *p)
{
	ssize_t n;

	if (p->at > 0) {
		memmove(p->in, p->in + p->at, p->end - p->at);
		p->end -= p->at;
		p->at = 0;
	}
	flush_out(p);
	if (p->tls != NULL) {
		n = gnutls_record_recv(p->tls, p->in + p->end, sizeof p->in - p->end);
	} else {
		n = recv(p->fd, p->in + p->end, sizeof p->in - p->end, 0);
		if (n > 0)
			p->wire += (unsigned long long)n;
	}
	if (n <= 0)
		return false;
	p->end += (size_t)n;
	return true;
}

static void content(struct peer *p, const char *data, size_t n)
{
	gnutls_hash(p->hash, data, n);
	p->content += n;
}

static bool data(struct peer *p)
{
	bool line_start = true;

	for (;;) {
		char *from = p->in + p->at;
		size_t have = p->end - p->at;
		char *lf = memchr(from, '\n', have);

		if (lf == NULL && have < sizeof p->in / 2) {
			if (!fill(p))
				return false;
			continue;
		}
		size_t n = lf != NULL ? (size_t)(lf - from) + 1 : have;

		p->at += n;
		if (line_start && n == 3 && memcmp(from, ".\r\n", 3) == 0)
			return true;
		if (line_start && from[0] == '.')
			content(p, from + 1, n - 1);
		else
			content(p, from, n);
		line_start = lf != NULL;
	}
}

static bool chunk(struct peer *p, unsigned long long n)
{
	while (n > 0) {
		size_t have = p->end - p->at;

		if (have == 0) {
			if (!fill(p))
				return false;
			continue;
		}
		if (have > n)
			have = (size_t)n;
		content(p, p->in + p->at, have);
		p->at += have;
		n -= have;
	}
	return true;
}

static void message_done(struct peer *p)
{
	unsigned char digest[32];

	gnutls_hash_output(p->hash, digest);
	fprintf(journal, "%llu ", p->content);
	for (size_t i = 0; i < sizeof digest; i++)
		fprintf(journal, "%02x", digest[i]);
	fprintf(journal, " %llu %u\n", p->wire, p->flights);
	fflush(journal);
	p->content = 0;
	say(p, "250 2.0.0 taken\r\n");
}

static bool start_tls(struct peer *p)
{
	gnutls_init(&p->tls, GNUTLS_SERVER | GNUTLS_NO_TICKETS);
	gnutls_set_default_priority(p->tls);
	gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_ptr(p->tls, p);
	gnutls_transport_set_pull_function(p->tls, pull);
	gnutls_transport_set_pull_timeout_function(p->tls, pull_timeout);
	gnutls_transport_set_push_function(p->tls, push);
	int status;

	do
		status = gnutls_handshake(p->tls);
	while (status < 0 && !gnutls_error_is_fatal(status));
	return status == GNUTLS_E_SUCCESS;
}

static void greet(struct peer *p)
{
	say(p, "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n");
	if (getenv("SINK_CHUNKING") != NULL)
		say(p, "250-CHUNKING\r\n");
	if (credentials != NULL && p->tls == NULL)
		say(p, "250-STARTTLS\r\n");
	say(p, "250 SMTPUTF8\r\n");
}

/* One command; false ends the connection. */
static bool command(struct peer *p, const char *line)
{
	if (strncasecmp(line, "EHLO", 4) == 0 || strncasecmp(line, "HELO", 4) == 0) {
		greet(p);
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		say(p, "354 go on\r\n");
		if (!data(p))
			return false;
		message_done(p);
	} else if (strncasecmp(line, "BDAT ", 5) == 0) {
		if (!chunk(p, strtoull(line + 5, NULL, 10)))
			return false;
		if (strcasestr(line, "LAST") != NULL)
			message_done(p);
		else
			say(p, "250 2.0.0 chunk\r\n");
	} else if (strncasecmp(line, "STARTTLS", 8) == 0) {
		say(p, "220 2.0.0 go on\r\n");
		flush_out(p);
		return start_tls(p);
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(p, "221 2.0.0 bye\r\n");
		flush_out(p);
		return false;
	} else {
		say(p, "250 2.0.0 ok\r\n");
	}
	return true;
}

static void serve(struct peer *p, bool implicit)
{
	bool go_on = !implicit || start_tls(p);

	if (go_on)
		say(p, "220 sink.example ESMTP Postfix\r\n");
	while (go_on) {
		char *lf = memchr(p->in + p->at, '\n', p->end - p->at);
		char line[1024];

		if (lf == NULL) {
			go_on = p->end - p->at < sizeof line && fill(p);
			continue;
		}
		size_t n = (size_t)(lf - (p->in + p->at)) + 1;

		snprintf(line, sizeof line, "%.*s", (int)n, p->in + p->at);
		p->at += n;
		go_on = command(p, line);
	}
	if (p->tls != NULL) {
		gnutls_bye(p->tls, GNUTLS_SHUT_WR);
		gnutls_deinit(p->tls);
	}
	close(p->fd);
}

static int usage(void)
{
	fputs("usage: sink LOGFILE [CERT KEY [implicit]]\n", stderr);
	return 64;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof address;
	int one = 1;
	static struct peer peer;

	if (argc < 2 || argc == 3 || argc > 5 || argv[1][0] == '-' || (argc == 5 && strcmp(argv[4], "implicit") != 0))
		return usage();
	journal = fopen(argv[1], "a");
	if (journal == NULL) {
		perror(argv[1]);
		return 73;
	}
	if (argc >= 4) {
		gnutls_certificate_allocate_credentials(&credentials);
		if (gnutls_certificate_set_x509_key_file(credentials, argv[2], argv[3], GNUTLS_X509_FMT_PEM) < 0)
			return 66;
	}
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *)&address, n) < 0 || listen(listener, 64) < 0)
		return 71;
	getsockname(listener, (struct sockaddr *)&address, &n);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		memset(&peer, 0, offsetof(struct peer, in));
		peer.at = peer.end = peer.out_n = 0;
		peer.wire = peer.content = 0;
		peer.flights = 0;
		peer.fd = accept(listener, NULL, NULL);
		if (peer.fd < 0)
			continue;
		setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		gnutls_hash_init(&peer.hash, GNUTLS_DIG_SHA256);
		serve(&peer, argc >= 5);
		gnutls_hash_deinit(peer.hash, NULL);
	}
}
