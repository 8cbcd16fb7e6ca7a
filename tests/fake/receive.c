#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A receiver for many connections at once, of tests and benchmarks: takes every message and keeps what tells them
 * apart, not the messages.
 *
 *     receive [EXT,EXT... [BANNER [RCVBUF]]]   serves, and prints its port
 *     receive --mbox < campaign.mbox           prints what the same messages would come to
 *
 * A client that sends STATS instead of a command is told, and all counters begin anew:
 *
 *     messages octets sum xor connections      (sum and xor of the messages' hashes, in hex)
 *
 * Two runs with the same numbers have delivered the same messages, each as often.
 */
#define IN_SIZE (256u << 10)
#define PEERS 1100

/* A hash of a stream of octets that does not depend on where it is cut. */
struct hash {
	uint64_t h;
	unsigned char tail[8];
	unsigned n;
	uint64_t octets;
};

struct peer {
	bool used;
	enum { COMMAND, DATA, CHUNK } state;
	bool line_start;
	uint64_t left; /* of the chunk */
	bool last;
	bool wanted; /* there is a recipient */
	struct hash hash;
	size_t at;
	size_t end;
	size_t out_n;
	char out[65536];
	char in[IN_SIZE];
};

static struct {
	uint64_t messages, octets, sum, xored, connections;
} total;
static const char *extensions = "PIPELINING,8BITMIME,SIZE 0";
static const char *banner = "receive.example ESMTP";
static struct peer *peers[PEERS];
static struct pollfd fds[PEERS];

static void mix(struct hash *s, uint64_t word)
{
	s->h = (s->h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	s->h ^= s->h >> 29;
}

static void hash_add(struct hash *s, const char *p, size_t n)
{
	s->octets += n;
	while (n > 0 && (s->n > 0 || n < 8)) {
		s->tail[s->n++] = (unsigned char)*p++;
		n--;
		if (s->n == 8) {
			uint64_t word;

			memcpy(&word, s->tail, 8);
			mix(s, word);
			s->n = 0;
		}
	}
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		mix(s, word);
	}
	if (n > 0) {
		memcpy(s->tail, p, n);
		s->n = (unsigned)n;
	}
}

static void message_done(struct hash *s)
{
	uint64_t octets = s->octets;

	for (unsigned i = 0; i < s->n; i++)
		mix(s, s->tail[i]);
	mix(s, octets);
	total.messages++;
	total.octets += octets;
	total.sum += s->h;
	total.xored ^= s->h;
	*s = (struct hash){ 0 };
}

static void say(struct peer *p, const char *line)
{
	size_t n = strlen(line);

	if (p->out_n + n > sizeof p->out)
		return;
	memcpy(p->out + p->out_n, line, n);
	p->out_n += n;
}

/* Lines of a DATA content; false when more is needed. */
static bool take_data(struct peer *p)
{
	while (p->at < p->end) {
		char *from = p->in + p->at;
		size_t have = p->end - p->at;
		char *lf = memchr(from, '\n', have);

		if (lf == NULL && have < 4)
			return false;
		size_t n = lf != NULL ? (size_t)(lf - from) + 1 : have;

		p->at += n;
		if (p->line_start && n == 3 && memcmp(from, ".\r\n", 3) == 0) {
			p->state = COMMAND;
			message_done(&p->hash);
			say(p, "250 2.0.0 taken\r\n");
			return true;
		}
		if (p->line_start && from[0] == '.')
			hash_add(&p->hash, from + 1, n - 1);
		else
			hash_add(&p->hash, from, n);
		p->line_start = lf != NULL;
	}
	return false;
}

static bool take_chunk(struct peer *p)
{
	size_t have = p->end - p->at;

	if (have > p->left)
		have = (size_t)p->left;
	hash_add(&p->hash, p->in + p->at, have);
	p->at += have;
	p->left -= have;
	if (p->left > 0)
		return false;
	p->state = COMMAND;
	if (!p->wanted)
		p->hash = (struct hash){ 0 };
	else if (p->last)
		message_done(&p->hash);
	say(p, p->wanted ? "250 2.0.0 taken\r\n" : "503 5.5.1 no recipient\r\n");
	p->wanted &= !p->last;
	return true;
}

static void greet(struct peer *p)
{
	char list[1000];
	char *rest = list;
	char *word;

	snprintf(list, sizeof list, "%s", extensions);
	say(p, "250-receive.example\r\n");
	while ((word = strsep(&rest, ",")) != NULL) {
		say(p, "250-");
		say(p, word);
		say(p, "\r\n");
	}
	say(p, "250 HELP\r\n");
}

static void tell(struct peer *p)
{
	char line[200];

	snprintf(line, sizeof line, "%llu %llu %016llx %016llx %llu\r\n", (unsigned long long)total.messages,
		(unsigned long long)total.octets, (unsigned long long)total.sum, (unsigned long long)total.xored,
		(unsigned long long)total.connections);
	say(p, line);
	memset(&total, 0, sizeof total);
}

/* False when the connection is to end. */
static bool take_command(struct peer *p, const char *line)
{
	if (strncasecmp(line, "MAIL", 4) == 0 || strncasecmp(line, "RSET", 4) == 0) {
		p->wanted = false;
		p->hash = (struct hash){ 0 };
		say(p, "250 2.0.0 ok\r\n");
	} else if (strncasecmp(line, "RCPT", 4) == 0 || strncasecmp(line, "NOOP", 4) == 0) {
		p->wanted |= line[0] == 'R' || line[0] == 'r';
		say(p, "250 2.0.0 ok\r\n");
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		p->state = DATA;
		p->line_start = true;
		say(p, "354 go on\r\n");
	} else if (strncasecmp(line, "BDAT ", 5) == 0) {
		char *end;

		p->left = strtoull(line + 5, &end, 10);
		p->last = strncasecmp(end, " LAST", 5) == 0;
		p->state = CHUNK;
	} else if (strncasecmp(line, "EHLO", 4) == 0 || strncasecmp(line, "HELO", 4) == 0) {
		greet(p);
	} else if (strncasecmp(line, "STATS", 5) == 0) {
		total.connections--;
		tell(p);
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(p, "221 2.0.0 bye\r\n");
		return false;
	} else {
		say(p, "500 5.5.2 what?\r\n");
	}
	return true;
}

static bool go_on(struct peer *p)
{
	bool more = true;

	while (more) {
		if (p->state == DATA) {
			more = take_data(p);
		} else if (p->state == CHUNK) {
			more = take_chunk(p);
		} else {
			char *line = p->in + p->at;
			char *lf = memchr(line, '\n', p->end - p->at);

			if (lf == NULL)
				break;
			p->at += (size_t)(lf - line) + 1;
			if (!take_command(p, line))
				return false;
		}
		/* A client that does not read its replies is not read, either. */
		if (p->out_n > sizeof p->out / 2)
			break;
	}
	return true;
}

static bool flush_out(int fd, struct peer *p)
{
	while (p->out_n > 0) {
		ssize_t n = send(fd, p->out, p->out_n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		memmove(p->out, p->out + n, p->out_n - (size_t)n);
		p->out_n -= (size_t)n;
	}
	return true;
}

/* False when the connection is over. */
static bool serve(int fd, struct peer *p)
{
	ssize_t n;

	if (!flush_out(fd, p))
		return false;
	if (p->out_n > sizeof p->out / 2)
		return true;
	if (p->at > 0) {
		memmove(p->in, p->in + p->at, p->end - p->at);
		p->end -= p->at;
		p->at = 0;
	}
	n = recv(fd, p->in + p->end, sizeof p->in - p->end, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	p->end += (size_t)n;
	bool open = go_on(p);

	return flush_out(fd, p) && open;
}

static void join(int listener, int rcvbuf)
{
	int one = 1;
	int fd = accept(listener, NULL, NULL);

	for (int i = 1; fd >= 0 && i < PEERS; i++) {
		if (fds[i].fd >= 0)
			continue;
		if (peers[i] == NULL)
			peers[i] = malloc(sizeof *peers[i]);
		if (peers[i] == NULL)
			break;
		memset(peers[i], 0, offsetof(struct peer, out));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (rcvbuf > 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
		fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
		total.connections++;
		say(peers[i], "220 ");
		say(peers[i], banner);
		say(peers[i], "\r\n");
		flush_out(fd, peers[i]);
		return;
	}
	if (fd >= 0)
		close(fd);
}

static int listen_on(int rcvbuf)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (rcvbuf > 0)
		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
	if (bind(listener, (struct sockaddr *)&address, n) < 0 || listen(listener, 512) < 0)
		return -1;
	getsockname(listener, (struct sockaddr *)&address, &n);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return listener;
}

/* mboxrd with LF ends, as the dry run writes it. */
static int read_mbox(void)
{
	static char line[1 << 20];
	struct hash hash = { 0 };
	bool any = false;
	bool empty = false;

	while (fgets(line, sizeof line, stdin) != NULL) {
		size_t n = strlen(line);
		char *text = line;

		if (strncmp(line, "From ", 5) == 0) {
			if (any)
				message_done(&hash);
			any = true;
			empty = false;
			continue;
		}
		if (empty)
			hash_add(&hash, "\r\n", 2);
		empty = n == 1;
		if (empty)
			continue;
		if (line[strspn(line, ">")] == 'F' && line[0] == '>' &&
			strncmp(line + strspn(line, ">"), "From ", 5) == 0)
			text++;
		n = strlen(text);
		hash_add(&hash, text, n - (text[n - 1] == '\n'));
		hash_add(&hash, "\r\n", 2);
	}
	if (any)
		message_done(&hash);
	printf("%llu %llu %016llx %016llx\n", (unsigned long long)total.messages, (unsigned long long)total.octets,
		(unsigned long long)total.sum, (unsigned long long)total.xored);
	return 0;
}

int main(int argc, char **argv)
{
	int rcvbuf = argc > 3 ? atoi(argv[3]) : 0;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "--mbox") == 0)
		return read_mbox();
	if (argc > 1)
		extensions = argv[1];
	if (argc > 2)
		banner = argv[2];
	for (int i = 0; i < PEERS; i++)
		fds[i].fd = -1;
	int listener = listen_on(rcvbuf);

	if (listener < 0) {
		perror("receive");
		return 71;
	}
	fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (;;) {
		if (poll(fds, PEERS, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			join(listener, rcvbuf);
		for (int i = 1; i < PEERS; i++) {
			if (fds[i].fd < 0 || fds[i].revents == 0)
				continue;
			if (!serve(fds[i].fd, peers[i])) {
				close(fds[i].fd);
				fds[i].fd = -1;
				continue;
			}
			fds[i].events = peers[i]->out_n > 0 ? POLLIN | POLLOUT : POLLIN;
		}
	}
}
