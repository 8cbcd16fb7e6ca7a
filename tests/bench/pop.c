#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
/*
 * What make bench-pop measures with: a POP3 server that is faster than any client, a client that does nothing with
 * what comes (the floor), and the comparison of what a tool stored with what the server has, octet for octet.
 *
 *     pop serve MESSAGES SIZE [DELAY-MS [CERT KEY]]   prints its port; serves until it is killed
 *     pop floor MESSAGES SIZE PORT [tls]              fetches everything, windows of 100
 *     pop check MESSAGES SIZE mbox|concat PATH    0 when each message is there exactly once
 */
/* clang-format on */

#define LINE 78
#define WINDOW 100

static size_t messages;
static size_t size;
static char *block; /* lines that bodies are cut from */
static size_t block_size;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void make_block(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint64_t x = 88172645463325252ULL;

	block_size = (size / LINE + 1200) * LINE;
	block = malloc(block_size);
	if (block == NULL)
		die("malloc");
	for (size_t i = 0; i < block_size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		block[i] = alphabet[x & 63];
		if (i % LINE == LINE - 2)
			block[i] = '\r';
		if (i % LINE == LINE - 1)
			block[i] = '\n';
	}
}

/* Message i (from 1): its header into head; its body is part of the block. */
static size_t make_head(size_t i, char head[400])
{
	return (size_t)snprintf(head, 400,
		"Return-Path: <bench@example.org>\r\nFrom: Bench <bench@example.org>\r\nTo: ann@example.org\r\n"
		"Date: Mon, 23 Nov 2026 08:00:00 +0000\r\nMessage-ID: <%zu@example.org>\r\nSubject: message %zu\r\n\r\n",
		i, i);
}

static const char *body_of(size_t i, size_t head, size_t *n)
{
	size_t lines = (size > head ? size - head : 0) / LINE + 1;

	*n = lines * LINE;
	return block + i % 1000 * LINE;
}

static size_t whole_size(size_t i)
{
	char head[400];
	size_t n;
	size_t h = make_head(i, head);

	body_of(i, h, &n);
	return h + n;
}

/* --- octets out --- */

struct peer {
	int fd;
	gnutls_session_t tls;
	char *out;
	size_t n;
	size_t cap;
};

static bool flush(struct peer *p)
{
	for (size_t at = 0; at < p->n;) {
		ssize_t n = p->tls != NULL ? gnutls_record_send(p->tls, p->out + at, p->n - at)
					   : send(p->fd, p->out + at, p->n - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	p->n = 0;
	return true;
}

static void add(struct peer *p, const char *text, size_t n)
{
	if (p->n + n > p->cap) {
		p->cap = (p->n + n) * 2;
		p->out = realloc(p->out, p->cap);
		if (p->out == NULL)
			die("realloc");
	}
	memcpy(p->out + p->n, text, n);
	p->n += n;
}

static void addf(struct peer *p, const char *form, ...) __attribute__((format(printf, 2, 3)));
static void addf(struct peer *p, const char *form, ...)
{
	char line[200];
	va_list args;

	va_start(args, form);
	int n = vsnprintf(line, sizeof line, form, args);

	va_end(args);
	add(p, line, (size_t)n);
}

/* --- the server --- */

static struct peer lists[2]; /* as they go out whole */

static void add_list(struct peer *p, bool uids, size_t one)
{
	struct peer *ready = &lists[uids];

	if (one == 0 && ready->n > 0) {
		add(p, ready->out, ready->n);
		return;
	}
	if (one == 0)
		addf(p, "+OK\r\n");
	for (size_t i = one > 0 ? one : 1; i <= (one > 0 ? one : messages); i++)
		addf(p, uids ? "%s%zu uid-%012zx\r\n" : "%s%zu %zu\r\n", one > 0 ? "+OK " : "", i,
			uids ? i : whole_size(i));
	if (one == 0)
		addf(p, ".\r\n");
}

static void add_message(struct peer *p, size_t i)
{
	char head[400];
	size_t h = make_head(i, head);
	size_t n;
	const char *body = body_of(i, h, &n);

	addf(p, "+OK %zu octets\r\n", h + n);
	add(p, head, h);
	add(p, body, n);
	add(p, ".\r\n", 3);
}

/* False: the session is over. */
static bool answer(struct peer *p, char *line)
{
	char *rest = strchr(line, ' ');
	size_t number = rest != NULL ? strtoul(rest, NULL, 10) : 0;

	if (strncasecmp(line, "RETR", 4) == 0 && number > 0 && number <= messages)
		add_message(p, number);
	else if (strncasecmp(line, "LIST", 4) == 0)
		add_list(p, false, number);
	else if (strncasecmp(line, "UIDL", 4) == 0)
		add_list(p, true, number);
	else if (strncasecmp(line, "STAT", 4) == 0)
		addf(p, "+OK %zu %zu\r\n", messages, messages * whole_size(1));
	else if (strncasecmp(line, "CAPA", 4) == 0)
		addf(p, "+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n.\r\n");
	else if (strncasecmp(line, "XNOOP", 5) == 0)
		addf(p, "-ERR what?\r\n");
	else
		addf(p, "+OK\r\n");
	return strncasecmp(line, "QUIT", 4) != 0;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What was read is worked off when its delay is over; more may be read meanwhile. */
static void serve_one(struct peer *p, int64_t delay)
{
	struct {
		int64_t due;
		size_t end;
	} due[4096];
	static char in[1 << 20];
	size_t n_due = 0, n = 0, at = 0;
	bool going = true;

	addf(p, "+OK ready\r\n");
	if (!flush(p))
		return;
	while (going) {
		int64_t left = n_due > 0 ? due[0].due - now() : -1;
		struct pollfd one = { .fd = p->fd, .events = POLLIN };
		struct timespec wait = { left > 0 ? left / 1000000 : 0, left > 0 ? left % 1000000 * 1000 : 0 };
		bool ready = p->tls != NULL && gnutls_record_check_pending(p->tls) > 0;

		if (ready || (n < sizeof in && ppoll(&one, 1, n_due > 0 ? &wait : NULL, NULL) > 0)) {
			ssize_t got = p->tls != NULL ? gnutls_record_recv(p->tls, in + n, sizeof in - n)
						     : recv(p->fd, in + n, sizeof in - n, 0);

			if (got <= 0)
				return;
			n += (size_t)got;
			if (n_due == 4096) {
				due[n_due - 1].end = n;
			} else {
				due[n_due].due = now() + delay;
				due[n_due++].end = n;
			}
		}
		while (n_due > 0 && due[0].due <= now() && going) {
			char *end;

			while (going && (end = memchr(in + at, '\n', due[0].end - at)) != NULL) {
				*end = '\0';
				going = answer(p, in + at);
				at = (size_t)(end - in) + 1;
				if (p->n > 1 << 18 && !flush(p))
					return;
			}
			memmove(due, due + 1, --n_due * sizeof *due);
		}
		if (!flush(p))
			return;
		if (at == n)
			at = n = 0;
		else if (n_due == 0 && at > 0) {
			memmove(in, in + at, n - at);
			n -= at;
			at = 0;
		}
	}
}

static void serve(int64_t delay, const char *cert, const char *key)
{
	gnutls_certificate_credentials_t credentials = NULL;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (s < 0 || bind(s, (struct sockaddr *)&a, n) < 0 || listen(s, 8) < 0 ||
		getsockname(s, (struct sockaddr *)&a, &n) < 0)
		die("listen");
	if (cert != NULL &&
		(gnutls_certificate_allocate_credentials(&credentials) < 0 ||
			gnutls_certificate_set_x509_key_file(credentials, cert, key, GNUTLS_X509_FMT_PEM) < 0))
		die("certificate");
	struct peer made[2] = { { .fd = -1 }, { .fd = -1 } };

	add_list(&made[0], false, 0);
	add_list(&made[1], true, 0);
	memcpy(lists, made, sizeof lists);
	printf("%u\n", (unsigned)ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		struct peer p = { .fd = accept(s, NULL, NULL) };
		int on = 1;

		if (p.fd < 0)
			continue;
		setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (credentials != NULL) {
			gnutls_init(&p.tls, GNUTLS_SERVER);
			gnutls_set_default_priority(p.tls);
			gnutls_credentials_set(p.tls, GNUTLS_CRD_CERTIFICATE, credentials);
			gnutls_transport_set_int(p.tls, p.fd);
		}
		if (p.tls == NULL || gnutls_handshake(p.tls) >= 0)
			serve_one(&p, delay);
		if (p.tls != NULL)
			gnutls_deinit(p.tls);
		shutdown(p.fd, SHUT_WR);
		close(p.fd);
		free(p.out);
	}
}

/* --- the floor --- */

static bool say(struct peer *p, const char *line)
{
	add(p, line, strlen(line));
	return flush(p);
}

/* Read so many octets. */
static bool take(struct peer *p, size_t n)
{
	static char in[1 << 18];

	while (n > 0) {
		size_t want = n < sizeof in ? n : sizeof in;
		ssize_t got = p->tls != NULL ? gnutls_record_recv(p->tls, in, want) : recv(p->fd, in, want, 0);

		if (got <= 0)
			return false;
		n -= (size_t)got;
	}
	return true;
}

static int fetch(const char *port, bool tls)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	gnutls_certificate_credentials_t credentials;
	struct peer p = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
	struct peer list = { .fd = -1 };
	bool ok;
	int on = 1;

	a.sin_port = htons((uint16_t)atoi(port));
	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("connect");
	setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (tls) {
		gnutls_certificate_allocate_credentials(&credentials);
		gnutls_init(&p.tls, GNUTLS_CLIENT);
		gnutls_set_default_priority(p.tls);
		gnutls_credentials_set(p.tls, GNUTLS_CRD_CERTIFICATE, credentials);
		gnutls_transport_set_int(p.tls, p.fd);
		if (gnutls_handshake(p.tls) < 0)
			return 1;
	}
	add_list(&list, false, 0);
	add_list(&list, true, 0);
	ok = take(&p, 11) && say(&p, "USER ann\r\nPASS secret\r\nLIST\r\nUIDL\r\n") && take(&p, 10 + list.n);
	for (size_t i = 1; i <= messages && ok;) {
		size_t want = 0;

		for (size_t w = 0; w < WINDOW && i <= messages; w++, i++) {
			char line[40];

			want += whole_size(i) +
				(size_t)snprintf(line, sizeof line, "+OK %zu octets\r\n.\r\n", whole_size(i));
			addf(&p, "RETR %zu\r\n", i);
		}
		ok = flush(&p) && take(&p, want);
	}
	ok = ok && say(&p, "QUIT\r\n") && take(&p, 5);
	return ok ? 0 : 1;
}

/* --- the comparison --- */

/* Is message i at `at`, with LF for CRLF where lf? The octets it takes, or 0. */
static size_t match(const char *at, size_t left, size_t i, bool lf)
{
	static char *want;
	static size_t cap;
	char head[400];
	size_t h = make_head(i, head);
	size_t n;
	const char *body = body_of(i, h, &n);
	size_t used = 0;

	if (h + n > cap) {
		cap = h + n + 4096;
		want = realloc(want, cap);
		if (want == NULL)
			die("realloc");
	}
	for (size_t k = 0; k < h + n; k++) {
		char c = k < h ? head[k] : body[k - h];

		if (c != '\r' || !lf)
			want[used++] = c;
	}
	return used <= left && memcmp(at, want, used) == 0 ? used : 0;
}

static int check(const char *form, const char *path)
{
	bool mbox = strcmp(form, "mbox") == 0;
	unsigned char *seen = calloc(messages + 1, 1);
	int fd = open(path, O_RDONLY);
	struct stat st;
	size_t at = 0, n = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || seen == NULL)
		die(path);
	char *map = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
	size_t end = (size_t)st.st_size;

	if (map == MAP_FAILED)
		die("mmap");
	while (at < end) {
		const char *line = mbox ? memchr(map + at, '\n', end - at) : map + at;

		if (mbox && (line == NULL || memcmp(map + at, "From ", 5) != 0))
			break;
		at = (size_t)(line - map) + mbox;
		const char *id = memmem(map + at, end - at < 400 ? end - at : 400, "Message-ID: <", 13);
		size_t i = id != NULL ? strtoul(id + 13, NULL, 10) : 0;
		size_t used = i > 0 && i <= messages && seen[i]++ == 0 ? match(map + at, end - at, i, mbox) : 0;

		if (used == 0)
			break;
		at += used;
		if (mbox && (at >= end || map[at++] != '\n'))
			break;
		n++;
	}
	if (n == messages && at == end)
		return 0;
	fprintf(stderr, "%s: %zu of %zu messages are right, up to octet %zu of %zu\n", path, n, messages, at, end);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: pop serve|floor|check MESSAGES SIZE ...\n", stderr);
		return 64;
	}
	messages = strtoul(argv[2], NULL, 10);
	size = strtoul(argv[3], NULL, 10);
	make_block();
	if (strcmp(argv[1], "serve") == 0)
		serve(argc > 4 ? atol(argv[4]) * 1000 : 0, argc > 6 ? argv[5] : NULL, argc > 6 ? argv[6] : NULL);
	if (strcmp(argv[1], "floor") == 0 && argc > 4)
		return fetch(argv[4], argc > 5);
	if (strcmp(argv[1], "check") == 0 && argc > 5)
		return check(argv[4], argv[5]);
	return 64;
}
